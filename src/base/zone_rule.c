#include "base/zone_rule.h"

#include "base/calendar.h"

enum { DAY_SECONDS = 24 * 60 * 60, CHANGE_USUAL = 2 * 60 * 60, SUMMER_USUAL = 60 * 60 };

struct reader {
    struct mes_str text;
    size_t at;
};

static char peek(const struct reader *reader)
{
    return reader->at < reader->text.size ? reader->text.data[reader->at] : '\0';
}

static bool take(struct reader *reader, char c)
{
    if (peek(reader) != c || c == '\0')
        return false;
    reader->at++;
    return true;
}

/* 1 to 3 digits. */
static bool read_number(struct reader *reader, unsigned least, unsigned most, unsigned *number_out)
{
    size_t start = reader->at;
    uint64_t number;
    while (reader->at - start < 3 && peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
    if (!mes_str_to_uint(mes_str_cut(reader->text, start, reader->at - start), most, &number) ||
        number < least)
        return false;
    *number_out = (unsigned)number;
    return true;
}

/* "CET" or "<+0330>": only passed over. */
static bool read_name(struct reader *reader)
{
    size_t start = reader->at;
    bool is_quoted = take(reader, '<');
    for (char c = peek(reader); c != '\0'; c = peek(reader)) {
        bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
        bool is_sign = is_quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-');
        if (!is_letter && !is_sign)
            break;
        reader->at++;
    }
    return (!is_quoted || take(reader, '>')) && reader->at - start >= 3;
}

/* [+|-]hh[:mm[:ss]] */
static bool read_time(struct reader *reader, unsigned most_hours, int32_t *seconds_out)
{
    bool is_minus = take(reader, '-');
    unsigned hours, minutes = 0, seconds = 0;
    if (!is_minus)
        (void)take(reader, '+');
    if (!read_number(reader, 0, most_hours, &hours))
        return false;
    if (take(reader, ':') && !read_number(reader, 0, 59, &minutes))
        return false;
    if (take(reader, ':') && !read_number(reader, 0, 59, &seconds))
        return false;
    int32_t total = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *seconds_out = is_minus ? -total : total;
    return true;
}

static bool read_day(struct reader *reader, struct mes_zone_change *change)
{
    if (take(reader, 'M')) {
        change->kind = MES_ZONE_DAY_OF_WEEK;
        return read_number(reader, 1, 12, &change->month) && take(reader, '.') &&
               read_number(reader, 1, 5, &change->week) && take(reader, '.') &&
               read_number(reader, 0, 6, &change->day);
    }
    bool is_julian = take(reader, 'J');
    change->kind = is_julian ? MES_ZONE_DAY_NO_LEAP : MES_ZONE_DAY_OF_YEAR;
    return read_number(reader, is_julian ? 1 : 0, 365, &change->day);
}

static bool read_change(struct reader *reader, struct mes_zone_change *change)
{
    change->seconds = CHANGE_USUAL;
    return take(reader, ',') && read_day(reader, change) &&
           (!take(reader, '/') || read_time(reader, 167, &change->seconds));
}

/* West is positive in these texts. */
static bool read_offset(struct reader *reader, int32_t *offset_out)
{
    int32_t west;
    if (!read_time(reader, 24, &west))
        return false;
    *offset_out = -west;
    return true;
}

bool mes_zone_rule_parse(struct mes_str text, struct mes_zone_rule *rule_out)
{
    struct reader reader = {.text = text};
    *rule_out = (struct mes_zone_rule){0};
    if (!read_name(&reader) || !read_offset(&reader, &rule_out->standard))
        return false;
    if (reader.at == text.size)
        return true;
    rule_out->has_summer = true;
    rule_out->summer = rule_out->standard + SUMMER_USUAL;
    if (!read_name(&reader) || (peek(&reader) != ',' && !read_offset(&reader, &rule_out->summer)))
        return false;
    return read_change(&reader, &rule_out->begin) && read_change(&reader, &rule_out->end) &&
           reader.at == text.size;
}

/* In days since 1970. */
static int64_t day_of_week(int64_t year, const struct mes_zone_change *change)
{
    int64_t first = mes_calendar_days((struct mes_date){year, change->month, 1});
    unsigned day = (change->day + 7 - mes_calendar_weekday(first)) % 7 + 7 * (change->week - 1);
    if (day >= mes_calendar_month_days(year, change->month))
        day -= 7;
    return first + day;
}

/* When the change happens, by the clock that is in force before it. */
static int64_t change_in(int64_t year, const struct mes_zone_change *change)
{
    int64_t new_year = mes_calendar_days((struct mes_date){year, 1, 1});
    int64_t day = new_year + change->day;
    if (change->kind == MES_ZONE_DAY_OF_WEEK)
        day = day_of_week(year, change);
    else if (change->kind == MES_ZONE_DAY_NO_LEAP && !(mes_calendar_is_leap(year) && change->day >= 60))
        day--;
    return day * DAY_SECONDS + change->seconds;
}

static int64_t year_of(int64_t seconds)
{
    return mes_calendar_date(seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0)).year;
}

int32_t mes_zone_rule_offset(const struct mes_zone_rule *rule, int64_t utc)
{
    if (!rule->has_summer)
        return rule->standard;
    int64_t year = year_of(utc + rule->standard);
    int64_t begin = change_in(year, &rule->begin) - rule->standard;
    int64_t end = change_in(year, &rule->end) - rule->summer;
    /* In the south, summer lies around the new year. */
    bool is_summer = begin < end ? utc >= begin && utc < end : utc < end || utc >= begin;
    return is_summer ? rule->summer : rule->standard;
}
