#include "net/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct mes_address address_of(const char *text)
{
    struct mes_address address;
    assert_true(mes_address_parse(text, &address));
    return address;
}

static void C13_a_dead_path_rests_longer_each_time(void **state)
{
    (void)state;
    static const int64_t waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
    struct mes_paths paths = {0};
    struct mes_address address = address_of("2001:db8::1");
    int64_t now = 1000;
    assert_int_equal(mes_paths_ask(&paths, &address, 25, now), MES_PATH_GOOD);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        mes_paths_note_failure(&paths, &address, 25, now);
        assert_int_equal(mes_paths_ask(&paths, &address, 25, now + waits[i] * 1000 - 1), MES_PATH_DEAD);
        now += waits[i] * 1000;
        assert_int_equal(mes_paths_ask(&paths, &address, 25, now), MES_PATH_SUSPECT);
    }
    mes_paths_note_success(&paths, &address, 25);
    assert_int_equal(mes_paths_ask(&paths, &address, 25, now), MES_PATH_GOOD);
    mes_paths_note_failure(&paths, &address, 25, now);
    assert_int_equal(mes_paths_ask(&paths, &address, 25, now + 60000), MES_PATH_SUSPECT);
}

static void ports_and_addresses_are_told_apart(void **state)
{
    (void)state;
    struct mes_paths paths = {0};
    struct mes_address one = address_of("192.0.2.1"), two = address_of("192.0.2.2");
    mes_paths_note_failure(&paths, &one, 25, 0);
    assert_int_equal(mes_paths_ask(&paths, &one, 25, 0), MES_PATH_DEAD);
    assert_int_equal(mes_paths_ask(&paths, &one, 587, 0), MES_PATH_GOOD);
    assert_int_equal(mes_paths_ask(&paths, &two, 25, 0), MES_PATH_GOOD);
    mes_paths_note_success(&paths, &two, 25);
    assert_int_equal(mes_paths_ask(&paths, &one, 25, 0), MES_PATH_DEAD);
}

static void the_oldest_gives_way(void **state)
{
    (void)state;
    struct mes_paths paths = {0};
    struct mes_address address = address_of("192.0.2.1");
    for (uint16_t i = 1; i <= MES_PATHS_MOST; i++)
        mes_paths_note_failure(&paths, &address, i, i);
    mes_paths_note_failure(&paths, &address, 1, 100);
    mes_paths_note_failure(&paths, &address, 1000, 101);
    assert_int_equal(mes_paths_ask(&paths, &address, 2, 101), MES_PATH_GOOD);
    assert_int_equal(mes_paths_ask(&paths, &address, 1, 101), MES_PATH_DEAD);
    assert_int_equal(mes_paths_ask(&paths, &address, 3, 101), MES_PATH_DEAD);
    assert_int_equal(mes_paths_ask(&paths, &address, 1000, 101), MES_PATH_DEAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C13_a_dead_path_rests_longer_each_time),
        cmocka_unit_test(ports_and_addresses_are_told_apart),
        cmocka_unit_test(the_oldest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
