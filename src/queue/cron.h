/* When something recurs: a cron expression, read by the clock of a time zone. Pure: no files, no clock of its
 * own.
 *
 * Five fields, parted by blanks: minute 0-59, hour 0-23, day of the month 1-31, month 1-12, day of the week
 * 0-7 (0 and 7 are Sunday). A field is a list of numbers, ranges and steps: "0,30", "9-17", "*" and "0-58/2"
 * and
 * "*" with "/15" behind it. Months and weekdays also go by name in any case: JAN, MON-FRI. "L" among the days
 * of the month is its last. Instead of the five: @yearly (@annually), @monthly, @weekly, @daily (@midnight),
 * @hourly.
 *
 * Days, as in Vixie cron: when both the day of the month and the day of the week are restricted, EITHER is
 * enough
 * ("0 9 1 * MON": on the first and on every Monday). When one of them begins with "*", both must fit.
 *
 * When the clocks change (also as there): an expression that names hours follows the clock on the wall, and
 * each of its times fires exactly once. A time that the clocks jump over fires at the first moment after the
 * gap, several such times together once; of a time that occurs twice only the first counts. An expression
 * that runs in every hour follows time itself: it fires in both of two equal hours and makes up for nothing
 * in a gap. */
#ifndef MES_CRON_H
#define MES_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

enum {
    MES_CRON_TEXT_MOST = 200, /* bytes of an expression */
    MES_CRON_EVERY_HOUR = (1 << 24) - 1
};

/* Each set has bit n for the number n. */
struct mes_cron {
    uint64_t minutes;
    uint32_t hours;
    uint32_t days;
    uint32_t months;
    uint32_t weekdays; /* 0 = Sunday */
    bool last_day;     /* "L" */
    bool both_days;    /* day of the month and day of the week must both fit, not one of them */
};

/* MES_E_INPUT, naming the field and the reason, for what is no expression, and for one that no year can
 * fulfil, such as the 30th of February. `*cron_out` is only valid after 0. */
int mes_cron_parse(struct mes_str text, struct mes_cron *cron_out, struct mes_error *error) MES_MUST_USE;

/* The first moment after `after_ms` (milliseconds since 1970 UTC) at which it fires, always a whole second.
 * False only when that lies beyond the year 9999. */
bool mes_cron_next(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after_ms,
                   int64_t *next_ms_out);

/* The next `most` moments after `after_ms`, in order. Returns how many there are. */
size_t mes_cron_list(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after_ms, size_t most,
                     int64_t *times_out);

/* A set of weekdays as in the fifth field: "MON-FRI", "SAT,SUN", "*". Bit 0 is Sunday. Errors as above. */
int mes_cron_weekdays(struct mes_str text, uint32_t *weekdays_out, struct mes_error *error) MES_MUST_USE;

#endif
