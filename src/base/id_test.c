#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/thread.h"

static int64_t wall;

static int64_t told(void *context)
{
    (void)context;
    return wall;
}

static const struct mes_clock test_clock = {told, told, NULL};

static void ids_grow_even_when_the_clock_goes_back(void **state)
{
    (void)state;
    wall = 1800000000000;
    int64_t first = mes_id_next(&test_clock);
    assert_true(mes_id_next(&test_clock) > first);
    wall -= 3600000;
    int64_t second = mes_id_next(&test_clock);
    assert_true(second > first + 1);
    wall += 7200000;
    int64_t third = mes_id_next(&test_clock);
    assert_true(third > second);
    assert_int_equal(mes_id_time(third), wall);
    mes_id_note(third + 5);
    mes_id_note(first);
    assert_int_equal(mes_id_next(&test_clock), third + 6);
}

static void an_id_is_read_as_it_was_written(void **state)
{
    static const int64_t ids[] = {0, 1, 31, 32, 1800000000000 << 20, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char text[MES_ID_SPACE];
        char before[MES_ID_SPACE];
        int64_t read = -1;
        assert_true(mes_id_parse(mes_str_of(mes_id_text(text, ids[i])), &read));
        assert_int_equal(read, ids[i]);
        if (i > 0)
            assert_true(strcmp(mes_id_text(before, ids[i - 1]), text) < 0);
    }
}

static void other_texts_are_no_ids(void **state)
{
    static const char *const texts[] = {"",
                                        "000000000000",
                                        "00000000000000",
                                        "8000000000000",
                                        "000000000000i",
                                        "000000000000A",
                                        "000000000000 ",
                                        "-000000000001",
                                        "00000000000/0"};
    int64_t id = -1;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(mes_id_parse(mes_str_of(texts[i]), &id));
    assert_false(mes_id_parse(mes_str_make("000000000000\0", 13), &id));
    assert_int_equal(id, -1);
}

enum { THREADS = 4, EACH = 20000 };

static void make_ids(void *context)
{
    int64_t *ids = context;
    for (int i = 0; i < EACH; i++)
        ids[i] = mes_id_next(&test_clock);
}

static void no_two_threads_get_the_same(void **state)
{
    static int64_t ids[THREADS][EACH];
    static bool is_seen[THREADS * EACH];
    struct mes_thread *threads[THREADS];
    (void)state;
    wall = 1900000000000;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(mes_thread_start("ids", make_ids, ids[i], &threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        mes_thread_join(&threads[i]);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < EACH; j++) {
            int64_t place = ids[i][j] - wall * (1 << 20);
            assert_true(place >= 0 && place < THREADS * EACH);
            assert_false(is_seen[place]);
            is_seen[place] = true;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_grow_even_when_the_clock_goes_back),
        cmocka_unit_test(an_id_is_read_as_it_was_written),
        cmocka_unit_test(other_texts_are_no_ids),
        cmocka_unit_test(no_two_threads_get_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
