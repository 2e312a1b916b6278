#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"

enum { MES_FILE_STEP = 64 * 1024 };

static int read_all(int descriptor, const char *path, struct mes_buf *buf, struct mes_error *error)
{
    for (;;) {
        size_t left = buf->limit - buf->size;
        size_t room = left < MES_FILE_STEP ? left : MES_FILE_STEP;
        char probe; /* a full buffer is only wrong when there is more */
        char *at = room > 0 ? mes_buf_reserve(buf, room) : &probe;
        if (at == NULL)
            return mes_buf_check(buf, error);
        ssize_t got = read(descriptor, at, room > 0 ? room : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mes_fail_file(error, path, errno);
        if (got == 0)
            return 0;
        if (room == 0)
            return mes_fail_file(error, path, EFBIG);
        mes_buf_commit(buf, (size_t)got);
    }
}

int mes_file_read(const char *path, struct mes_buf *buf, struct mes_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return mes_fail_file(error, path, errno);
    int code = read_all(descriptor, path, buf, error);
    close(descriptor);
    return code;
}

static int write_all(int descriptor, struct mes_str content)
{
    while (content.size > 0) {
        ssize_t put = write(descriptor, content.data, content.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        content = mes_str_skip(content, (size_t)put);
    }
    return fsync(descriptor);
}

static void sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path + 1) : 1,
                   slash != NULL ? path : ".");
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    (void)fsync(descriptor);
    close(descriptor);
}

/* Whoever could read the old one must still be able to when root has written it; nobody else can give files
 * away, and where an owner is unknown (a container) there is nothing to keep. */
static bool keep_owner(int descriptor, const struct stat *old)
{
    return geteuid() != 0 || fchown(descriptor, old->st_uid, old->st_gid) == 0 || errno == EINVAL;
}

int mes_file_replace(const char *path, struct mes_str content, struct mes_error *error)
{
    char fresh[4096];
    struct stat old;
    if (snprintf(fresh, sizeof fresh, "%s.XXXXXX", path) >= (int)sizeof fresh)
        return mes_fail_file(error, path, ENAMETOOLONG);
    int descriptor = mkostemp(fresh, O_CLOEXEC);
    if (descriptor < 0)
        return mes_fail_file(error, path, errno);
    bool has_old = stat(path, &old) == 0;
    bool written = (!has_old || keep_owner(descriptor, &old)) &&
                   fchmod(descriptor, has_old ? old.st_mode & 07777 : 0600) == 0 &&
                   write_all(descriptor, content) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written && rename(fresh, path) != 0) {
        written = false;
        reason = errno;
    }
    if (!written) {
        (void)unlink(fresh);
        return mes_fail_file(error, path, reason);
    }
    sync_folder_of(path);
    return 0;
}

int mes_file_touch(const char *path, struct mes_error *error)
{
    return utimensat(AT_FDCWD, path, NULL, 0) == 0 ? 0 : mes_fail_file(error, path, errno);
}

bool mes_file_real_path(const char *path, struct mes_buf *out)
{
    char real[PATH_MAX];
    if (realpath(path, real) == NULL)
        return false;
    mes_buf_add_text(out, real);
    return out->failed == 0;
}

int mes_file_make_folder(const char *path, unsigned mode, struct mes_error *error)
{
    if (mkdir(path, (mode_t)mode) == 0 || (errno == EEXIST && mes_file_is_folder(path)))
        return 0;
    return mes_fail_file(error, path, errno);
}

int mes_file_create(const char *path, struct mes_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return mes_fail_file(error, path, errno);
    close(descriptor);
    sync_folder_of(path);
    return 0;
}

int mes_file_remove(const char *path, struct mes_error *error)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    return mes_fail_file(error, path, errno);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

int mes_file_remove_tree(const char *path, struct mes_error *error)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return 0;
    return mes_fail_file(error, path, errno);
}

int64_t mes_file_modified_at(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return -1;
    return (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
}

bool mes_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool mes_file_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool mes_file_is_exposed(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

bool mes_file_room(const char *path, uint64_t *left_out, uint64_t *total_out)
{
    struct statvfs status;
    if (statvfs(path, &status) != 0)
        return false;
    *left_out = (uint64_t)status.f_bavail * status.f_frsize;
    *total_out = (uint64_t)status.f_blocks * status.f_frsize;
    return true;
}

uint64_t mes_file_stamp(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return 0;
    const uint64_t facts[] = {(uint64_t)status.st_ino, (uint64_t)status.st_size,
                              (uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec,
                              (uint64_t)status.st_mode};
    uint64_t stamp = 1469598103934665603U; /* FNV-1a, by words */
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        stamp = (stamp ^ facts[i]) * 1099511628211U;
    return stamp != 0 ? stamp : 1;
}

bool mes_file_is_writable_by_others(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

int mes_file_unnamed(int *descriptor_out, struct mes_error *error)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        /* Not every file system knows O_TMPFILE. */
        if (snprintf(path, sizeof path, "%s/mailenhance.XXXXXX", folder) >= (int)sizeof path)
            return mes_fail_file(error, folder, ENAMETOOLONG);
        descriptor = mkostemp(path, O_CLOEXEC);
        if (descriptor < 0)
            return mes_fail_file(error, folder, errno);
        (void)unlink(path);
    }
    *descriptor_out = descriptor;
    return 0;
}

int mes_file_read_at(int descriptor, uint64_t offset, size_t size, struct mes_buf *buf,
                     struct mes_error *error)
{
    char *at = mes_buf_reserve(buf, size);
    size_t done = 0;
    if (at == NULL)
        return mes_buf_check(buf, error);
    while (done < size) {
        ssize_t got = pread(descriptor, at + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return mes_fail_system(error, "pread", got < 0 ? errno : EIO);
        done += (size_t)got;
    }
    mes_buf_commit(buf, size);
    return 0;
}

int mes_file_list(const char *folder, void (*each)(void *context, const char *name), void *context,
                  struct mes_error *error)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return mes_fail_file(error, folder, errno);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(context, entry->d_name);
    closedir(entries);
    return 0;
}
