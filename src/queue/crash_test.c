/* What an earlier process left in flight, and what its journal knows, when the queue starts again. */
#include "queue/progress.h"
#include "queue/queue_test.h"

#include <pthread.h>

static struct queue_testing testing;
static const char *const one_ok[] = {"ok@x.test"};
static const char *const one_slow[] = {"slow@x.test"};

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

static struct mes_store *open_left(void)
{
    struct mes_store *store = NULL;
    char database[128];
    queue_testing_stop(&testing);
    (void)snprintf(database, sizeof database, "%s/queue.db", testing.folder);
    assert_int_equal(mes_store_open(database, &testing.clock, &store, NULL), 0);
    assert_int_equal(mes_store_begin(store, NULL), 0);
    return store;
}

static void close_left(struct mes_store *store)
{
    assert_int_equal(mes_store_commit(store, NULL), 0);
    mes_store_close(&store);
}

static int64_t post_later(void)
{
    return queue_testing_post(&testing,
                              &(struct queue_job){.addresses = one_ok, .count = 1, .send_in_ms = 1000});
}

static void leave(struct mes_store *store, const struct mes_store_flight *flight, bool is_dot,
                  enum mes_store_state state)
{
    bool is_ours = true;
    const struct mes_store_job_change change = {.id = flight->job,
                                                .set = MES_STORE_JOB_STATE | MES_STORE_JOB_CURSOR |
                                                       MES_STORE_JOB_NEXT_AT,
                                                .state = state,
                                                .cursor = 1};
    assert_int_equal(mes_store_flight_add(store, flight, NULL), 0);
    if (is_dot)
        assert_int_equal(mes_store_flight_mark_dot(store, flight, &is_ours, NULL), 0);
    assert_int_equal(mes_store_job_change(store, &change, NULL), 0);
}

static struct mes_store_flight flight_of(int64_t job, int64_t doubts, int64_t crashes)
{
    return (struct mes_store_flight){.job = job,
                                     .token = 77,
                                     .account = "one",
                                     .doubts = doubts,
                                     .since = mes_clock_wall(&testing.clock),
                                     .crashes = crashes};
}

/* Leaves a mail in the database as a process does that ends while it is leased, or while its dot is out. */
static int64_t leave_in_flight(bool is_dot, int64_t doubts, int64_t crashes)
{
    int64_t id = post_later();
    struct mes_store *store = open_left();
    const struct mes_store_flight flight = flight_of(id, doubts, crashes);
    leave(store, &flight, is_dot, MES_STORE_SENDING);
    close_left(store);
    return id;
}

static void E02_a_lease_that_was_left_is_sent(void **state)
{
    (void)state;
    int64_t id = leave_in_flight(false, 0, 0);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 1);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 1);
}

static void E03_a_dot_that_was_left_is_in_doubt(void **state)
{
    (void)state;
    int64_t id = leave_in_flight(true, 1, 0);
    queue_testing_start(&testing);
    /* The first doubt after a restart is resent at once, and both tries stand there. */
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 1);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 2);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_SENT);
}

static void E03_the_third_doubt_is_final(void **state)
{
    (void)state;
    int64_t id = leave_in_flight(true, 3, 0);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 0);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_IN_DOUBT);
    assert_non_null(strstr(testing.alerts, "recipient.in_doubt"));
}

/* A result that only the journal knows: of a lease that the database has, or after a restore has not. */
static void write_into_journal(int64_t id, int64_t token)
{
    const struct mes_outcome_attempt attempt = {.account = "one",
                                                .step = "dot",
                                                .class_ = "",
                                                .code = 250,
                                                .enhanced = "2.0.0",
                                                .reply = "taken",
                                                .advice_id = "",
                                                .dsn = "",
                                                .sender = "",
                                                .tls = "none",
                                                .digest = ""};
    const struct mes_outcome_row row = {
        .status = MES_STORE_STATUS_SENT, .is_final = true, .attempts = &attempt, .attempt_count = 1};
    const struct mes_outcome outcome = {.job = id,
                                        .company = "",
                                        .token = token,
                                        .is_whole = true,
                                        .message_id = "",
                                        .progress = "",
                                        .rows = &row,
                                        .row_count = 1};
    struct mes_store_journal *journal = NULL;
    struct mes_buf record;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/journal", testing.folder);
    mes_buf_init(&record, MES_STORE_JOURNAL_RECORD_MOST);
    mes_outcome_write(&outcome, 0, &record);
    assert_int_equal(mes_store_journal_open(path, &journal, NULL), 0);
    assert_int_equal(mes_store_journal_append(journal, mes_buf_str(&record), NULL), 0);
    assert_int_equal(mes_store_journal_sync(journal, NULL), 0);
    mes_store_journal_close(&journal);
    mes_buf_fini(&record);
}

static void E08_a_result_in_the_journal_is_no_doubt(void **state)
{
    (void)state;
    int64_t id = leave_in_flight(true, 1, 0);
    write_into_journal(id, 77);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_SENT);
    assert_int_equal(queue_testing_attempts(&testing, id, 0), 1);
    assert_int_equal(relay_count(testing.relay), 0);
    assert_int_equal(mes_store_journal_count(testing.journal), 0);
}

static void E23_a_restored_queue_believes_the_journal(void **state)
{
    (void)state;
    const struct queue_job later = {.addresses = one_ok, .count = 1, .send_in_ms = 3600 * 1000};
    int64_t id = queue_testing_post(&testing, &later);
    struct mes_store *store = NULL;
    char database[128];
    queue_testing_stop(&testing);
    (void)snprintf(database, sizeof database, "%s/queue.db", testing.folder);
    assert_int_equal(mes_store_open(database, &testing.clock, &store, NULL), 0);
    assert_int_equal(mes_store_begin(store, NULL), 0);
    assert_int_equal(mes_store_meta_put_number(store, "held_after_restore", 1, NULL), 0);
    assert_int_equal(mes_store_commit(store, NULL), 0);
    mes_store_close(&store);
    write_into_journal(id, 77);
    queue_testing_start(&testing);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_SENT);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_DONE);
    queue_testing_pass(&testing, 7200 * 1000);
    assert_int_equal(relay_count(testing.relay), 0);
}

static void E22_a_mail_that_ends_the_process_is_set_aside(void **state)
{
    (void)state;
    int64_t id = leave_in_flight(false, 0, 2);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(relay_count(testing.relay), 0);
    assert_int_equal(queue_testing_row(&testing, id, 0).status, MES_STORE_STATUS_FAILED);
    assert_non_null(strstr(testing.alerts, "recipient.quarantined"));
    int64_t other = queue_testing_post(&testing, &(struct queue_job){.addresses = one_slow, .count = 1});
    relay_release(testing.relay);
    queue_testing_await_state(&testing, other, MES_STORE_DONE);
}

static struct mes_progress progress_of(int64_t id)
{
    struct mes_progress progress;
    mes_progress_parse(queue_testing_row(&testing, id, 0).progress, &progress);
    return progress;
}

static void E22_each_crash_counts_until_it_comes_back(void **state)
{
    (void)state;
    int64_t id = post_later();
    struct mes_store *store = open_left();
    const struct mes_store_flight flight = flight_of(id, 0, 0);
    leave(store, &flight, false, MES_STORE_PAUSED);
    close_left(store);
    queue_testing_start(&testing);
    assert_int_equal(progress_of(id).crashes, 1);
    assert_int_equal(queue_testing_control(&testing, id, MES_CONTROL_RESUME, 0, false).code, 0);
    queue_testing_await_state(&testing, id, MES_STORE_DONE);
    assert_int_equal(progress_of(id).crashes, 0);
}

/* Two mails were under way in two crashes: a third one finds only one of them on its way. */
static void E22_suspects_go_one_at_a_time(void **state)
{
    (void)state;
    int64_t first = post_later(), second = post_later();
    struct mes_store *store = open_left();
    const struct mes_store_flight flights[] = {flight_of(first, 0, 1), flight_of(second, 0, 1)};
    leave(store, &flights[0], false, MES_STORE_SENDING);
    leave(store, &flights[1], false, MES_STORE_SENDING);
    close_left(store);
    queue_testing_start(&testing);
    queue_testing_await_state(&testing, first, MES_STORE_DONE);
    assert_int_equal(queue_testing_row(&testing, second, 0).status, MES_STORE_STATUS_QUEUED);
    assert_true(queue_testing_row(&testing, second, 0).due_at > mes_clock_wall(&testing.clock));
    assert_int_equal(relay_count(testing.relay), 1);
    queue_testing_pass(&testing, 10 * 1000);
    queue_testing_await_state(&testing, second, MES_STORE_DONE);
}

/* ---- memory ---- */

static pthread_t store_thread;
static atomic_int allocations_left; /* of the store thread, before one fails; below 0: none fails */

static bool may_allocate(size_t size)
{
    (void)size;
    if (atomic_load(&allocations_left) < 0 || !pthread_equal(pthread_self(), store_thread))
        return true;
    return atomic_fetch_sub(&allocations_left, 1) > 0;
}

static atomic_bool is_known;

static int learn_thread(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    (void)command;
    (void)store;
    (void)error;
    store_thread = pthread_self();
    return 0;
}

static void thread_learned(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    (void)command;
    (void)code;
    (void)error;
    atomic_store(&is_known, true);
}

static bool is_thread_known(struct queue_testing *queue, void *context)
{
    (void)queue;
    (void)context;
    return atomic_load(&is_known);
}

/* Every allocation of an accept fails in turn: the caller is told, nothing of the job is there, and the queue
 * goes on. */
static void E10_an_accept_without_memory_leaves_nothing(void **state)
{
    (void)state;
    struct mes_courier_command learn = {.run = learn_thread, .done = thread_learned};
    const struct queue_job job = {.addresses = one_ok, .count = 1, .send_in_ms = 3600 * 1000};
    enum mes_intake_result result = MES_INTAKE_FAILED;
    int64_t id = 0;
    int failed = 0;
    mes_courier_post(testing.courier, &learn);
    queue_testing_until(&testing, is_thread_known, NULL);
    atomic_store(&allocations_left, -1);
    mes_alloc_set_hook(may_allocate);
    for (int n = 0; n < 200 && result != MES_INTAKE_ACCEPTED; n++) {
        atomic_store(&allocations_left, n);
        result = queue_testing_try(&testing, &job, &id);
        atomic_store(&allocations_left, -1);
        failed += result == MES_INTAKE_FAILED;
        if (result == MES_INTAKE_FAILED)
            assert_false(queue_testing_has_job(&testing, id));
    }
    mes_alloc_set_hook(NULL);
    assert_int_equal(result, MES_INTAKE_ACCEPTED);
    assert_true(failed > 0);
    assert_int_equal(queue_testing_job(&testing, id).state, MES_STORE_SCHEDULED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(E10_an_accept_without_memory_leaves_nothing),
        TEST(E02_a_lease_that_was_left_is_sent),
        TEST(E03_a_dot_that_was_left_is_in_doubt),
        TEST(E03_the_third_doubt_is_final),
        TEST(E08_a_result_in_the_journal_is_no_doubt),
        TEST(E23_a_restored_queue_believes_the_journal),
        TEST(E22_a_mail_that_ends_the_process_is_set_aside),
        TEST(E22_each_crash_counts_until_it_comes_back),
        TEST(E22_suspects_go_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
