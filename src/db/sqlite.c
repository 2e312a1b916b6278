#include <assert.h>
#include <string.h>
#include <threads.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "db/sqlite_parts.h"
#include "i18n/say.h"

enum {
    BUSY_DEFAULT_MS = 10000,
    /* Pages (of 4 KiB) in the log from which on it is brought home: when nobody waits, and at a commit. More
     * makes for fewer and larger flushes of the database file, and for a longer start after a crash: 16 MiB
     * are read in some milliseconds. */
    LOG_TIDY_PAGES = 1000,
    LOG_LONG_PAGES = 4000,
    LOG_FLUSH_STEP = 32 * 1024
};

struct statement {
    struct mes_db_statement base; /* first */
    sqlite3_stmt *handle;
};

static struct mes_db_sqlite_connection *own(const struct mes_db *db)
{
    return (struct mes_db_sqlite_connection *)db;
}

static sqlite3_stmt *handle_of(struct mes_db_statement *statement)
{
    return ((struct statement *)statement)->handle;
}

static struct mes_db_sqlite_connection *owner_of(struct mes_db_statement *statement)
{
    return own(statement->db);
}

/* Opening. */

static int exec(struct mes_db *db, const char *sql, struct mes_error *error)
{
    int result = sqlite3_exec(own(db)->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : mes_db_sqlite_fail(own(db), result, error);
}

/* SQLite's own checkpoints keep their failures to themselves; ours must not. */
static int on_log(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct mes_db_sqlite_connection *db = context;
    (void)handle;
    (void)name;
    db->log_pages = pages;
    return SQLITE_OK;
}

/* What another writer or a reader holds up is done another time. */
static int checkpoint(struct mes_db_sqlite_connection *db, struct mes_error *error)
{
    int left = 0;
    int done = 0;
    int result = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
    if (result == SQLITE_OK && left == done)
        db->log_pages = 0; /* the next commit begins the log anew */
    if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED)
        return 0;
    return mes_db_sqlite_fail(db, result, error);
}

/* After a flush that failed, an earlier process may have left commits in the log that are in the system's
 * memory but not on the disk, and a later flush would not say so. What is written again is flushed again. */
static int flush_log(struct mes_db_sqlite_connection *db, struct mes_error *error)
{
    char bytes[LOG_FLUSH_STEP];
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    int result = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (result != SQLITE_OK || log->pMethods == NULL)
        return result == SQLITE_OK ? 0 : mes_db_sqlite_fail(db, result, error);
    result = log->pMethods->xFileSize(log, &size);
    for (sqlite3_int64 at = 0; result == SQLITE_OK && at < size; at += LOG_FLUSH_STEP) {
        int step = size - at < LOG_FLUSH_STEP ? (int)(size - at) : LOG_FLUSH_STEP;
        result = log->pMethods->xRead(log, bytes, step, at);
        if (result == SQLITE_OK)
            result = log->pMethods->xWrite(log, bytes, step, at);
    }
    if (result == SQLITE_OK && size > 0)
        result = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    return result == SQLITE_OK ? 0 : mes_db_sqlite_fail(db, result, error);
}

/* SQLite goes on without a log where the file system cannot share memory between processes. Then a commit
 * would not be lasting: a power cut can bring back a journal whose removal was not flushed. */
static int switch_to_log(struct mes_db_sqlite_connection *db, struct mes_error *error)
{
    sqlite3_stmt *handle = NULL;
    int code = 0;
    int result = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &handle, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    if (result != SQLITE_ROW)
        code = mes_db_sqlite_fail(db, result, error);
    else if (strcmp((const char *)sqlite3_column_text(handle, 0), "wal") != 0)
        code = mes_fail(error, MES_E_FILE, MES_SAY_db_no_log, MES_ARGS(db->base.place));
    sqlite3_finalize(handle);
    return code;
}

/* The journal mode is a property of the file; everything else has to be said again by each connection. */
static int set_up(struct mes_db_sqlite_connection *db, bool is_sole, struct mes_error *error)
{
    static const char always[] = "PRAGMA foreign_keys=ON; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
                                 "PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;";
    (void)sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, db->busy_timeout_ms);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int code = exec(&db->base, always, error);
    if (code != 0)
        return code;
    if (db->base.is_read_only)
        return exec(&db->base, "PRAGMA cache_size=-4096; PRAGMA query_only=ON; SELECT 1 FROM sqlite_master",
                    error);
    code = switch_to_log(db, error);
    if (code == 0)
        code =
            exec(&db->base,
                 "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-32768; SELECT 1 FROM sqlite_master",
                 error);
    if (code != 0)
        return code;
    sqlite3_wal_hook(db->handle, on_log, db);
    return is_sole ? flush_log(db, error) : 0;
}

static int prepare_file(const struct mes_db_options *options, struct mes_error *error)
{
    if (mes_file_exists(options->place))
        return 0;
    if (options->is_read_only || !options->may_create)
        return mes_fail(error, MES_E_NOT_FOUND, MES_ERROR_FILE_MISSING, MES_ARGS(options->place));
    /* SQLite gives the files beside it the same permissions. */
    return mes_file_create(options->place, error);
}

static void close_connection(struct mes_db *base)
{
    struct mes_db_sqlite_connection *db = own(base);
    /* The last one to close brings the log home, which a broken one must not try. */
    if (base->is_broken)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    int result = sqlite3_close(db->handle);
    assert(result == SQLITE_OK);
    (void)result;
    mes_free(base->place);
    mes_free(db);
}

/* Counting its memory would cost SQLite a mutex at each allocation: a twelfth of what a message costs here.
 */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_connection(const struct mes_db_options *options, struct mes_db **db_out,
                           struct mes_error *error)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (options->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    static once_flag is_set_up = ONCE_FLAG_INIT;
    int code = prepare_file(options, error);
    if (code != 0)
        return code;
    call_once(&is_set_up, set_up_library);
    struct mes_db_sqlite_connection *db = mes_alloc(sizeof *db);
    if (db == NULL)
        return mes_fail_nomem(error);
    db->base.driver = &mes_db_sqlite;
    db->base.is_read_only = options->is_read_only;
    db->busy_timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms : BUSY_DEFAULT_MS;
    db->base.place = mes_copy(options->place, strlen(options->place));
    int result =
        db->base.place != NULL ? sqlite3_open_v2(options->place, &db->handle, flags, NULL) : SQLITE_NOMEM;
    code = result == SQLITE_OK ? set_up(db, options->is_sole, error) : mes_db_sqlite_fail(db, result, error);
    if (code != 0) {
        close_connection(&db->base);
        return code;
    }
    *db_out = &db->base;
    return 0;
}

/* Statements. */

static int prepare(struct mes_db *db, const char *sql, struct mes_db_statement **statement_out,
                   struct mes_error *error)
{
    const char *tail = "";
    struct statement *statement = mes_alloc(sizeof *statement);
    if (statement == NULL)
        return mes_fail_nomem(error);
    int result =
        sqlite3_prepare_v3(own(db)->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, &tail);
    if (result != SQLITE_OK || statement->handle == NULL || tail[strspn(tail, " \n;")] != '\0') {
        int code = mes_db_sqlite_fail(own(db), result != SQLITE_OK ? result : SQLITE_MISUSE, error);
        sqlite3_finalize(statement->handle);
        mes_free(statement);
        return code;
    }
    statement->base.db = db;
    statement->base.parameters = (unsigned)sqlite3_bind_parameter_count(statement->handle);
    *statement_out = &statement->base;
    return 0;
}

static void finalize(struct mes_db_statement *statement)
{
    sqlite3_finalize(handle_of(statement));
    mes_free(statement);
}

static int bind(struct mes_db_statement *statement, unsigned index, const struct mes_db_value *value)
{
    sqlite3_stmt *handle = handle_of(statement);
    int at = (int)index;
    int result = SQLITE_OK;
    switch (value->kind) {
    case MES_DB_KIND_NULL:
        result = sqlite3_bind_null(handle, at);
        break;
    case MES_DB_KIND_INT:
        result = sqlite3_bind_int64(handle, at, value->number);
        break;
    case MES_DB_KIND_TEXT:
        result =
            sqlite3_bind_text64(handle, at, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case MES_DB_KIND_BLOB:
        result = sqlite3_bind_blob64(handle, at, value->bytes.data, value->bytes.size, SQLITE_STATIC);
        break;
    }
    if (result == SQLITE_OK)
        return 0;
    return result == SQLITE_NOMEM ? MES_E_NOMEM : MES_E_LIMIT;
}

static int step(struct mes_db_statement *statement, struct mes_error *error)
{
    int result = sqlite3_step(handle_of(statement));
    if (result == SQLITE_ROW)
        return MES_DB_ROW;
    return result == SQLITE_DONE ? MES_DB_END : mes_db_sqlite_fail(owner_of(statement), result, error);
}

static void reset(struct mes_db_statement *statement)
{
    (void)sqlite3_reset(handle_of(statement));
    (void)sqlite3_clear_bindings(handle_of(statement));
}

static int64_t changed(struct mes_db_statement *statement)
{
    return sqlite3_stmt_readonly(handle_of(statement)) ? 0 : sqlite3_changes64(owner_of(statement)->handle);
}

static int64_t column_int(struct mes_db_statement *statement, int column)
{
    return sqlite3_column_int64(handle_of(statement), column);
}

static struct mes_str column_text(struct mes_db_statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(handle_of(statement), column);
    if (text == NULL)
        return MES_STR("");
    return mes_str_make((const char *)text, (size_t)sqlite3_column_bytes(handle_of(statement), column));
}

static struct mes_str column_blob(struct mes_db_statement *statement, int column)
{
    const void *bytes = sqlite3_column_blob(handle_of(statement), column);
    if (bytes == NULL)
        return MES_STR("");
    return mes_str_make(bytes, (size_t)sqlite3_column_bytes(handle_of(statement), column));
}

static bool column_is_null(struct mes_db_statement *statement, int column)
{
    return sqlite3_column_type(handle_of(statement), column) == SQLITE_NULL;
}

/* The connection. */

static bool in_transaction(const struct mes_db *db)
{
    return sqlite3_get_autocommit(own(db)->handle) == 0;
}

/* The commit itself is on the disk, so a failure here is told by the next call: the connection is broken
 * then. A full disk only means that the log grows on. */
static void on_committed(struct mes_db *db)
{
    if (own(db)->log_pages >= LOG_LONG_PAGES)
        (void)checkpoint(own(db), NULL);
}

static int tidy(struct mes_db *db, struct mes_error *error)
{
    return own(db)->log_pages >= LOG_TIDY_PAGES ? checkpoint(own(db), error) : 0;
}

static void shrink(struct mes_db *db)
{
    (void)sqlite3_db_release_memory(own(db)->handle);
}

static int check(struct mes_db *db, struct mes_error *error)
{
    sqlite3_stmt *handle = NULL;
    int code = 0;
    int result = sqlite3_prepare_v2(own(db)->handle, "PRAGMA quick_check(1)", -1, &handle, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    if (result == SQLITE_ROW) {
        const char *words = (const char *)sqlite3_column_text(handle, 0);
        if (words == NULL || strcmp(words, "ok") != 0)
            code = mes_fail(error, MES_E_CORRUPT, MES_SAY_db_corrupt,
                            MES_ARGS(db->place, words != NULL ? words : ""));
    } else {
        code = mes_db_sqlite_fail(own(db), result, error);
    }
    sqlite3_finalize(handle);
    return code;
}

static bool dialect(struct mes_str word, struct mes_buf *out)
{
    static const struct {
        const char *word;
        const char *here;
    } rows[] = {
#define DIALECT(word, sqlite, postgresql) {#word, sqlite},
#include "db/dialect.def"
#undef DIALECT
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (mes_str_eq(word, mes_str_of(rows[i].word))) {
            mes_buf_add_text(out, rows[i].here);
            return true;
        }
    return false;
}

const struct mes_db_driver mes_db_sqlite = {
    .open = open_connection,
    .close = close_connection,
    .exec = exec,
    .prepare = prepare,
    .finalize = finalize,
    .bind = bind,
    .step = step,
    .reset = reset,
    .changed = changed,
    .column_int = column_int,
    .column_text = column_text,
    .column_blob = column_blob,
    .column_is_null = column_is_null,
    .in_transaction = in_transaction,
    .on_committed = on_committed,
    .tidy = tidy,
    .shrink = shrink,
    .check = check,
    .dialect = dialect,
    .copy_begin = mes_db_sqlite_copy_begin,
    .copy_step = mes_db_sqlite_copy_step,
    .copy_end = mes_db_sqlite_copy_end,
    .begin_to_write = "BEGIN IMMEDIATE",
    .begin_to_read = "BEGIN",
    .count_tables =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    .count_schema_version =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
};
