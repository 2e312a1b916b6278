/* The Gregorian calendar in days since 1970, for any year. */
#ifndef MES_BASE_CALENDAR_H
#define MES_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct mes_date {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

bool mes_calendar_is_leap(int64_t year);
/* 28 to 31; `month` from 1 to 12. */
unsigned mes_calendar_month_days(int64_t year, unsigned month);

/* Days from 1970-01-01 to a date that exists, and back. Years up to some 10^15 on either side. */
int64_t mes_calendar_days(struct mes_date date);
struct mes_date mes_calendar_date(int64_t days);

/* 0 = Sunday */
unsigned mes_calendar_weekday(int64_t days);

#endif
