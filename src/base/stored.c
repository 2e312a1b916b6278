#include "base/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static int fail(const char *path, int reason, struct mes_error *error)
{
    int code = mes_fail_file(error, path, reason);
    if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
        code = MES_E_FULL;
    else if (reason == EIO)
        code = MES_E_STORAGE;
    if (error != NULL)
        error->code = code;
    return code;
}

/* Of a failed flush nothing is known, whatever its reason. */
static int sync_descriptor(int descriptor, const char *path, struct mes_error *error)
{
    if (fsync(descriptor) == 0)
        return 0;
    (void)mes_fail_file(error, path, errno);
    if (error != NULL)
        error->code = MES_E_STORAGE;
    return MES_E_STORAGE;
}

enum { PARENT_SPACE = 4096 };

static const char *parent_of(const char *path, char out[PARENT_SPACE])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    (void)snprintf(out, PARENT_SPACE, "%.*s", (int)(slash - path + 1), path);
    return out;
}

/* As SQLite does it: what root makes in another user's folder is for that user to open. */
static void give_to_owner_of_parent(int descriptor, const char *path)
{
    char folder[PARENT_SPACE];
    struct stat status;
    if (geteuid() == 0 && stat(parent_of(path, folder), &status) == 0 && status.st_uid != 0 &&
        fchown(descriptor, status.st_uid, status.st_gid) != 0)
        errno = 0; /* where files have no owners there is nothing to give */
}

int mes_stored_open(const char *path, struct mes_stored *file_out, struct mes_error *error)
{
    struct stat status;
    int code = 0;
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && errno == ENOENT) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
        if (descriptor >= 0) {
            give_to_owner_of_parent(descriptor, path);
            code = mes_stored_sync_parent(path, error);
        }
    }
    if (descriptor < 0)
        return fail(path, errno, error);
    if (code == 0 && fstat(descriptor, &status) != 0)
        code = fail(path, errno, error);
    else if (code == 0 && !S_ISREG(status.st_mode))
        code = fail(path, EINVAL, error);
    if (code != 0) {
        close(descriptor);
        return code;
    }
    *file_out = (struct mes_stored){descriptor, path};
    return 0;
}

int mes_stored_create(const char *path, struct mes_stored *file_out, struct mes_error *error)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fail(path, errno, error);
    *file_out = (struct mes_stored){descriptor, path};
    return 0;
}

void mes_stored_close(struct mes_stored *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

int mes_stored_size(const struct mes_stored *file, uint64_t *size_out, struct mes_error *error)
{
    struct stat status;
    if (fstat(file->descriptor, &status) != 0)
        return fail(file->path, errno, error);
    *size_out = (uint64_t)status.st_size;
    return 0;
}

int mes_stored_reserve(const struct mes_stored *file, uint64_t size, struct mes_error *error)
{
    int reason;
    do
        reason = posix_fallocate(file->descriptor, 0, (off_t)size);
    while (reason == EINTR);
    return reason == 0 ? 0 : fail(file->path, reason, error);
}

int mes_stored_truncate(const struct mes_stored *file, uint64_t size, struct mes_error *error)
{
    return ftruncate(file->descriptor, (off_t)size) == 0 ? 0 : fail(file->path, errno, error);
}

int mes_stored_write_at(const struct mes_stored *file, uint64_t offset, struct mes_str bytes,
                        struct mes_error *error)
{
    while (bytes.size > 0) {
        ssize_t put = pwrite(file->descriptor, bytes.data, bytes.size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail(file->path, errno, error);
        bytes = mes_str_skip(bytes, (size_t)put);
        offset += (uint64_t)put;
    }
    return 0;
}

int mes_stored_read_at(const struct mes_stored *file, uint64_t offset, void *out, size_t size,
                       struct mes_error *error)
{
    char *at = out;
    while (size > 0) {
        ssize_t got = pread(file->descriptor, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fail(file->path, got < 0 ? errno : ENODATA, error);
        at += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

int mes_stored_sync(const struct mes_stored *file, struct mes_error *error)
{
    return sync_descriptor(file->descriptor, file->path, error);
}

int mes_stored_sync_folder(const char *folder, struct mes_error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(folder, errno, error);
    int code = sync_descriptor(descriptor, folder, error);
    close(descriptor);
    return code;
}

int mes_stored_sync_parent(const char *path, struct mes_error *error)
{
    char folder[PARENT_SPACE];
    return mes_stored_sync_folder(parent_of(path, folder), error);
}

int mes_stored_rename(const char *from, const char *to, struct mes_error *error)
{
    return rename(from, to) == 0 ? 0 : fail(to, errno, error);
}

void mes_stored_empty(const struct mes_stored *file)
{
    int ignored = ftruncate(file->descriptor, 0);
    (void)ignored;
}

void mes_stored_remove(const char *path)
{
    (void)unlink(path);
}

/* Of the open file and not of the process, so that two threads exclude each other too, and closing another
 * descriptor of the same file loses nothing. */
static int lock_command(const struct mes_stored *file, int command, struct flock *lock)
{
    int result;
    *lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    do
        result = fcntl(file->descriptor, command, lock);
    while (result < 0 && errno == EINTR);
    return result;
}

bool mes_stored_lock(const struct mes_stored *file)
{
    struct flock lock;
    return lock_command(file, F_OFD_SETLK, &lock) == 0;
}

int mes_stored_lock_wait(const struct mes_stored *file, struct mes_error *error)
{
    struct flock lock;
    return lock_command(file, F_OFD_SETLKW, &lock) == 0 ? 0 : fail(file->path, errno, error);
}

bool mes_stored_is_locked(const struct mes_stored *file)
{
    struct flock lock;
    return lock_command(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
