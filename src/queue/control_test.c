/* What people do to a job: what is with the carrier at that moment, and what a crash in the middle leaves. */
#include "queue/queue_test.h"

static struct queue_testing testing;
static const char *const many_ok[] = {"ok#@x.test"};
static const char *const many_slow[] = {"slow#@x.test"};
static const char *const many_spam[] = {"spam#@x.test"};

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

static bool has_landed(struct queue_testing *with, void *context)
{
    (void)context;
    struct mes_store_flight_counts flights = queue_testing_flights(with);
    return flights.leased + flights.dots == 0;
}

static bool has_ended(struct queue_testing *with, void *id)
{
    return queue_testing_job(with, *(int64_t *)id).done_at != 0;
}

static void on_left(struct mes_control *control, const struct mes_error *error)
{
    (void)control;
    (void)error;
}

/* Posts it and leaves at once: the process ends while it goes through the rows. */
static void leave_in_the_middle(int64_t id, enum mes_control_action action)
{
    static struct mes_control control;
    control = (struct mes_control){.action = action, .job = id};
    control.on_done = on_left;
    mes_control_post(testing.courier, &control);
    queue_testing_stop(&testing);
    assert_int_equal(control.code, MES_E_CANCELLED);
    queue_testing_start(&testing);
}

static int64_t post(const char *const *addresses, size_t count)
{
    return queue_testing_post(&testing,
                              &(struct queue_job){.addresses = addresses, .count = count, .is_bulk = true});
}

static void nothing_is_begun_after_a_pause(enum mes_control_action stop, enum mes_control_action go_on)
{
    int64_t id = post(many_slow, 600);
    while (relay_rcpt_count(testing.relay, "slow0@x.test") == 0)
        mes_loop_step(testing.loop, 5);
    assert_int_equal(queue_testing_control(&testing, id, stop, 0, false).code, 0);
    relay_release(testing.relay);
    queue_testing_until(&testing, has_landed, NULL);
    /* What the connections had begun, a few mails each. */
    assert_in_range(relay_count(testing.relay), 1, 100);
    assert_int_equal(queue_testing_control(&testing, id, go_on, 0, false).code, 0);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 600);
    assert_int_equal(relay_count(testing.relay), 600);
}

static void a_pause_calls_back_what_has_not_begun(void **state)
{
    (void)state;
    nothing_is_begun_after_a_pause(MES_CONTROL_PAUSE, MES_CONTROL_RESUME);
}

static void a_hold_calls_back_what_has_not_begun(void **state)
{
    (void)state;
    nothing_is_begun_after_a_pause(MES_CONTROL_HOLD, MES_CONTROL_RELEASE);
}

/* The mail under way stops at its permit: one recipient or many, the job was cancelled. */
static void a_job_of_one_mail_ends_as_cancelled(void **state)
{
    (void)state;
    static const char *const slow[] = {"slow@x.test"};
    int64_t id = post(slow, 1);
    while (relay_rcpt_count(testing.relay, "slow@x.test") == 0)
        mes_loop_step(testing.loop, 5);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_CANCEL, 0, false).code, 0);
    relay_release(testing.relay);
    queue_testing_until(&testing, has_ended, &id);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_CANCELLED);
}

/* A command that keeps the courier busy until it may go on, so that those behind it share its transaction. */
struct stopper {
    struct mes_courier_command command;
    atomic_bool has_begun, may_end, is_done;
};

static int stand_in_the_way(struct mes_courier_command *command, struct mes_store *store,
                            struct mes_error *error)
{
    struct stopper *stopper = (struct stopper *)command;
    (void)store;
    (void)error;
    atomic_store(&stopper->has_begun, true);
    while (!atomic_load(&stopper->may_end))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return 0;
}

static void out_of_the_way(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    (void)code;
    (void)error;
    atomic_store(&((struct stopper *)command)->is_done, true);
}

static bool is_so(struct queue_testing *with, void *flag)
{
    (void)with;
    return atomic_load((atomic_bool *)flag);
}

static atomic_bool is_refused;

static void on_refused(struct mes_control *control, const struct mes_error *error)
{
    (void)control;
    (void)error;
    atomic_store(&is_refused, true);
}

/* Cancelling what has ended is refused and undone, but not the result that came in the same transaction. */
static void what_is_refused_takes_no_others_result_with_it(void **state)
{
    static const char *const ok[] = {"ok@x.test"}, *const slow[] = {"slow@x.test"};
    static struct mes_control control;
    struct stopper stopper = {.command = {.run = stand_in_the_way, .done = out_of_the_way}};
    (void)state;
    int64_t ended = post(ok, 1);
    queue_testing_await_state(&testing, ended, MES_STORE_DONE);
    int64_t id = post(slow, 1);
    while (relay_rcpt_count(testing.relay, "slow@x.test") == 0 || queue_testing_flights(&testing).dots == 0)
        mes_loop_step(testing.loop, 5);
    mes_courier_post(testing.courier, &stopper.command);
    queue_testing_until(&testing, is_so, &stopper.has_begun);
    relay_release(testing.relay);
    while (relay_count(testing.relay) < 2)
        mes_loop_step(testing.loop, 5);
    for (int i = 0; i < 20; i++)
        mes_loop_step(testing.loop, 5); /* the relay's answer arrives, and the result is posted */
    control = (struct mes_control){.action = MES_CONTROL_CANCEL, .job = ended, .on_done = on_refused};
    atomic_store(&is_refused, false);
    mes_control_post(testing.courier, &control);
    atomic_store(&stopper.may_end, true);
    queue_testing_until(&testing, is_so, &is_refused);
    queue_testing_until(&testing, is_so, &stopper.is_done);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(control.code, MES_E_USAGE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 1);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_QUEUED], 0);
}

static void a_job_that_has_ended_is_not_held(void **state)
{
    (void)state;
    int64_t id = post(many_spam, 20);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_FAILED], 20);
    assert_null(strstr(testing.alerts, "job.held"));
}

static void a_cancel_goes_on_after_a_crash(void **state)
{
    (void)state;
    const struct queue_job later = {
        .addresses = many_ok, .count = 30000, .is_bulk = true, .send_in_ms = 3600 * 1000};
    int64_t id = queue_testing_post(&testing, &later);
    leave_in_the_middle(id, MES_CONTROL_CANCEL);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_CANCELLED);
    queue_testing_pass(&testing, 61 * 1000);
    queue_testing_until(&testing, has_ended, &id);
    struct mes_store_job job = queue_testing_job(&testing, id);
    assert_int_equal(job.state, MES_STORE_CANCELLED);
    assert_int_equal(job.counts[MES_STORE_STATUS_CANCELLED], 30000);
    assert_int_equal(job.next_at, 0);
    assert_int_equal(relay_count(testing.relay), 0);
}

static void a_retry_goes_on_after_a_crash(void **state)
{
    (void)state;
    const struct queue_job brief = {.addresses = many_ok,
                                    .count = 30000,
                                    .is_bulk = true,
                                    .send_in_ms = 60 * 1000,
                                    .expires_in_ms = 120 * 1000};
    int64_t id = queue_testing_post(&testing, &brief);
    queue_testing_pass(&testing, 300 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    leave_in_the_middle(id, MES_CONTROL_RETRY);
    /* Some wait again; they have expired, so that they end at once, but they do end. */
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    struct mes_store_job job = queue_testing_job(&testing, id);
    assert_int_equal(job.counts[MES_STORE_STATUS_FAILED], 30000);
    assert_int_equal(job.counts[MES_STORE_STATUS_QUEUED], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pause_calls_back_what_has_not_begun),
        TEST(a_hold_calls_back_what_has_not_begun),
        TEST(a_job_of_one_mail_ends_as_cancelled),
        TEST(a_job_that_has_ended_is_not_held),
        TEST(what_is_refused_takes_no_others_result_with_it),
        TEST(a_cancel_goes_on_after_a_crash),
        TEST(a_retry_goes_on_after_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
