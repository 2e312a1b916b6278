#include "base/supervisor.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

bool mes_supervisor_tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path != NULL ? strlen(path) : 0;
    if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return false;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') /* a name without a file */
        address.sun_path[0] = '\0';
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sender < 0)
        return false;
    ssize_t sent = sendto(sender, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    close(sender);
    return sent >= 0;
}

bool mes_supervisor_tell_reloading(void)
{
    char state[80];
    /* Rounded up: systemd takes no time that lies before its request. */
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)(mes_clock_monotonic(mes_clock_system()) + 1) * 1000);
    return mes_supervisor_tell(state);
}

static bool is_this_process(const char *number)
{
    uint64_t pid = 0;
    return mes_str_to_uint(mes_str_of(number), INT64_MAX, &pid) && pid == (uint64_t)getpid();
}

static bool is_listening(int descriptor)
{
    int listens = 0;
    socklen_t size = sizeof listens;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

int mes_supervisor_listener(void)
{
    enum { FIRST = 3, MOST = 64 };
    const char *process = getenv("LISTEN_PID");
    const char *number = getenv("LISTEN_FDS");
    uint64_t count = 0;
    int listener = -1;
    if (process == NULL || number == NULL || !is_this_process(process) ||
        !mes_str_to_uint(mes_str_of(number), MOST, &count))
        return -1;
    for (int at = FIRST; at < FIRST + (int)count; at++) {
        if (listener < 0 && is_listening(at) && fcntl(at, F_SETFD, FD_CLOEXEC) == 0)
            listener = at;
        else
            close(at);
    }
    return listener;
}

int64_t mes_supervisor_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *process = getenv("WATCHDOG_PID");
    uint64_t microseconds = 0;
    if (process != NULL && !is_this_process(process))
        return 0;
    if (interval == NULL || !mes_str_to_uint(mes_str_of(interval), INT64_MAX, &microseconds))
        return 0;
    return (int64_t)(microseconds / 1000);
}
