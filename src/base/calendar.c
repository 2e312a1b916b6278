#include "base/calendar.h"

enum { DAYS_IN_400_YEARS = 146097, DAYS_TO_1970 = 719162 /* from 0001-01-01 */ };

static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

bool mes_calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned mes_calendar_month_days(int64_t year, unsigned month)
{
    if (month == 2)
        return mes_calendar_is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int64_t days_before_year(int64_t year)
{
    int64_t whole = year - 1;
    return 365 * whole + floor_divide(whole, 4) - floor_divide(whole, 100) + floor_divide(whole, 400) -
           DAYS_TO_1970;
}

int64_t mes_calendar_days(struct mes_date date)
{
    int64_t leap_day = date.month > 2 && mes_calendar_is_leap(date.year);
    return days_before_year(date.year) + days_before[date.month - 1] + leap_day + date.day - 1;
}

struct mes_date mes_calendar_date(int64_t days)
{
    /* Never too late, and at most one year too early. */
    int64_t since_1 = days + DAYS_TO_1970;
    int64_t spans = floor_divide(since_1, DAYS_IN_400_YEARS);
    int64_t year = spans * 400 + (since_1 - spans * DAYS_IN_400_YEARS) / 366 + 1;
    while (days_before_year(year + 1) <= days)
        year++;
    unsigned month = 12;
    int64_t day = 0;
    while ((day = days - mes_calendar_days((struct mes_date){year, month, 1})) < 0)
        month--;
    return (struct mes_date){year, month, (unsigned)day + 1};
}

unsigned mes_calendar_weekday(int64_t days)
{
    int64_t since_sunday = days + 4; /* 1970 began on a Thursday */
    return (unsigned)(since_sunday - 7 * floor_divide(since_sunday, 7));
}
