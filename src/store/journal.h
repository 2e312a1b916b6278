/* The outcome journal: where results go that the database cannot take, so that what a relay has accepted is
 * not forgotten when the disk is full or the database fails. */
#ifndef MES_STORE_JOURNAL_H
#define MES_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_store_journal;

enum {
    /* Room for one record, the bytes that the caller hands in. */
    MES_STORE_JOURNAL_RECORD_MOST = 1000,
    /* Each takes a frame of 1 KiB: 16 MiB, taken from the disk when the journal is made, so that a full disk
     * finds room in it. */
    MES_STORE_JOURNAL_RECORDS = 16 * 1024
};

/* Opens or makes the file, preallocated, written once and flushed. A file that is none of ours is
 * MES_E_CORRUPT and left alone. One process and one thread use it. Blocking, like all here. */
int mes_store_journal_open(const char *path, struct mes_store_journal **journal_out,
                           struct mes_error *error) MES_MUST_USE;
void mes_store_journal_close(struct mes_store_journal **journal);

/* Writes a record behind the last; it is safe only after mes_store_journal_sync. MES_E_LIMIT: too long a
 * record, or the journal is full. Contents are the caller's own; a NUL is a byte like others. */
int mes_store_journal_append(struct mes_store_journal *journal, struct mes_str record,
                             struct mes_error *error) MES_MUST_USE;
/* 0: all that was appended survives a power cut. MES_E_STORAGE: the disk failed, and so does the journal from
 * now on. */
int mes_store_journal_sync(struct mes_store_journal *journal, struct mes_error *error) MES_MUST_USE;

/* Records that stand in it. */
size_t mes_store_journal_count(const struct mes_store_journal *journal);

/* Calls `each` for every record, oldest first. What a power cut tore off at the end is left out: it was never
 * synced. A code from `each` ends the replay and is returned. Nothing is removed. */
int mes_store_journal_replay(struct mes_store_journal *journal,
                             int (*each)(void *context, struct mes_str record, struct mes_error *error),
                             void *context, struct mes_error *error) MES_MUST_USE;

/* Replays a journal that somebody else may be using, without changing anything: what is not flushed yet may
 * be missing. `count_out` (may be NULL): its records. MES_E_NOT_FOUND, MES_E_CORRUPT. */
int mes_store_journal_peek(const char *path,
                           int (*each)(void *context, struct mes_str record, struct mes_error *error),
                           void *context, size_t *count_out, struct mes_error *error) MES_MUST_USE;

/* Empties it, once the database has committed what was replayed; flushed when it returns. Killed meanwhile,
 * all records are there or none: replaying must do no harm when done twice. */
int mes_store_journal_clear(struct mes_store_journal *journal, struct mes_error *error) MES_MUST_USE;

#endif
