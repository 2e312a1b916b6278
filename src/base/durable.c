#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

struct mes_durable {
    int descriptor;
    char path[PATH_MAX];
};

int mes_durable_begin(const char *folder, struct mes_durable **file_out, struct mes_error *error)
{
    struct mes_durable *file = mes_alloc(sizeof *file);
    *file_out = NULL;
    if (file == NULL)
        return mes_fail_nomem(error);
    bool fits = snprintf(file->path, sizeof file->path, "%s/XXXXXX", folder) < (int)sizeof file->path;
    file->descriptor = fits ? mkostemp(file->path, O_CLOEXEC) : -1;
    if (file->descriptor < 0) {
        int reason = fits ? errno : ENAMETOOLONG;
        mes_free(file);
        return mes_fail_file(error, folder, reason);
    }
    *file_out = file;
    return 0;
}

int mes_durable_add(struct mes_durable *file, struct mes_str bytes, struct mes_error *error)
{
    while (bytes.size > 0) {
        ssize_t put = write(file->descriptor, bytes.data, bytes.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return mes_fail_file(error, file->path, errno);
        bytes = mes_str_skip(bytes, (size_t)put);
    }
    return 0;
}

static int sync_folder(const char *folder, struct mes_error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return mes_fail_file(error, folder, errno);
    int reason = fsync(descriptor) == 0 ? 0 : errno;
    close(descriptor);
    return reason == 0 ? 0 : mes_fail_file(error, folder, reason);
}

/* The name may only stand for bytes that are on the disk, so the order decides. */
static int publish(struct mes_durable *file, const char *path, const char *folder, struct mes_error *error)
{
    if (fsync(file->descriptor) != 0)
        return mes_fail_file(error, file->path, errno);
    if (rename(file->path, path) != 0)
        return mes_fail_file(error, path, errno);
    file->path[0] = '\0';
    return sync_folder(folder, error);
}

int mes_durable_end(struct mes_durable **file, const char *folder, const char *name, struct mes_error *error)
{
    char path[PATH_MAX];
    bool fits = snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path;
    int code = fits ? publish(*file, path, folder, error) : mes_fail_file(error, folder, ENAMETOOLONG);
    mes_durable_abort(file);
    return code;
}

void mes_durable_abort(struct mes_durable **file)
{
    if (*file == NULL)
        return;
    close((*file)->descriptor);
    if ((*file)->path[0] != '\0')
        (void)unlink((*file)->path);
    mes_free(*file);
    *file = NULL;
}
