#include "mime/dkim_canonical.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_plain(char c)
{
    return !is_blank(c) && c != '\r';
}

void mes_mime_dkim_canonical_field(struct mes_str field, struct mes_buf *out)
{
    struct mes_str name;
    bool has_blank = false, has_value = false;
    (void)mes_str_next(&field, ':', &name);
    name = mes_str_trim(name);
    for (size_t i = 0; i < name.size; i++)
        mes_buf_add_char(out, mes_lower(name.data[i]));
    mes_buf_add_char(out, ':');
    for (size_t i = 0; i < field.size; i++) {
        char c = field.data[i];
        if (c == '\r' || c == '\n')
            continue;
        if (is_blank(c)) {
            has_blank = true;
            continue;
        }
        if (has_blank && has_value)
            mes_buf_add_char(out, ' ');
        mes_buf_add_char(out, c);
        has_blank = false;
        has_value = true;
    }
}

int mes_mime_dkim_body_init(struct mes_dkim_body *body)
{
    *body = (struct mes_dkim_body){.digest = mes_digest_stream_new()};
    return body->digest != NULL ? 0 : MES_E_NOMEM;
}

void mes_mime_dkim_body_fini(struct mes_dkim_body *body)
{
    mes_digest_stream_free(&body->digest);
}

void mes_mime_dkim_body_clear(struct mes_dkim_body *body)
{
    mes_digest_stream_clear(body->digest);
    *body = (struct mes_dkim_body){.digest = body->digest};
}

static void write_line_ends(struct mes_dkim_body *body)
{
    static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
    while (body->line_ends > 0) {
        size_t most = sizeof ends / 2;
        size_t count = body->line_ends < most ? body->line_ends : most;
        mes_digest_stream_add(body->digest, ends, 2 * count);
        body->line_ends -= count;
    }
}

/* Bytes of a line that is not empty, and before them what was waiting for such. */
static void write(struct mes_dkim_body *body, const char *data, size_t size)
{
    write_line_ends(body);
    if (body->has_blank)
        mes_digest_stream_add(body->digest, " ", 1);
    mes_digest_stream_add(body->digest, data, size);
    body->has_blank = false;
    body->has_content = true;
}

/* How many bytes from a plain one on stay as they are, single blanks and line ends inside with them: of
 * base64 that is all, so that a large attachment is hashed in the pieces that it comes in. */
static size_t unchanged_size(const char *data, size_t size)
{
    size_t at = 1;
    while (at < size) {
        if (is_plain(data[at]))
            at++;
        else if (data[at] == ' ' && at + 1 < size && is_plain(data[at + 1]))
            at += 2;
        else if (data[at] == '\r' && at + 2 < size && data[at + 1] == '\n' && is_plain(data[at + 2]))
            at += 3;
        else
            break;
    }
    return at;
}

/* What the CR at the end of what came before is, now that the next byte is seen. True when it took that. */
static bool settle_cr(struct mes_dkim_body *body, char next)
{
    body->has_cr = false;
    if (next != '\n') {
        write(body, "\r", 1);
        return false;
    }
    body->line_ends++;
    body->has_blank = false;
    return true;
}

void mes_mime_dkim_body_add(struct mes_dkim_body *body, struct mes_str part)
{
    for (size_t at = 0; at < part.size;) {
        const char *data = part.data + at;
        if (body->has_cr && settle_cr(body, *data)) {
            at++;
        } else if (is_plain(*data)) {
            size_t size = unchanged_size(data, part.size - at);
            write(body, data, size);
            at += size;
        } else {
            body->has_cr = *data == '\r';
            body->has_blank = body->has_blank || is_blank(*data);
            at++;
        }
    }
}

bool mes_mime_dkim_body_end(struct mes_dkim_body *body, unsigned char out[MES_DIGEST_SIZE])
{
    if (body->has_cr)
        (void)settle_cr(body, '\0');
    if (body->has_content)
        mes_digest_stream_add(body->digest, "\r\n", 2);
    bool is_good = mes_digest_stream_end(body->digest, out);
    *body = (struct mes_dkim_body){.digest = body->digest};
    return is_good;
}
