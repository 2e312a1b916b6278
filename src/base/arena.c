#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/alloc.h"

enum { MES_ARENA_BLOCK = 4096 };

struct mes_arena_block {
    struct mes_arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char data[];
};

void mes_arena_init(struct mes_arena *arena, size_t limit)
{
    *arena = (struct mes_arena){.left = limit};
}

void mes_arena_fini(struct mes_arena *arena)
{
    while (arena->block != NULL) {
        struct mes_arena_block *block = arena->block;
        arena->block = block->next;
        mes_free(block);
    }
}

size_t mes_arena_size(const struct mes_arena *arena)
{
    size_t size = 0;
    for (const struct mes_arena_block *block = arena->block; block != NULL; block = block->next)
        size += sizeof *block + block->size;
    return size;
}

static struct mes_arena_block *add_block(struct mes_arena *arena, size_t size)
{
    size_t room = size > MES_ARENA_BLOCK ? size : MES_ARENA_BLOCK;
    if (size > arena->left)
        return NULL;
    if (room > arena->left)
        room = arena->left;
    struct mes_arena_block *block = mes_alloc(sizeof *block + room);
    if (block == NULL)
        return NULL;
    arena->left -= room;
    block->size = room;
    block->next = arena->block;
    arena->block = block;
    return block;
}

void *mes_arena_alloc(struct mes_arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) / align * align;
    struct mes_arena_block *block = arena->block;
    if (block == NULL || block->size - block->used < size)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;
    void *piece = block->data + block->used;
    block->used += size;
    return piece;
}

char *mes_arena_copy(struct mes_arena *arena, struct mes_str text)
{
    char *copy = mes_arena_alloc(arena, text.size + 1);
    if (copy != NULL && text.size > 0)
        memcpy(copy, text.data, text.size);
    return copy;
}
