/* What a database driver provides to db.c. Callers of db never include this. */
#ifndef MES_DB_DRIVER_H
#define MES_DB_DRIVER_H

#include "base/buf.h"
#include "db/copy.h"

enum { MES_DB_CACHE_BUCKETS = 128, MES_DB_CACHE_MOST = 512 };

/* Embedded as the first member of the driver's own; db.c fills in all but `db`. */
struct mes_db_statement {
    struct mes_db *db;
    char *sql;
    struct mes_db_statement *next; /* in its bucket of the cache */
    bool is_cached;
    bool is_taken; /* by a caller */
    unsigned parameters;
    unsigned bound; /* so many of them */
    int failed;     /* of a bind: what the next step returns */
};

/* Embedded as the first member of the driver's own. */
struct mes_db {
    const struct mes_db_driver *driver;
    char *place;
    bool is_read_only;
    bool is_broken;
    bool has_begun; /* a begin without its commit or rollback, whatever the database thinks */
    int undone;     /* the failure by which the database ended that transaction by itself */
    struct mes_db_statement *cache[MES_DB_CACHE_BUCKETS];
    size_t cached;
};

enum mes_db_kind { MES_DB_KIND_NULL, MES_DB_KIND_INT, MES_DB_KIND_TEXT, MES_DB_KIND_BLOB };

struct mes_db_value {
    enum mes_db_kind kind;
    int64_t number;
    struct mes_str bytes;
};

/* Embedded as the first member of the driver's own; `db` and `is_done` are copy.c's. */
struct mes_db_copy {
    struct mes_db *db;
    bool is_done;
    uint64_t done, total; /* pages */
};

/* All errors are those of db.h; a driver sets `is_broken` itself. */
struct mes_db_driver {
    int (*open)(const struct mes_db_options *options, struct mes_db **db_out, struct mes_error *error);
    /* No statement is left, no transaction open. */
    void (*close)(struct mes_db *db);
    int (*exec)(struct mes_db *db, const char *sql, struct mes_error *error);
    /* Sets `db` and `parameters`. */
    int (*prepare)(struct mes_db *db, const char *sql, struct mes_db_statement **statement_out,
                   struct mes_error *error);
    void (*finalize)(struct mes_db_statement *statement);
    /* `index` from 1. Returns 0 or a code that the next step is to return. */
    int (*bind)(struct mes_db_statement *statement, unsigned index, const struct mes_db_value *value);
    int (*step)(struct mes_db_statement *statement, struct mes_error *error);
    /* Also forgets what was bound. */
    void (*reset)(struct mes_db_statement *statement);
    int64_t (*changed)(struct mes_db_statement *statement);
    int64_t (*column_int)(struct mes_db_statement *statement, int column);
    struct mes_str (*column_text)(struct mes_db_statement *statement, int column);
    struct mes_str (*column_blob)(struct mes_db_statement *statement, int column);
    bool (*column_is_null)(struct mes_db_statement *statement, int column);
    bool (*in_transaction)(const struct mes_db *db);
    /* What cannot wait for mes_db_tidy; a failure is the next call's. */
    void (*on_committed)(struct mes_db *db);
    int (*tidy)(struct mes_db *db, struct mes_error *error);
    void (*shrink)(struct mes_db *db);
    int (*check)(struct mes_db *db, struct mes_error *error);
    /* See copy.h. */
    int (*copy_begin)(struct mes_db *db, const char *path, struct mes_db_copy **copy_out,
                      struct mes_error *error);
    int (*copy_step)(struct mes_db_copy *copy, unsigned pages, struct mes_error *error);
    int (*copy_end)(struct mes_db_copy *copy, struct mes_error *error);
    /* Appends a row of dialect.def in this database's words; false for a word that is none. */
    bool (*dialect)(struct mes_str word, struct mes_buf *out);
    const char *begin_to_write;
    const char *begin_to_read;
    /* One row, one number: the tables of the database; and those called schema_version. */
    const char *count_tables;
    const char *count_schema_version;
};

extern const struct mes_db_driver mes_db_sqlite;

#endif
