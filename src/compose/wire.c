#include "compose/wire.h"

#include "base/alloc.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/file.h"

enum { MES_WIRE_STEP = 64 * 1024 };

void mes_compose_wire_init(struct mes_wire *wire)
{
    *wire = (struct mes_wire){.pieces = NULL};
    mes_buf_init(&wire->text, SIZE_MAX);
    mes_buf_init(&wire->subject, MES_LIMIT_HEADER);
    mes_buf_init(&wire->plain, MES_LIMIT_BODY);
    mes_buf_init(&wire->html, MES_LIMIT_BODY);
    mes_buf_init(&wire->signing.field, SIZE_MAX);
    mes_buf_init(&wire->signing.header, SIZE_MAX);
}

static int each_part(const struct mes_wire_piece *piece, struct mes_wire *wire, struct mes_error *error)
{
    char *step = mes_realloc(NULL, MES_WIRE_STEP);
    int code = step != NULL ? 0 : mes_fail_nomem(error);
    for (size_t done = 0; done < piece->size && code == 0; done += MES_WIRE_STEP) {
        size_t size = piece->size - done < MES_WIRE_STEP ? piece->size - done : MES_WIRE_STEP;
        code = mes_descriptor_read_at(piece->descriptor, piece->offset + done, step, size, error);
        if (code == 0)
            mes_compose_wire_sign_add(wire, mes_str_make(step, size));
    }
    mes_free(step);
    return code;
}

/* The pass of a mail whose body stands in files. */
static int sign(struct mes_wire *wire, struct mes_error *error)
{
    int code = 0;
    for (size_t i = mes_compose_wire_sign_begin(wire); i < wire->count && code == 0; i++) {
        const struct mes_wire_piece *piece = &wire->pieces[i];
        if (piece->bytes != NULL)
            mes_compose_wire_sign_add(wire, mes_str_make(piece->bytes, piece->size));
        else
            code = each_part(piece, wire, error);
    }
    return code == 0 ? mes_compose_wire_sign_end(wire, error) : code;
}

int mes_compose_wire_gather(struct mes_wire *wire, struct mes_buf *out, struct mes_error *error)
{
    int code = wire->is_unsigned ? sign(wire, error) : 0;
    for (size_t i = 0; i < wire->count && code == 0; i++) {
        const struct mes_wire_piece *piece = &wire->pieces[i];
        if (piece->bytes != NULL)
            mes_buf_add(out, piece->bytes, piece->size);
        else
            code = mes_file_read_at(piece->descriptor, piece->offset, piece->size, out, error);
    }
    return code != 0 ? code : mes_buf_check(out, error);
}

void mes_compose_wire_fini(struct mes_wire *wire)
{
    mes_free(wire->room);
    mes_buf_fini(&wire->text);
    mes_buf_fini(&wire->subject);
    mes_buf_fini(&wire->plain);
    mes_buf_fini(&wire->html);
    mes_buf_fini(&wire->signing.field);
    mes_buf_fini(&wire->signing.header);
    mes_mime_dkim_body_fini(&wire->signing.body);
    mes_compose_wire_init(wire);
}
