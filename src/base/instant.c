#include "base/instant.h"

#include <stdio.h>

#include "base/calendar.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
static const int64_t day = 24LL * HOUR;

/* What is left to read. */
struct reading {
    struct mes_str text;
    size_t at;
};

static bool take(struct reading *reading, const char *any_of)
{
    if (reading->at >= reading->text.size)
        return false;
    for (; *any_of != '\0'; any_of++) {
        if (reading->text.data[reading->at] == *any_of) {
            reading->at++;
            return true;
        }
    }
    return false;
}

/* Exactly `digits` of them. */
static bool take_number(struct reading *reading, size_t digits, unsigned most, unsigned *number_out)
{
    uint64_t number = 0;
    if (reading->text.size - reading->at < digits ||
        !mes_str_to_uint(mes_str_cut(reading->text, reading->at, digits), most, &number))
        return false;
    reading->at += digits;
    *number_out = (unsigned)number;
    return true;
}

static bool take_date(struct reading *reading, int64_t *ms_out)
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day_of_month = 0;
    if (!take_number(reading, 4, 9999, &year) || !take(reading, "-") ||
        !take_number(reading, 2, 12, &month) || !take(reading, "-") ||
        !take_number(reading, 2, 31, &day_of_month))
        return false;
    if (year < 1970 || month == 0 || day_of_month == 0 || day_of_month > mes_calendar_month_days(year, month))
        return false;
    *ms_out = mes_calendar_days((struct mes_date){year, month, day_of_month}) * day;
    return true;
}

static bool take_fraction(struct reading *reading, int64_t *ms)
{
    size_t digits = 0;
    int64_t worth = 100;
    unsigned digit = 0;
    for (; take_number(reading, 1, 9, &digit); digits++, worth /= 10)
        *ms += digit * worth;
    return digits > 0;
}

static bool take_seconds(struct reading *reading, int64_t *ms)
{
    unsigned second = 0;
    if (!take_number(reading, 2, 59, &second))
        return false;
    *ms += second * (int64_t)SECOND;
    return !take(reading, ".") || take_fraction(reading, ms);
}

static bool take_clock(struct reading *reading, int64_t *ms)
{
    unsigned hour = 0;
    unsigned minute = 0;
    if (!take_number(reading, 2, 23, &hour) || !take(reading, ":") || !take_number(reading, 2, 59, &minute))
        return false;
    *ms += hour * (int64_t)HOUR + minute * (int64_t)MINUTE;
    return true;
}

static bool take_zone(struct reading *reading, int64_t *ms)
{
    int64_t offset = 0;
    if (take(reading, "Zz"))
        return true;
    bool is_west = take(reading, "-");
    if ((!is_west && !take(reading, "+")) || !take_clock(reading, &offset))
        return false;
    *ms += is_west ? offset : -offset;
    return true;
}

bool mes_instant_parse(struct mes_str text, int64_t *ms_out)
{
    struct reading reading = {text, 0};
    int64_t ms = 0;
    if (!take_date(&reading, &ms) || !take(&reading, "Tt ") || !take_clock(&reading, &ms) ||
        !take(&reading, ":") || !take_seconds(&reading, &ms) || !take_zone(&reading, &ms))
        return false;
    *ms_out = ms;
    return reading.at == text.size;
}

bool mes_instant_parse_local(struct mes_str text, int64_t *local_ms_out)
{
    struct reading reading = {text, 0};
    int64_t ms = 0;
    if (!take_date(&reading, &ms) || !take(&reading, "Tt ") || !take_clock(&reading, &ms) ||
        (take(&reading, ":") && !take_seconds(&reading, &ms)))
        return false;
    *local_ms_out = ms;
    return reading.at == text.size;
}

const char *mes_instant_text(int64_t ms, char out[MES_INSTANT_SPACE])
{
    int64_t days = ms / day - (ms % day < 0);
    int64_t left = ms - days * day;
    struct mes_date date = mes_calendar_date(days);
    int size = snprintf(out, MES_INSTANT_SPACE, "%04d-%02u-%02uT%02d:%02d:%02d", (int)date.year, date.month,
                        date.day, (int)(left / HOUR), (int)(left / MINUTE % 60), (int)(left / SECOND % 60));
    if (left % SECOND != 0)
        size += snprintf(out + size, MES_INSTANT_SPACE - (size_t)size, ".%03d", (int)(left % SECOND));
    (void)snprintf(out + size, MES_INSTANT_SPACE - (size_t)size, "Z");
    return out;
}
