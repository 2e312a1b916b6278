#include "compose/wire_sign.h"

#include "base/error.h"
#include "mime/dkim.h"

enum { MES_HEADER_STEP = 4096 };

enum { UNKNOWN, BEING_WRITTEN, KNOWN };

/* ---- the hash that mails share ---- */

static const unsigned char *known_hash(const struct mes_wire_body *shared)
{
    return shared != NULL && atomic_load(&shared->state) == KNOWN ? shared->hash : NULL;
}

static void leave_hash(struct mes_wire_body *shared, const unsigned char hash[MES_DIGEST_SIZE])
{
    int state = UNKNOWN;
    if (shared == NULL || !atomic_compare_exchange_strong(&shared->state, &state, BEING_WRITTEN))
        return;
    for (size_t i = 0; i < MES_DIGEST_SIZE; i++)
        shared->hash[i] = hash[i];
    atomic_store(&shared->state, KNOWN);
}

/* ---- the header ---- */

/* Copies from the pieces up to the empty line, which always stands in memory. */
static void find_header(struct mes_wire *wire)
{
    struct mes_wire_signing *signing = &wire->signing;
    struct mes_buf *header = &signing->header;
    size_t at = 1, done = 0;
    mes_buf_clear(header);
    while (at < wire->count && wire->pieces[at].bytes != NULL && header->failed == 0) {
        struct mes_str rest = mes_str_make(wire->pieces[at].bytes, wire->pieces[at].size);
        struct mes_str part = mes_str_cut(rest, done, MES_HEADER_STEP);
        size_t before = header->size;
        mes_buf_add_str(header, part);
        size_t end = mes_str_find(mes_buf_str(header), MES_STR("\r\n\r\n"), before > 3 ? before - 3 : 0);
        done += part.size;
        if (end != SIZE_MAX) {
            signing->body_piece = at;
            signing->body_skip = done - (header->size - end - 4);
            mes_buf_truncate(header, end + 2);
            return;
        }
        if (done == rest.size) {
            at++;
            done = 0;
        }
    }
    signing->body_piece = wire->count; /* no body at all */
    signing->body_skip = 0;
}

/* ---- the signature ---- */

/* `hash` NULL: only its size is known. */
static int write_field(struct mes_wire *wire, const unsigned char *hash, struct mes_error *error)
{
    struct mes_wire_signing *signing = &wire->signing;
    const struct mes_dkim_subject subject = {mes_buf_str(&signing->header), hash, signing->unix_seconds};
    mes_buf_clear(&signing->field);
    int code = mes_mime_dkim_write(signing->key, &subject, &signing->field, error);
    wire->size = wire->size - wire->room[0].size + signing->field.size;
    wire->room[0].bytes = mes_buf_text(&signing->field);
    wire->room[0].size = signing->field.size;
    wire->is_unsigned = hash == NULL;
    return code;
}

size_t mes_compose_wire_sign_begin(struct mes_wire *wire)
{
    mes_mime_dkim_body_clear(&wire->signing.body);
    wire->signing.body_left_out = 0;
    return wire->signing.body_piece;
}

void mes_compose_wire_sign_add(struct mes_wire *wire, struct mes_str part)
{
    struct mes_wire_signing *signing = &wire->signing;
    size_t skip = signing->body_skip - signing->body_left_out;
    skip = skip < part.size ? skip : part.size;
    signing->body_left_out += skip;
    mes_mime_dkim_body_add(&signing->body, mes_str_skip(part, skip));
}

int mes_compose_wire_sign_end(struct mes_wire *wire, struct mes_error *error)
{
    unsigned char hash[MES_DIGEST_SIZE];
    if (!mes_mime_dkim_body_end(&wire->signing.body, hash))
        return mes_fail_nomem(error);
    leave_hash(wire->signing.shared, hash);
    return write_field(wire, hash, error);
}

static int sign_in_memory(struct mes_wire *wire, struct mes_error *error)
{
    for (size_t i = mes_compose_wire_sign_begin(wire); i < wire->count; i++)
        mes_compose_wire_sign_add(wire, mes_str_make(wire->pieces[i].bytes, wire->pieces[i].size));
    return mes_compose_wire_sign_end(wire, error);
}

int mes_compose_wire_sign(struct mes_wire *wire, struct mes_error *error)
{
    struct mes_wire_signing *signing = &wire->signing;
    const unsigned char *hash = known_hash(signing->shared);
    if (signing->body.digest == NULL && mes_mime_dkim_body_init(&signing->body) != 0)
        return mes_fail_nomem(error);
    find_header(wire);
    if (hash == NULL && wire->is_in_memory)
        return sign_in_memory(wire, error);
    return write_field(wire, hash, error);
}
