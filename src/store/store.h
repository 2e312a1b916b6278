/* The database of the service: one handle that writes, and handles that only read. All SQL stands in this
 * folder.
 *
 * Common to all of store/: times are milliseconds since 1970 (UTC), 0 is "none" (NULL in the database). Texts
 * that are given may be NULL, which is ""; texts that are handed out are never NULL and end with NUL.
 * Functions return 0, MES_E_NOT_FOUND where that is said, or the database's failure. What takes a reader only
 * reads. What takes a `struct mes_store` writes: on the store thread, inside a transaction. */
#ifndef MES_STORE_STORE_H
#define MES_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "mes/error.h"

struct mes_db;
struct mes_store;
struct mes_store_reader;
struct mes_store_readers;

/* A row as a caller of the API names it. `company` NULL: whosoever it is; else a row of another company is
 * not found. */
struct mes_store_ref {
    const char *company;
    int64_t id;
};

/* Opens `file` for writing, makes it or brings its schema up to date, and begins a new epoch. Only one
 * process may have it open so: who calls holds the data folder's lock. `clock` (NULL: the machine's) is for
 * the ids that are made here. */
int mes_store_open(const char *file, const struct mes_clock *clock, struct mes_store **store_out,
                   struct mes_error *error) MES_MUST_USE;
/* An open transaction is rolled back. */
void mes_store_close(struct mes_store **store);

/* One more than at the last opening: flights of another epoch are what an earlier process left. */
int64_t mes_store_epoch(const struct mes_store *store);
/* For reading what the open transaction has written so far. Belongs to the store. */
struct mes_store_reader *mes_store_reads(struct mes_store *store);
/* For the backup alone. */
struct mes_db *mes_store_db(struct mes_store *store);

/* After a failed flush: everything fails from now on, and the process has to end. */
bool mes_store_is_broken(const struct mes_store *store);

/* `commit` returns when what was written survives a power cut. When it fails, all is rolled back. */
int mes_store_begin(struct mes_store *store, struct mes_error *error) MES_MUST_USE;
int mes_store_commit(struct mes_store *store, struct mes_error *error) MES_MUST_USE;
void mes_store_rollback(struct mes_store *store);

/* Inside a transaction: what is written behind `save` can be undone alone by `undo`. Each `save` needs one of
 * `keep` and `undo`. When undo cannot be done all is rolled back, which the commit then reports. */
int mes_store_save(struct mes_store *store, struct mes_error *error) MES_MUST_USE;
int mes_store_keep(struct mes_store *store, struct mes_error *error) MES_MUST_USE;
void mes_store_undo(struct mes_store *store);

/* Housekeeping for when nobody waits: outside a transaction. MES_E_FULL and MES_E_BUSY do no harm. */
int mes_store_tidy(struct mes_store *store, struct mes_error *error) MES_MUST_USE;

/* Gives back memory that is kept for speed alone. Outside a transaction. */
void mes_store_shrink(struct mes_store *store);

/* After a failure for want of room: can a usual mail be written again? Writes so much and takes it away, in
 * transactions of its own. */
int mes_store_try_room(struct mes_store *store, struct mes_error *error) MES_MUST_USE;

/* Read-only handles for any number of threads; `most` are kept open when nobody has them. The file must have
 * been opened by mes_store_open before. */
int mes_store_readers_new(const char *file, unsigned most, struct mes_store_readers **readers_out,
                          struct mes_error *error) MES_MUST_USE;
/* Only when all were given back. */
void mes_store_readers_free(struct mes_store_readers **readers);

/* Any thread; never waits for another. The handle is this thread's until it is given back. */
int mes_store_readers_borrow(struct mes_store_readers *readers, struct mes_store_reader **reader_out,
                             struct mes_error *error) MES_MUST_USE;
/* NULL inside is allowed; clears the pointer. */
void mes_store_readers_give_back(struct mes_store_readers *readers, struct mes_store_reader **reader);

/* Between the two every statement of a borrowed handle sees the same state of the database. At most as long
 * as one page of an answer takes, for the log cannot be shortened meanwhile. */
int mes_store_reader_begin(struct mes_store_reader *reader, struct mes_error *error) MES_MUST_USE;
void mes_store_reader_end(struct mes_store_reader *reader);

#endif
