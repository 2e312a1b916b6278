#include "api/moment.h"

#include "base/calendar.h"
#include "base/error.h"
#include "i18n/say.h"

enum { MES_MINUTE_MS = 60 * 1000, MES_DAY_MS = 24 * 60 * MES_MINUTE_MS };

/* Reads the text from its front; once something does not fit, `is_bad` stays. */
struct scan {
    struct mes_str rest;
    bool is_bad;
};

static unsigned number(struct scan *scan, size_t digits, unsigned least, unsigned most)
{
    uint64_t value = 0;
    struct mes_str text = mes_str_cut(scan->rest, 0, digits);
    bool is_number = text.size == digits && mes_str_to_uint(text, most, &value) && value >= least;
    scan->is_bad = scan->is_bad || !is_number;
    scan->rest = mes_str_skip(scan->rest, digits);
    return (unsigned)value;
}

static bool follows(const struct scan *scan, const char *signs)
{
    for (const char *at = signs; *at != '\0'; at++)
        if (scan->rest.size > 0 && scan->rest.data[0] == *at)
            return true;
    return false;
}

static void skip(struct scan *scan, const char *signs)
{
    scan->is_bad = scan->is_bad || !follows(scan, signs);
    scan->rest = mes_str_skip(scan->rest, 1);
}

static int64_t date_ms(struct scan *scan)
{
    struct mes_date date = {.year = number(scan, 4, 1970, 9999)};
    skip(scan, "-");
    date.month = number(scan, 2, 1, 12);
    skip(scan, "-");
    date.day = number(scan, 2, 1, 31);
    if (scan->is_bad || date.day > mes_calendar_month_days(date.year, date.month)) {
        scan->is_bad = true;
        return 0;
    }
    return mes_calendar_days(date) * MES_DAY_MS;
}

/* Digits behind the first three count for nothing. */
static int64_t fraction_ms(struct scan *scan)
{
    int64_t value = 0, unit = 100;
    skip(scan, ".,");
    scan->is_bad = scan->is_bad || !follows(scan, "0123456789");
    for (; follows(scan, "0123456789"); unit /= 10) {
        value += (scan->rest.data[0] - '0') * unit;
        scan->rest = mes_str_skip(scan->rest, 1);
    }
    return value;
}

/* A leap second counts as the second behind it. */
static int64_t time_ms(struct scan *scan, bool *has_seconds_out)
{
    int64_t ms = (int64_t)number(scan, 2, 0, 23) * 60 * MES_MINUTE_MS;
    skip(scan, ":");
    ms += (int64_t)number(scan, 2, 0, 59) * MES_MINUTE_MS;
    *has_seconds_out = follows(scan, ":");
    if (!*has_seconds_out)
        return ms;
    skip(scan, ":");
    ms += (int64_t)number(scan, 2, 0, 60) * 1000;
    return follows(scan, ".,") ? ms + fraction_ms(scan) : ms;
}

static int64_t offset_ms(struct scan *scan)
{
    if (follows(scan, "Zz")) {
        skip(scan, "Zz");
        return 0;
    }
    bool is_west = follows(scan, "-");
    skip(scan, "+-");
    int64_t ms = (int64_t)number(scan, 2, 0, 23) * 60 * MES_MINUTE_MS;
    skip(scan, ":");
    ms += (int64_t)number(scan, 2, 0, 59) * MES_MINUTE_MS;
    return is_west ? -ms : ms;
}

int mes_api_moment_parse(struct mes_str text, const struct mes_zone *zone, int64_t *ms_out,
                         enum mes_zone_local *local_out, struct mes_error *error)
{
    struct scan scan = {.rest = text};
    bool has_seconds;
    int64_t ms = date_ms(&scan);
    skip(&scan, "Tt ");
    ms += time_ms(&scan, &has_seconds);
    bool is_local = scan.rest.size == 0;
    if (!is_local)
        ms -= offset_ms(&scan);
    if (scan.is_bad || scan.rest.size > 0 || (!is_local && !has_seconds) || ms < 0)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_moment, MES_ARGS(MES_TEXT(text)));
    if (is_local && zone == NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_moment_zone, MES_ARGS(MES_TEXT(text)));
    *local_out = MES_ZONE_ONCE;
    if (is_local)
        *local_out = mes_zone_to_utc(zone, ms, &ms);
    *ms_out = ms;
    return 0;
}

static char *put(char *out, unsigned value, unsigned digits, char behind)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    out[digits] = behind;
    return out + digits + 1;
}

struct mes_str mes_api_moment_text(char out[MES_API_MOMENT_SPACE], int64_t ms)
{
    int64_t days = ms / MES_DAY_MS - (ms % MES_DAY_MS < 0);
    unsigned rest = (unsigned)(ms - days * MES_DAY_MS);
    struct mes_date date = mes_calendar_date(days);
    char *at = put(out, (unsigned)date.year, 4, '-');
    at = put(at, date.month, 2, '-');
    at = put(at, date.day, 2, 'T');
    at = put(at, rest / 3600000, 2, ':');
    at = put(at, rest / 60000 % 60, 2, ':');
    at = put(at, rest / 1000 % 60, 2, '.');
    at = put(at, rest % 1000, 3, 'Z');
    *at = '\0';
    return mes_str_make(out, (size_t)(at - out));
}
