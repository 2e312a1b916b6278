/* What the files of the SQLite driver share. */
#ifndef MES_DB_SQLITE_PARTS_H
#define MES_DB_SQLITE_PARTS_H

#include <sqlite3.h>

#include "db/driver.h"

struct mes_db_sqlite_connection {
    struct mes_db base; /* first */
    sqlite3 *handle;
    int busy_timeout_ms;
    int log_pages; /* of the write-ahead log, after the last commit */
};

/* Puts SQLite's failure into `error` as db.h has it, and breaks a writing connection whose disk has failed.
 * `result` is SQLite's extended code, not a success. */
int mes_db_sqlite_fail(struct mes_db_sqlite_connection *db, int result, struct mes_error *error);

/* The driver's, for copy.h. */
int mes_db_sqlite_copy_begin(struct mes_db *db, const char *path, struct mes_db_copy **copy_out,
                             struct mes_error *error);
int mes_db_sqlite_copy_step(struct mes_db_copy *copy, unsigned pages, struct mes_error *error);
int mes_db_sqlite_copy_end(struct mes_db_copy *copy, struct mes_error *error);

#endif
