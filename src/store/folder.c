#include "store/folder.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/random.h"
#include "base/stored.h"
#include "i18n/say.h"

enum { FOLDER_PATH_MOST = 4096, FOLDER_KEY_SIZE = 52, FOLDER_LOCK_MOST = 32 };

struct mes_store_folder {
    struct mes_arena paths;
    const char *path;
    const char *database;
    const char *log; /* SQLite's, beside the database */
    const char *journal;
    const char *blobs;
    const char *blobs_tmp;
    const char *blobs_lock;
    const char *secret_path;
    const char *key_path;
    const char *reserve;
    const char *restoring; /* there while a restore exchanges what is inside */
    struct mes_stored lock;
    bool is_locked;
    bool has_lost_log;
    bool has_crashed;
    bool has_spent_reserve;
    unsigned char secret[MES_STORE_FOLDER_SECRET_SIZE];
    struct mes_secret *key;
};

static const char *join(struct mes_store_folder *folder, const char *name)
{
    char path[FOLDER_PATH_MOST];
    if (snprintf(path, sizeof path, "%s/%s", folder->path, name) >= (int)sizeof path)
        return NULL;
    return mes_arena_copy(&folder->paths, mes_str_of(path));
}

static int name_paths(struct mes_store_folder *folder, const char *path, struct mes_error *error)
{
    const struct {
        const char **path;
        const char *name;
    } rows[] = {{&folder->database, "queue.db"},   {&folder->log, "queue.db-wal"},
                {&folder->journal, "journal"},     {&folder->blobs, "blobs"},
                {&folder->blobs_tmp, "blobs/tmp"}, {&folder->blobs_lock, "blobs.lock"},
                {&folder->secret_path, "secret"},  {&folder->key_path, "key"},
                {&folder->lock.path, "lock"},      {&folder->reserve, "reserve"},
                {&folder->restoring, "restoring"}};
    if (strlen(path) > FOLDER_PATH_MOST - 32)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(FOLDER_PATH_MOST - 32)));
    folder->path = mes_arena_copy(&folder->paths, mes_str_of(path));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (folder->path == NULL || (*rows[i].path = join(folder, rows[i].name)) == NULL)
            return mes_fail_nomem(error);
    return 0;
}

static int make_folders(struct mes_store_folder *folder, struct mes_error *error)
{
    const char *const paths[] = {folder->path, folder->blobs, folder->blobs_tmp};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (mes_file_is_folder(paths[i]))
            continue;
        int code = mes_file_make_folder(paths[i], 0700, error);
        if (code == 0)
            code = mes_stored_sync_parent(paths[i], error);
        if (code != 0)
            return code;
    }
    if (mes_file_exists(folder->restoring))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_store_restore_unfinished, MES_ARGS(folder->path));
    if (mes_file_is_writable_by_others(folder->path))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_store_folder_open, MES_ARGS(folder->path));
    return 0;
}

/* Secrets. */

/* Reads a file that nobody else may read. */
static int read_private(const char *path, struct mes_buf *content, struct mes_error *error)
{
    if (mes_file_is_exposed(path) || mes_file_is_writable_by_others(path))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_store_secret_exposed, MES_ARGS(path));
    return mes_file_read(path, content, error);
}

/* A new secret beside an old database would silently turn what was signed with the old one into rubbish. */
static int make_secret(struct mes_store_folder *folder, struct mes_error *error)
{
    if (mes_file_exists(folder->database))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_store_secret_missing, MES_ARGS(folder->secret_path));
    int code = mes_random_bytes(folder->secret, sizeof folder->secret, error);
    if (code != 0)
        return code;
    return mes_file_replace(folder->secret_path,
                            mes_str_make((const char *)folder->secret, sizeof folder->secret), error);
}

static int load_secret(struct mes_store_folder *folder, struct mes_error *error)
{
    struct mes_buf content;
    if (!mes_file_exists(folder->secret_path))
        return make_secret(folder, error);
    mes_buf_init(&content, sizeof folder->secret + 1);
    int code = read_private(folder->secret_path, &content, error);
    if (code == 0 && content.size != sizeof folder->secret)
        code = mes_fail(error, MES_E_CONFIG, MES_SAY_store_secret_damaged, MES_ARGS(folder->secret_path));
    if (code == 0)
        memcpy(folder->secret, content.data, sizeof folder->secret);
    if (content.data != NULL)
        mes_wipe(content.data, content.capacity);
    mes_buf_fini(&content);
    return code;
}

static bool is_key(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!(text.data[i] >= 'a' && text.data[i] <= 'z') && !(text.data[i] >= '0' && text.data[i] <= '9'))
            return false;
    return text.size == FOLDER_KEY_SIZE;
}

static int make_key(struct mes_store_folder *folder, struct mes_error *error)
{
    char line[FOLDER_KEY_SIZE + 2];
    int code = mes_random_text(line, FOLDER_KEY_SIZE + 1, error);
    if (code == 0) {
        folder->key = mes_secret_new(mes_str_make(line, FOLDER_KEY_SIZE));
        line[FOLDER_KEY_SIZE] = '\n';
        code = folder->key != NULL
                   ? mes_file_replace(folder->key_path, mes_str_make(line, FOLDER_KEY_SIZE + 1), error)
                   : mes_fail_nomem(error);
    }
    mes_wipe(line, sizeof line);
    return code;
}

static int load_key(struct mes_store_folder *folder, struct mes_error *error)
{
    struct mes_buf content;
    if (!mes_file_exists(folder->key_path))
        return make_key(folder, error);
    mes_buf_init(&content, FOLDER_KEY_SIZE + 2);
    int code = read_private(folder->key_path, &content, error);
    struct mes_str text = mes_str_trim(mes_buf_str(&content));
    if (code == 0 && !is_key(text))
        code = mes_fail(error, MES_E_CONFIG, MES_SAY_store_key_damaged, MES_ARGS(folder->key_path));
    if (code == 0 && (folder->key = mes_secret_new(text)) == NULL)
        code = mes_fail_nomem(error);
    if (content.data != NULL)
        mes_wipe(content.data, content.capacity);
    mes_buf_fini(&content);
    return code;
}

/* Opening. */

int mes_store_folder_open(const char *path, struct mes_store_folder **folder_out, struct mes_error *error)
{
    struct mes_store_folder *folder = mes_alloc(sizeof *folder);
    if (folder == NULL)
        return mes_fail_nomem(error);
    folder->lock.descriptor = -1;
    mes_arena_init(&folder->paths, 16 * FOLDER_PATH_MOST);
    int code = name_paths(folder, path, error);
    if (code == 0)
        code = make_folders(folder, error);
    if (code == 0)
        code = load_secret(folder, error);
    if (code == 0)
        code = load_key(folder, error);
    if (code == 0)
        code = mes_stored_open(folder->lock.path, &folder->lock, error);
    if (code != 0)
        mes_store_folder_close(&folder);
    else
        *folder_out = folder;
    return code;
}

void mes_store_folder_close(struct mes_store_folder **folder)
{
    if (*folder == NULL)
        return;
    /* An empty lock file says that its last holder ended as it should. */
    if ((*folder)->is_locked)
        mes_stored_empty(&(*folder)->lock);
    mes_stored_close(&(*folder)->lock);
    mes_secret_free(&(*folder)->key);
    mes_wipe((*folder)->secret, sizeof(*folder)->secret);
    mes_arena_fini(&(*folder)->paths);
    mes_free(*folder);
    *folder = NULL;
}

/* The lock. */

/* 0 when there is none in the file; `*has_crashed_out`: its process has ended by its own fault. */
static int64_t read_pid(const struct mes_store_folder *folder, bool *has_crashed_out)
{
    char text[FOLDER_LOCK_MOST];
    struct mes_str line;
    uint64_t size = 0;
    uint64_t pid = 0;
    *has_crashed_out = false;
    if (mes_stored_size(&folder->lock, &size, NULL) != 0 || size > sizeof text ||
        mes_stored_read_at(&folder->lock, 0, text, (size_t)size, NULL) != 0)
        return 0;
    struct mes_str rest = mes_str_make(text, (size_t)size);
    if (!mes_str_next(&rest, '\n', &line) || !mes_str_to_uint(mes_str_trim(line), INT32_MAX, &pid))
        return 0;
    *has_crashed_out = mes_str_eq(rest, MES_STR(MES_STORE_FOLDER_CRASHED));
    return (int64_t)pid;
}

static int write_pid(const struct mes_store_folder *folder, struct mes_error *error)
{
    char line[FOLDER_LOCK_MOST];
    int size = snprintf(line, sizeof line, "%lld\n", (long long)mes_process_id());
    int code = mes_stored_truncate(&folder->lock, 0, error);
    if (code == 0)
        code = mes_stored_write_at(&folder->lock, 0, mes_str_make(line, (size_t)size), error);
    return code == 0 ? mes_stored_sync(&folder->lock, error) : code;
}

/* The reserve. */

static bool has_room_for(const struct mes_store_folder *folder, uint64_t size)
{
    uint64_t left = 0;
    uint64_t total = 0;
    return !mes_file_room(folder->path, &left, &total) || left >= size;
}

/* A database that was closed needs room to be opened: the log is made anew. */
static void spend_reserve(struct mes_store_folder *folder)
{
    if (has_room_for(folder, MES_STORE_FOLDER_RESERVE) || !mes_file_exists(folder->reserve))
        return;
    mes_stored_remove(folder->reserve);
    folder->has_spent_reserve = true;
}

int mes_store_folder_keep_reserve(const struct mes_store_folder *folder, struct mes_error *error)
{
    struct mes_stored file;
    if (mes_file_exists(folder->reserve) || !has_room_for(folder, 2 * (uint64_t)MES_STORE_FOLDER_RESERVE))
        return 0;
    int code = mes_stored_create(folder->reserve, &file, error);
    if (code != 0)
        return code;
    code = mes_stored_reserve(&file, MES_STORE_FOLDER_RESERVE, error);
    mes_stored_close(&file);
    if (code != 0)
        mes_stored_remove(folder->reserve);
    return code;
}

bool mes_store_folder_has_spent_reserve(const struct mes_store_folder *folder)
{
    return folder->has_spent_reserve;
}

int mes_store_folder_lock(struct mes_store_folder *folder, struct mes_error *error)
{
    if (folder->is_locked)
        return 0;
    int64_t before = read_pid(folder, &folder->has_crashed);
    if (!mes_stored_lock(&folder->lock))
        return mes_fail(error, MES_E_BUSY, MES_SAY_store_folder_busy,
                        MES_ARGS(folder->path, MES_NUMBER(before)));
    spend_reserve(folder);
    int code = write_pid(folder, error);
    if (code != 0)
        return code;
    folder->is_locked = true;
    folder->has_lost_log = before != 0 && mes_file_exists(folder->database) && !mes_file_exists(folder->log);
    return 0;
}

bool mes_store_folder_is_locked(const struct mes_store_folder *folder, int64_t *pid_out)
{
    bool is_locked = folder->is_locked || mes_stored_is_locked(&folder->lock);
    bool has_crashed = false;
    *pid_out = is_locked ? read_pid(folder, &has_crashed) : 0;
    return is_locked;
}

bool mes_store_folder_has_crashed(const struct mes_store_folder *folder)
{
    return folder->has_crashed;
}

int mes_store_folder_lock_file(const struct mes_store_folder *folder)
{
    return folder->lock.descriptor;
}

bool mes_store_folder_has_lost_log(const struct mes_store_folder *folder)
{
    return folder->has_lost_log;
}

int mes_store_folder_hold_blobs(const struct mes_store_folder *folder, bool may_wait,
                                struct mes_store_folder_hold *hold_out, struct mes_error *error)
{
    struct mes_stored file;
    int code = mes_stored_open(folder->blobs_lock, &file, error);
    if (code != 0)
        return code;
    if (may_wait)
        code = mes_stored_lock_wait(&file, error);
    else if (!mes_stored_lock(&file))
        code = mes_fail(error, MES_E_BUSY, MES_SAY_store_blobs_busy, MES_ARGS(folder->blobs));
    if (code != 0)
        mes_stored_close(&file);
    else
        hold_out->descriptor = file.descriptor;
    return code;
}

void mes_store_folder_release_blobs(struct mes_store_folder_hold *hold)
{
    struct mes_stored file = {.descriptor = hold->descriptor};
    mes_stored_close(&file);
    hold->descriptor = -1;
}

/* What is inside. */

const char *mes_store_folder_path(const struct mes_store_folder *folder)
{
    return folder->path;
}

const char *mes_store_folder_database(const struct mes_store_folder *folder)
{
    return folder->database;
}

const char *mes_store_folder_journal(const struct mes_store_folder *folder)
{
    return folder->journal;
}

const char *mes_store_folder_blobs(const struct mes_store_folder *folder)
{
    return folder->blobs;
}

const char *mes_store_folder_blobs_tmp(const struct mes_store_folder *folder)
{
    return folder->blobs_tmp;
}

const unsigned char *mes_store_folder_secret(const struct mes_store_folder *folder)
{
    return folder->secret;
}

const struct mes_secret *mes_store_folder_key(const struct mes_store_folder *folder)
{
    return folder->key;
}
