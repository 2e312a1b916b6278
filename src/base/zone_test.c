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
#include "base/file.h"
#include "base/zone.h"
#include "base/zone_rule.h"

static int64_t at(int64_t year, unsigned month, unsigned day, int hour, int minute)
{
    return mes_calendar_days((struct mes_date){year, month, day}) * 86400 + hour * 3600 + minute * 60;
}

/* In milliseconds, as zones have it. */
static int64_t ms(int64_t year, unsigned month, unsigned day, int hour, int minute)
{
    return at(year, month, day, hour, minute) * 1000;
}

static struct mes_zone *zone_named(const char *name)
{
    struct mes_zone *zone;
    struct mes_error error = {0};
    char text[256];
    if (mes_zone_load(name, &zone, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    return zone;
}

static void every_day_of_eight_centuries_comes_back(void **state)
{
    int64_t days = mes_calendar_days((struct mes_date){1600, 1, 1});
    (void)state;
    assert_int_equal(mes_calendar_days((struct mes_date){1970, 1, 1}), 0);
    assert_int_equal(mes_calendar_weekday(0), 4);
    assert_int_equal(mes_calendar_weekday(-4), 0);
    for (int64_t year = 1600; year < 2400; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; day <= mes_calendar_month_days(year, month); day++, days++) {
                struct mes_date date = mes_calendar_date(days);
                assert_int_equal(mes_calendar_days((struct mes_date){year, month, day}), days);
                assert_true(date.year == year && date.month == month && date.day == day);
            }
    assert_int_equal(days, mes_calendar_days((struct mes_date){2400, 1, 1}));
    for (int64_t far = -3000000; far < 3000000; far += 997)
        assert_int_equal(mes_calendar_days(mes_calendar_date(far)), far);
}

static void clocks_go_forward_and_back(void **state)
{
    struct mes_zone *zone = zone_named("Europe/London");
    int64_t utc;
    (void)state;
    assert_int_equal(mes_zone_offset(zone, ms(2026, 3, 29, 1, 0) - 1), 0);
    assert_int_equal(mes_zone_offset(zone, ms(2026, 3, 29, 1, 0)), 3600);
    assert_int_equal(mes_zone_to_utc(zone, ms(2026, 3, 29, 1, 0) - 1, &utc), MES_ZONE_ONCE);
    assert_int_equal(utc, ms(2026, 3, 29, 1, 0) - 1);
    assert_int_equal(mes_zone_to_utc(zone, ms(2026, 3, 29, 1, 30), &utc), MES_ZONE_GAP);
    assert_int_equal(utc, ms(2026, 3, 29, 1, 0));
    assert_int_equal(mes_zone_to_utc(zone, ms(2026, 3, 29, 2, 0), &utc), MES_ZONE_ONCE);
    assert_int_equal(utc, ms(2026, 3, 29, 1, 0));
    assert_int_equal(mes_zone_to_utc(zone, ms(2026, 10, 25, 1, 30), &utc), MES_ZONE_TWICE);
    assert_int_equal(utc, ms(2026, 10, 25, 0, 30));
    assert_int_equal(mes_zone_to_utc(zone, ms(2026, 10, 25, 2, 0) + 7, &utc), MES_ZONE_ONCE);
    assert_int_equal(utc, ms(2026, 10, 25, 2, 0) + 7);
    /* Far behind the last change in the file: by its rule. */
    assert_int_equal(mes_zone_to_utc(zone, ms(2999, 7, 1, 12, 0), &utc), MES_ZONE_ONCE);
    assert_int_equal(utc, ms(2999, 7, 1, 11, 0));
    mes_zone_free(&zone);
}

static void odd_zones_are_right_too(void **state)
{
    static const struct {
        const char *name;
        int64_t utc;
        int32_t offset;
    } rows[] = {
        {"Asia/Hong_Kong", 1795000000, 28800},
        {"Asia/Hong_Kong", -300000000, 32400}, /* had summer time in 1960 */
        {"Asia/Kathmandu", 1795000000, 20700},
        {"Australia/Lord_Howe", 1784000000, 37800},
        {"Australia/Lord_Howe", 1798000000, 39600},
        {"America/Nuuk", 1784000000, -3600},
        {"Africa/Monrovia", -2000000000, -2588},
        {"UTC", 0, 0},
        {"Etc/GMT+5", 1795000000, -18000},
    };
    int64_t utc;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mes_zone *zone = zone_named(rows[i].name);
        assert_int_equal(mes_zone_offset(zone, rows[i].utc * 1000), rows[i].offset);
        mes_zone_free(&zone);
    }
    /* Samoa left out a whole day. */
    struct mes_zone *apia = zone_named("Pacific/Apia");
    assert_int_equal(mes_zone_to_utc(apia, ms(2011, 12, 30, 12, 0), &utc), MES_ZONE_GAP);
    assert_int_equal(utc, ms(2011, 12, 30, 10, 0));
    mes_zone_free(&apia);
}

static void compare_with_c_library(const char *name)
{
    struct mes_zone *zone = zone_named(name);
    char variable[160];
    int64_t back;
    (void)snprintf(variable, sizeof variable, ":%s", name);
    assert_int_equal(setenv("TZ", variable, 1), 0);
    tzset();
    for (int64_t utc = at(1880, 1, 1, 0, 0); utc < at(2110, 1, 1, 0, 0); utc += 19 * 86400 + 12345) {
        time_t moment = (time_t)utc;
        struct tm tm;
        assert_non_null(localtime_r(&moment, &tm));
        int offset = mes_zone_offset(zone, utc * 1000);
        if (offset != tm.tm_gmtoff)
            fail_msg("%s at %lld: %d, C library %ld", name, (long long)utc, offset, tm.tm_gmtoff);
        enum mes_zone_local local = mes_zone_to_utc(zone, (utc + offset) * 1000, &back);
        assert_true(back == utc * 1000 || (local == MES_ZONE_TWICE && back < utc * 1000));
    }
    mes_zone_free(&zone);
}

static void all_zones_agree_with_the_c_library(void **state)
{
    struct mes_buf table;
    struct mes_str line, rest;
    size_t count = 0;
    (void)state;
    mes_buf_init(&table, 1024 * 1024);
    assert_int_equal(mes_file_read("/usr/share/zoneinfo/zone1970.tab", &table, NULL), 0);
    rest = mes_buf_str(&table);
    while (mes_str_next(&rest, '\n', &line)) {
        struct mes_str column;
        char name[128];
        if (line.size == 0 || line.data[0] == '#')
            continue;
        for (int i = 0; i < 3; i++)
            assert_true(mes_str_next(&line, '\t', &column));
        (void)snprintf(name, sizeof name, "%.*s", MES_STR_ARGS(column));
        compare_with_c_library(name);
        count++;
    }
    assert_true(count > 300);
    mes_buf_fini(&table);
    unsetenv("TZ");
    tzset();
}

static void rules_are_read_to_the_letter(void **state)
{
    static const char *const bad[] = {"",
                                      "C",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-25",
                                      "<+1>",
                                      "<+01",
                                      "CET-1x",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1:60",
                                      "AAA0BBB,M3.6.0,M10.5.0",
                                      "AAA0BBB,M3.5.7,M10.5.0",
                                      "AAA0BBB,J0,J1",
                                      "AAA0BBB,366,1",
                                      "AAA0BBB,1/168,2",
                                      "AAA0BBB,1,2 ",
                                      "AAA0BBB,1,2,3"};
    struct mes_zone_rule rule;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mes_zone_rule_parse(mes_str_of(bad[i]), &rule))
            fail_msg("%s was taken", bad[i]);
    assert_true(mes_zone_rule_parse(MES_STR("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), &rule));
    assert_int_equal(mes_zone_rule_offset(&rule, at(2026, 1, 1, 0, 0)), 39600);
    assert_int_equal(mes_zone_rule_offset(&rule, at(2026, 7, 1, 0, 0)), 37800);
    /* RFC 8536 3.3.1: summer time all year long. */
    assert_true(mes_zone_rule_parse(MES_STR("EST5EDT,0/0,J365/25"), &rule));
    for (int day = 0; day < 800; day++)
        assert_int_equal(mes_zone_rule_offset(&rule, at(2023, 1, 2, day * 24, 0)), -14400);
    assert_true(mes_zone_rule_parse(MES_STR("AAA0BBB,J60/0,59/0"), &rule));
    assert_int_equal(mes_zone_rule_offset(&rule, at(2024, 3, 1, 0, 0)), 3600);
    assert_int_equal(mes_zone_rule_offset(&rule, at(2024, 2, 28, 22, 59)), 3600);
    assert_int_equal(mes_zone_rule_offset(&rule, at(2024, 2, 29, 12, 0)), 0);
    assert_true(mes_zone_rule_parse(MES_STR("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &rule));
    assert_int_equal(mes_zone_rule_offset(&rule, at(2026, 3, 29, 0, 59)), -7200);
    assert_int_equal(mes_zone_rule_offset(&rule, at(2026, 3, 29, 1, 0)), -3600);
}

static void names_stay_below_the_folder(void **state)
{
    static const char *const bad[] = {
        "",      "/etc/passwd", "../../../etc/passwd", "Asia/../UTC", "Asia",
        "Asia/", "a//b",        "Asia/Hong Kong",      "Mars/Base",   "zone1970.tab",
        ".",     "tzdata.zi",   "Asia/Hong_Kong\n",    "leap-seconds"};
    struct mes_zone *zone;
    struct mes_error error;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mes_zone_load(bad[i], &zone, &error), MES_E_NOT_FOUND);
        assert_int_equal(error.sentence, MES_ERROR_ZONE);
        assert_null(zone);
    }
}

static void a_cut_file_is_refused(void **state)
{
    struct mes_buf bytes;
    struct mes_zone *zone;
    (void)state;
    mes_buf_init(&bytes, 1024 * 1024);
    assert_int_equal(mes_file_read("/usr/share/zoneinfo/Europe/London", &bytes, NULL), 0);
    for (size_t size = 0; size < bytes.size; size++) {
        char *cut = mes_copy(bytes.data, size);
        assert_non_null(cut);
        assert_int_equal(mes_zone_parse("cut", mes_str_make(cut, size), &zone, NULL), MES_E_INPUT);
        assert_null(zone);
        mes_free(cut);
    }
    assert_int_equal(mes_zone_parse("whole", mes_buf_str(&bytes), &zone, NULL), 0);
    mes_zone_free(&zone);
    mes_buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_eight_centuries_comes_back),
        cmocka_unit_test(clocks_go_forward_and_back),
        cmocka_unit_test(odd_zones_are_right_too),
        cmocka_unit_test(all_zones_agree_with_the_c_library),
        cmocka_unit_test(rules_are_read_to_the_letter),
        cmocka_unit_test(names_stay_below_the_folder),
        cmocka_unit_test(a_cut_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
