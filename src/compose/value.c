/* Values lie inside one another, and nothing that comes from outside may decide how deep functions call
 * themselves: so each walk keeps its own short stack. */
#include "compose/value.h"

#include "compose/value_parts.h"

bool mes_compose_value_is_container(const struct mes_value *value)
{
    return value->type == MES_VALUE_LIST || value->type == MES_VALUE_MAP;
}

bool mes_compose_value_copy_text(struct mes_arena *arena, struct mes_str text, struct mes_str *out)
{
    const char *copy = mes_arena_copy(arena, text);
    *out = mes_str_make(copy, text.size);
    return copy != NULL;
}

bool mes_compose_value_begin(struct mes_value *to, enum mes_value_type type, size_t count,
                             struct mes_arena *arena, struct mes_value_filling *filling)
{
    *to = (struct mes_value){.type = type, .count = count};
    *filling = (struct mes_value_filling){.items = NULL};
    if (type == MES_VALUE_LIST)
        to->items = filling->items = mes_arena_alloc(arena, count * sizeof *filling->items);
    else
        to->members = filling->members = mes_arena_alloc(arena, count * sizeof *filling->members);
    return filling->items != NULL || filling->members != NULL;
}

struct mes_value *mes_compose_value_next(struct mes_value_filling *filling)
{
    size_t at = filling->next++;
    return filling->items != NULL ? &filling->items[at] : &filling->members[at].value;
}

struct copying {
    const struct mes_value *from;
    struct mes_value_filling to;
};

/* One value; what is in it is still to come. */
static bool copy_one(const struct mes_value *from, struct mes_arena *arena, struct mes_value *to,
                     struct mes_value_filling *filling)
{
    if (mes_compose_value_is_container(from))
        return mes_compose_value_begin(to, from->type, from->count, arena, filling);
    *to = *from;
    return from->type != MES_VALUE_TEXT || mes_compose_value_copy_text(arena, from->text, &to->text);
}

bool mes_compose_value_copy(const struct mes_value *from, struct mes_arena *arena, struct mes_value *to)
{
    struct copying stack[MES_VALUE_DEPTH];
    size_t depth = 0;
    for (const struct mes_value *at = from;;) {
        struct mes_value_filling filling;
        if (!copy_one(at, arena, to, &filling))
            return false;
        if (mes_compose_value_is_container(at)) {
            if (depth == MES_VALUE_DEPTH)
                return false;
            stack[depth++] = (struct copying){at, filling};
        }
        while (depth > 0 && stack[depth - 1].to.next == stack[depth - 1].from->count)
            depth--;
        if (depth == 0)
            return true;
        struct copying *top = &stack[depth - 1];
        size_t number = top->to.next;
        bool is_list = top->from->type == MES_VALUE_LIST;
        at = is_list ? &top->from->items[number] : &top->from->members[number].value;
        if (!is_list && !mes_compose_value_copy_text(arena, top->from->members[number].name,
                                                     &top->to.members[number].name))
            return false;
        to = mes_compose_value_next(&top->to);
    }
}
