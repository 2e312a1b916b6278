/* The library's own memory: in RAM, as long as the sender lives. And the keys under which things are kept. */
#ifndef MES_DELIVERY_MEMORY_RAM_H
#define MES_DELIVERY_MEMORY_RAM_H

#include <stddef.h>

#include "mes/memory.h"

/* The longest value, with its NUL. */
enum { MES_MEMORY_VALUE_SPACE = 1001, MES_MEMORY_KEY_SPACE = 128 };

struct mes_memory_ram;

/* NULL: out of memory. */
struct mes_memory_ram *mes_memory_ram_new(void) MES_MUST_USE;
void mes_memory_ram_free(struct mes_memory_ram **ram);
/* Valid as long as `ram`. A value that no memory is left for is forgotten. */
struct mes_memory mes_memory_ram_face(struct mes_memory_ram *ram);

/* "KIND/NAME" in ASCII: every other byte and '%' of the name as %XX; a name that is too long ends in a hash
 * of it. Returns `key`. */
const char *mes_memory_key(char key[MES_MEMORY_KEY_SPACE], const char *kind, const char *name);

#endif
