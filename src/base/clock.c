#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_clock(clockid_t which)
{
    struct timespec now = {0};
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

const struct mes_clock *mes_clock_system(void)
{
    static const struct mes_clock machine = {system_monotonic, system_wall, NULL};
    return &machine;
}

int64_t mes_clock_monotonic(const struct mes_clock *clock)
{
    return clock->monotonic(clock->context);
}

int64_t mes_clock_wall(const struct mes_clock *clock)
{
    return clock->wall(clock->context);
}

void mes_clock_sleep(int64_t milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}
