/* Mail on its way while somebody sets the machine's clock. */
#include "queue/progress.h"
#include "queue/queue_test.h"

static struct queue_testing testing;

static int begin(void **state)
{
    (void)state;
    queue_testing_begin(&testing, "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    queue_testing_end(&testing);
    return 0;
}

static const char *const one_ok[] = {"ok@x.test"};
static const char *const many_ok[] = {"ok#@x.test"};

#define YEARS INT64_C(10) * 365 * 24 * 3600 * 1000

static void set_clock(int64_t milliseconds)
{
    atomic_fetch_add(&testing.set_ms, milliseconds);
    mes_courier_nudge(testing.courier);
    for (int i = 0; i < 100; i++)
        mes_loop_step(testing.loop, 5);
}

static void E17_a_retry_does_not_wait_for_a_clock_that_was_put_back(void **state)
{
    static const int64_t jumps[] = {-3 * 3600 * 1000, -YEARS};
    (void)state;
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        char address[40];
        (void)snprintf(address, sizeof address, "grey%zu@x.test", i);
        const char *const addresses[] = {address};
        int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = addresses, .count = 1});
        queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_DEFERRED);
        set_clock(jumps[i]);
        queue_testing_pass(&testing, 80 * 60 * 1000);
        queue_testing_await_state(&testing, id, MES_STORE_DONE);
        assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 1);
    }
}

/* The service was down when somebody put the clock right. */
static void E17_a_retry_does_not_wait_for_the_clock_of_an_earlier_run(void **state)
{
    static const char *const grey[] = {"grey@x.test"};
    (void)state;
    set_clock(YEARS);
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = grey, .count = 1});
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_DEFERRED);
    queue_testing_stop(&testing);
    atomic_fetch_add(&testing.set_ms, -YEARS);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 1);
}

static void E17_nothing_expires_by_a_clock_that_jumps_ahead(void **state)
{
    (void)state;
    relay_set_down(testing.relay, true);
    relay_set_down(testing.second, true);
    int64_t failed = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
    queue_testing_await_status(&testing, failed, 0, MES_STORE_STATUS_DEFERRED);
    int64_t untried = queue_testing_post(&testing, &(struct queue_job){.addresses = many_ok, .count = 3});
    set_clock(YEARS);
    queue_testing_pass(&testing, 60 * 1000);
    relay_set_down(testing.relay, false);
    relay_set_down(testing.second, false);
    for (int turn = 0; turn < 200 && queue_testing_job(&testing, untried).state != MES_STORE_DONE; turn++)
        queue_testing_pass(&testing, 10 * 60 * 1000);
    const int64_t jobs[] = {failed, untried};
    for (size_t i = 0; i < 2; i++) {
        queue_testing_await_state(&testing, jobs[i], MES_STORE_DONE);
        assert_int_equal(queue_testing_job(&testing, jobs[i]).counts[MES_STORE_STATUS_FAILED], 0);
    }
}

/* The gate of accounts that rest is closed until a time of the old clock. */
static void E17_accounts_do_not_rest_for_years(void **state)
{
    (void)state;
    relay_set_down(testing.relay, true);
    relay_set_down(testing.second, true);
    int64_t first = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
    queue_testing_await_status(&testing, first, 0, MES_STORE_STATUS_DEFERRED);
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = many_ok, .count = 3});
    relay_set_down(testing.relay, false);
    relay_set_down(testing.second, false);
    set_clock(-YEARS);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 3);
}

/* Whichever way a mail took to the carrier: leased, or straight from its intake. */
static void E17_a_clock_that_stands_firm_is_no_jump(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char address[40];
        struct mes_progress progress;
        (void)snprintf(address, sizeof address, "grey%d@x.test", i);
        const char *const addresses[] = {address};
        int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = addresses, .count = 1});
        queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_DEFERRED);
        mes_progress_parse(queue_testing_row(&testing, id, 0).progress, &progress);
        assert_in_range(progress.waited_ms, 0, 60 * 1000);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(E17_a_retry_does_not_wait_for_a_clock_that_was_put_back),
        TEST(E17_a_retry_does_not_wait_for_the_clock_of_an_earlier_run),
        TEST(E17_nothing_expires_by_a_clock_that_jumps_ahead),
        TEST(E17_accounts_do_not_rest_for_years),
        TEST(E17_a_clock_that_stands_firm_is_no_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
