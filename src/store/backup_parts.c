#include "store/backup_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/instant.h"
#include "i18n/say.h"
#include "store/manifest.h"
#include "store/parts.h"

enum { BACKUP_TELL_MS = 100, BACKUP_DAY = 8, BACKUP_TIME = 6, BACKUP_THOUSANDTHS = 3 };

static const char backup_prefix[] = "mailenhance-";

int mes_store_backup_tell(struct mes_store_backup_work *work, enum mes_store_backup_step step, uint64_t done,
                          uint64_t total, struct mes_error *error)
{
    const struct mes_store_backup_progress *progress = work->progress;
    int64_t now = mes_clock_monotonic(mes_clock_system());
    if (progress == NULL || progress->on_progress == NULL)
        return 0;
    if (done != 0 && done != total && now - work->told_at < BACKUP_TELL_MS)
        return 0;
    work->told_at = now;
    if (progress->on_progress(progress->context, step, done, total))
        return 0;
    return mes_fail(error, MES_E_CANCELLED, MES_SAY_store_backup_stopped, MES_NO_ARGS);
}

int mes_store_backup_join(char path[MES_STORE_BACKUP_PATH], const char *folder, const char *name,
                          struct mes_error *error)
{
    if (snprintf(path, MES_STORE_BACKUP_PATH, "%s/%s", folder, name) < MES_STORE_BACKUP_PATH)
        return 0;
    return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(MES_STORE_BACKUP_PATH)));
}

/* Names. */

void mes_store_backup_name(int64_t at, char name[MES_STORE_BACKUP_NAME])
{
    char instant[MES_INSTANT_SPACE];
    char digits[MES_INSTANT_SPACE];
    size_t count = 0;
    mes_instant_text(at - at % 1000, instant); /* 2026-11-22T05:00:00Z */
    for (const char *c = instant; *c != '\0' && *c != 'Z'; c++)
        if (*c != '-' && *c != ':')
            digits[count++] = *c;
    (void)snprintf(name, MES_STORE_BACKUP_NAME, "%s%.*s-%03dZ", backup_prefix, (int)count, digits,
                   (int)(at % 1000));
}

bool mes_store_backup_name_parse(const char *name, int64_t *at_out)
{
    static const char shape[] = "00000000T000000-000Z";
    char instant[MES_INSTANT_SPACE];
    char again[MES_STORE_BACKUP_NAME];
    size_t prefix = sizeof backup_prefix - 1;
    if (strncmp(name, backup_prefix, prefix) != 0 || strlen(name + prefix) != sizeof shape - 1)
        return false;
    const char *t = name + prefix;
    (void)snprintf(instant, sizeof instant, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.3sZ", t, t + 4, t + 6, t + 9,
                   t + 11, t + 13, t + 16);
    if (!mes_instant_parse(mes_str_of(instant), at_out))
        return false;
    mes_store_backup_name(*at_out, again);
    return strcmp(name, again) == 0;
}

/* The database. */

int mes_store_backup_blobs(struct mes_db *db,
                           int (*each)(void *context, const char *hash, uint64_t file_size,
                                       struct mes_error *error),
                           void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(db, "SELECT hash, encoded_size FROM blob ORDER BY hash", &statement, error);
    if (code != 0)
        return code;
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        struct mes_str hash = mes_db_text(statement, 0);
        /* Nothing else ever becomes a part of a path, whatever happened to the row. */
        if (mes_store_manifest_is_sum(hash))
            code = each(context, hash.data, (uint64_t)mes_db_int(statement, 1), error);
        else
            code = mes_fail(error, MES_E_CORRUPT, MES_SAY_store_blob_damaged, MES_ARGS(MES_TEXT(hash)));
        if (code != 0)
            break;
    }
    mes_db_release(&statement);
    return code;
}

int mes_store_backup_count(struct mes_db *db, const char *sql, int64_t *count_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(db, sql, &statement, error);
    return code == 0 ? mes_store_run_for_int(&statement, count_out, error) : code;
}
