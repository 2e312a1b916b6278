#include "db/db.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "db/driver.h"
#include "i18n/say.h"

int mes_db_open(const struct mes_db_options *options, struct mes_db **db_out, struct mes_error *error)
{
    return mes_db_sqlite.open(options, db_out, error);
}

/* Between two rounds a statement is reset and unbound, so that it holds no lock and borrows nothing. */
static void rest(struct mes_db_statement *statement)
{
    statement->db->driver->reset(statement);
    statement->bound = 0;
    statement->failed = 0;
}

static void discard(struct mes_db_statement *statement)
{
    char *sql = statement->sql;
    statement->db->driver->finalize(statement);
    mes_free(sql);
}

void mes_db_close(struct mes_db **db)
{
    if (*db == NULL)
        return;
    mes_db_rollback(*db);
    for (size_t i = 0; i < MES_DB_CACHE_BUCKETS; i++)
        while ((*db)->cache[i] != NULL) {
            struct mes_db_statement *statement = (*db)->cache[i];
            assert(!statement->is_taken);
            (*db)->cache[i] = statement->next;
            discard(statement);
        }
    (*db)->driver->close(*db);
    *db = NULL;
}

bool mes_db_is_broken(const struct mes_db *db)
{
    return db->is_broken;
}

bool mes_db_in_transaction(const struct mes_db *db)
{
    return db->has_begun;
}

/* Once the database has ended a transaction by itself, a further statement would be one of its own: committed
 * at once, though the caller believes that it can still be undone. */
static int may_go_on(struct mes_db *db, struct mes_error *error)
{
    if (db->is_broken)
        return mes_fail(error, MES_E_STORAGE, MES_SAY_db_broken, MES_ARGS(db->place));
    if (db->has_begun && db->undone != 0)
        return mes_fail(error, db->undone, MES_SAY_db_undone, MES_ARGS(db->place));
    return 0;
}

static int note_failure(struct mes_db *db, int code)
{
    if (code < 0 && db->has_begun && db->undone == 0 && !db->driver->in_transaction(db))
        db->undone = code;
    return code;
}

int mes_db_exec(struct mes_db *db, const char *sql, struct mes_error *error)
{
    int code = may_go_on(db, error);
    return code != 0 ? code : note_failure(db, db->driver->exec(db, sql, error));
}

/* Statements. */

/* By its address: nearly all are literals. The same text elsewhere is prepared once more, that is all. */
static struct mes_db_statement **bucket_of(struct mes_db *db, const char *sql)
{
    uint64_t hash = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);
    return &db->cache[(hash >> 32) % MES_DB_CACHE_BUCKETS];
}

static int prepare_new(struct mes_db *db, const char *sql, struct mes_db_statement **statement_out,
                       struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    char *copy = mes_copy(sql, strlen(sql));
    if (copy == NULL)
        return mes_fail_nomem(error);
    int code = db->driver->prepare(db, sql, &statement, error);
    if (code != 0) {
        mes_free(copy);
        return note_failure(db, code);
    }
    statement->sql = copy;
    *statement_out = statement;
    return 0;
}

int mes_db_prepare(struct mes_db *db, const char *sql, struct mes_db_statement **statement_out,
                   struct mes_error *error)
{
    struct mes_db_statement **bucket = bucket_of(db, sql);
    struct mes_db_statement *statement = *bucket;
    int code = may_go_on(db, error);
    if (code != 0)
        return code;
    while (statement != NULL && (statement->is_taken || strcmp(statement->sql, sql) != 0))
        statement = statement->next;
    if (statement == NULL) {
        code = prepare_new(db, sql, &statement, error);
        if (code != 0)
            return code;
        statement->is_cached = db->cached < MES_DB_CACHE_MOST;
        if (statement->is_cached) {
            statement->next = *bucket;
            *bucket = statement;
            db->cached++;
        }
    }
    statement->is_taken = true;
    *statement_out = statement;
    return 0;
}

void mes_db_release(struct mes_db_statement **statement)
{
    if (*statement == NULL)
        return;
    rest(*statement);
    (*statement)->is_taken = false;
    if (!(*statement)->is_cached)
        discard(*statement);
    *statement = NULL;
}

void mes_db_reset(struct mes_db_statement *statement)
{
    rest(statement);
}

static void bind(struct mes_db_statement *statement, struct mes_db_value value)
{
    assert(statement->bound < statement->parameters);
    statement->bound++;
    int code = statement->db->driver->bind(statement, statement->bound, &value);
    if (statement->failed == 0)
        statement->failed = code;
}

void mes_db_bind_int(struct mes_db_statement *statement, int64_t value)
{
    bind(statement, (struct mes_db_value){.kind = MES_DB_KIND_INT, .number = value});
}

static void bind_bytes(struct mes_db_statement *statement, enum mes_db_kind kind, struct mes_str bytes)
{
    bind(statement,
         (struct mes_db_value){.kind = bytes.data != NULL ? kind : MES_DB_KIND_NULL, .bytes = bytes});
}

void mes_db_bind_str(struct mes_db_statement *statement, struct mes_str text)
{
    bind_bytes(statement, MES_DB_KIND_TEXT, text);
}

void mes_db_bind_text(struct mes_db_statement *statement, const char *text)
{
    bind_bytes(statement, MES_DB_KIND_TEXT, text != NULL ? mes_str_of(text) : (struct mes_str){.data = NULL});
}

void mes_db_bind_blob(struct mes_db_statement *statement, const void *data, size_t size)
{
    bind_bytes(statement, MES_DB_KIND_BLOB, mes_str_make(data, size));
}

void mes_db_bind_null(struct mes_db_statement *statement)
{
    bind(statement, (struct mes_db_value){.kind = MES_DB_KIND_NULL});
}

void mes_db_bind_optional(struct mes_db_statement *statement, int64_t value)
{
    bind(statement,
         (struct mes_db_value){.kind = value >= 0 ? MES_DB_KIND_INT : MES_DB_KIND_NULL, .number = value});
}

int mes_db_step(struct mes_db_statement *statement, struct mes_error *error)
{
    struct mes_db *db = statement->db;
    int code = may_go_on(db, error);
    assert(statement->bound == statement->parameters);
    if (code != 0)
        return code;
    if (statement->failed == MES_E_NOMEM)
        return mes_fail_nomem(error);
    if (statement->failed != 0)
        return mes_fail(error, statement->failed, MES_SAY_db_value, MES_ARGS(db->place));
    return note_failure(db, db->driver->step(statement, error));
}

int mes_db_run_again(struct mes_db_statement *statement, int64_t *changed_out, struct mes_error *error)
{
    int code;
    do
        code = mes_db_step(statement, error);
    while (code == MES_DB_ROW);
    if (code == MES_DB_END && changed_out != NULL)
        *changed_out = statement->db->driver->changed(statement);
    rest(statement);
    return code;
}

int mes_db_run(struct mes_db_statement **statement, int64_t *changed_out, struct mes_error *error)
{
    int code = mes_db_run_again(*statement, changed_out, error);
    mes_db_release(statement);
    return code;
}

int64_t mes_db_int(struct mes_db_statement *statement, int column)
{
    return statement->db->driver->column_int(statement, column);
}

struct mes_str mes_db_text(struct mes_db_statement *statement, int column)
{
    return statement->db->driver->column_text(statement, column);
}

struct mes_str mes_db_blob(struct mes_db_statement *statement, int column)
{
    return statement->db->driver->column_blob(statement, column);
}

bool mes_db_is_null(struct mes_db_statement *statement, int column)
{
    return statement->db->driver->column_is_null(statement, column);
}

int64_t mes_db_optional(struct mes_db_statement *statement, int column, int64_t missing)
{
    return mes_db_is_null(statement, column) ? missing : mes_db_int(statement, column);
}

/* Transactions. */

/* Through the cache: these are the statements that run most often. */
static int run(struct mes_db *db, const char *sql, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(db, sql, &statement, error);
    return code != 0 ? code : mes_db_run(&statement, NULL, error);
}

int mes_db_begin(struct mes_db *db, struct mes_error *error)
{
    assert(!db->has_begun);
    int code = run(db, db->is_read_only ? db->driver->begin_to_read : db->driver->begin_to_write, error);
    db->has_begun = code == 0;
    return code;
}

int mes_db_commit(struct mes_db *db, struct mes_error *error)
{
    assert(db->has_begun);
    int code = run(db, "COMMIT", error);
    if (code != 0) {
        mes_db_rollback(db);
        return code;
    }
    db->has_begun = false;
    db->driver->on_committed(db);
    return 0;
}

void mes_db_rollback(struct mes_db *db)
{
    bool is_open = db->has_begun && db->driver->in_transaction(db);
    db->has_begun = false;
    db->undone = 0;
    /* Even a broken connection lets go of its locks. */
    if (is_open)
        (void)db->driver->exec(db, "ROLLBACK", NULL);
}

int mes_db_savepoint_begin(struct mes_db *db, struct mes_error *error)
{
    assert(db->has_begun);
    return run(db, "SAVEPOINT part", error);
}

int mes_db_savepoint_keep(struct mes_db *db, struct mes_error *error)
{
    return run(db, "RELEASE SAVEPOINT part", error);
}

void mes_db_savepoint_undo(struct mes_db *db)
{
    int code = run(db, "ROLLBACK TO SAVEPOINT part", NULL);
    if (code == 0)
        code = run(db, "RELEASE SAVEPOINT part", NULL);
    if (code == 0 || db->undone != 0)
        return;
    (void)db->driver->exec(db, "ROLLBACK", NULL);
    db->undone = code;
}

void mes_db_shrink(struct mes_db *db)
{
    assert(!db->has_begun);
    db->driver->shrink(db);
}

int mes_db_tidy(struct mes_db *db, struct mes_error *error)
{
    assert(!db->has_begun);
    int code = may_go_on(db, error);
    return code != 0 ? code : db->driver->tidy(db, error);
}

int mes_db_check(struct mes_db *db, struct mes_error *error)
{
    int code = may_go_on(db, error);
    return code != 0 ? code : note_failure(db, db->driver->check(db, error));
}
