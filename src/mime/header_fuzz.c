/* What is written must be read back the same: encoded words, parameters and quoted-printable against decoders
 * written here, and every line within its limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "mime/encoders.h"
#include "mime/header.h"
#include "mime/limits.h"
#include "mime/parameter.h"
#include "mime/part.h"

static void demand(bool is_so)
{
    if (!is_so)
        abort();
}

static int digit(char c)
{
    demand((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* `mark` before two digits, as '=' and '%' are used. */
static void decode_hex(struct mes_str text, char mark, struct mes_buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != mark) {
            mes_buf_add_char(out, text.data[i]);
        } else if (mes_str_starts(mes_str_skip(text, i + 1), MES_STR("\r\n"))) {
            i += 2;
        } else {
            demand(i + 2 < text.size);
            mes_buf_add_char(out, (char)(digit(text.data[i + 1]) * 16 + digit(text.data[i + 2])));
            i += 2;
        }
    }
}

static void check_lines(struct mes_str text, size_t most)
{
    size_t column = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        demand(c != '\0' && (unsigned char)c < 0x80);
        demand(c != '\n' || (i > 0 && text.data[i - 1] == '\r'));
        demand(c != '\r' || (i + 1 < text.size && text.data[i + 1] == '\n'));
        column = c == '\n' ? 0 : column + (c != '\r');
        demand(column <= most);
    }
}

/* "Name: value" and its folds become the value again. */
static void decode_field(struct mes_str field, struct mes_buf *out)
{
    struct mes_buf raw;
    mes_buf_init(&raw, SIZE_MAX);
    for (size_t at = mes_str_find(field, MES_STR(": "), 0) + 2; at < field.size; at++)
        if (field.data[at] != '\r' && field.data[at] != '\n')
            mes_buf_add_char(&raw, field.data[at]);
    struct mes_str text = mes_buf_str(&raw);
    if (!mes_str_starts(text, MES_STR("=?UTF-8?"))) {
        mes_buf_add_str(out, text);
        text.size = 0;
    }
    while (text.size > 0) {
        size_t end = mes_str_find(text, MES_STR("?="), 10);
        demand(mes_str_starts(text, MES_STR("=?UTF-8?")) && end != SIZE_MAX && end + 2 <= 75);
        struct mes_str word = mes_str_cut(text, 10, end - 10);
        size_t before = out->size;
        if (text.data[8] == 'B')
            demand(mes_base64_decode(word, out));
        else
            decode_hex(word, '=', out);
        for (size_t i = before; text.data[8] == 'Q' && i < out->size; i++)
            if (out->data[i] == '_')
                out->data[i] = ' ';
        text = mes_str_skip(text, end + 2);
        demand(text.size == 0 || text.data[0] == ' ');
        text = mes_str_skip(text, 1);
    }
    mes_buf_fini(&raw);
}

static bool same_but_underscores(struct mes_str a, struct mes_str b)
{
    bool is_same = a.size == b.size;
    for (size_t i = 0; is_same && i < a.size; i++)
        is_same = a.data[i] == b.data[i] || (b.data[i] == '_' && a.data[i] == ' ');
    return is_same;
}

static void try_field(struct mes_str value)
{
    struct mes_buf field, back;
    if (mes_mime_header_check(MES_STR("X-Fuzz"), value, NULL) != 0)
        return;
    mes_buf_init(&field, SIZE_MAX);
    mes_buf_init(&back, SIZE_MAX);
    mes_mime_header_add_custom(&field, "X-Fuzz", value);
    check_lines(mes_buf_str(&field), MES_LIMIT_LINE);
    decode_field(mes_buf_str(&field), &back);
    demand(same_but_underscores(mes_buf_str(&back), mes_str_trim(value)));
    mes_buf_fini(&field);
    mes_buf_fini(&back);
}

static void try_file_name(struct mes_str value)
{
    struct mes_buf text, back;
    struct mes_str name;
    if (mes_mime_file_name(value, &name, NULL) != 0)
        return;
    mes_buf_init(&text, SIZE_MAX);
    mes_buf_init(&back, SIZE_MAX);
    mes_mime_parameter_add_words(&text, "name", name);
    mes_mime_parameter_add(&text, "filename", name);
    check_lines(mes_buf_str(&text), MES_LIMIT_LINE);
    size_t at = mes_str_find(mes_buf_str(&text), MES_STR(";\r\n filename"), 0);
    struct mes_str rest = mes_str_skip(mes_buf_str(&text), at + 3), line;
    bool is_plain = mes_str_starts(rest, MES_STR(" filename=\""));
    while (mes_str_next(&rest, '\n', &line)) {
        line = mes_str_trim(line);
        line = mes_str_skip(line, mes_str_find(line, MES_STR("="), 0) + 1);
        if (mes_str_starts(line, MES_STR("UTF-8''")))
            line = mes_str_skip(line, 7);
        if (!is_plain && line.size > 0 && line.data[line.size - 1] == ';')
            line.size--;
        if (is_plain)
            mes_buf_add_str(&back, mes_str_cut(line, 1, line.size - 2));
        else
            decode_hex(line, '%', &back);
    }
    demand(mes_str_eq(mes_buf_str(&back), name));
    mes_buf_fini(&text);
    mes_buf_fini(&back);
}

static void try_body(struct mes_str text)
{
    struct mes_buf encoded, plain, back;
    mes_buf_init(&encoded, SIZE_MAX);
    mes_buf_init(&plain, SIZE_MAX);
    mes_buf_init(&back, SIZE_MAX);
    mes_mime_text_encode(text, MES_ENCODING_QUOTED_PRINTABLE, &encoded);
    mes_mime_text_encode(text, MES_ENCODING_7BIT, &plain);
    check_lines(mes_buf_str(&encoded), 76);
    decode_hex(mes_buf_str(&encoded), '=', &back);
    demand(mes_str_eq(mes_buf_str(&back), mes_buf_str(&plain)));
    mes_buf_clear(&encoded);
    enum mes_encoding encoding = mes_mime_encoding_of(text);
    mes_mime_text_encode(text, encoding, &encoded);
    check_lines(mes_buf_str(&encoded), encoding == MES_ENCODING_7BIT ? MES_LIMIT_LINE : 76);
    demand(!mes_str_starts(mes_buf_str(&encoded), MES_STR(".")));
    demand(mes_str_find(mes_buf_str(&encoded), MES_STR("\n."), 0) == SIZE_MAX);
    mes_buf_fini(&encoded);
    mes_buf_fini(&plain);
    mes_buf_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_str text = {(const char *)data, size};
    try_field(text);
    try_file_name(text);
    try_body(text);
    return 0;
}
