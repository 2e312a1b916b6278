#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_failure(const char *path, const struct stat *status, struct mes_error *error)
{
    if (S_ISDIR(status->st_mode))
        return mes_fail_file(error, path, EISDIR);
    return S_ISREG(status->st_mode) ? 0 : mes_fail_file(error, path, EINVAL);
}

static int open_with(const char *path, int flags, struct mes_input *input_out, struct mes_error *error)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (descriptor < 0)
        return mes_fail_file(error, path, errno);
    int code = fstat(descriptor, &status) == 0 ? open_failure(path, &status, error)
                                               : mes_fail_file(error, path, errno);
    if (code != 0) {
        close(descriptor);
        return code;
    }
    *input_out = (struct mes_input){descriptor, path, (uint64_t)status.st_size};
    return 0;
}

int mes_descriptor_open(const char *path, struct mes_input *input_out, struct mes_error *error)
{
    return open_with(path, 0, input_out, error);
}

int mes_descriptor_open_own(const char *path, struct mes_input *input_out, struct mes_error *error)
{
    return open_with(path, O_NOFOLLOW, input_out, error);
}

void mes_descriptor_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

int mes_descriptor_read(const struct mes_input *input, void *out, size_t size, size_t *got_out,
                        struct mes_error *error)
{
    ssize_t got;
    do
        got = read(input->descriptor, out, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return mes_fail_file(error, input->path, errno);
    *got_out = (size_t)got;
    return 0;
}

int mes_descriptor_write_at(int descriptor, uint64_t offset, struct mes_str bytes, struct mes_error *error)
{
    while (bytes.size > 0) {
        ssize_t put = pwrite(descriptor, bytes.data, bytes.size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return mes_fail_file(error, "temporary file", errno);
        bytes = mes_str_skip(bytes, (size_t)put);
        offset += (uint64_t)put;
    }
    return 0;
}

int mes_descriptor_read_at(int descriptor, uint64_t offset, void *out, size_t size, struct mes_error *error)
{
    char *at = out;
    while (size > 0) {
        ssize_t got = pread(descriptor, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return mes_fail_file(error, "temporary file", got < 0 ? errno : EIO);
        at += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}
