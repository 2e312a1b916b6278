#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/stored.h"
#include "i18n/say.h"
#include "store/backup_parts.h"
#include "store/job.h"
#include "store/journal.h"
#include "store/manifest.h"
#include "store/meta.h"
#include "store/parts.h"

/* The new state is made in "restoring.new" inside the data folder, which may be a mount and so cannot be
 * renamed itself. While the old state is put aside and the new one moved up, that folder is called
 * "restoring", and no service starts (see mes_store_folder_open). */
struct restore {
    const char *backup;
    const char *path;
    char fresh[MES_STORE_BACKUP_PATH];
    char swapping[MES_STORE_BACKUP_PATH];
    struct mes_store_backup_work work;
    struct mes_store_manifest manifest;
    uint64_t done;
    struct mes_store_backup_result *result;
};

/* Made anew by SQLite or of no use without the rest. The database comes up last: with it the folder is whole.
 */
static const char *const entries[] = {"queue.db-wal", "queue.db-shm", "queue.db-journal", "journal",
                                      "secret",       "blobs",        "queue.db"};
enum { RESTORE_ENTRIES = sizeof entries / sizeof entries[0] };

static bool is_inside(const char *folder, const char *name)
{
    char path[MES_STORE_BACKUP_PATH];
    return mes_store_backup_join(path, folder, name, NULL) == 0 && mes_file_exists(path);
}

static int make_inside(const char *folder, const char *name, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    int code = mes_store_backup_join(path, folder, name, error);
    return code == 0 ? mes_file_make_folder(path, 0700, error) : code;
}

static int move_entries(const char *from, const char *to, struct mes_error *error)
{
    char old_path[MES_STORE_BACKUP_PATH];
    char new_path[MES_STORE_BACKUP_PATH];
    int code = 0;
    for (size_t i = 0; code == 0 && i < RESTORE_ENTRIES; i++) {
        if (!is_inside(from, entries[i]))
            continue;
        code = mes_store_backup_join(old_path, from, entries[i], error);
        if (code == 0)
            code = mes_store_backup_join(new_path, to, entries[i], error);
        if (code == 0)
            code = mes_stored_rename(old_path, new_path, error);
    }
    return code == 0 ? mes_stored_sync_folder(to, error) : code;
}

/* The new state. */

static int copy_file(void *context, const struct mes_store_manifest_file *file, struct mes_error *error)
{
    struct restore *restore = context;
    int code = mes_store_manifest_verify(&restore->manifest, restore->backup, file, restore->fresh, error);
    if (code != 0)
        return code;
    return mes_store_backup_tell(&restore->work, MES_STORE_BACKUP_VERIFY, ++restore->done,
                                 restore->manifest.files, error);
}

static int copy_record(void *context, struct mes_str record, struct mes_error *error)
{
    return mes_store_journal_append(context, record, error);
}

/* The results of the service that was there before: what it sent after the backup, as far as its database
 * could not take it. A journal that cannot be read stays with the rest of the old state. */
static int add_old_journal(const struct restore *restore, struct mes_error *error)
{
    char old_path[MES_STORE_BACKUP_PATH];
    char new_path[MES_STORE_BACKUP_PATH];
    struct mes_store_journal *journal = NULL;
    size_t count = 0;
    int code = mes_store_backup_join(old_path, restore->path, "journal", error);
    if (code == 0)
        code = mes_store_backup_join(new_path, restore->fresh, "journal", error);
    if (code != 0 || mes_store_journal_peek(old_path, NULL, NULL, &count, NULL) != 0 || count == 0)
        return code;
    code = mes_store_journal_open(new_path, &journal, error);
    if (code == 0)
        code = mes_store_journal_peek(old_path, copy_record, journal, NULL, error);
    if (code == 0)
        code = mes_store_journal_sync(journal, error);
    mes_store_journal_close(&journal);
    return code;
}

static int hold_jobs(struct mes_store *store, int64_t now, int64_t *held_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db, "UPDATE job SET state = ?, next_at = NULL, paused_at = ? WHERE state IN (?, ?, ?)",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, MES_STORE_HELD);
    mes_db_bind_int(statement, now);
    mes_db_bind_int(statement, MES_STORE_SCHEDULED);
    mes_db_bind_int(statement, MES_STORE_QUEUED);
    mes_db_bind_int(statement, MES_STORE_SENDING);
    return mes_db_run(&statement, held_out, error);
}

static int pause_schedules(struct mes_store *store, int64_t *paused_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE schedule SET is_paused = 1, next_at = NULL WHERE is_paused = 0",
                              &statement, error);
    return code == 0 ? mes_db_run(&statement, paused_out, error) : code;
}

static int hold_all(struct mes_store *store, struct mes_store_backup_result *result, struct mes_error *error)
{
    int64_t now = mes_clock_wall(mes_clock_system());
    int code = mes_store_begin(store, error);
    if (code != 0)
        return code;
    code = hold_jobs(store, now, &result->jobs_held, error);
    if (code == 0)
        code = mes_store_depth_recount(store, error);
    if (code == 0)
        code = pause_schedules(store, &result->schedules_paused, error);
    if (code == 0)
        code = mes_store_meta_put_number(store, "held_after_restore", now, error);
    if (code == 0)
        return mes_store_commit(store, error);
    mes_store_rollback(store);
    return code;
}

/* Opening brings an older schema up to date; closing leaves one file. */
static int hold_database(const struct restore *restore, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    struct mes_store *store = NULL;
    int code = mes_store_backup_join(path, restore->fresh, "queue.db", error);
    if (code == 0)
        code = mes_store_open(path, NULL, &store, error);
    if (code == 0)
        code = hold_all(store, restore->result, error);
    mes_store_close(&store);
    return code;
}

static int build(struct restore *restore, struct mes_error *error)
{
    char blobs[MES_STORE_BACKUP_PATH];
    int code = mes_file_remove_tree(restore->fresh, error);
    if (code == 0)
        code = mes_file_make_folder(restore->fresh, 0700, error);
    if (code == 0)
        code = make_inside(restore->fresh, "blobs", error);
    if (code == 0)
        code = make_inside(restore->fresh, "blobs/tmp", error);
    if (code == 0)
        code = mes_store_manifest_each(&restore->manifest, copy_file, restore, error);
    if (code == 0)
        code = add_old_journal(restore, error);
    if (code == 0)
        code = hold_database(restore, error);
    if (code == 0)
        code = mes_store_backup_join(blobs, restore->fresh, "blobs", error);
    if (code == 0)
        code = mes_stored_sync_folder(blobs, error);
    return code == 0 ? mes_stored_sync_folder(restore->fresh, error) : code;
}

/* The exchange. */

static void remove_quietly(const char *path)
{
    int ignored = mes_file_remove_tree(path, NULL);
    (void)ignored;
}

static int put_aside(const struct restore *restore, struct mes_error *error)
{
    char backup_name[MES_STORE_BACKUP_NAME];
    char name[2 * MES_STORE_BACKUP_NAME];
    char aside[MES_STORE_BACKUP_PATH];
    mes_store_backup_name(mes_clock_wall(mes_clock_system()), backup_name);
    (void)snprintf(name, sizeof name, "before-restore-%s", strchr(backup_name, '-') + 1);
    int code = mes_store_backup_join(aside, restore->path, name, error);
    if (code == 0)
        code = mes_file_make_folder(aside, 0700, error);
    return code == 0 ? move_entries(restore->path, aside, error) : code;
}

static int exchange(const struct restore *restore, struct mes_error *error)
{
    bool is_empty = true;
    int code = mes_file_remove_tree(restore->swapping, error);
    if (code == 0)
        code = mes_stored_rename(restore->fresh, restore->swapping, error);
    if (code == 0)
        code = mes_stored_sync_folder(restore->path, error);
    for (size_t i = 0; i < RESTORE_ENTRIES; i++)
        is_empty = is_empty && !is_inside(restore->path, entries[i]);
    if (code == 0 && !is_empty)
        code = put_aside(restore, error);
    if (code == 0)
        code = move_entries(restore->swapping, restore->path, error);
    if (code == 0)
        code = mes_file_remove_tree(restore->swapping, error);
    return code == 0 ? mes_stored_sync_folder(restore->path, error) : code;
}

static int run(struct restore *restore, struct mes_error *error)
{
    int code = mes_store_manifest_init(&restore->manifest, error);
    if (code == 0)
        code = mes_store_manifest_read(&restore->manifest, restore->backup, error);
    if (code == 0)
        code = build(restore, error);
    if (code == 0)
        code = exchange(restore, error);
    else
        remove_quietly(restore->fresh);
    restore->result->files = restore->manifest.files;
    restore->result->bytes = restore->manifest.bytes;
    mes_store_manifest_fini(&restore->manifest);
    return code;
}

/* A service that runs there is told by its lock, whatever else the folder holds. */
static int take_lock(const char *path, const char *lock_path, struct mes_stored *lock,
                     struct mes_error *error)
{
    struct mes_buf holder;
    int code = mes_stored_open(lock_path, lock, error);
    if (code != 0 || mes_stored_lock(lock))
        return code;
    mes_buf_init(&holder, MES_STORE_BACKUP_NAME);
    code = mes_file_read(lock_path, &holder, error);
    if (code == 0)
        code = mes_fail(error, MES_E_BUSY, MES_SAY_store_folder_busy,
                        MES_ARGS(path, MES_TEXT(mes_str_trim(mes_buf_str(&holder)))));
    mes_buf_fini(&holder);
    mes_stored_close(lock);
    return code;
}

static int run_locked(struct restore *restore, bool may_put_aside, struct mes_error *error)
{
    char lock_path[MES_STORE_BACKUP_PATH];
    struct mes_stored lock;
    int code = mes_store_backup_join(lock_path, restore->path, "lock", error);
    if (code == 0)
        code = take_lock(restore->path, lock_path, &lock, error);
    if (code != 0)
        return code;
    if (!may_put_aside && (is_inside(restore->path, "queue.db") || is_inside(restore->path, "journal")))
        code = mes_fail(error, MES_E_CONFLICT, MES_SAY_store_restore_not_empty, MES_ARGS(restore->path));
    else
        code = run(restore, error);
    mes_stored_close(&lock);
    return code;
}

int mes_store_backup_restore(const struct mes_store_restore_options *options,
                             struct mes_store_backup_result *result_out, struct mes_error *error)
{
    struct restore restore = {.backup = options->backup,
                              .path = options->path,
                              .work = {.progress = options->progress},
                              .result = result_out};
    *result_out = (struct mes_store_backup_result){.files = 0};
    int code = mes_file_make_folder(options->path, 0700, error);
    if (code == 0)
        code = mes_store_backup_join(restore.fresh, options->path, "restoring.new", error);
    if (code == 0)
        code = mes_store_backup_join(restore.swapping, options->path, "restoring", error);
    return code == 0 ? run_locked(&restore, options->may_put_aside, error) : code;
}
