#include "api/seen.h"

#include <string.h>

#include "base/alloc.h"
#include "base/random.h"

enum { FIRST_CAPACITY = 1024 };

int mes_api_seen_init(struct mes_api_seen *seen, struct mes_error *error)
{
    *seen = (struct mes_api_seen){0};
    return mes_random_bytes(&seen->seed, sizeof seen->seed, error);
}

void mes_api_seen_fini(struct mes_api_seen *seen)
{
    mes_free(seen->slots);
    *seen = (struct mes_api_seen){0};
}

/* The finisher of MurmurHash3: every bit of the input changes half of the output. */
static uint64_t mix(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

static uint64_t hash_of(const struct mes_api_seen *seen, const char *spec)
{
    const char *at = strrchr(spec, '@');
    uint64_t hash = seen->seed;
    for (const char *c = spec; *c != '\0'; c++)
        hash = mix(hash ^ (unsigned char)(at != NULL && c > at ? mes_lower(*c) : *c));
    return hash != 0 ? hash : 1;
}

static void put(uint64_t *slots, size_t capacity, uint64_t hash)
{
    size_t place = hash & (capacity - 1);
    while (slots[place] != 0)
        place = (place + 1) & (capacity - 1);
    slots[place] = hash;
}

static int grow(struct mes_api_seen *seen, struct mes_error *error)
{
    size_t capacity = seen->capacity > 0 ? seen->capacity * 2 : FIRST_CAPACITY;
    uint64_t *slots = mes_alloc(capacity * sizeof *slots);
    if (slots == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < seen->capacity; i++)
        if (seen->slots[i] != 0)
            put(slots, capacity, seen->slots[i]);
    mes_free(seen->slots);
    seen->slots = slots;
    seen->capacity = capacity;
    return 0;
}

int mes_api_seen_add(struct mes_api_seen *seen, const char *spec, bool *is_new_out, struct mes_error *error)
{
    uint64_t hash = hash_of(seen, spec);
    /* At most three of four slots are taken. */
    if (seen->count >= seen->capacity / 4 * 3) {
        int code = grow(seen, error);
        if (code != 0)
            return code;
    }
    size_t place = hash & (seen->capacity - 1);
    while (seen->slots[place] != 0 && seen->slots[place] != hash)
        place = (place + 1) & (seen->capacity - 1);
    *is_new_out = seen->slots[place] == 0;
    seen->slots[place] = hash;
    seen->count += *is_new_out;
    return 0;
}
