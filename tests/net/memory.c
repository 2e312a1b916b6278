#include "memory.h"

#include <stddef.h>

#include "base/alloc.h"

static unsigned allowed;
static bool was_refused;

static bool allow_some(size_t size)
{
    (void)size;
    if (allowed == 0)
        was_refused = true;
    else
        allowed--;
    return !was_refused;
}

void memory_allow(unsigned count)
{
    allowed = count;
    was_refused = false;
    mes_alloc_set_hook(allow_some);
}

void memory_allow_all(void)
{
    mes_alloc_set_hook(NULL);
}

bool memory_was_refused(void)
{
    return was_refused;
}
