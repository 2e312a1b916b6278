#include "template/date.h"

#include <string.h>

enum { DAY = 86400 };

struct civil {
    int64_t year;
    unsigned month, day; /* from 1 */
    unsigned hour, minute, second;
    unsigned weekday;  /* 0 = Sunday */
    unsigned year_day; /* from 1 */
    int32_t offset;
};

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970 of the first of January; `year` from -398. */
static int64_t days_before_year(int64_t year)
{
    int64_t y = year + 399; /* 400 years more, so that nothing below is negative */
    return y * 365 + y / 4 - y / 100 + y / 400 - 146097 - 719162;
}

static struct civil civil_of(int64_t seconds)
{
    int64_t days = seconds / DAY - (seconds % DAY < 0);
    unsigned rest = (unsigned)(seconds - days * DAY);
    int64_t year = 1970 + days / 366;
    while (days_before_year(year + 1) <= days)
        year++;
    while (days_before_year(year) > days)
        year--;
    unsigned day = (unsigned)(days - days_before_year(year));
    struct civil civil = {.year = year, .month = 1, .year_day = day + 1};
    while (day >= days_in(year, civil.month))
        day -= days_in(year, civil.month++);
    civil.day = day + 1;
    civil.hour = rest / 3600;
    civil.minute = rest / 60 % 60;
    civil.second = rest % 60;
    civil.weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
    return civil;
}

/* `count` digits at `*at`, at most `most`. */
static bool read_digits(struct mes_str text, size_t *at, size_t count, uint64_t most, unsigned *value_out)
{
    uint64_t value;
    struct mes_str digits = mes_str_cut(text, *at, count);
    if (digits.size != count || !mes_str_to_uint(digits, most, &value))
        return false;
    *at += count;
    *value_out = (unsigned)value;
    return true;
}

static bool read_char(struct mes_str text, size_t *at, const char *set)
{
    if (*at >= text.size || text.data[*at] == '\0' || strchr(set, text.data[*at]) == NULL)
        return false;
    ++*at;
    return true;
}

bool mes_template_date_parse_zone(struct mes_str text, int32_t *offset_out)
{
    unsigned hours = 0, minutes = 0;
    size_t at = 1;
    *offset_out = 0;
    if (mes_str_eq_nocase(text, MES_STR("Z")) || mes_str_eq_nocase(text, MES_STR("UTC")))
        return true;
    if (text.size == 0 || (text.data[0] != '+' && text.data[0] != '-') ||
        !read_digits(text, &at, 2, 23, &hours))
        return false;
    (void)read_char(text, &at, ":");
    if (at < text.size && !read_digits(text, &at, 2, 59, &minutes))
        return false;
    *offset_out = (int32_t)(hours * 3600 + minutes * 60) * (text.data[0] == '-' ? -1 : 1);
    return at == text.size;
}

static bool read_day(struct mes_str text, size_t *at, int64_t *days_out)
{
    unsigned year, month, day;
    if (!read_digits(text, at, 4, 9999, &year) || !read_char(text, at, "-/") ||
        !read_digits(text, at, 2, 12, &month) || !read_char(text, at, "-/") ||
        !read_digits(text, at, 2, 31, &day))
        return false;
    if (year == 0 || month == 0 || day == 0 || day > days_in(year, month))
        return false;
    *days_out = days_before_year(year) + day - 1;
    for (unsigned m = 1; m < month; m++)
        *days_out += days_in(year, m);
    return true;
}

/* "09:30", "09:30:15", "09:30:15.25"; a leap second counts as the next one. */
static bool read_time(struct mes_str text, size_t *at, unsigned *seconds_out)
{
    unsigned hour, minute, second = 0, fraction;
    if (!read_digits(text, at, 2, 23, &hour) || !read_char(text, at, ":") ||
        !read_digits(text, at, 2, 59, &minute))
        return false;
    if (read_char(text, at, ":") && !read_digits(text, at, 2, 60, &second))
        return false;
    if (read_char(text, at, ".") && !read_digits(text, at, 1, 9, &fraction))
        return false;
    while (read_char(text, at, "0123456789"))
        continue;
    *seconds_out = hour * 3600 + minute * 60 + second;
    return true;
}

/* 20261122, or seconds (9 digits and more) or milliseconds (13) since 1970. */
static bool parse_digits(struct mes_str text, struct mes_template_date *date_out)
{
    uint64_t value;
    if (text.size < 8 || text.size > 13 || !mes_str_to_uint(text, UINT64_MAX, &value))
        return false;
    if (text.size == 8) {
        char dashed[] = {text.data[0], text.data[1], text.data[2], text.data[3], '-',
                         text.data[4], text.data[5], '-',          text.data[6], text.data[7]};
        size_t at = 0;
        int64_t days;
        if (!read_day(mes_str_make(dashed, sizeof dashed), &at, &days))
            return false;
        *date_out = (struct mes_template_date){days * DAY, true};
        return true;
    }
    *date_out = (struct mes_template_date){(int64_t)(text.size == 13 ? value / 1000 : value), false};
    return true;
}

bool mes_template_date_parse(struct mes_str text, struct mes_template_date *date_out)
{
    int64_t days;
    unsigned seconds = 0;
    int32_t offset;
    size_t at = 0;
    text = mes_str_trim(text);
    if (parse_digits(text, date_out))
        return true;
    if (!read_day(text, &at, &days))
        return false;
    if (read_char(text, &at, "T t") && !read_time(text, &at, &seconds))
        return false;
    *date_out = (struct mes_template_date){days * DAY + seconds, at == text.size};
    if (date_out->is_local)
        return true;
    if (!mes_template_date_parse_zone(mes_str_trim(mes_str_skip(text, at)), &offset))
        return false;
    date_out->seconds -= offset;
    return true;
}

bool mes_template_date_may_format(struct mes_str format)
{
    for (size_t at = 0; at < format.size; at++) {
        if (format.data[at] != '%')
            continue;
        at++;
        (void)read_char(format, &at, "-");
        if (!read_char(format, &at, "YymdeHIMSpjBbAaz%"))
            return false;
        at--;
    }
    return true;
}

static void add_offset(struct mes_buf *out, int32_t offset)
{
    unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;
    mes_buf_add_format(out, "%c%02u:%02u", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void add_name(struct mes_buf *out, char what, const struct civil *civil)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    const char *name = what == 'B' || what == 'b' ? months[civil->month - 1] : days[civil->weekday];
    if (what == 'b' || what == 'a')
        mes_buf_add(out, name, 3);
    else
        mes_buf_add_text(out, name);
}

static void add_part(struct mes_buf *out, char what, bool is_bare, const struct civil *civil)
{
    const struct {
        char what;
        int width;
        unsigned value;
    } numbers[] = {
        {'Y', 4, (unsigned)civil->year},
        {'y', 2, (unsigned)(civil->year % 100)},
        {'m', 2, civil->month},
        {'d', 2, civil->day},
        {'e', 1, civil->day},
        {'H', 2, civil->hour},
        {'I', 2, (civil->hour + 11) % 12 + 1},
        {'M', 2, civil->minute},
        {'S', 2, civil->second},
        {'j', 3, civil->year_day},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].what == what)
            mes_buf_add_format(out, "%0*u", is_bare ? 1 : numbers[i].width, numbers[i].value);
    if (what == 'p')
        mes_buf_add_text(out, civil->hour < 12 ? "AM" : "PM");
    else if (what == 'z')
        add_offset(out, civil->offset);
    else if (what == '%')
        mes_buf_add_char(out, '%');
    else if (strchr("BbAa", what) != NULL)
        add_name(out, what, civil);
}

void mes_template_date_write(const struct mes_template_date *date, struct mes_str format,
                             const struct mes_template_zone *zone, struct mes_buf *out)
{
    int32_t offset = zone->utc_offset != NULL ? zone->utc_offset(zone->zone, date->seconds) : 0;
    struct civil civil = civil_of(date->seconds + (date->is_local ? 0 : offset));
    civil.offset = offset;
    for (size_t at = 0; at < format.size; at++) {
        if (format.data[at] != '%') {
            mes_buf_add_char(out, format.data[at]);
            continue;
        }
        bool is_bare = mes_str_starts(mes_str_skip(format, at + 1), MES_STR("-"));
        at += is_bare ? 2 : 1;
        if (at < format.size)
            add_part(out, format.data[at], is_bare, &civil);
    }
}
