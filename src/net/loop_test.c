#include "net/loop.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <poll.h>
#include <uv.h>

#include "net/timer.h"
#include "net/watch.h"
#include "tests/net/memory.h"

static int64_t turned_by_hand(void *context)
{
    return *(int64_t *)context;
}

struct fixture {
    int64_t now;
    struct mes_clock clock;
    struct mes_loop *loop;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.now = 1000};
    fixture.clock = (struct mes_clock){turned_by_hand, turned_by_hand, &fixture.now};
    *state = &fixture;
    return mes_loop_new(&fixture.clock, &fixture.loop, NULL);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mes_loop_free(&fixture->loop);
    return 0;
}

struct bell {
    struct mes_timer *timer;
    char *log;
    char letter;
    struct mes_timer **frees; /* another timer, or its own */
    int again_ms;             /* starts itself anew; -1: not */
};

static void ring(void *context)
{
    struct bell *bell = context;
    bell->log[strlen(bell->log)] = bell->letter;
    if (bell->again_ms >= 0)
        mes_timer_start(bell->timer, bell->again_ms);
    if (bell->frees != NULL)
        mes_timer_free(bell->frees);
}

static void make_bell(struct mes_loop *loop, struct bell *bell, char *log, char letter)
{
    *bell = (struct bell){.log = log, .letter = letter, .again_ms = -1};
    assert_int_equal(mes_timer_new(loop, ring, bell, &bell->timer, NULL), 0);
}

static void timers_ring_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct bell bells[20];
    char log[64] = "";
    static const int delays[20] = {50, 10, 30, 20, 40, 10, 10, 60, 5,  90,
                                   80, 70, 15, 25, 35, 45, 55, 65, 75, 85};
    for (int i = 0; i < 20; i++) {
        make_bell(fixture->loop, &bells[i], log, (char)('a' + i));
        mes_timer_start(bells[i].timer, delays[i]);
    }
    mes_timer_stop(bells[3].timer);
    assert_false(mes_timer_is_active(bells[3].timer));
    assert_int_equal(mes_loop_timeout_ms(fixture->loop),
                     0); /* libuv has not told the kernel of its wake-up yet */
    mes_loop_step(fixture->loop, 0);
    assert_string_equal(log, "");
    assert_int_equal(mes_loop_timeout_ms(fixture->loop), 5);
    fixture->now += 10;
    assert_int_equal(mes_loop_timeout_ms(fixture->loop), 0);
    mes_loop_step(fixture->loop, -1);
    assert_string_equal(log, "ibfg");
    fixture->now += 80;
    mes_loop_step(fixture->loop, 0);
    assert_string_equal(log, "ibfgmncoepaqhrlsktj");
    assert_int_equal(mes_loop_timeout_ms(fixture->loop), -1);
    for (int i = 0; i < 20; i++)
        mes_timer_free(&bells[i].timer);
}

static void timer_started_while_ringing_waits_for_the_next_turn(void **state)
{
    struct fixture *fixture = *state;
    struct bell bell;
    char log[8] = "";
    make_bell(fixture->loop, &bell, log, 'x');
    bell.again_ms = 0;
    mes_timer_start(bell.timer, -5);
    mes_loop_step(fixture->loop, -1);
    assert_string_equal(log, "x");
    mes_loop_step(fixture->loop, -1);
    assert_string_equal(log, "xx");
    mes_timer_free(&bell.timer);
}

static void timers_may_be_freed_while_ringing(void **state)
{
    struct fixture *fixture = *state;
    struct bell first, second, third;
    char log[8] = "";
    make_bell(fixture->loop, &first, log, 'a');
    make_bell(fixture->loop, &second, log, 'b');
    make_bell(fixture->loop, &third, log, 'c');
    first.frees = &second.timer;
    third.frees = &third.timer;
    mes_timer_start(first.timer, 1);
    mes_timer_start(second.timer, 1);
    mes_timer_start(third.timer, 1);
    fixture->now += 1;
    mes_loop_step(fixture->loop, 0);
    assert_string_equal(log, "ac");
    assert_null(second.timer);
    assert_null(third.timer);
    mes_timer_free(&first.timer);
}

static void count_wake(void *context)
{
    ++*(unsigned *)context;
}

static bool was_woken(void *context)
{
    return *(unsigned *)context > 0;
}

static void *wake_from_thread(void *context)
{
    mes_loop_wake(context);
    return NULL;
}

static void loop_is_woken_from_another_thread(void **state)
{
    struct fixture *fixture = *state;
    unsigned wakes = 0;
    pthread_t thread;
    mes_loop_on_wake(fixture->loop, count_wake, &wakes);
    assert_int_equal(pthread_create(&thread, NULL, wake_from_thread, fixture->loop), 0);
    mes_loop_run_until(fixture->loop, was_woken, &wakes); /* waits without limit */
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(wakes, 1);
}

static struct mes_loop *loop_of_signal;

/* Stands before libuv's own: the thread is held up for longer than the wait that was just set. */
static bool is_held_up;
int uv_timer_start(uv_timer_t *timer, uv_timer_cb callback, uint64_t timeout, uint64_t repeat)
{
    int (*real)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);
    void *symbol = dlsym(RTLD_NEXT, "uv_timer_start");
    memcpy(&real, &symbol, sizeof real);
    int status = real(timer, callback, timeout, repeat);
    if (is_held_up)
        (void)usleep(3000);
    return status;
}

static void *wake_late(void *context)
{
    (void)usleep(500 * 1000);
    mes_loop_wake(context);
    return NULL;
}

static void a_wait_that_is_over_before_it_begins(void **state)
{
    struct fixture *fixture = *state;
    unsigned wakes = 0;
    pthread_t thread;
    mes_loop_on_wake(fixture->loop, count_wake, &wakes);
    mes_loop_step(fixture->loop, 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_late, fixture->loop), 0);
    is_held_up = true;
    mes_loop_step(fixture->loop, 1);
    is_held_up = false;
    assert_int_equal(wakes, 0); /* else it would wait to this day */
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void wake_from_signal(int number)
{
    (void)number;
    mes_loop_wake(loop_of_signal);
}

static void loop_is_woken_from_a_signal_handler(void **state)
{
    struct fixture *fixture = *state;
    unsigned wakes = 0;
    struct sigaction action = {.sa_handler = wake_from_signal}, old;
    mes_loop_on_wake(fixture->loop, count_wake, &wakes);
    loop_of_signal = fixture->loop;
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    mes_loop_run_until(fixture->loop, was_woken, &wakes);
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
}

struct ear {
    struct mes_watch *watch;
    int descriptor;
    unsigned heard;
};

static void hear(void *context, bool is_readable, bool is_writable)
{
    struct ear *ear = context;
    char byte;
    (void)is_writable;
    if (is_readable && read(ear->descriptor, &byte, 1) == 1)
        ear->heard++;
}

/* What a program does that has a loop of its own. */
static void turn_foreign(struct mes_loop *loop)
{
    struct pollfd poll_for = {.fd = mes_loop_fd(loop), .events = POLLIN};
    (void)poll(&poll_for, 1, mes_loop_timeout_ms(loop));
    mes_loop_step(loop, 0);
}

static void foreign_loop_sees_sockets_and_timers(void **state)
{
    (void)state;
    struct mes_loop *loop;
    struct ear ear = {0};
    struct bell bell;
    char log[8] = "";
    int ends[2];
    assert_int_equal(mes_loop_new(NULL, &loop, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    ear.descriptor = ends[0];
    const struct mes_watch_handler handler = {hear, &ear};
    assert_int_equal(mes_watch_new(loop, ends[0], &handler, &ear.watch, NULL), 0);
    mes_watch_set(ear.watch, true, false);
    assert_int_equal(write(ends[1], "x", 1), 1);
    /* The new interest is not known to the kernel yet: waiting for ever here would be wrong. */
    for (int i = 0; i < 2 && ear.heard == 0; i++)
        turn_foreign(loop);
    assert_int_equal(ear.heard, 1);
    make_bell(loop, &bell, log, 'x');
    mes_timer_start(bell.timer, 20);
    for (int i = 0; i < 10 && log[0] == '\0'; i++)
        turn_foreign(loop);
    assert_string_equal(log, "x");
    mes_timer_free(&bell.timer);
    mes_watch_free(&ear.watch);
    mes_loop_free(&loop);
    close(ends[0]);
    close(ends[1]);
}

static void nothing_leaks_without_memory(void **state)
{
    struct fixture *fixture = *state;
    struct mes_timer *timer;
    struct mes_watch *watch;
    struct mes_loop *loop;
    struct mes_error error;
    const struct mes_watch_handler handler = {hear, NULL};
    for (unsigned allowed = 0; allowed < 2; allowed++) {
        memory_allow(allowed);
        assert_int_equal(mes_timer_new(fixture->loop, count_wake, NULL, &timer, &error), MES_E_NOMEM);
        assert_null(timer);
    }
    memory_allow(0);
    assert_int_equal(mes_watch_new(fixture->loop, 0, &handler, &watch, &error), MES_E_NOMEM);
    memory_allow(0);
    assert_int_equal(mes_loop_new(NULL, &loop, &error), MES_E_NOMEM);
    memory_allow_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_ring_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timer_started_while_ringing_waits_for_the_next_turn, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(timers_may_be_freed_while_ringing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loop_is_woken_from_another_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loop_is_woken_from_a_signal_handler, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wait_that_is_over_before_it_begins, set_up, tear_down),
        cmocka_unit_test(foreign_loop_sees_sockets_and_timers),
        cmocka_unit_test_setup_teardown(nothing_leaks_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
