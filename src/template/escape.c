#include "template/escape.h"

#include <string.h>

static void add_reference(struct mes_buf *out, char c)
{
    switch (c) {
    case '&':
        mes_buf_add_text(out, "&amp;");
        break;
    case '<':
        mes_buf_add_text(out, "&lt;");
        break;
    case '>':
        mes_buf_add_text(out, "&gt;");
        break;
    case '"':
        mes_buf_add_text(out, "&quot;");
        break;
    default:
        mes_buf_add_text(out, "&#");
        mes_buf_add_uint(out, (unsigned char)c);
        mes_buf_add_char(out, ';');
    }
}

/* Runs without a character of `special` go over in one piece. */
static void add_escaped(struct mes_buf *out, struct mes_str value, const char *special)
{
    size_t begin = 0;
    for (size_t at = 0; at < value.size; at++) {
        if (value.data[at] == '\0' || strchr(special, value.data[at]) == NULL)
            continue;
        mes_buf_add(out, value.data + begin, at - begin);
        add_reference(out, value.data[at]);
        begin = at + 1;
    }
    mes_buf_add_str(out, mes_str_skip(value, begin));
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'f');
}

/* RFC 3986 section 2: unreserved characters stay; reserved ones and whole %XX too unless it is one component.
 */
static bool may_stay_in_url(struct mes_str value, size_t at, bool is_component)
{
    char c = value.data[at];
    if (is_alphanumeric(c) || is_one_of(c, "-._~"))
        return true;
    if (is_component)
        return false;
    if (c == '%')
        return at + 2 < value.size && is_hex(value.data[at + 1]) && is_hex(value.data[at + 2]);
    return is_one_of(c, ":/?#[]@!$&'()*+,;=");
}

static void add_url(struct mes_buf *out, struct mes_str value, bool is_component)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t at = 0; at < value.size; at++) {
        unsigned char c = (unsigned char)value.data[at];
        if (!may_stay_in_url(value, at, is_component)) {
            mes_buf_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
        } else if (c == '&' || c == '\'') {
            add_reference(out, (char)c);
        } else {
            mes_buf_add_char(out, (char)c);
        }
    }
}

/* What stands before the first ':' is a scheme, unless '/', '?' or '#' come first. */
static bool is_scheme_allowed(struct mes_str value)
{
    static const char *const allowed[] = {"http", "https", "mailto", "tel", "sms", "ftp", "cid"};
    size_t end = 0;
    while (end < value.size && !is_one_of(value.data[end], ":/?#"))
        end++;
    if (end == value.size || value.data[end] != ':')
        return true;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (mes_str_eq_nocase(mes_str_cut(value, 0, end), mes_str_of(allowed[i])))
            return true;
    return false;
}

static bool holds_only(struct mes_str value, const char *more, bool with_foreign)
{
    for (size_t i = 0; i < value.size; i++) {
        bool is_foreign = (unsigned char)value.data[i] >= 0x80;
        if (!is_alphanumeric(value.data[i]) && !is_one_of(value.data[i], more) &&
            !(is_foreign && with_foreign))
            return false;
    }
    return true;
}

static bool is_one_line(struct mes_str value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
            return false;
    return true;
}

enum mes_template_refusal mes_template_check_raw(enum mes_template_place place, struct mes_str value)
{
    return place == MES_PLACE_HEADER && !is_one_line(value) ? MES_REFUSED_LINE_END : MES_REFUSED_NOT;
}

static enum mes_template_refusal check(enum mes_template_place place, struct mes_str value)
{
    switch (place) {
    case MES_PLACE_URL:
        return is_scheme_allowed(value) ? MES_REFUSED_NOT : MES_REFUSED_SCHEME;
    case MES_PLACE_CSS:
        return holds_only(value, " #%.,_+-", true) ? MES_REFUSED_NOT : MES_REFUSED_CSS;
    case MES_PLACE_NAME:
        return holds_only(value, "-_", false) ? MES_REFUSED_NOT : MES_REFUSED_NAME;
    default:
        return mes_template_check_raw(place, value);
    }
}

enum mes_template_refusal mes_template_escape(enum mes_template_place place, struct mes_str value,
                                              struct mes_buf *out)
{
    if (place == MES_PLACE_URL)
        value = mes_str_trim(value);
    enum mes_template_refusal refusal = check(place, value);
    if (refusal != MES_REFUSED_NOT)
        return refusal;
    switch (place) {
    case MES_PLACE_HTML:
    case MES_PLACE_ATTRIBUTE:
        add_escaped(out, value, "&<>\"'");
        break;
    case MES_PLACE_UNQUOTED:
        add_escaped(out, value, "&<>\"' \t\r\n\f=`");
        break;
    case MES_PLACE_URL:
    case MES_PLACE_URL_PATH:
        add_url(out, value, false);
        break;
    case MES_PLACE_URL_QUERY:
        add_url(out, value, true);
        break;
    default:
        mes_buf_add_str(out, value);
    }
    return MES_REFUSED_NOT;
}
