/* A copy of the whole database into a file, step by step, while others write. */
#ifndef MES_DB_COPY_H
#define MES_DB_COPY_H

#include "db/db.h"

struct mes_db_copy;

/* `db` is a read-only connection outside a transaction; until the end it is the copy's, which holds a view of
 * the database that stands still, so writers go on undisturbed (their log cannot be shortened meanwhile).
 * `path` is a new file (0600). */
int mes_db_copy_begin(struct mes_db *db, const char *path, struct mes_db_copy **copy_out,
                      struct mes_error *error) MES_MUST_USE;

/* Copies some pages more. MES_DB_ROW: there are further ones; MES_DB_END: that was all. */
int mes_db_copy_step(struct mes_db_copy *copy, unsigned pages, struct mes_error *error) MES_MUST_USE;

/* Pages so far, and in all. */
uint64_t mes_db_copy_done(const struct mes_db_copy *copy);
uint64_t mes_db_copy_total(const struct mes_db_copy *copy);

/* 0: the file is whole; the caller flushes it. MES_E_CANCELLED when the last step was not reached; the caller
 * removes the file. NULL inside is allowed. */
int mes_db_copy_end(struct mes_db_copy **copy, struct mes_error *error) MES_MUST_USE;

#endif
