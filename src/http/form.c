#include "http/form.h"

/* RFC 3986 section 2.3. */
static bool is_unreserved(char c)
{
    bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void mes_http_form_add(struct mes_buf *out, const char *name, struct mes_str value)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = mes_str_of(name).size + 2 + 3 * value.size;
    if (mes_buf_reserve(out, size) == NULL)
        return;
    char last = out->size > 0 ? out->data[out->size - 1] : '&';
    if (last != '?' && last != '&')
        mes_buf_add_char(out, '&');
    mes_buf_add_text(out, name);
    mes_buf_add_char(out, '=');
    for (size_t i = 0; i < value.size; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (is_unreserved(value.data[i])) {
            mes_buf_add_char(out, value.data[i]);
            continue;
        }
        mes_buf_add_char(out, '%');
        mes_buf_add_char(out, digits[byte >> 4]);
        mes_buf_add_char(out, digits[byte & 15]);
    }
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = mes_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character at `*at`, which moves on; -1: not well encoded. */
static int next_char(struct mes_str value, size_t *at)
{
    char c = value.data[(*at)++];
    if (c == '+')
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (value.size - *at < 2)
        return -1;
    int high = hex_of(value.data[*at]), low = hex_of(value.data[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool decode(struct mes_str value, struct mes_buf *out)
{
    size_t start = out->size;
    for (size_t at = 0; at < value.size;) {
        int c = next_char(value, &at);
        if (c <= 0) {
            mes_buf_truncate(out, start);
            return false;
        }
        mes_buf_add_char(out, (char)c);
    }
    return out->failed == 0;
}

bool mes_http_form_find(struct mes_str form, const char *name, struct mes_buf *value_out)
{
    struct mes_str pair, found = {NULL, 0};
    unsigned times = 0;
    while (form.size > 0 && mes_str_next(&form, '&', &pair)) {
        size_t end = mes_str_find(pair, MES_STR("="), 0);
        if (!mes_str_eq(mes_str_cut(pair, 0, end), mes_str_of(name)))
            continue;
        found = end != SIZE_MAX ? mes_str_skip(pair, end + 1) : MES_STR("");
        times++;
    }
    return times == 1 && decode(found, value_out);
}
