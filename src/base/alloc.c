#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool (*before)(size_t size);
static bool stop_on_failure;

void mes_alloc_set_hook(bool (*hook)(size_t size))
{
    before = hook;
}

void mes_alloc_stop_on_failure(void)
{
    stop_on_failure = true;
}

static void *checked(void *block)
{
    static const char sentence[] = "mailenhance: out of memory\n";
    if (block == NULL && stop_on_failure) {
        /* Nothing that allocates may run here, so no stdio and no handlers of exit. */
        if (write(STDERR_FILENO, sentence, sizeof sentence - 1) < 0)
            _exit(71);
        _exit(71);
    }
    return block;
}

void *mes_alloc(size_t size)
{
    if (before != NULL && !before(size))
        return checked(NULL);
    return checked(calloc(1, size > 0 ? size : 1));
}

void *mes_realloc(void *block, size_t size)
{
    if (before != NULL && !before(size))
        return checked(NULL);
    return checked(realloc(block, size > 0 ? size : 1));
}

void mes_free(void *block)
{
    free(block);
}

char *mes_copy(const char *data, size_t size)
{
    char *copy = mes_alloc(size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}
