#include "compose/recipients.h"

#include <string.h>

#include "base/alloc.h"
#include "compose/value.h"

enum { MES_SLOTS_FIRST = 16, MES_VARIABLES_FIRST = 8 };

void mes_compose_recipients_init(struct mes_recipients *list)
{
    *list = (struct mes_recipients){0};
}

void mes_compose_recipients_fini(struct mes_recipients *list)
{
    mes_free(list->items);
    mes_free(list->slots);
    mes_compose_recipients_init(list);
}

static struct mes_str domain_of(const char *spec)
{
    return mes_str_of(strrchr(spec, '@'));
}

/* FNV-1a of the address with its domain in lower case. */
static size_t hash_of(const char *spec)
{
    const char *at = strrchr(spec, '@');
    uint64_t hash = 14695981039346656037ULL;
    for (const char *c = spec; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)(c < at ? *c : mes_lower(*c))) * 1099511628211ULL;
    return (size_t)(hash ^ hash >> 32);
}

static bool is_same(const char *a, const char *b)
{
    struct mes_str domain_a = domain_of(a), domain_b = domain_of(b);
    return domain_a.data - a == domain_b.data - b && mes_str_eq_nocase(domain_a, domain_b) &&
           memcmp(a, b, (size_t)(domain_a.data - a)) == 0;
}

/* The slot that holds the address, or the free one where it belongs. There is always a free slot. */
static size_t slot_of(const struct mes_recipients *list, const char *spec)
{
    size_t slot = hash_of(spec) & (list->slot_count - 1);
    while (list->slots[slot] != 0 && !is_same(list->items[list->slots[slot] - 1].spec, spec))
        slot = (slot + 1) & (list->slot_count - 1);
    return slot;
}

size_t mes_compose_recipients_find(const struct mes_recipients *list, const char *spec)
{
    uint32_t position = list->slot_count > 0 ? list->slots[slot_of(list, spec)] : 0;
    return position > 0 ? position - 1 : list->count;
}

/* Keeps at least half of the slots free. */
static bool grow_slots(struct mes_recipients *list)
{
    if (list->count * 2 + 2 < list->slot_count)
        return true;
    size_t old_count = list->slot_count;
    uint32_t *old = list->slots;
    size_t slot_count = old_count > 0 ? old_count * 2 : MES_SLOTS_FIRST;
    uint32_t *slots = mes_alloc(slot_count * sizeof *slots);
    if (slots == NULL)
        return false;
    list->slots = slots;
    list->slot_count = slot_count;
    for (size_t i = 0; i < list->count; i++)
        list->slots[slot_of(list, list->items[i].spec)] = (uint32_t)i + 1;
    mes_free(old);
    return true;
}

static bool grow_items(struct mes_recipients *list)
{
    if (list->count < list->capacity)
        return true;
    size_t capacity = list->capacity > 0 ? list->capacity * 2 : 4;
    struct mes_recipient *items = mes_realloc(list->items, capacity * sizeof *items);
    if (items == NULL)
        return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

void mes_compose_recipients_clear(struct mes_recipients *list)
{
    list->count = 0;
    if (list->slots != NULL)
        memset(list->slots, 0, list->slot_count * sizeof *list->slots);
}

bool mes_compose_recipients_append(struct mes_recipients *list, struct mes_arena *arena,
                                   const struct mes_recipient *recipient)
{
    if (!grow_items(list))
        return false;
    struct mes_recipient copy = *recipient;
    copy.spec = mes_arena_copy(arena, mes_str_of(recipient->spec));
    copy.name = mes_arena_copy(arena, mes_str_of(recipient->name));
    bool is_copied =
        mes_compose_variables_copy(arena, recipient->variables, recipient->variable_count, &copy.variables);
    if (copy.spec == NULL || copy.name == NULL || !is_copied)
        return false;
    list->items[list->count++] = copy;
    return true;
}

bool mes_compose_recipients_add(struct mes_recipients *list, struct mes_arena *arena,
                                const struct mes_recipient *recipient, size_t *position_out)
{
    *position_out = mes_compose_recipients_find(list, recipient->spec);
    if (*position_out < list->count)
        return true;
    struct mes_recipient numbered = *recipient;
    numbered.number = list->count;
    if (!grow_slots(list) || !mes_compose_recipients_append(list, arena, &numbered))
        return false;
    list->slots[slot_of(list, recipient->spec)] = (uint32_t)list->count;
    return true;
}

static bool copy_variable(struct mes_arena *arena, const struct mes_variable *variable,
                          struct mes_variable *out)
{
    const char *name = mes_arena_copy(arena, variable->name);
    out->name = mes_str_make(name, variable->name.size);
    return name != NULL && mes_compose_value_copy(&variable->value, arena, &out->value);
}

/* Room for one more: the array doubles when its size reaches a power of two. */
static bool grow_variables(struct mes_arena *arena, struct mes_variable **variables, size_t count)
{
    if (count != 0 && (count < MES_VARIABLES_FIRST || (count & (count - 1)) != 0))
        return true;
    size_t capacity = count < MES_VARIABLES_FIRST ? MES_VARIABLES_FIRST : count * 2;
    struct mes_variable *grown = mes_arena_alloc(arena, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    if (count > 0)
        memcpy(grown, *variables, count * sizeof *grown);
    *variables = grown;
    return true;
}

bool mes_compose_variables_set(struct mes_arena *arena, struct mes_variable **variables, size_t *count,
                               const struct mes_variable *variable)
{
    size_t at = 0;
    while (at < *count && !mes_str_eq((*variables)[at].name, variable->name))
        at++;
    if (at == *count && !grow_variables(arena, variables, *count))
        return false;
    if (!copy_variable(arena, variable, &(*variables)[at]))
        return false;
    *count += at == *count ? 1 : 0;
    return true;
}

bool mes_compose_variables_copy(struct mes_arena *arena, const struct mes_variable *variables, size_t count,
                                struct mes_variable **out)
{
    *out = NULL;
    if (count == 0)
        return true;
    struct mes_variable *copies = mes_arena_alloc(arena, count * sizeof *copies);
    for (size_t i = 0; copies != NULL && i < count; i++)
        if (!copy_variable(arena, &variables[i], &copies[i]))
            return false;
    *out = copies;
    return copies != NULL;
}
