/* Values from JSON and as JSON. Walks keep a short stack of their own, as in value.c. */
#include <assert.h>

#include "compose/value_parts.h"

struct reading {
    const struct mes_json_value *next; /* the child that comes next, NULL behind the last */
    struct mes_value_filling to;
};

static bool read_one(const struct mes_json_value *json, struct mes_arena *arena, struct mes_value *to,
                     struct mes_value_filling *filling)
{
    *to = (struct mes_value){.type = MES_VALUE_NONE};
    switch (json->kind) {
    case MES_JSON_NULL:
        return true;
    case MES_JSON_FLAG:
        *to = (struct mes_value){.type = MES_VALUE_BOOL, .truth = json->integer != 0};
        return true;
    case MES_JSON_LIST:
        return mes_compose_value_begin(to, MES_VALUE_LIST, json->count, arena, filling);
    case MES_JSON_OBJECT:
        return mes_compose_value_begin(to, MES_VALUE_MAP, json->count, arena, filling);
    case MES_JSON_INTEGER:
    case MES_JSON_REAL:
    case MES_JSON_TEXT:
        to->type = MES_VALUE_TEXT;
        return mes_compose_value_copy_text(arena, json->text, &to->text);
    }
    return false;
}

bool mes_compose_value_of_json(const struct mes_json_value *json, struct mes_arena *arena,
                               struct mes_value *to, bool *is_too_deep_out)
{
    struct reading stack[MES_VALUE_DEPTH];
    size_t depth = 0;
    *is_too_deep_out = false;
    for (;;) {
        struct mes_value_filling filling;
        if (!read_one(json, arena, to, &filling))
            return false;
        if (mes_compose_value_is_container(to)) {
            *is_too_deep_out = depth == MES_VALUE_DEPTH;
            if (*is_too_deep_out)
                return false;
            stack[depth++] = (struct reading){json->first, filling};
        }
        while (depth > 0 && stack[depth - 1].next == NULL)
            depth--;
        if (depth == 0)
            return true;
        struct reading *top = &stack[depth - 1];
        json = top->next;
        top->next = json->next;
        if (top->to.members != NULL &&
            !mes_compose_value_copy_text(arena, json->key, &top->to.members[top->to.next].name))
            return false;
        to = mes_compose_value_next(&top->to);
    }
}

struct writing {
    const struct mes_value *value;
    size_t next;
};

/* Keys are texts that end with NUL: value.c made them so. */
static void write_one(const struct mes_value *value, const char *key, struct mes_json_writer *writer)
{
    switch (value->type) {
    case MES_VALUE_NONE:
        mes_json_write_null(writer, key);
        break;
    case MES_VALUE_BOOL:
        mes_json_write_flag(writer, key, value->truth);
        break;
    case MES_VALUE_TEXT:
        mes_json_write_text(writer, key, value->text);
        break;
    case MES_VALUE_LIST:
        mes_json_write_list(writer, key);
        break;
    case MES_VALUE_MAP:
        mes_json_write_object(writer, key);
        break;
    }
}

static void close_container(const struct mes_value *value, struct mes_json_writer *writer)
{
    if (value->type == MES_VALUE_LIST)
        mes_json_write_list_end(writer);
    else
        mes_json_write_object_end(writer);
}

void mes_compose_value_write(const struct mes_value *value, const char *key, struct mes_json_writer *writer)
{
    struct writing stack[MES_VALUE_DEPTH];
    size_t depth = 0;
    for (;;) {
        write_one(value, key, writer);
        if (mes_compose_value_is_container(value)) {
            assert(depth < MES_VALUE_DEPTH);
            stack[depth++] = (struct writing){value, 0};
        }
        while (depth > 0 && stack[depth - 1].next == stack[depth - 1].value->count)
            close_container(stack[--depth].value, writer);
        if (depth == 0)
            return;
        struct writing *top = &stack[depth - 1];
        bool is_list = top->value->type == MES_VALUE_LIST;
        size_t number = top->next++;
        key = is_list ? NULL : top->value->members[number].name.data;
        value = is_list ? &top->value->items[number] : &top->value->members[number].value;
    }
}
