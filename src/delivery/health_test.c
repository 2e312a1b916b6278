#include "delivery/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/memory_ram.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

#define NOW INT64_C(1795312800000)

static const struct mes_verdict refused = {
    .class_ = MES_CLASS_ACCOUNT, .rest = MES_REST_SHORT, .advice_id = "net.refused"};
static const struct mes_verdict password = {
    .class_ = MES_CLASS_ACCOUNT, .rest = MES_REST_LONG, .alarm = true, .advice_id = "auth.password"};
static const struct mes_verdict own_file = {
    .class_ = MES_CLASS_CONFIG, .rest = MES_REST_CHANGE, .alarm = true, .advice_id = "tls.own-file"};

/* Fails as the probe at the first moment it may, and gives the length of the rest. */
static int64_t fail_again(struct mes_health *health, const struct mes_verdict *verdict, int64_t *now,
                          uint32_t random)
{
    if (health->rest != MES_REST_NONE)
        *now = health->until;
    assert_int_equal(mes_health_ready_at(health, *now), 0);
    bool is_probe = mes_health_begin(health);
    mes_health_on_failure(health, verdict, is_probe, *now, random);
    return health->until - *now;
}

static void cool_down_grows_from_15_s_to_1_h(void **state)
{
    (void)state;
    struct mes_health health = {0};
    int64_t now = NOW, expected = 15 * SECOND;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fail_again(&health, &refused, &now, 0), expected);
        expected = expected * 2 > HOUR ? HOUR : expected * 2;
    }
}

static void jitter_is_upward_only(void **state)
{
    (void)state;
    struct mes_health least = {0}, most = {0};
    int64_t now = NOW;
    assert_int_equal(fail_again(&least, &refused, &now, 0), 15 * SECOND);
    now = NOW;
    assert_in_range(fail_again(&most, &refused, &now, UINT32_MAX), 15 * SECOND + 1, 18 * SECOND);
}

static void C10_wrong_password_rests_15_min_growing_with_one_alarm(void **state)
{
    (void)state;
    struct mes_health health = {0};
    assert_true(mes_health_on_failure(&health, &password, false, NOW, 0));
    assert_int_equal(mes_health_ready_at(&health, NOW), NOW + 15 * MINUTE);
    assert_int_equal(mes_health_ready_at(&health, NOW + 15 * MINUTE - 1), NOW + 15 * MINUTE);
    int64_t now = NOW + 15 * MINUTE;
    assert_int_equal(mes_health_ready_at(&health, now), 0);
    assert_true(mes_health_begin(&health));
    assert_false(mes_health_on_failure(&health, &password, true, now, 0)); /* no second alarm */
    assert_int_equal(mes_health_ready_at(&health, now), now + 30 * MINUTE);
}

static void C10_no_login_storm_from_ten_sessions(void **state)
{
    (void)state;
    struct mes_health health = {0};
    int alarms = 0;
    for (int i = 0; i < 10; i++)
        alarms += mes_health_on_failure(&health, &password, false, NOW + i, 0);
    assert_int_equal(alarms, 1);
    assert_int_equal(health.strikes, 1);
    assert_int_equal(health.until, NOW + 15 * MINUTE);
}

static void only_one_probe_at_a_time(void **state)
{
    (void)state;
    struct mes_health health = {0};
    mes_health_on_failure(&health, &refused, false, NOW, 0);
    int64_t now = health.until;
    assert_int_equal(mes_health_ready_at(&health, now), 0);
    assert_true(mes_health_begin(&health));
    assert_int_equal(mes_health_ready_at(&health, now), now + SECOND);
    /* The probe's recipient was refused: that says nothing, the next message probes. */
    mes_health_on_abandon(&health, true);
    assert_int_equal(mes_health_ready_at(&health, now), 0);
    assert_true(mes_health_begin(&health));
    assert_true(mes_health_on_success(&health, true));
    assert_int_equal(mes_health_ready_at(&health, now), 0);
    assert_false(mes_health_begin(&health));
    assert_int_equal(health.strikes, 0);
}

static void late_success_of_an_old_session_wakes_nobody(void **state)
{
    (void)state;
    struct mes_health health = {0};
    bool is_probe = mes_health_begin(&health);
    mes_health_on_failure(&health, &refused, false, NOW, 0);
    assert_false(mes_health_on_success(&health, is_probe));
    assert_int_equal(mes_health_ready_at(&health, NOW), NOW + 15 * SECOND);
}

static void worse_news_lengthens_a_rest_and_better_does_not_shorten_it(void **state)
{
    (void)state;
    struct mes_health health = {0};
    mes_health_on_failure(&health, &refused, false, NOW, 0);
    assert_true(mes_health_on_failure(&health, &password, false, NOW, 0));
    assert_int_equal(health.until, NOW + 15 * MINUTE);
    mes_health_on_failure(&health, &refused, false, NOW, 0);
    assert_int_equal(health.until, NOW + 15 * MINUTE);
    mes_health_on_failure(&health, &own_file, false, NOW, 0);
    assert_int_equal(mes_health_ready_at(&health, NOW + 1000 * (int64_t)HOUR), INT64_MAX);
}

static void what_is_not_the_accounts_fault_changes_nothing(void **state)
{
    (void)state;
    const struct mes_verdict recipient = {.class_ = MES_CLASS_RECIPIENT, .advice_id = "rcpt.unknown"};
    const struct mes_verdict quota = {
        .class_ = MES_CLASS_ACCOUNT, .rest = MES_REST_QUOTA, .advice_id = "quota.day"};
    struct mes_health health = {0};
    assert_false(mes_health_on_failure(&health, &recipient, false, NOW, 0));
    assert_false(mes_health_on_failure(&health, &quota, false, NOW, 0));
    assert_int_equal(mes_health_ready_at(&health, NOW), 0);
}

static void a_clock_put_back_does_not_make_a_rest_endless(void **state)
{
    (void)state;
    struct mes_health health = {0};
    mes_health_on_failure(&health, &refused, false, NOW, 0);
    assert_int_equal(mes_health_ready_at(&health, NOW - 1000 * (int64_t)HOUR), 0);
}

static void rest_survives_a_restart_but_not_new_settings(void **state)
{
    (void)state;
    struct mes_memory_ram *ram = mes_memory_ram_new();
    struct mes_memory memory = mes_memory_ram_face(ram);
    struct mes_health health = {.fingerprint = 7}, again;
    mes_health_on_failure(&health, &own_file, false, NOW, 0);
    mes_health_save(&health, &memory, "客服 account");
    mes_health_load(&again, &memory, "客服 account", 7);
    assert_int_equal(mes_health_ready_at(&again, NOW), INT64_MAX);
    assert_int_equal(again.strikes, 1);
    assert_true(again.alarmed);
    assert_string_equal(again.advice, "tls.own-file");
    mes_health_load(&again, &memory, "other", 7);
    assert_int_equal(mes_health_ready_at(&again, NOW), 0);
    mes_health_load(&again, &memory, "客服 account", 8);
    assert_int_equal(mes_health_ready_at(&again, NOW), 0);
    assert_int_equal(again.fingerprint, 8);
    mes_health_save(&again, &memory, "客服 account");
    mes_health_load(&again, &memory, "客服 account", 7);
    assert_int_equal(again.rest, MES_REST_NONE);
    mes_memory_ram_free(&ram);
}

static void spoilt_memory_is_a_well_account(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",      "1",   "2 7 1 1 99 0 x", "1 7 9 1 99 0 x",       "1 7 0 1 99 0 ", "1 7 1 1 -5 0 x",
        "1 7 1", "abc", "1 7 1 1 99 2 x", "1 99999999 1 1 99 0 x"};
    struct mes_memory_ram *ram = mes_memory_ram_new();
    struct mes_memory memory = mes_memory_ram_face(ram);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct mes_health health;
        memory.note(memory.context, "health/a", values[i]);
        mes_health_load(&health, &memory, "a", 7);
        assert_int_equal(health.rest, MES_REST_NONE);
    }
    mes_memory_ram_free(&ram);
}

static void wake_gives_one_probe(void **state)
{
    (void)state;
    struct mes_health health = {0};
    mes_health_on_failure(&health, &own_file, false, NOW, 0);
    mes_health_wake(&health);
    assert_int_equal(mes_health_ready_at(&health, NOW), 0);
    assert_true(mes_health_begin(&health));
    assert_int_not_equal(mes_health_ready_at(&health, NOW), 0);
}

static void fingerprint_sees_every_setting(void **state)
{
    (void)state;
    const struct mes_str a[] = {MES_STR("ab"), MES_STR("c")}, b[] = {MES_STR("a"), MES_STR("bc")},
                         c[] = {MES_STR("ab"), MES_STR("C")};
    assert_int_not_equal(mes_health_fingerprint(a, 2), mes_health_fingerprint(b, 2));
    assert_int_not_equal(mes_health_fingerprint(a, 2), mes_health_fingerprint(c, 2));
    assert_int_equal(mes_health_fingerprint(a, 2), mes_health_fingerprint(a, 2));
    assert_in_range(mes_health_fingerprint(a, 2), 0, (1 << 20) - 1);
}

static void keys_are_short_ascii_and_distinct(void **state)
{
    (void)state;
    char key[MES_MEMORY_KEY_SPACE], other[MES_MEMORY_KEY_SPACE], name[300];
    assert_string_equal(mes_memory_key(key, "health", "qq#2"), "health/qq#2");
    assert_string_equal(mes_memory_key(key, "health", "a/b%"), "health/a%2Fb%25");
    memset(name, 'x', sizeof name);
    name[299] = '\0';
    mes_memory_key(key, "limit", name);
    name[298] = 'y';
    mes_memory_key(other, "limit", name);
    assert_int_equal(strlen(key), MES_MEMORY_KEY_SPACE - 1);
    assert_string_not_equal(key, other);
}

static void ram_keeps_replaces_and_forgets(void **state)
{
    (void)state;
    struct mes_memory_ram *ram = mes_memory_ram_new();
    struct mes_memory memory = mes_memory_ram_face(ram);
    char value[8];
    assert_false(memory.load(memory.context, "a", value, sizeof value));
    memory.note(memory.context, "a", "1");
    memory.note(memory.context, "b", "2");
    memory.note(memory.context, "a", "3");
    assert_true(memory.load(memory.context, "a", value, sizeof value));
    assert_string_equal(value, "3");
    memory.note(memory.context, "b", "too long for it");
    assert_false(memory.load(memory.context, "b", value, sizeof value));
    memory.note(memory.context, "a", NULL);
    memory.note(memory.context, "a", NULL);
    assert_false(memory.load(memory.context, "a", value, sizeof value));
    mes_memory_ram_free(&ram);
    assert_null(ram);
    mes_memory_ram_free(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cool_down_grows_from_15_s_to_1_h),
        cmocka_unit_test(jitter_is_upward_only),
        cmocka_unit_test(C10_wrong_password_rests_15_min_growing_with_one_alarm),
        cmocka_unit_test(C10_no_login_storm_from_ten_sessions),
        cmocka_unit_test(only_one_probe_at_a_time),
        cmocka_unit_test(late_success_of_an_old_session_wakes_nobody),
        cmocka_unit_test(worse_news_lengthens_a_rest_and_better_does_not_shorten_it),
        cmocka_unit_test(what_is_not_the_accounts_fault_changes_nothing),
        cmocka_unit_test(a_clock_put_back_does_not_make_a_rest_endless),
        cmocka_unit_test(rest_survives_a_restart_but_not_new_settings),
        cmocka_unit_test(spoilt_memory_is_a_well_account),
        cmocka_unit_test(wake_gives_one_probe),
        cmocka_unit_test(fingerprint_sees_every_setting),
        cmocka_unit_test(keys_are_short_ascii_and_distinct),
        cmocka_unit_test(ram_keeps_replaces_and_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
