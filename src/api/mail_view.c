#include "api/mail_view.h"

#include <string.h>

#include "base/base64.h"

enum {
    MES_VIEW_DEPTH = 10,
    MES_VIEW_FIELD = 128 * 1024,
    MES_VIEW_TEXT = 1024 * 1024,
    MES_VIEW_SECTIONS = 1000
};

/* --- escapes --- */

static int hex_of(char c)
{
    c = mes_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two digits behind an escape sign stand for; false when there are none. */
static bool read_byte(struct mes_str text, size_t at, char *byte_out)
{
    int high = at < text.size ? hex_of(text.data[at]) : -1,
        low = at + 1 < text.size ? hex_of(text.data[at + 1]) : -1;
    *byte_out = (char)(high * 16 + low);
    return high >= 0 && low >= 0;
}

/* Quoted-printable (RFC 2045 6.7), or with '_' for a blank the Q of encoded words (RFC 2047 4.2). */
static void add_quoted(struct mes_str text, bool is_word, struct mes_buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        struct mes_str rest = mes_str_skip(text, i);
        char byte;
        if (text.data[i] == '=' && read_byte(text, i + 1, &byte)) {
            mes_buf_add_char(out, byte);
            i += 2;
        } else if (!is_word && mes_str_starts(rest, MES_STR("=\r\n"))) {
            i += 2;
        } else {
            mes_buf_add_char(out, is_word && text.data[i] == '_' ? ' ' : text.data[i]);
        }
    }
}

static void add_base64(struct mes_str text, struct mes_buf *out)
{
    struct mes_buf joined;
    mes_buf_init(&joined, text.size + 1);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '\r' && text.data[i] != '\n')
            mes_buf_add_char(&joined, text.data[i]);
    if (!mes_base64_decode(mes_buf_str(&joined), out))
        mes_buf_add_str(out, text);
    mes_buf_fini(&joined);
}

/* An encoded word at the front of `text`; its size, 0 when there is none. */
static size_t add_word(struct mes_str text, struct mes_buf *out)
{
    static const char start[] = "=?utf-8?";
    size_t begin = sizeof start - 1;
    if (!mes_str_starts_nocase(text, mes_str_of(start)) || text.size < begin + 2 ||
        text.data[begin + 1] != '?')
        return 0;
    struct mes_str inner = mes_str_skip(text, begin + 2);
    size_t end = mes_str_find(inner, MES_STR("?="), 0);
    char encoding = mes_lower(text.data[begin]);
    if (end == SIZE_MAX || (encoding != 'b' && encoding != 'q'))
        return 0;
    if (encoding == 'b')
        add_base64(mes_str_cut(inner, 0, end), out);
    else
        add_quoted(mes_str_cut(inner, 0, end), true, out);
    return begin + 2 + end + 2;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A field's value unfolded, its encoded words decoded; blanks between two of them count for nothing. */
static void add_decoded(struct mes_str value, struct mes_buf *out)
{
    bool was_word = false;
    for (size_t at = 0; at < value.size;) {
        size_t blanks = at;
        while (blanks < value.size && is_blank(value.data[blanks]))
            blanks++;
        size_t mark = out->size;
        if (blanks > at)
            mes_buf_add_char(out, ' ');
        if (was_word)
            mes_buf_truncate(out, mark);
        size_t size = add_word(mes_str_skip(value, blanks), out);
        if (size == 0 && was_word && blanks > at)
            mes_buf_add_char(out, ' ');
        was_word = size > 0;
        at = blanks + size;
        while (!was_word && at < value.size && !is_blank(value.data[at]))
            mes_buf_add_char(out, value.data[at++]);
    }
}

/* --- header fields --- */

/* Takes the next field off the front; false at the empty line or the end. `*rest` then stands behind it. */
static bool next_field(struct mes_str *rest, struct mes_str *name_out, struct mes_str *value_out)
{
    if (rest->size == 0)
        return false;
    if (mes_str_starts(*rest, MES_STR("\r\n"))) {
        *rest = mes_str_skip(*rest, 2);
        return false;
    }
    size_t end = mes_str_find(*rest, MES_STR("\r\n"), 0);
    while (end != SIZE_MAX && end + 2 < rest->size &&
           (rest->data[end + 2] == ' ' || rest->data[end + 2] == '\t'))
        end = mes_str_find(*rest, MES_STR("\r\n"), end + 2);
    struct mes_str line = mes_str_cut(*rest, 0, end != SIZE_MAX ? end : rest->size);
    *rest = mes_str_skip(*rest, end != SIZE_MAX ? end + 2 : rest->size);
    size_t colon = mes_str_find(line, MES_STR(":"), 0);
    *name_out = mes_str_cut(line, 0, colon != SIZE_MAX ? colon : line.size);
    *value_out = mes_str_trim(mes_str_skip(line, colon != SIZE_MAX ? colon + 1 : line.size));
    return true;
}

/* A parameter's raw value; data NULL when it is not there. */
static struct mes_str parameter(struct mes_str field, struct mes_str name)
{
    for (size_t at = mes_str_find(field, MES_STR(";"), 0); at != SIZE_MAX;
         at = mes_str_find(field, MES_STR(";"), at + 1)) {
        struct mes_str rest = mes_str_trim(mes_str_skip(field, at + 1));
        size_t equals = mes_str_find(rest, MES_STR("="), 0);
        if (equals == SIZE_MAX || !mes_str_eq_nocase(mes_str_trim(mes_str_cut(rest, 0, equals)), name))
            continue;
        struct mes_str value = mes_str_trim(mes_str_skip(rest, equals + 1));
        bool is_quoted = mes_str_starts(value, MES_STR("\""));
        value = mes_str_skip(value, is_quoted);
        size_t end = mes_str_find(value, is_quoted ? MES_STR("\"") : MES_STR(";"), 0);
        return end != SIZE_MAX ? mes_str_cut(value, 0, end) : value;
    }
    return (struct mes_str){0};
}

/* name="a", or RFC 2231: name*=UTF-8''%E4… or name*0*=UTF-8''%E4…; name*1*=… */
static void add_file_name(struct mes_str field, const char *name, struct mes_buf *out)
{
    struct mes_str plain = parameter(field, mes_str_of(name));
    mes_buf_add_str(out, plain);
    for (unsigned i = 0; plain.data == NULL && i < MES_VIEW_SECTIONS; i++) {
        struct mes_buf text;
        mes_buf_init(&text, 40);
        mes_buf_add_format(&text, "%s*%u*", name, i);
        struct mes_str part = parameter(field, mes_buf_str(&text));
        mes_buf_clear(&text);
        mes_buf_add_format(&text, "%s*", name);
        if (part.data == NULL && i == 0)
            part = parameter(field, mes_buf_str(&text));
        mes_buf_fini(&text);
        if (part.data == NULL)
            return;
        size_t quote = i == 0 ? mes_str_find(part, MES_STR("''"), 0) : SIZE_MAX;
        part = mes_str_skip(part, quote != SIZE_MAX ? quote + 2 : 0);
        for (size_t at = 0; at < part.size; at++) {
            char byte = part.data[at];
            at += byte == '%' && read_byte(part, at + 1, &byte) ? 2 : 0;
            mes_buf_add_char(out, byte);
        }
    }
}

static void write_headers(struct mes_str *rest, struct mes_json_writer *json)
{
    struct mes_str name, value;
    struct mes_buf text;
    mes_buf_init(&text, MES_VIEW_FIELD);
    mes_json_write_list(json, "headers");
    while (next_field(rest, &name, &value)) {
        mes_buf_clear(&text);
        add_decoded(value, &text);
        mes_json_write_object(json, NULL);
        mes_json_write_text(json, "name", name);
        mes_json_write_text(json, "value", mes_buf_str(&text));
        mes_json_write_object_end(json);
    }
    mes_json_write_list_end(json);
    mes_buf_fini(&text);
}

/* --- parts --- */

struct part {
    struct mes_str type, disposition, encoding, content_id;
};

static struct part read_part(struct mes_str *rest)
{
    const struct mes_str none = MES_STR("");
    struct part part = {MES_STR("text/plain"), none, none, none};
    struct mes_str name, value;
    while (next_field(rest, &name, &value)) {
        if (mes_str_eq_nocase(name, MES_STR("Content-Type")))
            part.type = value;
        else if (mes_str_eq_nocase(name, MES_STR("Content-Disposition")))
            part.disposition = value;
        else if (mes_str_eq_nocase(name, MES_STR("Content-Transfer-Encoding")))
            part.encoding = value;
        else if (mes_str_eq_nocase(name, MES_STR("Content-ID")))
            part.content_id = value;
    }
    return part;
}

static void add_content(const struct part *part, struct mes_str content, struct mes_buf *out)
{
    if (mes_str_eq_nocase(part->encoding, MES_STR("base64")))
        add_base64(content, out);
    else if (mes_str_eq_nocase(part->encoding, MES_STR("quoted-printable")))
        add_quoted(content, false, out);
    else
        mes_buf_add_str(out, content);
}

static void write_text_or_null(struct mes_json_writer *json, const char *key, struct mes_str text)
{
    if (text.size > 0)
        mes_json_write_text(json, key, text);
    else
        mes_json_write_null(json, key);
}

static void write_part(const struct part *part, struct mes_str content, struct mes_json_writer *json)
{
    size_t end = mes_str_find(part->type, MES_STR(";"), 0);
    struct mes_str type = mes_str_trim(mes_str_cut(part->type, 0, end != SIZE_MAX ? end : part->type.size));
    struct mes_buf name, bytes;
    mes_buf_init(&name, MES_VIEW_FIELD);
    mes_buf_init(&bytes, content.size + 1);
    add_content(part, content, &bytes);
    add_file_name(part->disposition, "filename", &name);
    if (name.size == 0)
        add_file_name(part->type, "name", &name);
    bool is_text = mes_str_starts_nocase(type, MES_STR("text/")) && bytes.size <= MES_VIEW_TEXT;
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "type", type);
    write_text_or_null(json, "name", mes_buf_str(&name));
    write_text_or_null(json, "contentId", part->content_id);
    mes_json_write_integer(json, "size", (int64_t)bytes.size);
    write_text_or_null(json, "text", is_text ? mes_buf_str(&bytes) : (struct mes_str){0});
    mes_json_write_object_end(json);
    mes_buf_fini(&name);
    mes_buf_fini(&bytes);
}

/* Boundaries of the multiparts that are open. */
struct boundaries {
    struct mes_str items[MES_VIEW_DEPTH];
    size_t count;
};

/* Does a delimiter of an open multipart begin here? Then those inside it are over. */
static bool is_delimiter(struct boundaries *open, struct mes_str line, bool *is_last_out)
{
    if (!mes_str_starts(line, MES_STR("--")))
        return false;
    for (size_t i = open->count; i-- > 0;) {
        struct mes_str behind = mes_str_skip(line, 2 + open->items[i].size);
        if (!mes_str_eq(mes_str_cut(line, 2, open->items[i].size), open->items[i]) ||
            (behind.size > 0 && !is_blank(behind.data[0]) && !mes_str_starts(behind, MES_STR("--"))))
            continue;
        *is_last_out = mes_str_starts(behind, MES_STR("--"));
        open->count = *is_last_out ? i : i + 1;
        return true;
    }
    return false;
}

/* The position of the next delimiter at the beginning of a line, or the end. */
static size_t find_delimiter(struct boundaries *open, struct mes_str text, bool *is_last_out)
{
    for (size_t at = 0; at < text.size;) {
        if (is_delimiter(open, mes_str_skip(text, at), is_last_out))
            return at;
        size_t end = mes_str_find(text, MES_STR("\r\n"), at);
        at = end != SIZE_MAX ? end + 2 : text.size;
    }
    return text.size;
}

static void write_parts(struct part part, struct mes_str rest, struct mes_json_writer *json)
{
    struct boundaries open = {.count = 0};
    bool is_last = false;
    while (true) {
        struct mes_str boundary = parameter(part.type, MES_STR("boundary"));
        bool is_multipart = mes_str_starts_nocase(part.type, MES_STR("multipart/")) && boundary.size > 0;
        if (is_multipart && open.count < MES_VIEW_DEPTH)
            open.items[open.count++] = boundary;
        size_t end = find_delimiter(&open, rest, &is_last);
        /* The line end before a delimiter belongs to it. */
        if (!is_multipart)
            write_part(&part, mes_str_cut(rest, 0, end >= 2 && end < rest.size ? end - 2 : end), json);
        while (end < rest.size && is_last) {
            rest = mes_str_skip(rest,
                                mes_str_find(rest, MES_STR("\r\n"), end) == SIZE_MAX ? rest.size : end + 2);
            end = find_delimiter(&open, rest, &is_last);
        }
        if (end >= rest.size || is_last)
            return;
        size_t line_end = mes_str_find(rest, MES_STR("\r\n"), end);
        rest = mes_str_skip(rest, line_end != SIZE_MAX ? line_end + 2 : rest.size);
        part = read_part(&rest);
    }
}

void mes_api_mail_view(struct mes_str mail, struct mes_json_writer *json)
{
    struct mes_str rest = mail;
    struct part whole = read_part(&rest);
    struct mes_str body = rest;
    write_headers(&mail, json);
    mes_json_write_list(json, "parts");
    write_parts(whole, body, json);
    mes_json_write_list_end(json);
}
