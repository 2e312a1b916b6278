/* The canonical forms against others that are written as RFC 6376 says them, one rule after the other; a body
 * gives the same hash wherever it is cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mime/dkim_canonical.h"

static void demand(bool is_so)
{
    if (!is_so)
        abort();
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "Reduce all sequences of WSP within a line to a single SP character." */
static void reduce(struct mes_str text, struct mes_buf *out)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_blank(text.data[i]))
            mes_buf_add_char(out, text.data[i]);
        else if (i == 0 || !is_blank(text.data[i - 1]))
            mes_buf_add_char(out, ' ');
}

/* "Ignore all whitespace at the end of lines." and "Ignore all empty lines at the end of the message body."
 */
static void canonical_body(struct mes_str body, struct mes_buf *out)
{
    size_t end_of_content = 0;
    while (body.size > 0) {
        size_t at = mes_str_find(body, MES_STR("\r\n"), 0);
        struct mes_str line = mes_str_cut(body, 0, at);
        body = mes_str_skip(body, at < body.size ? at + 2 : body.size);
        while (line.size > 0 && is_blank(line.data[line.size - 1]))
            line.size--;
        reduce(line, out);
        mes_buf_add_text(out, "\r\n");
        if (line.size > 0)
            end_of_content = out->size;
    }
    mes_buf_truncate(out, end_of_content);
}

static void try_body(struct mes_str body, size_t step)
{
    unsigned char hash[MES_DIGEST_SIZE], expected[MES_DIGEST_SIZE];
    struct mes_dkim_body stream;
    struct mes_buf canonical;
    mes_buf_init(&canonical, SIZE_MAX);
    canonical_body(body, &canonical);
    demand(mes_mime_dkim_body_init(&stream) == 0);
    mes_digest_stream_add(stream.digest, mes_buf_text(&canonical), canonical.size);
    demand(mes_digest_stream_end(stream.digest, expected));
    for (struct mes_str rest = body; rest.size > 0; rest = mes_str_skip(rest, step))
        mes_mime_dkim_body_add(&stream, mes_str_cut(rest, 0, step));
    demand(mes_mime_dkim_body_end(&stream, hash));
    demand(memcmp(hash, expected, sizeof hash) == 0);
    mes_mime_dkim_body_fini(&stream);
    mes_buf_fini(&canonical);
}

/* It is in its canonical form, and stays as it is when it is made canonical again. */
static void try_field(struct mes_str field)
{
    struct mes_buf once, again;
    mes_buf_init(&once, SIZE_MAX);
    mes_buf_init(&again, SIZE_MAX);
    mes_mime_dkim_canonical_field(field, &once);
    mes_mime_dkim_canonical_field(mes_buf_str(&once), &again);
    demand(mes_str_eq(mes_buf_str(&once), mes_buf_str(&again)));
    struct mes_str value = mes_buf_str(&once), name;
    demand(mes_str_next(&value, ':', &name) && value.data != NULL);
    for (size_t i = 0; i < value.size; i++) {
        demand(value.data[i] != '\r' && value.data[i] != '\n' && value.data[i] != '\t');
        demand(value.data[i] != ' ' || (i > 0 && i + 1 < value.size && value.data[i - 1] != ' '));
    }
    mes_buf_fini(&once);
    mes_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct mes_str text = {(const char *)data + 1, size - 1};
    try_body(text, 1 + data[0]);
    try_field(text);
    return 0;
}
