/* One face for SQL databases: a connection, its statements and its transactions. SQLite is behind it; another
 * database needs a driver (driver.h), and its words in dialect.def. */
#ifndef MES_DB_DB_H
#define MES_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

/* What a caller can tell apart, in every function here:
 * - MES_E_BUSY: somebody else held the database longer than `busy_timeout_ms`. Nothing has changed; try
 * again.
 * - MES_E_FULL: the disk has no room. The transaction is undone; it works again when there is room.
 * - MES_E_STORAGE: the disk failed, or a flush did. The connection is broken (mes_db_is_broken) and fails
 * from now on, because what a failed flush left behind cannot be known from here: end the process and read
 * the database anew.
 * - MES_E_CORRUPT: the file is damaged, or is none of ours. It is left as it is.
 * - MES_E_CONFLICT: a row contradicts a constraint (a key that exists, for instance).
 * - MES_E_NOT_FOUND, MES_E_FILE: there is no such file, or it may not be used.
 * - MES_E_NOMEM, and MES_E_USAGE for SQL that does not work.
 *
 * A connection and all that comes from it belong to one thread at a time. */
struct mes_db;
struct mes_db_statement;

struct mes_db_options {
    const char *place; /* the file's path; copied */
    bool is_read_only; /* may then not create anything; sees each commit of others when its next transaction
                          begins */
    bool may_create;   /* make the file (0600) when it is missing, else that is MES_E_NOT_FOUND */
    /* Nobody else has it open: the caller holds a lock that says so. Only then is what an earlier process
     * left behind after a failed flush made sure of. */
    bool is_sole;
    int busy_timeout_ms; /* how long to wait for another process; 0: 10 seconds */
};

/* Opens and checks that the file can be read as a database. Every commit of a writing connection is on the
 * disk when it returns (SQLite: WAL, synchronous=FULL). */
int mes_db_open(const struct mes_db_options *options, struct mes_db **db_out,
                struct mes_error *error) MES_MUST_USE;
/* Undoes what was not committed. All statements must have been released. */
void mes_db_close(struct mes_db **db);

/* True after MES_E_STORAGE: the process has to stop using the database, and to say so. */
bool mes_db_is_broken(const struct mes_db *db);

/* Runs one or several statements without parameters or results. */
int mes_db_exec(struct mes_db *db, const char *sql, struct mes_error *error) MES_MUST_USE;

/* A writing connection takes the writer's lock at once, so that nothing in the transaction can be refused for
 * somebody else's sake; a read-only one gets, from its first read on, a view that stands still. Not
 * nested. */
int mes_db_begin(struct mes_db *db, struct mes_error *error) MES_MUST_USE;
/* 0: on the disk. Else nothing of it is, and the transaction is over all the same. */
int mes_db_commit(struct mes_db *db, struct mes_error *error) MES_MUST_USE;
/* Outside a transaction it does nothing. Some failures (full disk) end a transaction by themselves. */
void mes_db_rollback(struct mes_db *db);
bool mes_db_in_transaction(const struct mes_db *db);

/* Part of a transaction that can be undone alone; they nest. Each begin needs one of keep and undo. When undo
 * cannot be done the whole transaction is rolled back, which its commit then reports. */
int mes_db_savepoint_begin(struct mes_db *db, struct mes_error *error) MES_MUST_USE;
int mes_db_savepoint_keep(struct mes_db *db, struct mes_error *error) MES_MUST_USE;
void mes_db_savepoint_undo(struct mes_db *db);

/* Gets `sql`, one statement with a "?" for each parameter, from the connection's cache, or prepares it. The
 * caller owns it until mes_db_release or mes_db_run. */
int mes_db_prepare(struct mes_db *db, const char *sql, struct mes_db_statement **statement_out,
                   struct mes_error *error) MES_MUST_USE;
/* Gives it back to the cache. NULL inside is allowed. */
void mes_db_release(struct mes_db_statement **statement);
/* To run it once more: the parameters are bound from the first one on again. */
void mes_db_reset(struct mes_db_statement *statement);

/* Each binds the next "?", in their order; all have to be bound before the first step. Text and bytes are
 * borrowed until the statement is reset, run to its end or released. What goes wrong is told by the step. */
void mes_db_bind_int(struct mes_db_statement *statement, int64_t value);
/* UTF-8; `data` NULL is bound as NULL. */
void mes_db_bind_str(struct mes_db_statement *statement, struct mes_str text);
void mes_db_bind_text(struct mes_db_statement *statement, const char *text);
void mes_db_bind_blob(struct mes_db_statement *statement, const void *data, size_t size);
void mes_db_bind_null(struct mes_db_statement *statement);
/* NULL for a `value` below 0: for times and counts that may be missing. */
void mes_db_bind_optional(struct mes_db_statement *statement, int64_t value);

enum { MES_DB_END = 0, MES_DB_ROW = 1 };

/* MES_DB_ROW, MES_DB_END after the last row, or an error. */
int mes_db_step(struct mes_db_statement *statement, struct mes_error *error) MES_MUST_USE;
/* Steps to the end, ignoring rows, and releases, also when it fails. `changed_out` (may be NULL): rows that
 * were inserted, changed or deleted. */
int mes_db_run(struct mes_db_statement **statement, int64_t *changed_out,
               struct mes_error *error) MES_MUST_USE;
/* The same, but for another round with other parameters: ends with a reset instead. */
int mes_db_run_again(struct mes_db_statement *statement, int64_t *changed_out,
                     struct mes_error *error) MES_MUST_USE;

/* Column `column` (from 0) of the present row. NULL gives 0, an empty text (data not NULL) and empty bytes.
 * Text and bytes are valid until the next step, reset or release; text has a NUL behind it. */
int64_t mes_db_int(struct mes_db_statement *statement, int column);
struct mes_str mes_db_text(struct mes_db_statement *statement, int column);
struct mes_str mes_db_blob(struct mes_db_statement *statement, int column);
bool mes_db_is_null(struct mes_db_statement *statement, int column);
/* `missing` for NULL. */
int64_t mes_db_optional(struct mes_db_statement *statement, int column, int64_t missing);

/* Housekeeping that a writer should do when nobody waits (SQLite: brings the log home once it has grown; a
 * commit does so only when it is long). Outside a transaction. MES_E_FULL and MES_E_BUSY do no harm. */
int mes_db_tidy(struct mes_db *db, struct mes_error *error) MES_MUST_USE;
/* Gives back memory that is kept for speed alone (SQLite: pages of the file). Outside a transaction. */
void mes_db_shrink(struct mes_db *db);

/* Looks through the whole database (SQLite: quick_check). MES_E_CORRUPT names the first fault. Reads all of
 * it. */
int mes_db_check(struct mes_db *db, struct mes_error *error) MES_MUST_USE;

#endif
