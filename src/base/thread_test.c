#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"

static char name[32];
static sigset_t blocked;

static void look_around(void *context)
{
    (void)pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    *(int *)context = 7;
}

static void it_runs_with_its_name_and_without_signals(void **state)
{
    struct mes_thread *thread = NULL;
    sigset_t own;
    int seen = 0;
    (void)state;
    assert_int_equal(mes_thread_start("a name that is far too long", look_around, &seen, &thread, NULL), 0);
    mes_thread_join(&thread);
    assert_null(thread);
    mes_thread_join(&thread);
    assert_int_equal(seen, 7);
    assert_string_equal(name, "a name that is ");
    assert_true(sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP));
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    assert_false(sigismember(&own, SIGTERM));
}

struct shared {
    struct mes_mutex mutex;
    int count;
};

static void count_up(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < 20000; i++) {
        mes_mutex_lock(&shared->mutex);
        shared->count++;
        mes_mutex_unlock(&shared->mutex);
    }
}

static void a_mutex_lets_one_in(void **state)
{
    struct shared shared = {.count = 0};
    struct mes_thread *other = NULL;
    (void)state;
    mes_mutex_init(&shared.mutex);
    assert_int_equal(mes_thread_start("count", count_up, &shared, &other, NULL), 0);
    count_up(&shared);
    mes_thread_join(&other);
    mes_mutex_fini(&shared.mutex);
    assert_int_equal(shared.count, 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_with_its_name_and_without_signals),
        cmocka_unit_test(a_mutex_lets_one_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
