#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/moment.h"

static void assert_moment(const char *text, const struct mes_zone *zone, const char *utc,
                          enum mes_zone_local expected)
{
    char shown[MES_API_MOMENT_SPACE];
    enum mes_zone_local local;
    int64_t ms;
    assert_int_equal(mes_api_moment_parse(mes_str_of(text), zone, &ms, &local, NULL), 0);
    assert_string_equal(mes_api_moment_text(shown, ms).data, utc);
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
    assert_moment("2026-12-01T09:00:00+08:00", NULL, "2026-12-01T01:00:00.000Z", MES_ZONE_ONCE);
    assert_moment("2024-02-29t23:59:60z", NULL, "2024-03-01T00:00:00.000Z", MES_ZONE_ONCE);
    assert_moment("1970-01-01 00:00:00.1239-05:30", NULL, "1970-01-01T05:30:00.123Z", MES_ZONE_ONCE);
    assert_moment("9999-12-31T23:59:59.999Z", NULL, "9999-12-31T23:59:59.999Z", MES_ZONE_ONCE);
}

static void local_times_are_read_in_their_zone(void **state)
{
    struct mes_zone *zone;
    (void)state;
    assert_int_equal(mes_zone_load("Europe/Berlin", &zone, NULL), 0);
    assert_moment("2026-07-01T09:00", zone, "2026-07-01T07:00:00.000Z", MES_ZONE_ONCE);
    assert_moment("2026-07-01T09:00:30.5", zone, "2026-07-01T07:00:30.500Z", MES_ZONE_ONCE);
    assert_moment("2026-03-29T02:30", zone, "2026-03-29T01:00:00.000Z", MES_ZONE_GAP);
    assert_moment("2026-10-25T02:30", zone, "2026-10-25T00:30:00.000Z", MES_ZONE_TWICE);
    assert_moment("2026-10-25T02:30:00+01:00", zone, "2026-10-25T01:30:00.000Z", MES_ZONE_ONCE);
    mes_zone_free(&zone);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "2026",
                                        "2026-13-01T00:00:00Z",
                                        "2026-00-01T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2026-04-31T00:00:00Z",
                                        "2026-12-01",
                                        "2026-12-01T",
                                        "2026-12-01T24:00:00Z",
                                        "2026-12-01T23:60:00Z",
                                        "2026-12-01T23:00:61Z",
                                        "2026-12-01T23:00Z",
                                        "2026-12-01T23:00:00",
                                        "2026-12-01T23:00:00.Z",
                                        "2026-12-01T23:00:00ZZ",
                                        "2026-12-01T23:00:00+8:00",
                                        "2026-12-01T23:00:00+0800",
                                        "2026-12-01T23:00:00+24:00",
                                        "+026-12-01T23:00:00Z",
                                        "1969-12-31T23:00:00Z",
                                        "1970-01-01T00:00:00+01:00",
                                        " 2026-12-01T23:00:00Z",
                                        "tomorrow"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i], NULL);
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
