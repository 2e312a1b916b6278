#include "db/disk_test.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

struct disk_state disk_test;

/* Files. */

static void resize(struct disk_file *file, size_t size)
{
    if (size > file->size) {
        file->data = realloc(file->data, size);
        memset(file->data + file->size, 0, size - file->size);
    }
    file->size = size;
}

static void drop(struct disk_file *file)
{
    free(file->data);
    *file = (struct disk_file){.exists = false};
}

void disk_clear(struct disk *disk)
{
    for (int i = 0; i < DISK_NAMES; i++)
        drop(&disk->files[i]);
}

void disk_copy(struct disk *to, const struct disk *from)
{
    disk_clear(to);
    for (int i = 0; i < DISK_NAMES; i++) {
        to->files[i].exists = from->files[i].exists;
        resize(&to->files[i], from->files[i].size);
        if (from->files[i].size > 0)
            memcpy(to->files[i].data, from->files[i].data, from->files[i].size);
    }
}

void disk_apply(struct disk *disk, const struct disk_change *change, size_t most_bytes)
{
    struct disk_file *file = &disk->files[change->file];
    size_t size = change->size < most_bytes ? change->size : most_bytes;
    switch (change->kind) {
    case DISK_CREATE:
        file->exists = true;
        break;
    case DISK_WRITE:
        if (!file->exists)
            break; /* what was written to a file that has no name is gone with it */
        if (change->offset + size > file->size)
            resize(file, change->offset + size);
        if (size > 0)
            memcpy(file->data + change->offset, change->data, size);
        break;
    case DISK_TRUNCATE:
        if (file->exists)
            resize(file, change->offset);
        break;
    case DISK_DELETE:
        drop(file);
        break;
    }
}

/* Names that were made or removed are on the disk. */
static void settle_names(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk_test.count; i++) {
        struct disk_change *change = &disk_test.changes[i];
        if (change->kind == DISK_CREATE || change->kind == DISK_DELETE)
            disk_apply(&disk_test.under, change, SIZE_MAX);
        else
            disk_test.changes[kept++] = *change;
    }
    disk_test.count = kept;
}

/* Takes the changes of a file from the list, and writes them or not. */
static void settle(enum disk_name name, bool is_written)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk_test.count; i++) {
        struct disk_change *change = &disk_test.changes[i];
        if (change->file != name) {
            disk_test.changes[kept++] = *change;
            continue;
        }
        if (is_written || change->kind == DISK_CREATE)
            disk_apply(&disk_test.under, change, SIZE_MAX);
        free(change->data);
    }
    disk_test.count = kept;
}

static void note(struct disk_change change)
{
    if (disk_test.count == disk_test.room) {
        disk_test.room = 2 * disk_test.room + 64;
        disk_test.changes = realloc(disk_test.changes, disk_test.room * sizeof *disk_test.changes);
    }
    if (change.data != NULL)
        change.data = memcpy(malloc(change.size), change.data, change.size);
    disk_test.changes[disk_test.count++] = change;
    disk_apply(&disk_test.now, &change, SIZE_MAX);
}

void disk_load(const struct disk *image)
{
    struct disk copy = {0};
    disk_copy(&copy, image);
    for (int i = 0; i < DISK_NAMES; i++)
        settle((enum disk_name)i, false);
    disk_copy(&disk_test.under, &copy);
    disk_clear(&disk_test.now);
    disk_test.now = copy;
}

/* SQLite's side. */

enum { REGIONS = 8, REGION_SIZE = 32768 };
static unsigned char shared[REGIONS][REGION_SIZE];

struct handle {
    sqlite3_file base; /* first */
    enum disk_name name;
    bool has_synced; /* the first flush of a log or journal takes the folder along: see unixSync of SQLite */
};

static enum disk_name name_of(const sqlite3_file *file)
{
    return ((const struct handle *)file)->name;
}

static struct disk_file *file_of(const sqlite3_file *file)
{
    return &disk_test.now.files[name_of(file)];
}

static int on_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int on_read(sqlite3_file *handle, void *out, int size, sqlite3_int64 offset)
{
    const struct disk_file *file = file_of(handle);
    size_t from = (size_t)offset < file->size ? (size_t)offset : file->size;
    size_t got = file->size - from < (size_t)size ? file->size - from : (size_t)size;
    if (got > 0)
        memcpy(out, file->data + from, got);
    memset((unsigned char *)out + got, 0, (size_t)size - got);
    return got == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *handle, const void *data, int size, sqlite3_int64 offset)
{
    note((struct disk_change){.kind = DISK_WRITE,
                              .file = name_of(handle),
                              .offset = (size_t)offset,
                              .size = (size_t)size,
                              .data = (unsigned char *)data});
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    note((struct disk_change){.kind = DISK_TRUNCATE, .file = name_of(handle), .offset = (size_t)size});
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *handle, int flags)
{
    (void)flags;
    if (disk_test.on_sync != NULL)
        disk_test.on_sync();
    bool is_failing = ++disk_test.syncs == disk_test.failing;
    settle(name_of(handle), !is_failing);
    if (!is_failing && !((struct handle *)handle)->has_synced && name_of(handle) != DISK_DATABASE)
        settle_names();
    ((struct handle *)handle)->has_synced = true;
    return is_failing ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int on_size(sqlite3_file *handle, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)file_of(handle)->size;
    return SQLITE_OK;
}

static int on_lock(sqlite3_file *handle, int level)
{
    (void)handle;
    (void)level;
    return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *handle, int *is_locked)
{
    (void)handle;
    *is_locked = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *handle, int operation, void *argument)
{
    (void)handle;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *handle)
{
    (void)handle;
    return 4096;
}

/* As the system's own VFS has it: a write harms no byte beside it. */
static int on_device(sqlite3_file *handle)
{
    (void)handle;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_map(sqlite3_file *handle, int region, int size, int may_extend, void volatile **at)
{
    (void)handle;
    (void)may_extend;
    assert(region < REGIONS && size == REGION_SIZE);
    *at = shared[region];
    return SQLITE_OK;
}

static int on_shared_lock(sqlite3_file *handle, int offset, int count, int flags)
{
    (void)handle;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void on_barrier(sqlite3_file *handle)
{
    (void)handle;
}

static int on_unmap(sqlite3_file *handle, int is_last)
{
    (void)handle;
    (void)is_last;
    memset(shared, 0, sizeof shared);
    return SQLITE_OK;
}

static enum disk_name find_name(const char *path)
{
    const char *dash = strrchr(path, '-');
    if (dash != NULL && strcmp(dash, "-wal") == 0)
        return DISK_LOG;
    return dash != NULL && strcmp(dash, "-journal") == 0 ? DISK_JOURNAL : DISK_DATABASE;
}

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *flags_out)
{
    static const sqlite3_io_methods methods = {.iVersion = 2,
                                               .xClose = on_close,
                                               .xRead = on_read,
                                               .xWrite = on_write,
                                               .xTruncate = on_truncate,
                                               .xSync = on_sync,
                                               .xFileSize = on_size,
                                               .xLock = on_lock,
                                               .xUnlock = on_lock,
                                               .xCheckReservedLock = on_check_lock,
                                               .xFileControl = on_control,
                                               .xSectorSize = on_sector,
                                               .xDeviceCharacteristics = on_device,
                                               .xShmMap = on_map,
                                               .xShmLock = on_shared_lock,
                                               .xShmBarrier = on_barrier,
                                               .xShmUnmap = on_unmap};
    (void)vfs;
    assert(path != NULL); /* no temporary files */
    struct handle *handle = (struct handle *)file;
    *handle = (struct handle){.name = find_name(path)};
    if (!disk_test.now.files[handle->name].exists) {
        /* A name that was removed is free only once the removal is on the disk. */
        settle(handle->name, true);
        note((struct disk_change){.kind = DISK_CREATE, .file = handle->name});
    }
    static sqlite3_io_methods remote;
    remote = methods;
    remote.iVersion = 1;
    handle->base.pMethods = disk_test.is_remote ? &remote : &methods;
    if (flags_out != NULL)
        *flags_out = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int is_synced)
{
    enum disk_name name = find_name(path);
    (void)vfs;
    note((struct disk_change){.kind = DISK_DELETE, .file = name});
    if (is_synced)
        settle(name, true);
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    const struct disk_file *file = &disk_test.now.files[find_name(path)];
    (void)vfs;
    *out = file->exists && (flags != SQLITE_ACCESS_EXISTS || file->size > 0);
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}

static sqlite3_vfs disk_vfs;

void disk_begin(void)
{
    disk_vfs = *sqlite3_vfs_find("unix");
    disk_vfs.zName = "disk";
    disk_vfs.szOsFile = sizeof(struct handle);
    disk_vfs.xOpen = on_open;
    disk_vfs.xDelete = on_delete;
    disk_vfs.xAccess = on_access;
    disk_vfs.xFullPathname = on_full_path;
    sqlite3_vfs_register(&disk_vfs, 1);
    disk_test = (struct disk_state){.syncs = 0};
    /* mes_db_open makes it by itself, and lastingly. */
    disk_test.now.files[DISK_DATABASE].exists = disk_test.under.files[DISK_DATABASE].exists = true;
}

void disk_end(void)
{
    sqlite3_vfs_unregister(&disk_vfs);
    for (int i = 0; i < DISK_NAMES; i++)
        settle((enum disk_name)i, false);
    free(disk_test.changes);
    disk_clear(&disk_test.now);
    disk_clear(&disk_test.under);
    disk_test = (struct disk_state){.syncs = 0};
}
