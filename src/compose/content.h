/* Files that go with a mail, encoded once and kept for all its recipients and for every time it is sent. */
#ifndef MES_COMPOSE_CONTENT_H
#define MES_COMPOSE_CONTENT_H

#include "base/error.h"
#include "compose/wire.h"

/* A store of encoded files: small ones in memory, those above MES_CONTENT_IN_MEMORY bytes and all further
 * ones above MES_CONTENT_ALL_IN_MEMORY in one file without a name, so that memory stays the same whatever the
 * size. What was added never moves. A message and its jobs share it: the last to release it, in whatever
 * thread, frees it. Adding is for one thread at a time. */
struct mes_content_store;

struct mes_content_store *mes_compose_content_new(void) MES_MUST_USE; /* NULL: out of memory */
struct mes_content_store *mes_compose_content_share(struct mes_content_store *store) MES_MUST_USE;
/* NULL is allowed; clears the pointer. */
void mes_compose_content_release(struct mes_content_store **store);

/* Bytes that it holds in memory; 0 for NULL. */
size_t mes_compose_content_size(const struct mes_content_store *store);

/* Both give the base64 lines, without the CRLF of the last one, as a piece of a wire that lives as long as
 * the store. MES_E_LIMIT above MES_LIMIT_CONTENT bytes in all; MES_E_FILE when `path` or the unnamed file
 * fails. */
int mes_compose_content_add_bytes(struct mes_content_store *store, const void *data, size_t size,
                                  struct mes_wire_piece *piece_out, struct mes_error *error) MES_MUST_USE;
int mes_compose_content_add_file(struct mes_content_store *store, const char *path,
                                 struct mes_wire_piece *piece_out, struct mes_error *error) MES_MUST_USE;

/* A file that is encoded already, with the CRLF of its last line: `size` bytes, else MES_E_LIMIT and nothing
 * is kept. Large ones are read from where they stand, so the file must stay as it is; its name may go. */
int mes_compose_content_add_encoded(struct mes_content_store *store, const char *path, uint64_t size,
                                    struct mes_wire_piece *piece_out, struct mes_error *error) MES_MUST_USE;

#endif
