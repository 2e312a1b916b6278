#include "store/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/file.h"
#include "base/stored.h"
#include "db/copy.h"
#include "i18n/say.h"
#include "store/backup_parts.h"
#include "store/journal.h"
#include "store/manifest.h"
#include "store/schema.h"

enum { BACKUP_PAGES = 256, BACKUP_LIST_MOST = 10000 };

static const char unfinished[] = ".unfinished";

struct backup {
    struct mes_store_folder *folder;
    const char *place; /* what is being made */
    struct mes_store_backup_work work;
    struct mes_store_manifest manifest;
    uint64_t blobs, blobs_done, blobs_missing;
};

/* The work is over, well or not, and this is tidying up. */
static void remove_quietly(const char *path)
{
    int ignored = mes_file_remove_tree(path, NULL);
    (void)ignored;
}

/* The parts of a backup. */

static int copy_record(void *context, struct mes_str record, struct mes_error *error)
{
    return mes_store_journal_append(context, record, error);
}

/* Before the database: a result that leaves the journal meanwhile is then in both, which does no harm, and
 * never in neither. */
static int copy_journal(struct backup *backup, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    struct mes_store_journal *journal = NULL;
    const char *from = mes_store_folder_journal(backup->folder);
    size_t count = 0;
    int code = mes_file_exists(from) ? mes_store_journal_peek(from, NULL, NULL, &count, error) : 0;
    if (code != 0 || count == 0)
        return code;
    code = mes_store_backup_join(path, backup->place, "journal", error);
    if (code == 0)
        code = mes_store_journal_open(path, &journal, error);
    if (code == 0)
        code = mes_store_journal_peek(from, copy_record, journal, NULL, error);
    if (code == 0)
        code = mes_store_journal_sync(journal, error);
    mes_store_journal_close(&journal);
    return code == 0 ? mes_store_manifest_add(&backup->manifest, backup->place, "journal", error) : code;
}

static int copy_pages(struct backup *backup, struct mes_db *db, const char *path, struct mes_error *error)
{
    struct mes_db_copy *copy = NULL;
    int code = mes_db_copy_begin(db, path, &copy, error);
    if (code != 0)
        return code;
    do {
        code = mes_db_copy_step(copy, BACKUP_PAGES, error);
        if (code >= 0) {
            int told = mes_store_backup_tell(&backup->work, MES_STORE_BACKUP_DATABASE, mes_db_copy_done(copy),
                                             mes_db_copy_total(copy), error);
            code = told != 0 ? told : code;
        }
    } while (code == MES_DB_ROW);
    /* A step's own failure is the one to tell. */
    int ended = mes_db_copy_end(&copy, code == 0 ? error : NULL);
    return code != 0 ? code : ended;
}

static int copy_database(struct backup *backup, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    struct mes_db *db = NULL;
    const struct mes_db_options options = {.place = mes_store_folder_database(backup->folder),
                                           .is_read_only = true};
    int code = mes_store_backup_join(path, backup->place, "queue.db", error);
    if (code == 0)
        code = mes_db_open(&options, &db, error);
    if (code != 0)
        return code;
    code = mes_db_schema_check(db, mes_store_migrations, MES_STORE_MIGRATIONS, error);
    if (code == 0)
        code = copy_pages(backup, db, path, error);
    mes_db_close(&db);
    return code;
}

static bool is_whole(const char *path, uint64_t size)
{
    struct mes_input input;
    if (mes_descriptor_open(path, &input, NULL) != 0)
        return false;
    bool is_whole = input.size == size;
    mes_descriptor_close(&input.descriptor);
    return is_whole;
}

/* One that is missing must not keep all the others from being backed up. */
static int copy_blob(void *context, const char *hash, uint64_t file_size, struct mes_error *error)
{
    struct backup *backup = context;
    char path[MES_STORE_BACKUP_PATH];
    char name[MES_STORE_BACKUP_NAME + 2 * MES_DIGEST_SIZE];
    (void)snprintf(name, sizeof name, "blobs/%s", hash);
    int code = mes_store_backup_join(path, mes_store_folder_path(backup->folder), name, error);
    if (code == 0 && !is_whole(path, file_size))
        backup->blobs_missing++;
    else if (code == 0)
        code = mes_store_manifest_copy(&backup->manifest, mes_store_folder_path(backup->folder),
                                       backup->place, name, error);
    if (code != 0)
        return code;
    return mes_store_backup_tell(&backup->work, MES_STORE_BACKUP_BLOBS, ++backup->blobs_done, backup->blobs,
                                 error);
}

/* Looks through the copy, takes the blobs that it names, and enters it last: opening may change it. */
static int copy_blobs(struct backup *backup, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    int64_t count = 0;
    struct mes_db *db = NULL;
    int code = mes_store_backup_join(path, backup->place, "queue.db", error);
    if (code == 0)
        code = mes_db_open(&(struct mes_db_options){.place = path}, &db, error);
    if (code == 0)
        code = mes_db_check(db, error);
    if (code == 0)
        code = mes_store_backup_count(db, "SELECT count(*) FROM blob", &count, error);
    backup->blobs = (uint64_t)count;
    if (code == 0)
        code = mes_store_backup_blobs(db, copy_blob, backup, error);
    mes_db_close(&db);
    return code == 0 ? mes_store_manifest_add(&backup->manifest, backup->place, "queue.db", error) : code;
}

static int sync_all(const struct backup *backup, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    int code = mes_store_backup_join(path, backup->place, "blobs", error);
    if (code == 0)
        code = mes_stored_sync_folder(path, error);
    return code == 0 ? mes_stored_sync_folder(backup->place, error) : code;
}

static int make_parts(struct backup *backup, struct mes_error *error)
{
    char blobs[MES_STORE_BACKUP_PATH];
    int code = mes_store_backup_join(blobs, backup->place, "blobs", error);
    if (code == 0)
        code = mes_file_make_folder(backup->place, 0700, error);
    if (code == 0)
        code = mes_file_make_folder(blobs, 0700, error);
    if (code == 0)
        code = mes_store_manifest_copy(&backup->manifest, mes_store_folder_path(backup->folder),
                                       backup->place, "secret", error);
    if (code == 0)
        code = copy_journal(backup, error);
    if (code == 0)
        code = copy_database(backup, error);
    if (code == 0)
        code = copy_blobs(backup, error);
    if (code == 0)
        code = mes_store_manifest_write(&backup->manifest, backup->place, error);
    return code == 0 ? sync_all(backup, error) : code;
}

/* The backups in a folder. */

struct names {
    int64_t *times; /* of the whole ones */
    size_t count;
};

static void note_name(void *context, const char *name)
{
    struct names *names = context;
    if (names->count < BACKUP_LIST_MOST && mes_store_backup_name_parse(name, &names->times[names->count]))
        names->count++;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Oldest first. */
static int list_backups(const char *target, struct names *names, struct mes_error *error)
{
    names->count = 0;
    names->times = mes_alloc(BACKUP_LIST_MOST * sizeof *names->times);
    if (names->times == NULL)
        return mes_fail_nomem(error);
    int code = mes_file_list(target, note_name, names, error);
    qsort(names->times, names->count, sizeof *names->times, compare_times);
    return code;
}

/* Under another name first: a backup that stands under its own is whole. */
static int remove_backup(const char *target, int64_t at, struct mes_error *error)
{
    char name[MES_STORE_BACKUP_NAME];
    char path[MES_STORE_BACKUP_PATH];
    char gone[MES_STORE_BACKUP_PATH + sizeof unfinished];
    mes_store_backup_name(at, name);
    int code = mes_store_backup_join(path, target, name, error);
    if (code != 0)
        return code;
    (void)snprintf(gone, sizeof gone, "%s%s", path, unfinished);
    code = mes_stored_rename(path, gone, error);
    return code == 0 ? mes_file_remove_tree(gone, error) : code;
}

static int prune(const char *target, unsigned keep, struct mes_error *error)
{
    struct names names;
    int code = list_backups(target, &names, error);
    for (size_t i = 0; code == 0 && keep > 0 && i + keep < names.count; i++)
        code = remove_backup(target, names.times[i], error);
    mes_free(names.times);
    return code;
}

int mes_store_backup_newest(const char *target, int64_t *at_out, struct mes_error *error)
{
    struct names names;
    if (!mes_file_is_folder(target))
        return mes_fail(error, MES_E_NOT_FOUND, MES_SAY_store_backup_none, MES_ARGS(target));
    int code = list_backups(target, &names, error);
    if (code == 0 && names.count == 0)
        code = mes_fail(error, MES_E_NOT_FOUND, MES_SAY_store_backup_none, MES_ARGS(target));
    if (code == 0)
        *at_out = names.times[names.count - 1];
    mes_free(names.times);
    return code;
}

/* What a killed backup left. Nobody else is at work: the blobs are held. */
static void sweep_name(void *context, const char *name)
{
    char path[MES_STORE_BACKUP_PATH];
    char begin[MES_STORE_BACKUP_NAME];
    size_t size = strlen(name);
    int64_t at;
    if (size < sizeof unfinished || size >= sizeof begin + sizeof unfinished ||
        strcmp(name + size - (sizeof unfinished - 1), unfinished) != 0)
        return;
    (void)snprintf(begin, sizeof begin, "%.*s", (int)(size - (sizeof unfinished - 1)), name);
    if (mes_store_backup_name_parse(begin, &at) && mes_store_backup_join(path, context, name, NULL) == 0)
        remove_quietly(path);
}

/* Making one. */

static int publish(const struct backup *backup, const char *target, const char *name, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    int code = mes_store_backup_join(path, target, name, error);
    if (code == 0)
        code = mes_stored_rename(backup->place, path, error);
    return code == 0 ? mes_stored_sync_folder(target, error) : code;
}

static int make_held(struct mes_store_folder *folder, const struct mes_store_backup_options *options,
                     struct mes_store_backup_result *result, struct mes_error *error)
{
    const char *target = options->target;
    char place[MES_STORE_BACKUP_PATH];
    char name[MES_STORE_BACKUP_NAME + sizeof unfinished];
    struct backup backup = {.folder = folder, .place = place, .work = {.progress = options->progress}};
    int64_t now = mes_clock_wall(mes_clock_system());
    int code;
    do { /* no two of the same name, however quick they are */
        mes_store_backup_name(now, result->name);
        code = mes_store_backup_join(place, target, result->name, error);
    } while (code == 0 && mes_file_exists(place) && now++ > 0);
    (void)snprintf(name, sizeof name, "%s%s", result->name, unfinished);
    if (code == 0)
        code = mes_store_backup_join(place, target, name, error);
    if (code == 0)
        code = mes_file_list(target, sweep_name, (void *)target, error);
    if (code != 0)
        return code;
    code = mes_store_manifest_init(&backup.manifest, error);
    mes_store_manifest_begin(&backup.manifest, now, mes_store_migrations[MES_STORE_MIGRATIONS - 1].number);
    if (code == 0)
        code = make_parts(&backup, error);
    if (code == 0)
        code = publish(&backup, target, result->name, error);
    if (code != 0)
        remove_quietly(place);
    result->files = backup.manifest.files;
    result->bytes = backup.manifest.bytes;
    result->blobs_missing = backup.blobs_missing;
    mes_store_manifest_fini(&backup.manifest);
    return code;
}

int mes_store_backup_make(struct mes_store_folder *folder, const struct mes_store_backup_options *options,
                          struct mes_store_backup_result *result_out, struct mes_error *error)
{
    const char *target = options->target;
    struct mes_store_folder_hold hold;
    *result_out = (struct mes_store_backup_result){.files = 0};
    int code = mes_file_is_folder(target) ? 0 : mes_file_make_folder(target, 0700, error);
    if (code == 0)
        code = mes_store_folder_hold_blobs(folder, true, &hold, error);
    if (code != 0)
        return code;
    code = make_held(folder, options, result_out, error);
    if (code == 0)
        code = prune(target, options->keep, error);
    mes_store_folder_release_blobs(&hold);
    if (code == 0 && result_out->blobs_missing > 0)
        code = mes_fail(error, MES_E_CORRUPT, MES_SAY_store_backup_gaps,
                        MES_ARGS(result_out->name, MES_NUMBER(result_out->blobs_missing)));
    return code;
}
