#include "compose/wire.h"

#include "base/alloc.h"

void mes_compose_wire_init(struct mes_wire *wire)
{
    *wire = (struct mes_wire){.pieces = NULL};
    mes_buf_init(&wire->text, SIZE_MAX);
    mes_buf_init(&wire->subject, MES_LIMIT_HEADER);
    mes_buf_init(&wire->plain, MES_LIMIT_BODY);
    mes_buf_init(&wire->html, MES_LIMIT_BODY);
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
