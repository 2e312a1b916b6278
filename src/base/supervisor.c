#include "base/supervisor.h"

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

int64_t mes_supervisor_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *process = getenv("WATCHDOG_PID");
    uint64_t microseconds = 0;
    uint64_t pid = 0;
    if (process != NULL &&
        (!mes_str_to_uint(mes_str_of(process), INT64_MAX, &pid) || pid != (uint64_t)getpid()))
        return 0;
    if (interval == NULL || !mes_str_to_uint(mes_str_of(interval), INT64_MAX, &microseconds))
        return 0;
    return (int64_t)(microseconds / 1000);
}
