/* A file that appears under its name only when it is whole and on the disk. Blocking: never on the loop
 * thread. */
#ifndef MES_BASE_DURABLE_H
#define MES_BASE_DURABLE_H

#include "base/error.h"
#include "base/str.h"

struct mes_durable;

/* A file without its final name in `folder`, which must be on the same file system as its place to be. */
int mes_durable_begin(const char *folder, struct mes_durable **file_out,
                      struct mes_error *error) MES_MUST_USE;
int mes_durable_add(struct mes_durable *file, struct mes_str bytes, struct mes_error *error) MES_MUST_USE;
/* Flushes it, gives it the name `folder`/`name` in the place of what stands there, and flushes the folder.
 * When it returns 0 all of that survives a power cut. The file is gone either way; `*file` is NULL. */
int mes_durable_end(struct mes_durable **file, const char *folder, const char *name,
                    struct mes_error *error) MES_MUST_USE;
/* Leaves nothing behind. NULL inside is allowed. */
void mes_durable_abort(struct mes_durable **file);

#endif
