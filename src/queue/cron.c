#include "queue/cron.h"

#include "base/calendar.h"
#include "base/error.h"
#include "i18n/say.h"

enum { MINUTE_MS = 60 * 1000, DAY_MINUTES = 24 * 60, NAME_SIZE = 3, LATEST_YEAR = 9999 };

static const int64_t day_ms = (int64_t)DAY_MINUTES * MINUTE_MS;

/* The expressions of the five fields, in their order. */
enum { FIELDS = 5 };
enum { DAY_FIELD = 2, MONTH_FIELD = 3, WEEKDAY_FIELD = 4 };

static const struct field {
    unsigned least, most;
    const char *names; /* three letters each, the first is `least` */
    int unknown;       /* the sentence about a value that is none */
} fields[FIELDS] = {
    {0, 59, "", MES_SAY_queue_cron_minute},
    {0, 23, "", MES_SAY_queue_cron_hour},
    {1, 31, "", MES_SAY_queue_cron_day},
    {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", MES_SAY_queue_cron_month},
    {0, 7, "SUNMONTUEWEDTHUFRISATSUN", MES_SAY_queue_cron_weekday},
};

/* Where the parser stands: what the sentences speak of. */
struct place {
    unsigned field;
    struct mes_str text; /* of the whole field */
    struct mes_error *error;
};

static int refuse(const struct place *place, int sentence, struct mes_str part)
{
    return mes_fail(place->error, MES_E_INPUT, sentence,
                    MES_ARGS(MES_TEXT(part), MES_NUMBER(place->field + 1)));
}

static bool read_name(const char *names, struct mes_str text, unsigned *place_out)
{
    struct mes_str all = mes_str_of(names);
    for (unsigned i = 0; text.size == NAME_SIZE && i * NAME_SIZE < all.size; i++)
        if (mes_str_eq_nocase(mes_str_cut(all, i * NAME_SIZE, NAME_SIZE), text)) {
            *place_out = i;
            return true;
        }
    return false;
}

static int read_value(const struct place *place, struct mes_str text, unsigned *value_out)
{
    const struct field *field = &fields[place->field];
    uint64_t number;
    unsigned index;
    if (read_name(field->names, text, &index)) {
        *value_out = field->least + index;
        return 0;
    }
    if (!mes_str_to_uint(text, field->most, &number) || number < field->least)
        return refuse(place, field->unknown, text);
    *value_out = (unsigned)number;
    return 0;
}

static int read_range(const struct place *place, struct mes_str text, unsigned *first_out, unsigned *last_out)
{
    struct mes_str first, last = text;
    int code = mes_str_next(&last, '-', &first) ? read_value(place, first, first_out) : MES_E_INPUT;
    *last_out = *first_out;
    if (code != 0 || last.data == NULL)
        return code;
    code = read_value(place, last, last_out);
    /* The week may also end with Sunday: "SAT-SUN". */
    if (code == 0 && place->field == WEEKDAY_FIELD && *last_out == 0 && *first_out > 0)
        *last_out = 7;
    if (code == 0 && *first_out > *last_out)
        return refuse(place, MES_SAY_queue_cron_backwards, text);
    return code;
}

static int read_step(const struct place *place, struct mes_str item, struct mes_str text, unsigned *step_out)
{
    const struct field *field = &fields[place->field];
    uint64_t number;
    if (!mes_str_to_uint(text, field->most - field->least, &number) || number == 0)
        return refuse(place, MES_SAY_queue_cron_step, item);
    *step_out = (unsigned)number;
    return 0;
}

/* One part of a list. */
static int read_item(const struct place *place, struct mes_str item, uint64_t *set)
{
    unsigned first = fields[place->field].least, last = fields[place->field].most, step = 1;
    struct mes_str range, rest = item;
    bool has_range = mes_str_next(&rest, '/', &range) && !mes_str_eq(range, MES_STR("*"));
    int code = has_range ? read_range(place, range, &first, &last) : 0;
    if (code == 0 && rest.data != NULL && has_range && mes_str_find(range, MES_STR("-"), 0) == SIZE_MAX)
        return refuse(place, MES_SAY_queue_cron_step_alone, item);
    if (code == 0 && rest.data != NULL)
        code = read_step(place, item, rest, &step);
    for (unsigned value = first; code == 0 && value <= last; value += step)
        *set |= UINT64_C(1) << value;
    return code;
}

/* `is_last_out` is not NULL where "L" may stand. */
static int read_field(const struct place *place, uint64_t *set_out, bool *is_last_out)
{
    struct mes_str item, rest = place->text;
    int code = 0;
    *set_out = 0;
    while (code == 0 && mes_str_next(&rest, ',', &item))
        if (is_last_out != NULL && mes_str_eq_nocase(item, MES_STR("L")))
            *is_last_out = true;
        else
            code = read_item(place, item, set_out);
    return code;
}

static uint32_t sundays_as_0(uint64_t weekdays)
{
    return (uint32_t)((weekdays | weekdays >> 7) & 0x7f);
}

int mes_cron_weekdays(struct mes_str text, uint32_t *weekdays_out, struct mes_error *error)
{
    struct place place = {.field = WEEKDAY_FIELD, .text = text, .error = error};
    uint64_t set;
    int code = read_field(&place, &set, NULL);
    *weekdays_out = code == 0 ? sundays_as_0(set) : 0;
    return code;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Parts the text at its blanks; returns how many parts there are, also beyond `most`. */
static size_t split(struct mes_str text, size_t most, struct mes_str *parts)
{
    size_t count = 0;
    for (size_t at = 0, start = 0; at <= text.size; at++) {
        if (at < text.size && !is_blank(text.data[at]))
            continue;
        if (at > start && count++ < most)
            parts[count - 1] = mes_str_cut(text, start, at - start);
        start = at + 1;
    }
    return count;
}

/* The latest day of the month that some chosen month ever has. */
static unsigned longest_month(uint32_t months)
{
    static const int64_t some_leap_year = 2000;
    unsigned longest = 0;
    for (unsigned month = 1; month <= 12; month++)
        if (months >> month & 1 && mes_calendar_month_days(some_leap_year, month) > longest)
            longest = mes_calendar_month_days(some_leap_year, month);
    return longest;
}

static int check_possible(const struct mes_cron *cron, const struct mes_str *parts, struct mes_error *error)
{
    uint32_t possible = cron->days & (uint32_t)((UINT64_C(2) << longest_month(cron->months)) - 1);
    if (possible != 0 || cron->last_day || !cron->both_days)
        return 0;
    return mes_fail(error, MES_E_INPUT, MES_SAY_queue_cron_never,
                    MES_ARGS(MES_TEXT(parts[DAY_FIELD]), MES_TEXT(parts[MONTH_FIELD])));
}

static int parse_fields(const struct mes_str *parts, struct mes_cron *cron, struct mes_error *error)
{
    uint64_t sets[FIELDS];
    for (unsigned i = 0; i < FIELDS; i++) {
        struct place place = {.field = i, .text = parts[i], .error = error};
        int code = read_field(&place, &sets[i], i == DAY_FIELD ? &cron->last_day : NULL);
        if (code != 0)
            return code;
    }
    cron->minutes = sets[0];
    cron->hours = (uint32_t)sets[1];
    cron->days = (uint32_t)sets[DAY_FIELD];
    cron->months = (uint32_t)sets[MONTH_FIELD];
    cron->weekdays = sundays_as_0(sets[WEEKDAY_FIELD]);
    cron->both_days = parts[DAY_FIELD].data[0] == '*' || parts[WEEKDAY_FIELD].data[0] == '*';
    return check_possible(cron, parts, error);
}

static const char *expression_of(struct mes_str nickname)
{
    static const char *const nicknames[][2] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
    };
    for (size_t i = 0; i < sizeof nicknames / sizeof nicknames[0]; i++)
        if (mes_str_eq_nocase(mes_str_of(nicknames[i][0]), nickname))
            return nicknames[i][1];
    return NULL;
}

int mes_cron_parse(struct mes_str text, struct mes_cron *cron_out, struct mes_error *error)
{
    struct mes_str parts[FIELDS];
    *cron_out = (struct mes_cron){0};
    text = mes_str_trim(text);
    if (text.size > MES_CRON_TEXT_MOST)
        return mes_fail(error, MES_E_INPUT, MES_SAY_queue_cron_long,
                        MES_ARGS(MES_NUMBER(MES_CRON_TEXT_MOST)));
    if (mes_str_starts(text, MES_STR("@"))) {
        const char *expression = expression_of(text);
        if (expression == NULL)
            return mes_fail(error, MES_E_INPUT, MES_SAY_queue_cron_nickname, MES_ARGS(MES_TEXT(text)));
        text = mes_str_of(expression);
    }
    size_t count = split(text, FIELDS, parts);
    if (count != FIELDS)
        return mes_fail(error, MES_E_INPUT, MES_SAY_queue_cron_fields,
                        MES_ARGS(MES_TEXT(text), MES_NUMBER((long long)count)));
    return parse_fields(parts, cron_out, error);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static bool fits_day(const struct mes_cron *cron, int64_t day)
{
    struct mes_date date = mes_calendar_date(day);
    bool is_last = date.day == mes_calendar_month_days(date.year, date.month);
    bool fits_date = (cron->days >> date.day & 1) != 0 || (cron->last_day && is_last);
    bool fits_weekday = (cron->weekdays >> mes_calendar_weekday(day) & 1) != 0;
    if ((cron->months >> date.month & 1) == 0)
        return false;
    return cron->both_days ? fits_date && fits_weekday : fits_date || fits_weekday;
}

/* The first fitting day from `day` on. There is one within 400 years, or the expression would not be
 * possible. */
static int64_t next_day(const struct mes_cron *cron, int64_t day)
{
    while (!fits_day(cron, day)) {
        struct mes_date date = mes_calendar_date(day);
        if ((cron->months >> date.month & 1) != 0)
            day++;
        else
            day += mes_calendar_month_days(date.year, date.month) - date.day + 1;
    }
    return day;
}

/* The first fitting minute of the day from `minute` on; DAY_MINUTES when there is none. */
static int64_t next_minute(const struct mes_cron *cron, int64_t minute)
{
    while (minute < DAY_MINUTES) {
        if ((cron->hours >> (minute / 60) & 1) == 0)
            minute += 60 - minute % 60;
        else if ((cron->minutes >> (minute % 60) & 1) == 0)
            minute++;
        else
            break;
    }
    return minute;
}

/* By the clock on the wall alone: the first fitting minute (since 1970) from `minute` on. */
static int64_t next_local(const struct mes_cron *cron, int64_t minute)
{
    for (;;) {
        int64_t day = floor_divide(minute, DAY_MINUTES);
        int64_t fitting = next_day(cron, day);
        int64_t in_day = next_minute(cron, fitting == day ? minute - day * DAY_MINUTES : 0);
        if (in_day < DAY_MINUTES)
            return fitting * DAY_MINUTES + in_day;
        minute = (fitting + 1) * DAY_MINUTES;
    }
}

static int64_t local_minute(const struct mes_zone *zone, int64_t utc_ms)
{
    return floor_divide(utc_ms + 1000 * (int64_t)mes_zone_offset(zone, utc_ms), MINUTE_MS);
}

/* Local times lead to moments that never go back, so the first that leads past `after` is the one. */
static int64_t next_by_the_wall(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after)
{
    int64_t minute = local_minute(zone, after), utc;
    do {
        minute = next_local(cron, minute + 1);
        (void)mes_zone_to_utc(zone, minute * MINUTE_MS, &utc);
    } while (utc <= after);
    return utc;
}

/* Every hour fits, so on a fitting day the next moment is less than an hour away. */
static int64_t next_by_the_hour(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after)
{
    int64_t utc = floor_divide(after, MINUTE_MS) * MINUTE_MS;
    for (;;) {
        int64_t start, minute, day;
        utc += MINUTE_MS;
        minute = local_minute(zone, utc);
        day = floor_divide(minute, DAY_MINUTES);
        if (!fits_day(cron, day)) {
            (void)mes_zone_to_utc(zone, next_day(cron, day + 1) * day_ms, &start);
            utc = (start > utc ? start : utc) - MINUTE_MS;
        } else if ((cron->minutes >> (minute - day * DAY_MINUTES) % 60 & 1) != 0) {
            return utc;
        }
    }
}

bool mes_cron_next(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after_ms,
                   int64_t *next_ms_out)
{
    static const struct mes_date end = {LATEST_YEAR + 1, 1, 1};
    int64_t latest = mes_calendar_days(end) * day_ms;
    if (after_ms >= latest)
        return false;
    if (after_ms < -latest)
        after_ms = -latest;
    *next_ms_out = cron->hours == MES_CRON_EVERY_HOUR ? next_by_the_hour(cron, zone, after_ms)
                                                      : next_by_the_wall(cron, zone, after_ms);
    return *next_ms_out < latest;
}

size_t mes_cron_list(const struct mes_cron *cron, const struct mes_zone *zone, int64_t after_ms, size_t most,
                     int64_t *times_out)
{
    size_t count = 0;
    while (count < most && mes_cron_next(cron, zone, after_ms, &times_out[count]))
        after_ms = times_out[count++];
    return count;
}
