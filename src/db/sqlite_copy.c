#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "db/sqlite_parts.h"

struct sqlite_copy {
    struct mes_db_copy base; /* first */
    struct mes_db_sqlite_connection *from;
    struct mes_db_sqlite_connection to;
    sqlite3_backup *backup;
};

/* SQLite tells by one code what went wrong on either side. */
static int fail(struct sqlite_copy *copy, int result, struct mes_error *error)
{
    bool is_of_source = (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB ||
                        (result & 0xff) == SQLITE_BUSY || result == SQLITE_IOERR_READ;
    return mes_db_sqlite_fail(is_of_source ? copy->from : &copy->to, result, error);
}

static void release(struct sqlite_copy *copy)
{
    (void)sqlite3_backup_finish(copy->backup);
    (void)sqlite3_close(copy->to.handle);
    mes_free(copy->to.base.place);
    mes_free(copy);
}

/* Nobody else knows the file yet, and what a crash leaves of it is thrown away: it needs neither journal nor
 * flushes. */
static int open_target(struct sqlite_copy *copy, const char *path, struct mes_error *error)
{
    copy->to.base.place = mes_copy(path, strlen(path));
    if (copy->to.base.place == NULL)
        return mes_fail_nomem(error);
    int code = mes_file_create(path, error);
    if (code != 0)
        return code;
    int result = sqlite3_open_v2(path, &copy->to.handle,
                                 SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(copy->to.handle, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL,
                              NULL);
    if (result == SQLITE_OK) {
        copy->backup = sqlite3_backup_init(copy->to.handle, "main", copy->from->handle, "main");
        result = copy->backup != NULL ? SQLITE_OK : sqlite3_extended_errcode(copy->to.handle);
    }
    return result == SQLITE_OK ? 0 : fail(copy, result, error);
}

int mes_db_sqlite_copy_begin(struct mes_db *db, const char *path, struct mes_db_copy **copy_out,
                             struct mes_error *error)
{
    struct sqlite_copy *copy = mes_alloc(sizeof *copy);
    if (copy == NULL)
        return mes_fail_nomem(error);
    copy->from = (struct mes_db_sqlite_connection *)db;
    /* The view begins with the first read. */
    int code = db->driver->exec(db, "SELECT 1 FROM sqlite_master", error);
    if (code == 0)
        code = open_target(copy, path, error);
    if (code != 0)
        release(copy);
    else
        *copy_out = &copy->base;
    return code;
}

/* The source has a transaction open, so its pages are those of one moment however many steps there are:
 * without it a writer's commit would make the copy begin anew each time. */
int mes_db_sqlite_copy_step(struct mes_db_copy *base, unsigned pages, struct mes_error *error)
{
    struct sqlite_copy *copy = (struct sqlite_copy *)base;
    int result = sqlite3_backup_step(copy->backup, (int)pages);
    base->total = (uint64_t)sqlite3_backup_pagecount(copy->backup);
    base->done = base->total - (uint64_t)sqlite3_backup_remaining(copy->backup);
    if (result == SQLITE_OK)
        return MES_DB_ROW;
    return result == SQLITE_DONE ? MES_DB_END : fail(copy, result, error);
}

int mes_db_sqlite_copy_end(struct mes_db_copy *base, struct mes_error *error)
{
    struct sqlite_copy *copy = (struct sqlite_copy *)base;
    int result = sqlite3_backup_finish(copy->backup);
    copy->backup = NULL;
    int code = result == SQLITE_OK ? 0 : fail(copy, result, error);
    release(copy);
    return code;
}
