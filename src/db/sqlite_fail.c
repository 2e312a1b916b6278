/* What went wrong, told apart by what the caller can do about it. */
#include <errno.h>

#include "base/error.h"
#include "db/sqlite_parts.h"
#include "i18n/say.h"

/* Why the system refused to write a file the last time; 0 when SQLite does not know. sqlite3_system_errno
 * would be the way, but a commit that fails does not set it. */
static int last_refusal(sqlite3_file *file)
{
    int reason = 0;
    if (file == NULL || file->pMethods == NULL ||
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason) != SQLITE_OK)
        return 0;
    return reason;
}

static bool is_limit(int reason)
{
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

/* The disk's limits show in other ways too: a quota, the size that a file or a process may have. Of a flush
 * that failed nothing is known, whatever its reason. */
static bool is_full(const struct mes_db_sqlite_connection *db, int result)
{
    sqlite3_file *file = NULL;
    sqlite3_file *log = NULL;
    if ((result & 0xff) == SQLITE_FULL || result == SQLITE_IOERR_SHMSIZE)
        return true;
    if (result != SQLITE_IOERR_WRITE && result != SQLITE_IOERR_TRUNCATE)
        return false;
    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    int of_file = last_refusal(file);
    int of_log = last_refusal(log);
    return of_file != EIO && of_log != EIO && (is_limit(of_file) || is_limit(of_log));
}

static int fail_of_file(const char *place, int result, const char *words, struct mes_error *error)
{
    switch (result & 0xff) {
    case SQLITE_CORRUPT:
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_db_corrupt, MES_ARGS(place, words));
    case SQLITE_NOTADB:
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_db_foreign_file, MES_ARGS(place));
    case SQLITE_CANTOPEN:
        return mes_fail(error, MES_E_FILE, MES_SAY_db_open, MES_ARGS(place, words));
    default:
        return mes_fail(error, MES_E_FILE, MES_SAY_db_read_only, MES_ARGS(place));
    }
}

static int fail_of_statement(const char *place, int result, const char *words, struct mes_error *error)
{
    switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
        return mes_fail(error, MES_E_CONFLICT, MES_SAY_db_conflict, MES_ARGS(place, words));
    case SQLITE_NOMEM:
        return mes_fail_nomem(error);
    case SQLITE_TOOBIG:
        return mes_fail(error, MES_E_LIMIT, MES_SAY_db_value, MES_ARGS(place));
    default:
        return mes_fail(error, MES_E_USAGE, MES_SAY_db_statement, MES_ARGS(place, words));
    }
}

static int fail_of_disk(struct mes_db_sqlite_connection *db, int result, struct mes_error *error)
{
    const char *words = sqlite3_errstr(result);
    if (result == SQLITE_IOERR_NOMEM)
        return mes_fail_nomem(error);
    if (result == SQLITE_IOERR_CORRUPTFS || result == SQLITE_IOERR_DATA)
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_db_corrupt, MES_ARGS(db->base.place, words));
    db->base.is_broken = !db->base.is_read_only;
    return mes_fail(error, MES_E_STORAGE, MES_SAY_db_storage, MES_ARGS(db->base.place, MES_NUMBER(result)));
}

int mes_db_sqlite_fail(struct mes_db_sqlite_connection *db, int result, struct mes_error *error)
{
    const char *place = db->base.place;
    const char *words = db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result);
    if (db->handle != NULL && is_full(db, result))
        return mes_fail(error, MES_E_FULL, MES_SAY_db_full, MES_ARGS(place));
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return mes_fail(error, MES_E_BUSY, MES_SAY_db_busy, MES_ARGS(place, MES_NUMBER(db->busy_timeout_ms)));
    case SQLITE_IOERR:
        return fail_of_disk(db, result, error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail_of_file(place, result, words, error);
    default:
        return fail_of_statement(place, result, words, error);
    }
}
