#include "compose/wire.h"

#include "base/alloc.h"
#include "base/file.h"

void mes_compose_wire_init(struct mes_wire *wire)
{
    *wire = (struct mes_wire){.pieces = NULL};
    mes_buf_init(&wire->text, SIZE_MAX);
    mes_buf_init(&wire->subject, MES_LIMIT_HEADER);
    mes_buf_init(&wire->plain, MES_LIMIT_BODY);
    mes_buf_init(&wire->html, MES_LIMIT_BODY);
}

int mes_compose_wire_gather(const struct mes_wire *wire, struct mes_buf *out, struct mes_error *error)
{
    int code = 0;
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
    mes_compose_wire_init(wire);
}
