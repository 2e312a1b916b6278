#include "hook/event.h"

#include "base/instant.h"
#include "hook/body.h"
#include "store/fixture_test.h"
#include "store/job.h"
#include "store/webhook.h"

/* What waits for a webhook, one line each: "TYPE BODY". */
struct rows {
    struct mes_buf text;
    size_t count;
    int64_t newest;
};

static struct mes_hook_events *events;
static unsigned written;

static void on_written(void *context)
{
    (void)context;
    written++;
}

static int set_up(void **state)
{
    const struct mes_hook_events_options options = {.on_written = on_written};
    written = 0;
    return fixture_begin(state) != 0 || mes_hook_events_new(&options, &events, NULL) != 0;
}

static int tear_down(void **state)
{
    mes_hook_events_free(&events);
    return fixture_end(state);
}

static void add_webhook(struct fixture *fixture, int64_t id, const char *company, const char *wished)
{
    const struct mes_store_webhook webhook = {.id = id,
                                              .company = company,
                                              .url = "https://hook.example.com/",
                                              .events = wished,
                                              .created_at = NOON_MS};
    works(mes_store_webhook_add(fixture->store, &webhook, &fixture->error));
    mes_hook_events_changed(events);
}

static bool take_row(void *context, const struct mes_store_webhook_event *event)
{
    struct rows *rows = context;
    mes_buf_add_format(&rows->text, "%s %.*s\n", event->event, MES_STR_ARGS(event->body));
    rows->count++;
    rows->newest = event->id;
    return true;
}

static struct rows rows_of(struct fixture *fixture, int64_t webhook)
{
    struct rows rows = {.count = 0};
    const struct mes_store_webhook_due due = {.webhook = webhook, .now = INT64_MAX, .limit = 100};
    mes_buf_init(&rows.text, 100000);
    works(mes_store_webhook_event_due(fixture->reads, due, take_row, &rows, &fixture->error));
    return rows;
}

static size_t count_of(struct fixture *fixture, int64_t webhook)
{
    struct rows rows = rows_of(fixture, webhook);
    mes_buf_fini(&rows.text);
    return rows.count;
}

static const struct mes_queue_recipient_news failed = {.company = "acme",
                                                       .job = 5,
                                                       .number = 3,
                                                       .address = "a\"b@example.com",
                                                       .status = "failed",
                                                       .account = "first",
                                                       .code = 550,
                                                       .enhanced = "5.1.1",
                                                       .reply = "no such\x01 user",
                                                       .advice_id = "recipient.unknown"};

static void a_recipient_is_told_to_those_who_want_it(void **state)
{
    struct fixture *fixture = *state;
    char expected[600], id[MES_ID_SPACE], job[MES_ID_SPACE], at[MES_INSTANT_SPACE];
    add_webhook(fixture, 1, "acme", "recipient.failed,job.done");
    add_webhook(fixture, 2, "acme", "");
    add_webhook(fixture, 3, "acme", "recipient.sent");
    add_webhook(fixture, 4, "other", "");
    add_webhook(fixture, 5, "", "");
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(written, 1);
    assert_int_equal(count_of(fixture, 2), 1);
    for (int64_t i = 3; i <= 5; i++)
        assert_int_equal(count_of(fixture, i), 0);
    struct rows rows = rows_of(fixture, 1);
    assert_int_equal(rows.count, 1);
    (void)snprintf(expected, sizeof expected,
                   "recipient.failed {\"id\":\"%s\",\"type\":\"recipient.failed\",\"time\":\"%.16s",
                   mes_id_text(id, rows.newest), mes_instant_text(mes_id_time(rows.newest), at));
    assert_memory_equal(mes_buf_text(&rows.text), expected, strlen(expected));
    (void)snprintf(expected, sizeof expected,
                   "\"company\":\"acme\",\"data\":{\"message\":\"%s\",\"recipient\":3,\"address\":\"a\\\"b@"
                   "example.com\","
                   "\"status\":\"failed\",\"account\":\"first\",\"code\":550,\"enhanced\":\"5.1.1\","
                   "\"reply\":\"no such\\u0001 user\",\"advice\":\"recipient.unknown\"}}\n",
                   mes_id_text(job, 5));
    assert_non_null(strstr(mes_buf_text(&rows.text), expected));
    mes_buf_fini(&rows.text);
}

static void nobody_is_told_when_nobody_asked(void **state)
{
    struct fixture *fixture = *state;
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(written, 0);
    add_webhook(fixture, 1, "acme", "recipient.sent");
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(written, 0);
}

static void every_status_has_its_event(void **state)
{
    struct fixture *fixture = *state;
    static const char *const statuses[] = {"sent", "failed", "deferred", "in_doubt", "cancelled", "queued"};
    struct mes_queue_recipient_news news = failed;
    add_webhook(fixture, 1, "acme", "");
    for (size_t i = 0; i < 6; i++) {
        news.status = statuses[i];
        works(mes_hook_on_recipient(events, fixture->store, &news, &fixture->error));
    }
    struct rows rows = rows_of(fixture, 1);
    assert_int_equal(rows.count, 4);
    for (size_t i = 0; i < 4; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "recipient.%s {", statuses[i]);
        assert_non_null(strstr(mes_buf_text(&rows.text), line));
    }
    mes_buf_fini(&rows.text);
}

static void a_job_is_told_with_its_counts(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job job = {.id = 5,
                                .company = "acme",
                                .state = MES_STORE_DONE,
                                .subject = "Hello",
                                .mails = 3,
                                .created_at = NOON_MS};
    job.counts[MES_STORE_STATUS_SENT] = 2;
    job.counts[MES_STORE_STATUS_FAILED] = 1;
    struct mes_hook_job_news news = {.kind = MES_QUEUE_JOB_DONE, .company = "acme", .job = 5};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_webhook(fixture, 1, "acme", "job.done");
    works(mes_hook_on_job(events, fixture->store, &news, &fixture->error));
    news.kind = MES_QUEUE_JOB_ACCEPTED;
    works(mes_hook_on_job(events, fixture->store, &news, &fixture->error));
    news.kind = MES_QUEUE_JOB_HELD;
    works(mes_hook_on_job(events, fixture->store, &news, &fixture->error));
    struct rows rows = rows_of(fixture, 1);
    assert_int_equal(rows.count, 1);
    static const char *const parts[] = {"\"state\":\"done\",\"subject\":\"Hello\",\"counts\":{",
                                        "\"queued\":0",
                                        "\"sent\":2",
                                        "\"failed\":1",
                                        "\"deferred\":0",
                                        "\"in_doubt\":0",
                                        "\"cancelled\":0"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_non_null(strstr(mes_buf_text(&rows.text), parts[i]));
    mes_buf_fini(&rows.text);
}

static void an_account_rests_and_recovers(void **state)
{
    struct fixture *fixture = *state;
    struct mes_hook_account_news news = {
        .company = "", .account = "first", .until = NOON_MS, .advice_id = "auth"};
    add_webhook(fixture, 1, "", "account.resting,account.recovered");
    works(mes_hook_on_account(events, fixture->store, &news, &fixture->error));
    news.until = INT64_MAX;
    works(mes_hook_on_account(events, fixture->store, &news, &fixture->error));
    news.until = 0;
    works(mes_hook_on_account(events, fixture->store, &news, &fixture->error));
    struct rows rows = rows_of(fixture, 1);
    assert_int_equal(rows.count, 3);
    assert_non_null(
        strstr(mes_buf_text(&rows.text),
               "\"data\":{\"account\":\"first\",\"until\":\"2026-11-22T12:00:00Z\",\"advice\":\"auth\"}"));
    assert_non_null(strstr(mes_buf_text(&rows.text), "\"until\":null"));
    assert_non_null(strstr(mes_buf_text(&rows.text), "account.recovered {"));
    mes_buf_fini(&rows.text);
}

static void a_test_is_told_to_one_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_hook_test_news news = {.webhook = 2, .event = 77, .company = "acme"};
    add_webhook(fixture, 1, "acme", "");
    add_webhook(fixture, 2, "acme", "job.done");
    works(mes_hook_test(events, fixture->store, &news, &fixture->error));
    assert_int_equal(count_of(fixture, 1), 0);
    struct rows rows = rows_of(fixture, 2);
    assert_int_equal(rows.newest, 77);
    assert_non_null(strstr(mes_buf_text(&rows.text), "webhook.test {"));
    assert_non_null(strstr(mes_buf_text(&rows.text), "\"data\":{}}"));
    mes_buf_fini(&rows.text);
}

static void paused_ones_are_told_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_webhook webhook = {.id = 1, .state = MES_STORE_WEBHOOK_PAUSED, .failing_since = NOON_MS};
    add_webhook(fixture, 1, "acme", "");
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    works(mes_store_webhook_mark(fixture->store, &webhook, &fixture->error));
    mes_hook_events_changed(events);
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(count_of(fixture, 1), 1);
}

/* A webhook that was added in a transaction which is undone must not be remembered. */
static void the_list_is_read_anew_after_a_change(void **state)
{
    struct fixture *fixture = *state;
    works(mes_store_save(fixture->store, &fixture->error));
    add_webhook(fixture, 1, "acme", "");
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(count_of(fixture, 1), 1);
    mes_store_undo(fixture->store);
    mes_hook_events_changed(events);
    works(mes_hook_on_recipient(events, fixture->store, &failed, &fixture->error));
    assert_int_equal(count_of(fixture, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_recipient_is_told_to_those_who_want_it),
        TEST(nobody_is_told_when_nobody_asked),
        TEST(every_status_has_its_event),
        TEST(a_job_is_told_with_its_counts),
        TEST(an_account_rests_and_recovers),
        TEST(a_test_is_told_to_one_alone),
        TEST(paused_ones_are_told_nothing),
        TEST(the_list_is_read_anew_after_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
