/* Memory: the only way to the heap, so that one hook can count, refuse or stop. */
#ifndef MES_BASE_ALLOC_H
#define MES_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "mes/export.h"

/* Zeroed memory, or NULL. `size` 0 gives a pointer that can be freed. */
void *mes_alloc(size_t size) MES_MUST_USE;

/* Like realloc; what is new is not zeroed. On failure the old block stays valid and NULL is returned. */
void *mes_realloc(void *block, size_t size) MES_MUST_USE;

/* NULL is allowed. */
void mes_free(void *block);

/* A copy of `size` bytes with a NUL behind them, or NULL. */
char *mes_copy(const char *data, size_t size) MES_MUST_USE;

/* Called for every allocation before it is made; false makes it fail. For the stopping hook of the command
 * line and for tests that let each allocation fail in turn. NULL removes it. Set it before threads start. */
void mes_alloc_set_hook(bool (*hook)(size_t size));

/* Out of memory is the end of the process: prints one line and exits with 71 (EX_OSERR). A hook for programs.
 */
void mes_alloc_stop_on_failure(void);

#endif
