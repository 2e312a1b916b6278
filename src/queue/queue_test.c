/* What becomes of accepted mail: through a real relay on loopback, on a clock that the test turns. */
#include "queue/queue_test.h"

enum { SLOW_JOBS = 40 };

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
static const char *const one_grey[] = {"grey@x.test"};
static const char *const one_cut[] = {"cut@x.test"};
static const char *const many_ok[] = {"ok#@x.test"};
static const char *const many_slow[] = {"slow#@x.test"};
static const char *const many_spam[] = {"spam#@x.test"};

static void a_mail_is_sent_and_proved(void **state)
{
    (void)state;
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    struct mes_store_job job = queue_testing_job(&testing, id);
    struct mes_store_recipient row = queue_testing_row(&testing, id, 0);
    assert_int_equal(job.counts[MES_STORE_STATUS_SENT], 1);
    assert_int_equal(job.counts[MES_STORE_STATUS_QUEUED], 0);
    assert_true(job.done_at != 0);
    assert_int_equal(row.status, MES_STORE_STATUS_SENT);
    assert_string_equal(row.account, "one");
    assert_int_equal(row.code, 250);
    assert_string_equal(row.reply, "taken");
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 1);
    assert_int_equal(relay_count_of(testing.relay, "ok@x.test"), 1);
    struct mes_store_flight_counts flights = queue_testing_flights(&testing);
    assert_int_equal(flights.leased + flights.dots, 0);
}

static void a_list_goes_in_shares(void **state)
{
    (void)state;
    const struct queue_job list = {.addresses = many_ok, .count = 300, .is_bulk = true};
    int64_t id = queue_testing_post(&testing, &list);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_SENT], 300);
    assert_int_equal(relay_count(testing.relay), 300);
    assert_int_equal(relay_count_of(testing.relay, "ok299@x.test"), 1);
}

static void copies_have_results_of_their_own(void **state)
{
    (void)state;
    const struct queue_job copied = {.addresses = one_ok, .count = 1, .cc = "refused@x.test"};
    int64_t id = queue_testing_post(&testing, &copied);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_SENT);
    assert_int_equal(queue_testing_row(&testing, id, 1).status, MES_STORE_STATUS_FAILED);
    assert_int_equal(queue_testing_row(&testing, id, 1).code, 550);
}

static void greylisted_mail_waits_and_keeps_its_account(void **state)
{
    (void)state;
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_grey, .count = 1});
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_DEFERRED);
    int64_t wait = queue_testing_row(&testing, id, 0).due_at - mes_clock_wall(&testing.clock);
    assert_in_range(wait, 40 * 1000, 75 * 1000);
    queue_testing_pass(&testing, 80 * 1000);
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_SENT);
    assert_int_equal(relay_count_of(testing.relay, "grey@x.test"), 1);
    assert_int_equal(relay_count(testing.second), 0);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 2);
}

/* The same bytes, the same account, three times at most; then a person decides. */
static void a_doubt_is_resent_and_ends_after_the_third(void **state)
{
    (void)state;
    relay_set_cuts(testing.relay, 3);
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_cut, .count = 1});
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_IN_DOUBT);
    assert_in_range(queue_testing_row(&testing, id, 0).due_at - mes_clock_wall(&testing.clock), 1, 5000);
    queue_testing_pass(&testing, 6 * 1000);
    while (relay_count(testing.relay) < 2)
        mes_loop_step(testing.loop, 5);
    while (queue_testing_attempts(&testing, id, 0) < 2)
        mes_loop_step(testing.loop, 5);
    queue_testing_pass(&testing, 11 * 60 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    struct mes_store_recipient row = queue_testing_row(&testing, id, 0);
    assert_int_equal(row.status, MES_STORE_STATUS_IN_DOUBT);
    assert_true(row.done_at != 0);
    assert_non_null(strstr(testing.alerts, "recipient.in_doubt"));
    assert_int_equal(relay_count_of(testing.relay, "cut@x.test"), 3);
    assert_true(relay_has_one_id(testing.relay, "cut@x.test"));
    assert_int_equal(relay_count(testing.second), 0);
    struct mes_control resolved = queue_testing_control(&testing, id, MES_CONTROL_RESOLVE, 0, false);
    assert_int_equal(resolved.code, 0);
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_SENT);
    assert_int_equal(relay_count_of(testing.relay, "cut@x.test"), 4);
}

static void a_doubt_may_wait_for_a_person(void **state)
{
    (void)state;
    const struct queue_job held = {.addresses = one_cut, .count = 1, .on_doubt = MES_DOUBT_HOLD};
    int64_t id = queue_testing_post(&testing, &held);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_IN_DOUBT);
    queue_testing_pass(&testing, 60 * 60 * 1000);
    struct mes_control resolved = queue_testing_control(&testing, id, MES_CONTROL_RESOLVE, 0, true);
    assert_int_equal(resolved.code, 0);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_SENT);
    assert_int_equal(relay_count_of(testing.relay, "cut@x.test"), 1);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_RESOLVE, 0, true).code, MES_E_USAGE);
}

static void a_scheduled_job_waits_for_its_time(void **state)
{
    (void)state;
    const struct queue_job later = {.addresses = one_ok, .count = 1, .send_in_ms = 3600 * 1000};
    int64_t id = queue_testing_post(&testing, &later);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_SCHEDULED);
    queue_testing_pass(&testing, 3500 * 1000);
    assert_int_equal(relay_count(testing.relay), 0);
    queue_testing_pass(&testing, 101 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 1);
}

static void what_was_late_goes_by_its_policy(void **state)
{
    (void)state;
    struct queue_job later = {.addresses = one_ok, .count = 1, .send_in_ms = 60 * 1000};
    int64_t sent = queue_testing_post(&testing, &later);
    later.late = MES_LATE_SKIP;
    int64_t skipped = queue_testing_post(&testing, &later);
    later.late = MES_LATE_HOLD;
    int64_t held = queue_testing_post(&testing, &later);
    queue_testing_stop(&testing);
    atomic_fetch_add(&testing.ahead_ms, 7200 * 1000);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, sent, MES_STORE_DONE);
    queue_testing_await_state(&testing, skipped, MES_STORE_CANCELLED);
    queue_testing_await_state(&testing, held, MES_STORE_HELD);
    queue_testing_await_status(&testing, skipped, 0, MES_STORE_STATUS_CANCELLED);
    assert_int_equal(relay_count(testing.relay), 1);
}

static void nothing_leaves_in_quiet_hours(void **state)
{
    (void)state;
    const struct queue_job quiet = {.addresses = one_ok, .count = 1, .quiet_hours = "00:00-23:00"};
    int64_t now = mes_clock_wall(&testing.clock), day = 24 * 3600 * 1000;
    atomic_fetch_add(&testing.ahead_ms, day - now % day + 12 * 3600 * 1000); /* noon of tomorrow, UTC */
    int64_t id = queue_testing_post(&testing, &quiet);
    queue_testing_pass(&testing, 1000);
    for (int i = 0; i < 20; i++)
        mes_loop_step(testing.loop, 5);
    assert_int_equal(relay_count(testing.relay), 0);
    queue_testing_pass(&testing, 11 * 3600 * 1000 + 60 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
}

static bool has_stood_aside(struct queue_testing *self, void *context)
{
    const int64_t *ids = context;
    for (size_t i = 0; i < SLOW_JOBS; i++)
        if (queue_testing_job(self, ids[i]).next_at <= mes_clock_wall(&self->clock))
            return false;
    return true;
}

/* By the courier's clock each look at it takes longer than a lease may: one job a transaction. */
static void a_lease_that_takes_long_goes_on_in_the_next_transaction(void **state)
{
    (void)state;
    int64_t ids[SLOW_JOBS], now = mes_clock_wall(&testing.clock), day = 24 * 3600 * 1000;
    const struct queue_job quiet = {
        .addresses = one_ok, .count = 1, .quiet_hours = "00:00-23:00", .send_in_ms = 3600 * 1000};
    queue_testing_stop(&testing);
    atomic_fetch_add(&testing.ahead_ms, day - now % day + 12 * 3600 * 1000); /* noon of tomorrow, UTC */
    testing.courier_haste_ms = 50;
    queue_testing_start(&testing);
    for (size_t i = 0; i < SLOW_JOBS; i++)
        ids[i] = queue_testing_post(&testing, &quiet);
    uint64_t turns = mes_courier_turns(testing.courier);
    queue_testing_pass(&testing, 3601 * 1000);
    queue_testing_until(&testing, has_stood_aside, ids);
    assert_true(mes_courier_turns(testing.courier) - turns >= SLOW_JOBS);
}

static void what_has_expired_is_not_sent(void **state)
{
    (void)state;
    const struct queue_job brief = {
        .addresses = one_ok, .count = 1, .send_in_ms = 60 * 1000, .expires_in_ms = 120 * 1000};
    int64_t id = queue_testing_post(&testing, &brief);
    queue_testing_pass(&testing, 300 * 1000);
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_FAILED);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 0);
    assert_non_null(strstr(queue_testing_row(&testing, id, 0).reply, "expired"));
}

static void a_deferred_mail_ends_at_its_deadline(void **state)
{
    (void)state;
    const struct queue_job brief = {.addresses = one_grey, .count = 1, .expires_in_ms = 30 * 1000};
    int64_t id = queue_testing_post(&testing, &brief);
    queue_testing_await_status(&testing, id, 0, MES_STORE_STATUS_FAILED);
    assert_int_equal(queue_testing_row(&testing, id, 0).code, 451);
}

/* ---- what people do ---- */

static void a_cancelled_mail_stops_at_its_permit(void **state)
{
    (void)state;
    const struct queue_job list = {.addresses = many_slow, .count = 3000, .is_bulk = true};
    int64_t id = queue_testing_post(&testing, &list);
    while (relay_rcpt_count(testing.relay, "slow0@x.test") == 0)
        mes_loop_step(testing.loop, 5);
    struct mes_control cancelled = queue_testing_control(&testing, id, MES_CONTROL_CANCEL, 0, false);
    assert_int_equal(cancelled.code, 0);
    assert_true(cancelled.cancelled > 2000);
    assert_int_equal(cancelled.cancelled + cancelled.in_flight, 3000);
    relay_release(testing.relay);
    struct mes_store_job job;
    do {
        mes_loop_step(testing.loop, 5);
        job = queue_testing_job(&testing, id);
    } while (job.done_at == 0);
    assert_int_equal(job.state, MES_STORE_CANCELLED);
    /* One dot may have been permitted ahead on each connection. */
    assert_true(job.counts[MES_STORE_STATUS_SENT] <= 20);
    assert_int_equal(job.counts[MES_STORE_STATUS_SENT] + job.counts[MES_STORE_STATUS_CANCELLED], 3000);
    assert_int_equal(relay_count(testing.relay), job.counts[MES_STORE_STATUS_SENT]);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_CANCEL, 0, false).code, 0);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_PAUSE, 0, false).code, MES_E_USAGE);
}

static void a_paused_job_stands_still(void **state)
{
    (void)state;
    const struct queue_job later = {
        .addresses = one_ok, .count = 1, .send_in_ms = 60 * 1000, .expires_in_ms = 3600 * 1000};
    int64_t id = queue_testing_post(&testing, &later);
    int64_t expires_at = queue_testing_job(&testing, id).expires_at;
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_PAUSE, 0, false).code, 0);
    queue_testing_pass(&testing, 7200 * 1000);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_PAUSED);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_RESUME, 0, false).code, 0);
    assert_in_range(queue_testing_job(&testing, id).expires_at - expires_at, 7200 * 1000, 7300 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_control(&testing, INT64_MAX, MES_CONTROL_PAUSE, 0, false).code,
                     MES_E_NOT_FOUND);
}

static void failed_ones_are_sent_again_on_demand(void **state)
{
    (void)state;
    static const char *const mixed[] = {"ok@x.test", "refused@x.test", "grey@x.test"};
    const struct queue_job list = {.addresses = mixed, .count = 3};
    int64_t id = queue_testing_post(&testing, &list);
    queue_testing_await_status(&testing, id, 2, MES_STORE_STATUS_DEFERRED);
    queue_testing_await_status(&testing, id, 1, MES_STORE_STATUS_FAILED);
    struct mes_control again = queue_testing_control(&testing, id, MES_CONTROL_RETRY, 0, false);
    assert_int_equal(again.requeued, 1);
    assert_int_equal(again.due_now, 1);
    queue_testing_await_status(&testing, id, 2, MES_STORE_STATUS_SENT);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_rcpt_count(testing.relay, "refused@x.test"), 2);
    assert_int_equal(relay_count_of(testing.relay, "ok@x.test"), 1);
}

static void twenty_refusals_of_the_content_hold_the_job(void **state)
{
    (void)state;
    const struct queue_job list = {.addresses = many_spam, .count = 2000, .is_bulk = true};
    int64_t id = queue_testing_post(&testing, &list);
    queue_testing_await_state(&testing, id, MES_STORE_HELD);
    assert_non_null(strstr(testing.alerts, "job.held"));
    assert_true(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_QUEUED] > 0);
}

/* ---- keys and fairness ---- */

static void F05_a_key_makes_one_job(void **state)
{
    (void)state;
    int64_t first, again, other;
    struct queue_job job = {.addresses = one_ok, .count = 1, .key = "order-1"};
    assert_int_equal(queue_testing_try(&testing, &job, &first), MES_INTAKE_ACCEPTED);
    assert_int_equal(queue_testing_try(&testing, &job, &again), MES_INTAKE_REPEATED);
    static const char *const two[] = {"ok@x.test", "ok2@x.test"};
    job.addresses = two;
    job.count = 2;
    assert_int_equal(queue_testing_try(&testing, &job, &other), MES_INTAKE_CONFLICT);
    job.company = "another";
    assert_int_equal(queue_testing_try(&testing, &job, &other), MES_INTAKE_ACCEPTED);
    queue_testing_await_state(&testing, first, MES_STORE_DONE);
}

static void a_password_mail_overtakes_a_list(void **state)
{
    (void)state;
    const struct queue_job list = {.addresses = many_ok, .count = 10000, .is_bulk = true};
    int64_t bulk = queue_testing_post(&testing, &list);
    while (relay_count(testing.relay) < 100)
        mes_loop_step(testing.loop, 5);
    size_t before = relay_count(testing.relay);
    static const char *const password[] = {"ok-password@x.test"};
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = password, .count = 1});
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_true(relay_position(testing.relay, "ok-password@x.test") < before + 600);
    assert_int_equal(queue_testing_control(&testing, bulk, MES_CONTROL_CANCEL, 0, false).code, 0);
}

static void companies_take_turns(void **state)
{
    (void)state;
    static const char *const others[] = {"ok-other#@x.test"};
    struct queue_job list = {.addresses = many_ok, .count = 8000, .is_bulk = true, .company = "large"};
    int64_t large = queue_testing_post(&testing, &list);
    while (relay_count(testing.relay) < 100)
        mes_loop_step(testing.loop, 5);
    size_t before = relay_count(testing.relay);
    list.addresses = others;
    list.count = 100;
    list.company = "small";
    int64_t small = queue_testing_post(&testing, &list);
    queue_testing_await_state(&testing, small, MES_STORE_DONE);
    assert_true(relay_position(testing.relay, "ok-other99@x.test") < before + 2500);
    assert_int_equal(queue_testing_control(&testing, large, MES_CONTROL_CANCEL, 0, false).code, 0);
}

/* ---- accounts that are down ---- */

static void E21_nothing_is_tried_while_all_accounts_are_down(void **state)
{
    (void)state;
    relay_set_down(testing.relay, true);
    relay_set_down(testing.second, true);
    int64_t first = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
    queue_testing_await_status(&testing, first, 0, MES_STORE_STATUS_DEFERRED);
    const struct queue_job list = {.addresses = many_ok, .count = 50};
    int64_t id = queue_testing_post(&testing, &list);
    for (int i = 0; i < 20; i++)
        mes_loop_step(testing.loop, 5);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 0);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_QUEUED);
    assert_non_null(strstr(testing.account_news, "one:rests"));
    relay_set_down(testing.relay, false);
    relay_set_down(testing.second, false);
    queue_testing_pass(&testing, 60 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 1);
    assert_non_null(strstr(testing.account_news, "well"));
}

/* Each probe of the first account gives it a mail, and it fails: that is no news. */
static void E21_a_fallback_is_told_once_and_over_once(void **state)
{
    (void)state;
    relay_set_down(testing.relay, true);
    for (int i = 0; i < 4; i++) {
        int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
        queue_testing_await_state(&testing, id, MES_STORE_DONE);
        queue_testing_pass(&testing, (int64_t)2 * 3600 * 1000);
    }
    assert_true(strstr(testing.account_news, "one:rests") != NULL);
    assert_string_equal(testing.fallback_news, "+two ");
    relay_set_down(testing.relay, false);
    for (int i = 0; i < 3; i++) {
        int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
        queue_testing_await_state(&testing, id, MES_STORE_DONE);
        queue_testing_pass(&testing, (int64_t)2 * 3600 * 1000);
    }
    assert_string_equal(testing.fallback_news, "+two -one ");
}

/* A mail that the first account refuses for its content tries a second one: that account is well. */
static void what_one_mail_meets_is_no_fallback(void **state)
{
    (void)state;
    static const char *const one_spam[] = {"spam@x.test"};
    int64_t id = queue_testing_post(&testing, &(struct queue_job){.addresses = one_spam, .count = 1});
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 2);
    assert_string_equal(testing.fallback_news, "");
}

/* The usual 48 hours run while nobody can send … */
static void mail_of_ill_accounts_ends_after_two_days(void **state)
{
    (void)state;
    relay_set_down(testing.relay, true);
    relay_set_down(testing.second, true);
    int64_t first = queue_testing_post(&testing, &(struct queue_job){.addresses = one_ok, .count = 1});
    queue_testing_await_status(&testing, first, 0, MES_STORE_STATUS_DEFERRED);
    const struct queue_job list = {.addresses = many_ok, .count = 3};
    int64_t id = queue_testing_post(&testing, &list);
    relay_set_down(testing.relay, false);
    relay_set_down(testing.second, false);
    queue_testing_pass(&testing, (int64_t)72 * 3600 * 1000);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    queue_testing_await_state(&testing, first, MES_STORE_DONE);
    assert_int_equal(queue_testing_job(&testing, id).counts[MES_STORE_STATUS_FAILED], 3);
    assert_non_null(strstr(queue_testing_row(&testing, id, 0).reply, "expired"));
    assert_int_equal(relay_count(testing.relay), 0);
}

/* … and not while the job is paused. */
static void mail_of_a_paused_job_does_not_age(void **state)
{
    (void)state;
    const struct queue_job later = {.addresses = one_ok, .count = 1, .send_in_ms = 60 * 1000};
    int64_t id = queue_testing_post(&testing, &later);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_PAUSE, 0, false).code, 0);
    queue_testing_pass(&testing, (int64_t)72 * 3600 * 1000);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_RESUME, 0, false).code, 0);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mail_of_ill_accounts_ends_after_two_days),
        TEST(mail_of_a_paused_job_does_not_age),
        TEST(a_mail_is_sent_and_proved),
        TEST(a_list_goes_in_shares),
        TEST(copies_have_results_of_their_own),
        TEST(greylisted_mail_waits_and_keeps_its_account),
        TEST(a_doubt_is_resent_and_ends_after_the_third),
        TEST(a_doubt_may_wait_for_a_person),
        TEST(a_scheduled_job_waits_for_its_time),
        TEST(what_was_late_goes_by_its_policy),
        TEST(nothing_leaves_in_quiet_hours),
        TEST(a_lease_that_takes_long_goes_on_in_the_next_transaction),
        TEST(what_has_expired_is_not_sent),
        TEST(a_deferred_mail_ends_at_its_deadline),
        TEST(a_cancelled_mail_stops_at_its_permit),
        TEST(a_paused_job_stands_still),
        TEST(failed_ones_are_sent_again_on_demand),
        TEST(twenty_refusals_of_the_content_hold_the_job),
        TEST(F05_a_key_makes_one_job),
        TEST(a_password_mail_overtakes_a_list),
        TEST(companies_take_turns),
        TEST(E21_nothing_is_tried_while_all_accounts_are_down),
        TEST(E21_a_fallback_is_told_once_and_over_once),
        TEST(what_one_mail_meets_is_no_fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
