/* Values of templates: copied into an arena, made from JSON and written as JSON. */
#ifndef MES_COMPOSE_VALUE_H
#define MES_COMPOSE_VALUE_H

#include "base/arena.h"
#include "template/template.h"
#include "json/parse.h"
#include "json/write.h"

enum { MES_VALUE_DEPTH = 16 }; /* lists and maps inside one another */

/* Copies it whole, texts too. False: out of memory, or deeper than MES_VALUE_DEPTH. */
bool mes_compose_value_copy(const struct mes_value *from, struct mes_arena *arena,
                            struct mes_value *to) MES_MUST_USE;

/* Numbers stay as they are written, null is there but empty. Texts are copied. False as above:
 * `is_too_deep_out` tells which. */
bool mes_compose_value_of_json(const struct mes_json_value *json, struct mes_arena *arena,
                               struct mes_value *to, bool *is_too_deep_out) MES_MUST_USE;

/* As a member `key`, or without one. */
void mes_compose_value_write(const struct mes_value *value, const char *key, struct mes_json_writer *writer);

#endif
