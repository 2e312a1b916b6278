#include "json/write.h"

#include <inttypes.h>

#include "base/utf8.h"

void mes_json_writer_init(struct mes_json_writer *writer, struct mes_buf *out)
{
    *writer = (struct mes_json_writer){.out = out};
}

static void add_escaped(struct mes_buf *out, uint32_t character)
{
    static const char short_forms[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    bool is_control = character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
                      character == 0x2029;
    if (character == '"' || character == '\\') {
        mes_buf_add_char(out, '\\');
        mes_buf_add_char(out, (char)character);
    } else if (character < 0x20 && short_forms[character] != '\0') {
        mes_buf_add_char(out, '\\');
        mes_buf_add_char(out, short_forms[character]);
    } else if (is_control) {
        mes_buf_add_format(out, "\\u%04x", (unsigned)character);
    } else {
        mes_utf8_add(out, character);
    }
}

/* How many bytes from `at` on stand for themselves: printable ASCII without quotation mark and backslash. */
static size_t plain_size(struct mes_str text, size_t at)
{
    size_t end = at;
    while (end < text.size && text.data[end] >= 0x20 && text.data[end] < 0x7f && text.data[end] != '"' &&
           text.data[end] != '\\')
        end++;
    return end - at;
}

static void add_text(struct mes_buf *out, struct mes_str text)
{
    mes_buf_add_char(out, '"');
    for (size_t at = 0; at < text.size;) {
        uint32_t character;
        size_t plain = plain_size(text, at);
        if (plain > 0) {
            mes_buf_add(out, text.data + at, plain);
            at += plain;
            continue;
        }
        if (!mes_utf8_next(text, &at, &character)) {
            character = 0xfffd;
            at++;
        }
        add_escaped(out, character);
    }
    mes_buf_add_char(out, '"');
}

/* The comma and the key before a value. */
static struct mes_buf *begin(struct mes_json_writer *writer, const char *key)
{
    if (writer->follows)
        mes_buf_add_char(writer->out, ',');
    writer->follows = true;
    if (key != NULL) {
        add_text(writer->out, mes_str_of(key));
        mes_buf_add_char(writer->out, ':');
    }
    return writer->out;
}

static void open_bracket(struct mes_json_writer *writer, const char *key, char bracket)
{
    mes_buf_add_char(begin(writer, key), bracket);
    writer->follows = false;
}

static void close_bracket(struct mes_json_writer *writer, char bracket)
{
    mes_buf_add_char(writer->out, bracket);
    writer->follows = true;
}

void mes_json_write_object(struct mes_json_writer *writer, const char *key)
{
    open_bracket(writer, key, '{');
}

void mes_json_write_object_end(struct mes_json_writer *writer)
{
    close_bracket(writer, '}');
}

void mes_json_write_list(struct mes_json_writer *writer, const char *key)
{
    open_bracket(writer, key, '[');
}

void mes_json_write_list_end(struct mes_json_writer *writer)
{
    close_bracket(writer, ']');
}

void mes_json_write_text(struct mes_json_writer *writer, const char *key, struct mes_str text)
{
    add_text(begin(writer, key), text);
}

void mes_json_write_integer(struct mes_json_writer *writer, const char *key, int64_t value)
{
    mes_buf_add_format(begin(writer, key), "%" PRId64, value);
}

void mes_json_write_flag(struct mes_json_writer *writer, const char *key, bool value)
{
    mes_buf_add_text(begin(writer, key), value ? "true" : "false");
}

void mes_json_write_null(struct mes_json_writer *writer, const char *key)
{
    mes_buf_add_text(begin(writer, key), "null");
}

void mes_json_write_raw(struct mes_json_writer *writer, const char *key, struct mes_str json)
{
    mes_buf_add_str(begin(writer, key), json);
}
