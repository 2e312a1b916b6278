/* For the tests of cron and quiet: the C library's clock on the wall, minute by minute, as a slow oracle. */
#ifndef MES_QUEUE_WALL_TEST_H
#define MES_QUEUE_WALL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/zone.h"

enum { WALL_MOST = 60 * 24 * 60, WALL_MINUTE_MS = 60 * 1000 };

static const char *const wall_zones[] = {
    "UTC",
    "Asia/Hong_Kong",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Africa/El_Aaiun",
    "Antarctica/Troll",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Nuuk",
    "America/Scoresbysund",
    "America/Los_Angeles",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Chisinau",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Norfolk",
    "Pacific/Easter",
};
enum { WALL_ZONES = sizeof wall_zones / sizeof wall_zones[0] };

/* A minute as a clock on the wall shows it. */
struct wall_minute {
    int64_t utc_ms;
    int64_t local; /* minutes since 1970 as if it were UTC */
};

/* Some days of one zone, minute by minute. */
struct wall {
    struct mes_zone *zone;
    size_t count;
    struct wall_minute minutes[WALL_MOST];
};

static inline int64_t wall_ms(int64_t year, unsigned month, unsigned day, int hour, int minute)
{
    return (mes_calendar_days((struct mes_date){year, month, day}) * 1440 + hour * 60 + minute) *
           WALL_MINUTE_MS;
}

static inline struct mes_zone *wall_zone(const char *name)
{
    struct mes_zone *zone;
    struct mes_error error = {0};
    char text[256];
    if (mes_zone_load(name, &zone, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    return zone;
}

static inline long wall_offset(int64_t utc_ms)
{
    time_t moment = (time_t)(utc_ms / 1000);
    struct tm tm;
    assert_non_null(localtime_r(&moment, &tm));
    return tm.tm_gmtoff;
}

/* From here on the C library lives in this zone. */
static inline void wall_move(const char *name)
{
    char variable[160];
    (void)snprintf(variable, sizeof variable, ":%s", name);
    assert_int_equal(setenv("TZ", variable, 1), 0);
    tzset();
}

static inline void wall_fill(struct wall *wall, int64_t from_ms, size_t days)
{
    wall->count = days * 1440;
    assert_true(wall->count <= WALL_MOST);
    for (size_t i = 0; i < wall->count; i++) {
        int64_t utc_ms = from_ms + (int64_t)i * WALL_MINUTE_MS;
        wall->minutes[i] = (struct wall_minute){utc_ms, utc_ms / WALL_MINUTE_MS + wall_offset(utc_ms) / 60};
    }
}

static inline void wall_each_change_in(struct wall *wall, int64_t year, void (*check)(struct wall *, void *),
                                       void *context)
{
    static const int64_t hour = 60 * WALL_MINUTE_MS;
    int64_t end = wall_ms(year + 2, 1, 1, 0, 0);
    wall_fill(wall, wall_ms(year, 2, 20, 12, 0), 14);
    check(wall, context);
    for (int64_t at = wall_ms(year, 1, 1, 0, 0); at < end; at += hour) {
        if (wall_offset(at) == wall_offset(at + hour))
            continue;
        wall_fill(wall, at - 40 * hour, 4);
        check(wall, context);
    }
}

/* Calls `check` for some days about each change of the clocks in 2025 and 2026, or in 2037 and 2038, and for
 * an ordinary fortnight, in each of the zones. */
static inline void wall_each_change(void (*check)(struct wall *, void *), void *context)
{
    static const int64_t years[] = {2025, 2037};
    struct wall *wall = mes_alloc(sizeof *wall);
    assert_non_null(wall);
    for (size_t i = 0; i < WALL_ZONES; i++) {
        wall_move(wall_zones[i]);
        wall->zone = wall_zone(wall_zones[i]);
        wall_each_change_in(wall, years[i % 2], check, context);
        mes_zone_free(&wall->zone);
    }
    mes_free(wall);
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

#endif
