/* Jobs of many recipients: they come whole or not at all, and nobody waits for them. */
#include "queue/queue_test.h"

enum { MANY = 30000 };

static struct queue_testing testing;
static const char *const many_ok[] = {"ok#@x.test"};
static struct mes_intake_recipient rows[MANY];

static int begin(void **state)
{
    (void)state;
    queue_testing_begin(&testing, "");
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct mes_intake_recipient){.address = "wong@example.hk"};
    return 0;
}

static int end(void **state)
{
    (void)state;
    queue_testing_end(&testing);
    return 0;
}

/* A job that is held: nothing of it is ever sent. */
struct held {
    struct mes_intake intake; /* first */
    unsigned place;           /* in which it was answered, from 1 */
    enum mes_intake_result result;
};

static atomic_uint answered;

static void on_done(struct mes_intake *intake, enum mes_intake_result result, const struct mes_error *error)
{
    struct held *held = (struct held *)intake;
    (void)error;
    held->result = result;
    held->place = atomic_fetch_add(&answered, 1) + 1;
}

static void post(struct held *held, size_t count)
{
    *held = (struct held){.intake = {.head = {.id = mes_id_next(&testing.clock),
                                              .company = "",
                                              .created_at = mes_clock_wall(&testing.clock),
                                              .send_at = mes_clock_wall(&testing.clock),
                                              .document = MES_STR("{}"),
                                              .is_held = true},
                                     .recipients = rows,
                                     .recipient_count = count,
                                     .on_done = on_done}};
    mes_intake_post(testing.courier, &held->intake);
}

static bool are_answered(struct queue_testing *with, void *count)
{
    (void)with;
    return atomic_load(&answered) == *(unsigned *)count;
}

static void a_long_list_keeps_nobody_waiting(void **state)
{
    static struct held list, single;
    unsigned both = 2;
    (void)state;
    atomic_store(&answered, 0);
    post(&list, MANY);
    post(&single, 1);
    queue_testing_until(&testing, are_answered, &both);
    assert_int_equal(single.place, 1);
    assert_int_equal(list.result, MES_INTAKE_ACCEPTED);
    struct mes_store_job job = queue_testing_job(&testing, list.intake.head.id);
    assert_int_equal(job.state, MES_STORE_HELD);
    assert_int_equal(job.mails, MANY);
    assert_int_equal(job.counts[MES_STORE_STATUS_QUEUED], MANY);
    assert_string_equal(queue_testing_row(&testing, list.intake.head.id, MANY - 1).address,
                        "wong@example.hk");
}

static void a_list_that_the_process_did_not_survive_is_gone(void **state)
{
    static struct held list;
    (void)state;
    post(&list, MANY);
    queue_testing_stop(&testing);
    assert_int_equal(list.result, MES_INTAKE_FAILED);
    queue_testing_start(&testing);
    assert_false(queue_testing_has_job(&testing, list.intake.head.id));
}

static void F05_a_long_list_has_its_key(void **state)
{
    int64_t first, again, other;
    struct queue_job list = {
        .addresses = many_ok, .count = 6000, .is_bulk = true, .key = "list-1", .send_in_ms = 3600 * 1000};
    (void)state;
    assert_int_equal(queue_testing_try(&testing, &list, &first), MES_INTAKE_ACCEPTED);
    assert_int_equal(queue_testing_job(&testing, first).state, MES_STORE_SCHEDULED);
    assert_int_equal(queue_testing_try(&testing, &list, &again), MES_INTAKE_REPEATED);
    list.count = 6001;
    assert_int_equal(queue_testing_try(&testing, &list, &other), MES_INTAKE_CONFLICT);
    assert_false(queue_testing_has_job(&testing, again) || queue_testing_has_job(&testing, other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_list_keeps_nobody_waiting),
        TEST(a_list_that_the_process_did_not_survive_is_gone),
        TEST(F05_a_long_list_has_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
