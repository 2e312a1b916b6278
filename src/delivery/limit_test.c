#include "delivery/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"
#include "delivery/memory_ram.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
/* 2026-11-22 02:00:00 UTC, 10:00 in Hong Kong */
#define NOW INT64_C(1795312800000)

static void take_all(struct mes_limit *limit, const struct mes_limit_rules *rules, int64_t now)
{
    for (int i = 0; i < 100000 && mes_limit_ready_at(limit, rules, 1, false, now) == 0; i++)
        mes_limit_take(limit, rules, 1, now);
}

static void without_rules_nothing_waits(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {0};
    mes_limit_take(&limit, &rules, 4000000000U, NOW);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1000000, true, NOW), 0);
}

/* Takes as fast as it may for a while and checks every window of `length` by brute force. */
static void check_never_exceeded(const struct mes_limit_rules *rules, int64_t length, uint32_t most,
                                 int64_t step)
{
    enum { TAKES = 400 };
    static int64_t taken[TAKES];
    struct mes_limit limit = {0};
    int64_t now = NOW + 1234;
    for (int i = 0; i < TAKES; i++) {
        int64_t ready_at = mes_limit_ready_at(&limit, rules, 1, false, now);
        if (ready_at != 0) {
            assert_true(ready_at > now);
            now = ready_at;
            assert_int_equal(mes_limit_ready_at(&limit, rules, 1, false, now), 0);
        }
        mes_limit_take(&limit, rules, 1, now);
        taken[i] = now;
        now += step;
        if (i >= (int)most)
            assert_true(taken[i] - taken[i - (int)most] >= length);
    }
    /* Not slower than one slot a window. */
    assert_true(taken[TAKES - 1] - taken[0] <= (TAKES / most + 1) * (length + length / 10));
}

static void no_window_is_ever_exceeded(void **state)
{
    (void)state;
    check_never_exceeded(&(struct mes_limit_rules){.per_minute = 10}, MINUTE, 10, 1);
    check_never_exceeded(&(struct mes_limit_rules){.per_minute = 7}, MINUTE, 7, 3777);
    check_never_exceeded(&(struct mes_limit_rules){.per_hour = 30}, HOUR, 30, 1);
    check_never_exceeded(&(struct mes_limit_rules){.per_day = 100}, DAY, 100, 40 * SECOND);
}

static void the_tightest_rule_decides(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_minute = 5, .per_day = 5};
    take_all(&limit, &rules, NOW);
    assert_true(mes_limit_ready_at(&limit, &rules, 1, false, NOW) >= NOW + DAY);
}

static void bulk_leaves_the_reserve(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_day = 100, .reserve_percent = 10};
    mes_limit_take(&limit, &rules, 90, NOW);
    assert_int_not_equal(mes_limit_ready_at(&limit, &rules, 1, true, NOW), 0);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 10, false, NOW), 0);
    assert_int_not_equal(mes_limit_ready_at(&limit, &rules, 11, false, NOW), 0);
    /* A reserve never takes the only one away, unless it is all. */
    const struct mes_limit_rules tiny = {.per_minute = 1, .reserve_percent = 10};
    assert_int_equal(mes_limit_ready_at(&(struct mes_limit){0}, &tiny, 1, true, NOW), 0);
    const struct mes_limit_rules all = {.per_minute = 1, .reserve_percent = 100};
    assert_int_equal(mes_limit_ready_at(&(struct mes_limit){0}, &all, 1, true, NOW), INT64_MAX);
}

static void more_than_a_window_goes_when_it_is_empty(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_minute = 10};
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 50, false, NOW), 0);
    mes_limit_take(&limit, &rules, 1, NOW);
    assert_int_not_equal(mes_limit_ready_at(&limit, &rules, 50, false, NOW), 0);
}

static void given_back_is_free_again(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_minute = 10};
    mes_limit_take(&limit, &rules, 10, NOW);
    mes_limit_give_back(&limit, 4, NOW, NOW + 30 * SECOND);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 4, false, NOW + 30 * SECOND), 0);
    assert_int_not_equal(mes_limit_ready_at(&limit, &rules, 5, false, NOW + 30 * SECOND), 0);
    mes_limit_give_back(&limit, 400, NOW, NOW + 30 * SECOND);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 10, false, NOW + 30 * SECOND), 0);
}

static void a_clock_put_back_frees_nothing(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_minute = 10};
    mes_limit_take(&limit, &rules, 10, NOW);
    int64_t before = NOW - 10 * DAY;
    int64_t ready_at = mes_limit_ready_at(&limit, &rules, 1, false, before);
    assert_in_range(ready_at, before + 1, before + 66 * SECOND);
    mes_limit_take(&limit, &rules, 1, before);
    assert_int_not_equal(mes_limit_ready_at(&limit, &rules, 1, false, before + 30 * SECOND), 0);
}

static void counts_beyond_measure_are_no_less(void **state)
{
    (void)state;
    struct mes_limit limit = {0};
    const struct mes_limit_rules rules = {.per_hour = 10};
    int64_t now = NOW + 5 * MINUTE;
    mes_limit_take(&limit, &rules, 1U << 31, NOW); /* together 0 in 32 bits */
    mes_limit_take(&limit, &rules, 1U << 31, now);
    assert_in_range(mes_limit_ready_at(&limit, &rules, 1, false, now), now + HOUR, now + HOUR + 5 * MINUTE);
}

static struct mes_zone *zone(const char *name)
{
    struct mes_zone *loaded = NULL;
    assert_int_equal(mes_zone_load(name, &loaded, NULL), 0);
    return loaded;
}

static void the_day_ends_at_the_providers_midnight(void **state)
{
    (void)state;
    struct mes_zone *hong_kong = zone("Asia/Hong_Kong");
    const struct mes_limit_rules rules = {.per_day = 100, .zone = hong_kong};
    struct mes_limit limit = {0};
    take_all(&limit, &rules, NOW);
    int64_t midnight = NOW + 14 * HOUR; /* it is 10:00 there */
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1, false, NOW), midnight);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1, false, midnight - 1), midnight);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 100, false, midnight), 0);
    /* Put back by two days, the clock gives nothing back. */
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1, false, NOW - 2 * DAY), midnight - 2 * DAY);
    mes_zone_free(&hong_kong);
}

static void a_reset_later_in_the_day(void **state)
{
    (void)state;
    struct mes_zone *hong_kong = zone("Asia/Hong_Kong");
    const struct mes_limit_rules rules = {.per_day = 100, .zone = hong_kong, .reset_minute = 15 * 60 + 30};
    struct mes_limit limit = {0};
    take_all(&limit, &rules, NOW);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1, false, NOW), NOW + 5 * HOUR + 30 * MINUTE);
    mes_zone_free(&hong_kong);
}

static void the_day_follows_summer_time(void **state)
{
    (void)state;
    struct mes_zone *new_york = zone("America/New_York");
    const struct mes_limit_rules rules = {.per_day = 100, .zone = new_york};
    struct mes_limit limit = {0};
    /* 2026-11-01 04:30 UTC is 00:30 EDT; the clocks go back at 06:00 UTC, so that this day has 25 hours. */
    int64_t now = INT64_C(1793507400000);
    take_all(&limit, &rules, now);
    assert_int_equal(mes_limit_ready_at(&limit, &rules, 1, false, now), now - 30 * MINUTE + 25 * HOUR);
    mes_zone_free(&new_york);
}

static void a_used_up_quota_blocks_until_its_reset(void **state)
{
    (void)state;
    struct mes_zone *hong_kong = zone("Asia/Hong_Kong");
    const struct mes_limit_rules fixed = {.zone = hong_kong}, rolling = {0};
    struct mes_limit limit = {0};
    mes_limit_learn(&limit, &rolling, MES_LEARN_QUOTA_15_MINUTES, 0, NOW);
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW), NOW + 15 * MINUTE);
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW + 15 * MINUTE), 0);
    mes_limit_learn(&limit, &rolling, MES_LEARN_QUOTA_HOUR, 0, NOW);
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW), NOW + HOUR);
    mes_limit_learn(&limit, &fixed, MES_LEARN_QUOTA_DAY, 0, NOW);
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW), NOW + 14 * HOUR);
    mes_limit_learn(&limit, &rolling, MES_LEARN_QUOTA_15_MINUTES, 0, NOW); /* a shorter one frees nothing */
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW), NOW + 14 * HOUR);
    mes_limit_wake(&limit);
    assert_int_equal(mes_limit_ready_at(&limit, &rolling, 1, false, NOW), 0);
    mes_zone_free(&hong_kong);
}

static void B13_learned_recipients_and_connections_are_kept_and_forgotten(void **state)
{
    (void)state;
    const struct mes_limit_rules rules = {0};
    struct mes_limit limit = {0};
    assert_int_equal(mes_limit_recipients(&limit, NOW), 0);
    mes_limit_learn(&limit, &rules, MES_LEARN_RECIPIENTS, 50, NOW);
    mes_limit_learn(&limit, &rules, MES_LEARN_CONNECTIONS, 0, NOW);
    assert_int_equal(mes_limit_recipients(&limit, NOW + 29 * DAY), 50);
    assert_int_equal(mes_limit_recipients(&limit, NOW + 30 * DAY), 0);
    assert_int_equal(mes_limit_connections(&limit, NOW), 1);
    assert_int_equal(mes_limit_connections(&limit, NOW + HOUR), 0);
}

static void counts_survive_a_restart(void **state)
{
    (void)state;
    struct mes_memory_ram *ram = mes_memory_ram_new();
    struct mes_memory memory = mes_memory_ram_face(ram);
    const struct mes_limit_rules rules = {.per_day = 100};
    struct mes_limit limit = {0}, again;
    for (int i = 0; i < 90; i++)
        mes_limit_take(&limit, &rules, 1, NOW + i * 15 * MINUTE);
    mes_limit_learn(&limit, &rules, MES_LEARN_RECIPIENTS, 50, NOW);
    mes_limit_save(&limit, &memory, "qq");
    mes_limit_load(&again, &memory, "qq");
    assert_memory_equal(&again, &limit, sizeof limit);
    /* The longest value there can be still fits. */
    memset(&limit, 0, sizeof limit);
    for (int hour = 0; hour < 25; hour++)
        mes_limit_take(&limit, &rules, UINT32_MAX, NOW + hour * HOUR);
    for (int i = 0; i < 13; i++)
        mes_limit_take(&limit, &rules, UINT32_MAX, NOW + 24 * HOUR + i * 5 * MINUTE);
    for (int i = 0; i < 13; i++)
        mes_limit_take(&limit, &rules, UINT32_MAX, NOW + 25 * HOUR + i * 5 * SECOND);
    limit.day_count = limit.recipients = limit.connections = UINT32_MAX;
    limit.day_start = limit.blocked_until = limit.recipients_until = limit.connections_until = NOW;
    mes_limit_save(&limit, &memory, "qq");
    mes_limit_load(&again, &memory, "qq");
    assert_memory_equal(&again, &limit, sizeof limit);
    memory.note(memory.context, "limit/qq", "1 2 3");
    mes_limit_load(&again, &memory, "qq");
    assert_memory_equal(&again, &(struct mes_limit){0}, sizeof again);
    mes_memory_ram_free(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_nothing_waits),
        cmocka_unit_test(no_window_is_ever_exceeded),
        cmocka_unit_test(the_tightest_rule_decides),
        cmocka_unit_test(bulk_leaves_the_reserve),
        cmocka_unit_test(more_than_a_window_goes_when_it_is_empty),
        cmocka_unit_test(given_back_is_free_again),
        cmocka_unit_test(a_clock_put_back_frees_nothing),
        cmocka_unit_test(counts_beyond_measure_are_no_less),
        cmocka_unit_test(the_day_ends_at_the_providers_midnight),
        cmocka_unit_test(a_reset_later_in_the_day),
        cmocka_unit_test(the_day_follows_summer_time),
        cmocka_unit_test(a_used_up_quota_blocks_until_its_reset),
        cmocka_unit_test(B13_learned_recipients_and_connections_are_kept_and_forgotten),
        cmocka_unit_test(counts_survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
