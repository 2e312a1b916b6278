#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/parts.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static struct mes_zone *load(const char *name)
{
    struct mes_zone *zone;
    assert_int_equal(mes_zone_load(name, &zone, NULL), 0);
    return zone;
}

static void it_is_the_next_one_of_the_wall_clock(void **state)
{
    struct mes_zone *zone = load("Asia/Hong_Kong");
    const int64_t noon = 1795320000000; /* 2026-11-22 12:00 there */
    (void)state;
    assert_true(mes_daemon_next_backup(zone, 3 * 60 + 30, noon) == noon + 15 * HOUR + 30 * MINUTE);
    assert_true(mes_daemon_next_backup(zone, 12 * 60 + 1, noon) == noon + MINUTE);
    assert_true(mes_daemon_next_backup(zone, 12 * 60, noon) == noon + DAY);
    assert_true(mes_daemon_next_backup(zone, 12 * 60, noon - 1) == noon);
    mes_zone_free(&zone);
}

/* Where the clocks jump, there is one backup on that day all the same. */
static void a_day_of_23_or_25_hours_has_one(void **state)
{
    struct mes_zone *zone = load("Europe/Berlin");
    const int64_t gap = 1774746000000;     /* 2026-03-29 02:00 becomes 03:00 */
    const int64_t overlap = 1792890000000; /* 2026-10-25 03:00 becomes 02:00 */
    const int minute = 2 * 60 + 30;
    (void)state;
    int64_t at = mes_daemon_next_backup(zone, minute, gap - HOUR);
    assert_true(at == gap);
    assert_true(mes_daemon_next_backup(zone, minute, at) == gap - 30 * MINUTE + DAY);
    at = mes_daemon_next_backup(zone, minute, overlap - 2 * HOUR);
    assert_true(at == overlap - 30 * MINUTE);
    assert_true(mes_daemon_next_backup(zone, minute, at) == at + 25 * HOUR);
    mes_zone_free(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_next_one_of_the_wall_clock),
        cmocka_unit_test(a_day_of_23_or_25_hours_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
