#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/moment.h"
#include "base/instant.h"

static void assert_moment(const char *text, const struct mes_zone *zone, const char *utc,
                          enum mes_zone_local expected)
{
    char shown[MES_INSTANT_SPACE];
    enum mes_zone_local local;
    int64_t ms;
    assert_int_equal(mes_api_moment_parse(mes_str_of(text), zone, &ms, &local, NULL), 0);
    assert_string_equal(mes_instant_text(ms, shown), utc);
    assert_int_equal(local, expected);
}

static void assert_refused(const char *text, const struct mes_zone *zone)
{
    enum mes_zone_local local;
    int64_t ms;
    if (mes_api_moment_parse(mes_str_of(text), zone, &ms, &local, NULL) != MES_E_INPUT)
        fail_msg("%s was taken", text);
}

static void times_with_an_offset(void **state)
{
    (void)state;
    assert_moment("2026-12-01T09:00:00+08:00", NULL, "2026-12-01T01:00:00Z", MES_ZONE_ONCE);
}

static void local_times_are_read_in_their_zone(void **state)
{
    struct mes_zone *zone;
    (void)state;
    assert_int_equal(mes_zone_load("Europe/Berlin", &zone, NULL), 0);
    assert_moment("2026-07-01T09:00", zone, "2026-07-01T07:00:00Z", MES_ZONE_ONCE);
    assert_moment("2026-07-01T09:00:30.5", zone, "2026-07-01T07:00:30.500Z", MES_ZONE_ONCE);
    assert_moment("2026-03-29T02:30", zone, "2026-03-29T01:00:00Z", MES_ZONE_GAP);
    assert_moment("2026-10-25T02:30", zone, "2026-10-25T00:30:00Z", MES_ZONE_TWICE);
    assert_moment("2026-10-25T02:30:00+01:00", zone, "2026-10-25T01:30:00Z", MES_ZONE_ONCE);
    mes_zone_free(&zone);
}

static void what_is_no_time_is_refused(void **state)
{
    struct mes_zone *zone;
    (void)state;
    assert_int_equal(mes_zone_load("UTC", &zone, NULL), 0);
    assert_refused("tomorrow", zone);
    assert_refused("2026-02-29T00:00:00", zone);
    assert_refused("2026-12-01T23:00:00+8:00", zone);
    assert_refused("2026-12-01T23:00:00", NULL);
    mes_zone_free(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_with_an_offset),
        cmocka_unit_test(local_times_are_read_in_their_zone),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
