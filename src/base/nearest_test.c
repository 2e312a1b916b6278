#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *nearest_of(const char *word)
{
    static const char *const known[] = {"subject", "text", "text-file", "to", "to-file", "senderServerHost"};
    struct mes_nearest nearest;
    mes_nearest_init(&nearest, mes_str_of(word));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        mes_nearest_offer(&nearest, known[i]);
    return nearest.found;
}

static void slips_of_the_finger_are_understood(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("subjct"), "subject");
    assert_string_equal(nearest_of("sbuject"), "subject");
    assert_string_equal(nearest_of("SUBJECTS"), "subject");
    assert_string_equal(nearest_of("to-fiel"), "to-file");
    assert_string_equal(nearest_of("txet"), "text");
    assert_string_equal(nearest_of("senderServreHots"), "senderServerHost");
}

static void what_is_far_off_is_not_named(void **state)
{
    char longest[66];
    (void)state;
    assert_null(nearest_of(""));
    assert_null(nearest_of("password"));
    assert_null(nearest_of("xo"));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(nearest_of(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_finger_are_understood),
        cmocka_unit_test(what_is_far_off_is_not_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
