/* What the walks over values share. */
#ifndef MES_COMPOSE_VALUE_PARTS_H
#define MES_COMPOSE_VALUE_PARTS_H

#include "compose/value.h"

/* A container that is being filled: its children's places, which the value shows to readers. */
struct mes_value_filling {
    struct mes_value *items;
    struct mes_variable *members;
    size_t next;
};

/* A LIST or MAP. */
bool mes_compose_value_is_container(const struct mes_value *value);

/* Makes `to` a LIST or MAP of `count` values, all of them NONE until they are filled in. False: out of
 * memory. */
bool mes_compose_value_begin(struct mes_value *to, enum mes_value_type type, size_t count,
                             struct mes_arena *arena, struct mes_value_filling *filling);
/* The next child's place. */
struct mes_value *mes_compose_value_next(struct mes_value_filling *filling);

/* A copy that ends with NUL. False: out of memory. */
bool mes_compose_value_copy_text(struct mes_arena *arena, struct mes_str text, struct mes_str *out);

#endif
