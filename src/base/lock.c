#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 8 };

/* Whoever had it before may have put another file in its place. */
static bool is_current(int descriptor, const char *path)
{
    struct stat held, named;
    return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

enum mes_lock_state mes_lock_try(const char *path, int *lock_out)
{
    *lock_out = -1;
    for (int i = 0; i < TRIES; i++) {
        int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0)
            return MES_LOCK_NONE;
        bool is_held = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
        bool is_busy = !is_held && errno == EWOULDBLOCK;
        if (is_held && is_current(descriptor, path)) {
            *lock_out = descriptor;
            return MES_LOCK_HELD;
        }
        (void)close(descriptor);
        if (!is_held)
            return is_busy ? MES_LOCK_BUSY : MES_LOCK_NONE;
    }
    return MES_LOCK_BUSY;
}

void mes_lock_release(int *lock)
{
    if (*lock >= 0)
        (void)close(*lock);
    *lock = -1;
}
