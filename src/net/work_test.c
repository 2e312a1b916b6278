#include "net/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>

#include "net/loop.h"

static struct {
    struct mes_loop *loop;
    struct mes_work *work[8];
    atomic_int ran;
    atomic_bool may_go_on;
    int told;
} stage;

static void run(void *context)
{
    (void)context;
    while (!atomic_load(&stage.may_go_on))
        (void)sched_yield();
    atomic_fetch_add(&stage.ran, 1);
}

static void on_done(void *context)
{
    assert_null(*(struct mes_work **)context);
    stage.told++;
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&stage.ran, 0);
    atomic_store(&stage.may_go_on, true);
    stage.told = 0;
    return mes_loop_new(NULL, &stage.loop, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    mes_loop_free(&stage.loop);
    return 0;
}

static void begin(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mes_work_options options = {run, on_done, &stage.work[i]};
        assert_int_equal(mes_work_start(stage.loop, &options, &stage.work[i], NULL), 0);
        assert_non_null(stage.work[i]);
    }
}

static bool is_told(void *context)
{
    return stage.told == *(int *)context;
}

static void it_is_done_once_and_told_on_the_loop(void **state)
{
    int all = 8;
    (void)state;
    begin(8);
    assert_int_equal(stage.told, 0);
    mes_loop_run_until(stage.loop, is_told, &all);
    assert_int_equal(atomic_load(&stage.ran), 8);
}

/* More than there are threads for: some have begun, others not. */
static void finishing_waits_for_what_was_begun_and_does_the_rest(void **state)
{
    (void)state;
    atomic_store(&stage.may_go_on, false);
    begin(8);
    atomic_store(&stage.may_go_on, true);
    for (size_t i = 0; i < 8; i++) {
        mes_work_finish(&stage.work[i]);
        assert_null(stage.work[i]);
        assert_true(atomic_load(&stage.ran) > (int)i);
    }
    mes_work_finish(&stage.work[0]);
    assert_int_equal(atomic_load(&stage.ran), 8);
    mes_loop_step(stage.loop, 0);
    assert_int_equal(stage.told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_done_once_and_told_on_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finishing_waits_for_what_was_begun_and_does_the_rest, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
