#include "queue/quiet.h"

#include "base/error.h"
#include "i18n/say.h"
#include "queue/cron.h"

enum { MINUTE_MS = 60 * 1000, DAY_MINUTES = 24 * 60, WEEK = MES_QUIET_WEEK };

enum { EVERY_DAY = 0x7f, SUNDAY_BEFORE_1970 = 4 * DAY_MINUTES /* it began on a Thursday */ };

static bool is_quiet(const struct mes_quiet *quiet, int64_t minute)
{
    return (quiet->minutes[minute / 64] >> (minute % 64) & 1) != 0;
}

static void set_quiet(struct mes_quiet *quiet, unsigned start, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        unsigned minute = (start + i) % WEEK;
        quiet->minutes[minute / 64] |= UINT64_C(1) << (minute % 64);
    }
}

/* "HH:MM" up to 24:00, in minutes. */
static bool read_time(struct mes_str text, unsigned *minutes_out)
{
    struct mes_str hours, minutes = mes_str_trim(text);
    uint64_t hour, minute;
    bool is_time = mes_str_next(&minutes, ':', &hours) && hours.size <= 2 && minutes.size == 2 &&
                   mes_str_to_uint(hours, 24, &hour) && mes_str_to_uint(minutes, 59, &minute);
    if (is_time)
        *minutes_out = (unsigned)(hour * 60 + minute);
    return is_time && *minutes_out <= DAY_MINUTES;
}

static int read_period(struct mes_quiet *quiet, struct mes_str period, struct mes_error *error)
{
    struct mes_str text = mes_str_trim(period), start, end, weekdays;
    uint32_t set = EVERY_DAY;
    unsigned from, to;
    size_t blank = mes_str_find(text, MES_STR(" "), 0);
    if (blank != SIZE_MAX) {
        weekdays = mes_str_cut(text, 0, blank);
        text = mes_str_trim(mes_str_skip(text, blank));
        int code = mes_cron_weekdays(weekdays, &set, error);
        if (code != 0)
            return code;
    }
    end = text;
    if (!mes_str_next(&end, '-', &start) || !read_time(start, &from) || !read_time(end, &to) || from == to ||
        from == DAY_MINUTES)
        return mes_fail(error, MES_E_INPUT, MES_SAY_queue_quiet_period,
                        MES_ARGS(MES_TEXT(mes_str_trim(period))));
    for (unsigned day = 0; day < 7; day++)
        if ((set >> day & 1) != 0)
            set_quiet(quiet, day * DAY_MINUTES + from, to > from ? to - from : to + DAY_MINUTES - from);
    return 0;
}

static bool leaves_a_minute(const struct mes_quiet *quiet)
{
    for (unsigned minute = 0; minute < WEEK; minute++)
        if (!is_quiet(quiet, minute))
            return true;
    return false;
}

int mes_quiet_parse(struct mes_str text, struct mes_quiet *quiet_out, struct mes_error *error)
{
    struct mes_str period, rest = text;
    int code = 0;
    *quiet_out = (struct mes_quiet){0};
    if (mes_str_trim(text).size == 0)
        return 0;
    if (text.size > MES_QUIET_TEXT_MOST)
        return mes_fail(error, MES_E_INPUT, MES_SAY_queue_quiet_long,
                        MES_ARGS(MES_NUMBER(MES_QUIET_TEXT_MOST)));
    while (code == 0 && mes_str_next(&rest, ';', &period))
        code = read_period(quiet_out, period, error);
    if (code == 0 && !leaves_a_minute(quiet_out))
        return mes_fail(error, MES_E_INPUT, MES_SAY_queue_quiet_always, MES_ARGS(MES_TEXT(text)));
    return code;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Of quiet from a minute of the week on, at most a day's. */
static int64_t quiet_minutes(const struct mes_quiet *quiet, int64_t minute)
{
    int64_t count = 0;
    while (count < DAY_MINUTES && is_quiet(quiet, (minute + count) % WEEK))
        count++;
    return count;
}

int64_t mes_quiet_next(const struct mes_quiet *quiet, const struct mes_zone *zone, int64_t from_ms)
{
    int64_t at = from_ms;
    for (;;) {
        int64_t offset = 1000 * (int64_t)mes_zone_offset(zone, at);
        int64_t minute = floor_divide(at + offset, MINUTE_MS);
        int64_t since_sunday = minute + SUNDAY_BEFORE_1970;
        int64_t count = quiet_minutes(quiet, since_sunday - floor_divide(since_sunday, WEEK) * WEEK);
        if (count == 0)
            return at;
        /* To its end at once, or only half as far while the clocks change on the way; never twice in a day.
         */
        do {
            at = (minute + count) * MINUTE_MS - offset;
            count /= 2;
        } while (count > 0 && 1000 * (int64_t)mes_zone_offset(zone, at) != offset);
    }
}
