/* Memory for one message, session or request: many small pieces, one release. */
#ifndef MES_BASE_ARENA_H
#define MES_BASE_ARENA_H

#include "base/str.h"

struct mes_arena_block;

struct mes_arena {
    struct mes_arena_block *block;
    size_t left; /* bytes that may still be taken from the heap */
};

/* `limit` is the most bytes it will ever take. No memory is taken yet. */
void mes_arena_init(struct mes_arena *arena, size_t limit);
void mes_arena_fini(struct mes_arena *arena);

/* Bytes that it has taken from the heap. */
size_t mes_arena_size(const struct mes_arena *arena);

/* Zeroed and aligned for any type; NULL when memory or the limit is used up. */
void *mes_arena_alloc(struct mes_arena *arena, size_t size) MES_MUST_USE;
/* A copy ended by NUL, or NULL. */
char *mes_arena_copy(struct mes_arena *arena, struct mes_str text) MES_MUST_USE;

#endif
