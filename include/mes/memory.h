/* What is known about accounts between messages: who rests, how much of a quota is used, what a relay can do.
 */
#ifndef MES_MEMORY_H
#define MES_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "mes/export.h"

MES_BEGIN

/* Given by the host; the library's own keeps everything in RAM. Keys are short ASCII texts such as
 * "health/NAME", values are texts of at most 1000 bytes. Both are called on the thread that drives the
 * sender. */
struct mes_memory {
    /* Copies the value into `value` and returns true; false when there is none. */
    bool (*load)(void *context, const char *key, char *value, size_t size);
    /* Keeps the value; must not block for long. NULL forgets the key. */
    void (*note)(void *context, const char *key, const char *value);
    void *context;
};

MES_END

#endif
