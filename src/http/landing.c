#include "http/landing.h"

bool mes_http_landing_parse(struct mes_str head, struct mes_str *path_out, struct mes_str *query_out)
{
    struct mes_str method, target, version,
        line = mes_str_cut(head, 0, mes_str_find(head, MES_STR("\r\n"), 0));
    if (!mes_str_next(&line, ' ', &method) || !mes_str_next(&line, ' ', &target) ||
        !mes_str_next(&line, ' ', &version) || line.data != NULL)
        return false;
    for (size_t i = 0; i < target.size; i++)
        if (target.data[i] <= ' ' || target.data[i] > '~')
            return false;
    size_t mark = mes_str_find(target, MES_STR("?"), 0);
    *path_out = mes_str_cut(target, 0, mark);
    *query_out = mark != SIZE_MAX ? mes_str_skip(target, mark + 1) : MES_STR("");
    return mes_str_eq(method, MES_STR("GET")) && mes_str_starts(target, MES_STR("/")) &&
           mes_str_starts(version, MES_STR("HTTP/1."));
}

static void add_escaped(struct mes_buf *out, struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '<')
            mes_buf_add_text(out, "&lt;");
        else if (text.data[i] == '&')
            mes_buf_add_text(out, "&amp;");
        else
            mes_buf_add_char(out, text.data[i]);
    }
}

void mes_http_landing_page(struct mes_buf *out, const char *status, const char *language, const char *text)
{
    struct mes_buf body;
    mes_buf_init(&body, 64 * 1024);
    mes_buf_add_format(&body,
                       "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\"><title>Mail Enhance</title>",
                       language);
    mes_buf_add_text(&body, "<p>");
    add_escaped(&body, mes_str_of(text));
    mes_buf_add_text(&body, "</p></html>\n");
    mes_buf_add_format(out,
                       "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
                       "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                       "Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n"
                       "Connection: close\r\n\r\n",
                       status, body.size);
    mes_buf_add_str(out, mes_buf_str(&body));
    mes_buf_fini(&body);
}
