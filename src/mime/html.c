#include "mime/html.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_letter(char c)
{
    return mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
}

static char at(const struct mes_mime_html *html, size_t offset)
{
    return offset < html->text.size ? html->text.data[offset] : '\0';
}

void mes_mime_html_init(struct mes_mime_html *html, struct mes_str text)
{
    *html = (struct mes_mime_html){.text = text};
}

bool mes_mime_html_is(const struct mes_mime_html_token *token, const char *name)
{
    return mes_str_eq_nocase(token->name, mes_str_of(name));
}

/* Does a tag, comment or the like begin at this '<'? Otherwise it is text. */
static bool is_markup(const struct mes_mime_html *html, size_t offset)
{
    char next = at(html, offset + 1);
    return is_letter(next) || next == '!' || next == '?' || (next == '/' && offset + 2 < html->text.size);
}

/* Where the text that begins here ends: before the next markup, or before the end tag of a raw element. */
static size_t end_of_text(const struct mes_mime_html *html, size_t from)
{
    for (size_t offset = from; offset < html->text.size; offset++) {
        const char *less = memchr(html->text.data + offset, '<', html->text.size - offset);
        if (less == NULL)
            break;
        offset = (size_t)(less - html->text.data);
        if (html->raw.size == 0 && is_markup(html, offset))
            return offset;
        size_t name = offset + 2;
        char behind = at(html, name + html->raw.size);
        bool is_end = html->raw.size > 0 && at(html, offset + 1) == '/' &&
                      mes_str_starts_nocase(mes_str_skip(html->text, name), html->raw) &&
                      (is_space(behind) || behind == '/' || behind == '>');
        if (is_end)
            return offset;
    }
    return html->text.size;
}

/* Behind "-->" or "--!>"; a comment that is not closed goes up to the end. */
static size_t end_of_comment(const struct mes_mime_html *html, size_t inside)
{
    if (at(html, inside) == '>')
        return inside + 1;
    if (at(html, inside) == '-' && at(html, inside + 1) == '>')
        return inside + 2;
    for (size_t dash = mes_str_find(html->text, MES_STR("--"), inside); dash != SIZE_MAX;
         dash = mes_str_find(html->text, MES_STR("--"), dash + 1)) {
        size_t end = dash + 2 + (at(html, dash + 2) == '!');
        if (at(html, end) == '>')
            return end + 1;
    }
    return html->text.size;
}

/* "<!…>", "<?…>", "</ …>" */
static size_t end_of_declaration(const struct mes_mime_html *html, size_t from)
{
    if (mes_str_starts(mes_str_skip(html->text, from), MES_STR("<!--")))
        return end_of_comment(html, from + 4);
    size_t end = mes_str_find(html->text, MES_STR(">"), from);
    return end != SIZE_MAX ? end + 1 : html->text.size;
}

/* The '>' of a tag, whose quoted values may hold others; the end when there is none. */
static size_t end_of_tag(const struct mes_mime_html *html, size_t from)
{
    char quote = '\0';
    bool is_value = false; /* behind '=', where a quote opens a value */
    for (size_t offset = from; offset < html->text.size; offset++) {
        char c = html->text.data[offset];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '>') {
            return offset;
        } else if (is_value && (c == '"' || c == '\'')) {
            quote = c;
            is_value = false;
        } else if (!is_space(c)) {
            is_value = c == '=';
        }
    }
    return html->text.size;
}

static bool is_raw_element(const struct mes_mime_html_token *token)
{
    static const char *const names[] = {"script", "style",  "title",   "textarea",
                                        "xmp",    "iframe", "noembed", "noframes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (mes_mime_html_is(token, names[i]))
            return true;
    return false;
}

/* A tag at the front; false when it is cut off. */
static bool read_tag(struct mes_mime_html *html, struct mes_mime_html_token *token)
{
    size_t from = html->at;
    bool is_end = at(html, from + 1) == '/';
    size_t begin = from + 1 + is_end;
    size_t end = begin;
    while (end < html->text.size && !is_space(at(html, end)) && at(html, end) != '/' && at(html, end) != '>')
        end++;
    token->kind = is_end ? MES_HTML_END : MES_HTML_START;
    token->name = mes_str_cut(html->text, begin, end - begin);
    size_t close = end_of_tag(html, end);
    token->attributes = mes_str_cut(html->text, end, close - end);
    html->at = close < html->text.size ? close + 1 : close;
    token->whole = mes_str_cut(html->text, from, html->at - from);
    html->raw = !is_end && is_raw_element(token) ? token->name : (struct mes_str){0};
    return close < html->text.size;
}

static void read_to(struct mes_mime_html *html, struct mes_mime_html_token *token, size_t end)
{
    token->whole = mes_str_cut(html->text, html->at, end - html->at);
    html->at = end;
}

bool mes_mime_html_next(struct mes_mime_html *html, struct mes_mime_html_token *token_out)
{
    *token_out = (struct mes_mime_html_token){.kind = MES_HTML_TEXT};
    if (html->at >= html->text.size)
        return false;
    size_t end = end_of_text(html, html->at);
    if (end > html->at) {
        bool has_references = mes_str_eq_nocase(html->raw, MES_STR("title")) ||
                              mes_str_eq_nocase(html->raw, MES_STR("textarea"));
        token_out->is_raw = html->raw.size > 0 && !has_references;
        read_to(html, token_out, end);
        return true;
    }
    bool is_tag = is_letter(at(html, end + 1)) || (at(html, end + 1) == '/' && is_letter(at(html, end + 2)));
    if (is_tag)
        return read_tag(html, token_out);
    token_out->kind = MES_HTML_COMMENT;
    read_to(html, token_out, end_of_declaration(html, end));
    return true;
}

static struct mes_str take_while(struct mes_str *rest, bool (*is_part)(char c))
{
    size_t size = 0;
    while (size < rest->size && is_part(rest->data[size]))
        size++;
    struct mes_str taken = mes_str_cut(*rest, 0, size);
    *rest = mes_str_skip(*rest, size);
    return taken;
}

static bool is_between(char c)
{
    return is_space(c) || c == '/';
}

static bool is_name_part(char c)
{
    return !is_space(c) && c != '/' && c != '=';
}

static bool is_unquoted_part(char c)
{
    return !is_space(c);
}

static struct mes_str take_value(struct mes_str *rest)
{
    (void)take_while(rest, is_space);
    if (rest->size == 0 || (rest->data[0] != '"' && rest->data[0] != '\''))
        return take_while(rest, is_unquoted_part);
    size_t end = mes_str_find(*rest, mes_str_cut(*rest, 0, 1), 1);
    struct mes_str value = mes_str_cut(*rest, 1, end == SIZE_MAX ? SIZE_MAX : end - 1);
    *rest = mes_str_skip(*rest, end == SIZE_MAX ? rest->size : end + 1);
    return value;
}

bool mes_mime_html_attribute(const struct mes_mime_html_token *token, const char *name,
                             struct mes_str *value_out)
{
    struct mes_str rest = token->attributes;
    while (rest.size > 0) {
        (void)take_while(&rest, is_between);
        struct mes_str found = take_while(&rest, is_name_part);
        struct mes_str value = {"", 0};
        (void)take_while(&rest, is_space);
        if (rest.size > 0 && rest.data[0] == '=') {
            rest = mes_str_skip(rest, 1);
            value = take_value(&rest);
        }
        if (mes_str_eq_nocase(found, mes_str_of(name))) {
            *value_out = value;
            return true;
        }
    }
    return false;
}
