#include "hook/fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };
#define NOW ((int64_t)1000 * DAY)

static const struct {
    const char *what;
    struct mes_hook_try try;
    enum mes_hook_fate fate;
} cases[] = {
    {"200", {.status = 200}, MES_HOOK_TOLD},
    {"204", {.status = 204}, MES_HOOK_TOLD},
    {"200 after a day of failures",
     {.status = 200, .event_at = NOW - 2 * DAY, .failing_since = NOW - 2 * DAY},
     MES_HOOK_TOLD},
    {"a redirect", {.status = 302, .event_at = NOW}, MES_HOOK_LATER},
    {"100", {.status = 100, .event_at = NOW}, MES_HOOK_LATER},
    {"404", {.status = 404, .event_at = NOW}, MES_HOOK_LATER},
    {"500", {.status = 500, .event_at = NOW}, MES_HOOK_LATER},
    {"410", {.status = 410, .event_at = NOW}, MES_HOOK_DISABLED},
    {"410 that never came", {.end = MES_HTTP_TIMEOUT, .status = 410, .event_at = NOW}, MES_HOOK_LATER},
    {"200 that never ended", {.end = MES_HTTP_TIMEOUT, .status = 200, .event_at = NOW}, MES_HOOK_LATER},
    {"an internal address", {.end = MES_HTTP_FORBIDDEN, .event_at = NOW}, MES_HOOK_LATER},
    {"the first failure ever of an old event", {.status = 500, .event_at = NOW - 9 * DAY}, MES_HOOK_LATER},
    {"just under a day",
     {.status = 500, .event_at = NOW - DAY, .failing_since = NOW - DAY + 1},
     MES_HOOK_LATER},
    {"a day", {.status = 500, .event_at = NOW - DAY, .failing_since = NOW - DAY}, MES_HOOK_PAUSED},
    {"a day of time-outs",
     {.end = MES_HTTP_TIMEOUT, .event_at = NOW, .failing_since = NOW - DAY},
     MES_HOOK_PAUSED},
    {"an event that alone is refused",
     {.status = 500, .event_at = NOW - DAY, .told_at = NOW - HOUR, .failing_since = NOW - HOUR},
     MES_HOOK_DROPPED},
    {"an event that alone is refused, not yet a day old",
     {.status = 500, .event_at = NOW - DAY + 1, .told_at = NOW - HOUR, .failing_since = NOW - HOUR},
     MES_HOOK_LATER},
    {"an old event, and nothing was taken since",
     {.status = 500, .event_at = NOW - DAY, .told_at = NOW - 2 * DAY, .failing_since = NOW - HOUR},
     MES_HOOK_LATER},
};

static void G02_what_becomes_of_a_try(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_hook_try try = cases[i].try;
        try.now = NOW;
        if (mes_hook_fate(&try) != cases[i].fate)
            fail_msg("%s", cases[i].what);
    }
}

static void G02_the_waits_grow_up_to_an_hour(void **state)
{
    static const int64_t middle[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
    (void)state;
    for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) {
        int64_t failures = (int64_t)i + 1;
        assert_int_equal(mes_hook_wait(failures, 0, 0), middle[i] * 800);
        assert_int_equal(mes_hook_wait(failures, 0, 65535), middle[i] * 1200);
        assert_in_range(mes_hook_wait(failures, 0, 12345), middle[i] * 800, middle[i] * 1200);
    }
    assert_int_equal(mes_hook_wait(INT64_MAX, 0, 65535), 4320 * 1000);
}

static void the_peer_may_ask_for_more_time(void **state)
{
    (void)state;
    assert_int_equal(mes_hook_wait(1, 30, 0), 30 * 1000);
    assert_int_equal(mes_hook_wait(1, 5, 0), 8 * 1000);
    assert_int_equal(mes_hook_wait(1, INT32_MAX, 0), HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(G02_what_becomes_of_a_try),
        cmocka_unit_test(G02_the_waits_grow_up_to_an_hour),
        cmocka_unit_test(the_peer_may_ask_for_more_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
