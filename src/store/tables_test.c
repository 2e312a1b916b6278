/* The smaller tables: answers, keys, files, schedules, memory, captured mails, webhooks, alerts. */
#include "store/alert.h"
#include "store/blob.h"
#include "store/captured.h"
#include "store/fixture_test.h"
#include "store/idempotency.h"
#include "store/key.h"
#include "store/memory.h"
#include "store/meta.h"
#include "store/schedule.h"
#include "store/webhook.h"

static void an_answer_is_kept_per_company_key_and_name(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_idempotency row = {
        .company = "acme", .asked_by = 3, .name = "order-1", .job = 7, .at = NOON_MS, .is_open = true};
    works(mes_store_idempotency_add(fixture->store, &row, &fixture->error));
    assert_int_equal(mes_store_idempotency_add(fixture->store, &row, &fixture->error), MES_E_CONFLICT);
    row.status = 202;
    row.answer = MES_STR("{\"id\":\"7\"}");
    row.is_open = false;
    memset(row.digest, 0xab, sizeof row.digest);
    works(mes_store_idempotency_set(fixture->store, &row, &fixture->error));
    struct mes_store_idempotency back = {.company = "acme", .asked_by = 3, .name = "order-1"};
    works(mes_store_idempotency_find(fixture->reads, &back, &fixture->arena, &fixture->error));
    assert_int_equal(back.job, 7);
    assert_int_equal(back.status, 202);
    assert_int_equal(back.at, NOON_MS);
    assert_false(back.is_open);
    assert_memory_equal(back.digest, row.digest, sizeof row.digest);
    assert_true(mes_str_eq(back.answer, row.answer));
    static const struct mes_store_idempotency others[] = {
        {.company = "other", .asked_by = 3, .name = "order-1"},
        {.company = "acme", .asked_by = 4, .name = "order-1"},
        {.company = "acme", .asked_by = 3, .name = "order-2"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        back = others[i];
        assert_int_equal(mes_store_idempotency_find(fixture->reads, &back, &fixture->arena, &fixture->error),
                         MES_E_NOT_FOUND);
        assert_int_equal(mes_store_idempotency_set(fixture->store, &back, &fixture->error), MES_E_NOT_FOUND);
    }
    works(mes_store_idempotency_remove(fixture->store, &row, &fixture->error));
    works(mes_store_idempotency_remove(fixture->store, &row, &fixture->error));
    assert_int_equal(count_rows(fixture, "idempotency"), 0);
}

static bool see_key(void *context, const struct mes_store_key *key)
{
    return see(context, key->id);
}

static void a_key_is_found_by_its_hash_and_revoked_once(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_key key = {.id = 1,
                                .hash = {0, 1, 255},
                                .name = "shop",
                                .company = "acme",
                                .scopes = "send,read",
                                .created_at = 2,
                                .expires_at = 3,
                                .rate = 4};
    struct mes_store_key back;
    struct seen seen = {.count = 0};
    works(mes_store_key_add(fixture->store, &key, &fixture->error));
    works(mes_store_key_find(fixture->reads, key.hash, &fixture->arena, &back, &fixture->error));
    assert_int_equal(back.id, 1);
    assert_memory_equal(back.hash, key.hash, sizeof key.hash);
    assert_string_equal(back.name, "shop");
    assert_string_equal(back.company, "acme");
    assert_string_equal(back.scopes, "send,read");
    assert_int_equal(back.created_at, 2);
    assert_int_equal(back.expires_at, 3);
    assert_int_equal(back.revoked_at, 0);
    assert_int_equal(back.rate, 4);
    key.id = 2;
    assert_int_equal(mes_store_key_add(fixture->store, &key, &fixture->error), MES_E_CONFLICT);
    key.hash[31] = 1;
    key.company = "";
    assert_int_equal(mes_store_key_find(fixture->reads, key.hash, &fixture->arena, &back, &fixture->error),
                     MES_E_NOT_FOUND);
    works(mes_store_key_add(fixture->store, &key, &fixture->error));
    works(mes_store_key_list(fixture->reads, NULL, see_key, &seen, &fixture->error));
    assert_seen(seen, 1, 2);
    works(mes_store_key_list(fixture->reads, "acme", see_key, &seen, &fixture->error));
    assert_seen(seen, 1);
    const struct mes_store_ref of_other = {"other", 1}, of_acme = {"acme", 1}, of_any = {NULL, 2};
    assert_int_equal(mes_store_key_revoke(fixture->store, of_other, 9, &fixture->error), MES_E_NOT_FOUND);
    works(mes_store_key_revoke(fixture->store, of_acme, 9, &fixture->error));
    assert_int_equal(mes_store_key_revoke(fixture->store, of_acme, 10, &fixture->error), MES_E_NOT_FOUND);
    works(mes_store_key_revoke(fixture->store, of_any, 9, &fixture->error));
    key.hash[31] = 0;
    works(mes_store_key_find(fixture->reads, key.hash, &fixture->arena, &back, &fixture->error));
    assert_int_equal(back.revoked_at, 9);
}

struct hashes {
    char text[100];
};

static bool see_hash(void *context, const char *hash)
{
    struct hashes *hashes = context;
    size_t used = strlen(hashes->text);
    (void)snprintf(hashes->text + used, sizeof hashes->text - used, "%s ", hash);
    return true;
}

static const char *unused(struct fixture *fixture, int64_t before)
{
    static struct hashes hashes;
    hashes.text[0] = '\0';
    works(mes_store_blob_list_unused(fixture->reads, (struct mes_store_blob_unused){before, 10}, see_hash,
                                     &hashes, &fixture->error));
    return hashes.text;
}

static void put_blob(struct fixture *fixture, const char *hash, int64_t at)
{
    const struct mes_store_blob blob = {.hash = hash, .size = 10, .encoded_size = 14, .at = at};
    works(mes_store_blob_put(fixture->store, &blob, &fixture->error));
}

static void a_blob_goes_when_nothing_needs_it(void **state)
{
    struct fixture *fixture = *state;
    static const char *const needed[] = {"aa", "bb", "aa"};
    static const char *const unknown[] = {"zz"};
    const struct mes_store_upload upload = {
        .id = 5, .company = "acme", .hash = "aa", .name = "a.pdf", .type = "application/pdf", .size = 10};
    const struct mes_store_ref of_acme = {"acme", 5}, of_other = {"other", 5};
    struct mes_store_upload upload_back;
    struct mes_store_blob blob;
    bool is_gone = true;
    put_blob(fixture, "aa", 100);
    put_blob(fixture, "bb", 200);
    assert_string_equal(unused(fixture, 150), "aa ");
    put_blob(fixture, "aa", 180); /* given once more */
    assert_string_equal(unused(fixture, 150), "");
    assert_string_equal(unused(fixture, 300), "aa bb ");
    works(mes_store_blob_load(fixture->reads, "aa", &blob, &fixture->error));
    assert_int_equal(blob.encoded_size, 14);
    assert_int_equal(mes_store_blob_load(fixture->reads, "zz", &blob, &fixture->error), MES_E_NOT_FOUND);

    works(mes_store_upload_add(fixture->store, &upload, &fixture->error));
    works(mes_store_blob_use(fixture->store, 7, needed, 3, &fixture->error));
    works(mes_store_blob_use(fixture->store, 8, needed, 1, &fixture->error));
    assert_int_equal(mes_store_blob_use(fixture->store, 8, unknown, 1, &fixture->error), MES_E_NOT_FOUND);
    assert_string_equal(unused(fixture, 300), "");
    works(mes_store_blob_remove_unused(fixture->store, "aa", &is_gone, &fixture->error));
    assert_false(is_gone);

    works(mes_store_upload_load(fixture->reads, of_acme, &fixture->arena, &upload_back, &fixture->error));
    assert_string_equal(upload_back.name, "a.pdf");
    assert_string_equal(upload_back.hash, "aa");
    assert_int_equal(
        mes_store_upload_load(fixture->reads, of_other, &fixture->arena, &upload_back, &fixture->error),
        MES_E_NOT_FOUND);
    assert_int_equal(mes_store_upload_remove(fixture->store, of_other, &fixture->error), MES_E_NOT_FOUND);
    works(mes_store_upload_remove(fixture->store, of_acme, &fixture->error));
    works(mes_store_blob_release(fixture->store, 7, &fixture->error));
    assert_string_equal(unused(fixture, 300), "bb "); /* job 8 needs aa */
    works(mes_store_blob_release(fixture->store, 8, &fixture->error));
    works(mes_store_blob_release(fixture->store, 8, &fixture->error));
    assert_string_equal(unused(fixture, 300), "aa bb ");
    works(mes_store_blob_remove_unused(fixture->store, "aa", &is_gone, &fixture->error));
    assert_true(is_gone);
    assert_string_equal(unused(fixture, 300), "bb ");
}

static bool see_schedule(void *context, const struct mes_store_schedule *schedule)
{
    return see(context, schedule->id);
}

static const struct mes_store_schedule monthly = {.id = 1,
                                                  .company = "acme",
                                                  .name = "monthly",
                                                  .expression = "0 9 1 * *",
                                                  .zone = "Asia/Hong_Kong",
                                                  .document = "{}",
                                                  .late_policy = 2,
                                                  .asked_by = 3,
                                                  .created_at = 4,
                                                  .until = 5,
                                                  .next_at = 60,
                                                  .last_at = 7,
                                                  .last_job = 8};

static void a_schedule_comes_back_as_it_was_stored(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_schedule schedule = monthly;
    struct mes_store_schedule back;
    works(mes_store_schedule_add(fixture->store, &schedule, &fixture->error));
    works(mes_store_schedule_load(fixture->reads, (struct mes_store_ref){"acme", 1}, &fixture->arena, &back,
                                  &fixture->error));
    assert_string_equal(back.expression, schedule.expression);
    assert_string_equal(back.zone, schedule.zone);
    assert_string_equal(back.name, schedule.name);
    assert_string_equal(back.document, schedule.document);
    assert_int_equal(back.late_policy, 2);
    assert_int_equal(back.until, 5);
    assert_int_equal(back.last_job, 8);
    assert_int_equal(mes_store_schedule_load(fixture->reads, (struct mes_store_ref){"other", 1},
                                             &fixture->arena, &back, &fixture->error),
                     MES_E_NOT_FOUND);
    schedule.is_paused = true;
    schedule.name = "paused";
    works(mes_store_schedule_set(fixture->store, &schedule, &fixture->error));
    works(mes_store_schedule_load(fixture->reads, (struct mes_store_ref){NULL, 1}, &fixture->arena, &back,
                                  &fixture->error));
    assert_true(back.is_paused);
    assert_string_equal(back.name, "paused");
    schedule.company = "other";
    assert_int_equal(mes_store_schedule_set(fixture->store, &schedule, &fixture->error), MES_E_NOT_FOUND);
    assert_int_equal(
        mes_store_schedule_remove(fixture->store, (struct mes_store_ref){"other", 1}, &fixture->error),
        MES_E_NOT_FOUND);
    works(mes_store_schedule_remove(fixture->store, (struct mes_store_ref){"acme", 1}, &fixture->error));
    assert_int_equal(count_rows(fixture, "schedule"), 0);
}

static void schedules_are_listed_by_company_and_by_time(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_schedule schedule = monthly;
    struct seen seen = {.count = 0};
    int64_t next = 0;
    works(mes_store_schedule_add(fixture->store, &schedule, &fixture->error));
    schedule.id = 2;
    schedule.next_at = 50;
    works(mes_store_schedule_add(fixture->store, &schedule, &fixture->error));
    schedule.id = 3;
    schedule.company = "other";
    schedule.next_at = 0;
    works(mes_store_schedule_add(fixture->store, &schedule, &fixture->error));
    works(mes_store_schedule_next(fixture->reads, &next, &fixture->error));
    assert_int_equal(next, 50);
    works(mes_store_schedule_due(fixture->reads, (struct mes_store_schedule_due){60, 10}, see_schedule, &seen,
                                 &fixture->error));
    assert_seen(seen, 2, 1);
    works(mes_store_schedule_due(fixture->reads, (struct mes_store_schedule_due){59, 10}, see_schedule, &seen,
                                 &fixture->error));
    assert_seen(seen, 2);
    struct mes_store_schedule_page page = {.company = "acme", .limit = 10};
    works(mes_store_schedule_list(fixture->reads, &page, see_schedule, &seen, &fixture->error));
    assert_seen(seen, 1, 2);
    page = (struct mes_store_schedule_page){.after = 1, .limit = 10};
    works(mes_store_schedule_list(fixture->reads, &page, see_schedule, &seen, &fixture->error));
    assert_seen(seen, 2, 3);
}

static bool see_memory(void *context, const char *key, const char *value)
{
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 100 - used, "%s=%s ", key, value);
    return true;
}

static void memory_keeps_the_last_note(void **state)
{
    struct fixture *fixture = *state;
    char text[100] = "";
    works(mes_store_memory_note(fixture->store, "health/a", "1", &fixture->error));
    works(mes_store_memory_note(fixture->store, "health/a", "2", &fixture->error));
    works(mes_store_memory_note(fixture->store, "limit/a", "3", &fixture->error));
    works(mes_store_memory_note(fixture->store, "limit/b", "4", &fixture->error));
    works(mes_store_memory_note(fixture->store, "limit/a", NULL, &fixture->error));
    works(mes_store_memory_load(fixture->reads, see_memory, text, &fixture->error));
    assert_string_equal(text, "health/a=2 limit/b=4 ");
}

static bool see_captured(void *context, const struct mes_store_captured *captured)
{
    assert_int_equal(captured->size, 3);
    assert_string_equal(captured->subject, "Hi");
    return see(context, captured->id);
}

static void captured_mails_come_back_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_captured captured = {.company = "acme",
                                          .job = 7,
                                          .number = 1,
                                          .at = NOON_MS,
                                          .sender = "s@x",
                                          .recipients = "[\"r@x\"]",
                                          .subject = "Hi"};
    struct seen seen = {.count = 0};
    struct mes_buf raw;
    mes_buf_init(&raw, 100);
    for (captured.id = 1; captured.id <= 3; captured.id++) {
        captured.company = captured.id == 2 ? "other" : "acme";
        works(mes_store_captured_add(fixture->store, &captured, mes_str_make("a\0b", 3), &fixture->error));
    }
    struct mes_store_captured_page page = {.limit = 2};
    works(mes_store_captured_list(fixture->reads, &page, see_captured, &seen, &fixture->error));
    assert_seen(seen, 3, 2);
    page.before = 2;
    works(mes_store_captured_list(fixture->reads, &page, see_captured, &seen, &fixture->error));
    assert_seen(seen, 1);
    page = (struct mes_store_captured_page){.company = "acme", .limit = 5};
    works(mes_store_captured_list(fixture->reads, &page, see_captured, &seen, &fixture->error));
    assert_seen(seen, 3, 1);
    struct mes_store_captured_wish wish = {.ref = {"acme", 1}, .each = see_captured, .context = &seen};
    works(mes_store_captured_load(fixture->reads, &wish, &raw, &fixture->error));
    assert_seen(seen, 1);
    assert_int_equal(raw.size, 3);
    assert_memory_equal(raw.data, "a\0b", 3);
    wish.ref.company = "other";
    assert_int_equal(mes_store_captured_load(fixture->reads, &wish, &raw, &fixture->error), MES_E_NOT_FOUND);
    mes_buf_fini(&raw);
}

static bool see_webhook(void *context, const struct mes_store_webhook *webhook)
{
    return see(context, webhook->id);
}

static bool see_event(void *context, const struct mes_store_webhook_event *event)
{
    assert_true(mes_str_eq(event->body, MES_STR("{}")));
    assert_string_equal(event->event, "job.done");
    return see(context, event->id);
}

static void events_wait_for_their_webhook(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_webhook webhook = {
        .id = 1, .company = "acme", .url = "https://x/", .events = "job.done", .created_at = 5};
    struct mes_store_webhook back;
    struct seen seen = {.count = 0};
    unsigned waiting = 0;
    int64_t next = 0;
    works(mes_store_webhook_add(fixture->store, &webhook, &fixture->error));
    webhook.id = 2;
    webhook.company = "other";
    works(mes_store_webhook_add(fixture->store, &webhook, &fixture->error));
    works(mes_store_webhook_list(fixture->reads, NULL, see_webhook, &seen, &fixture->error));
    assert_seen(seen, 1, 2);
    works(mes_store_webhook_list(fixture->reads, "acme", see_webhook, &seen, &fixture->error));
    assert_seen(seen, 1);
    webhook = (struct mes_store_webhook){.id = 1,
                                         .state = MES_STORE_WEBHOOK_PAUSED,
                                         .told_at = 6,
                                         .failing_since = 7,
                                         .last_result = "timeout"};
    works(mes_store_webhook_mark(fixture->store, &webhook, &fixture->error));
    works(mes_store_webhook_load(fixture->reads, (struct mes_store_ref){"acme", 1}, &fixture->arena, &back,
                                 &fixture->error));
    assert_string_equal(back.url, "https://x/");
    assert_string_equal(back.events, "job.done");
    assert_string_equal(back.last_result, "timeout");
    assert_int_equal(back.state, MES_STORE_WEBHOOK_PAUSED);
    assert_int_equal(back.told_at, 6);
    assert_int_equal(back.failing_since, 7);

    for (int64_t id = 10; id < 14; id++) {
        const struct mes_store_webhook_event event = {
            .id = id, .webhook = id == 13 ? 2 : 1, .event = "job.done", .body = MES_STR("{}"), .due_at = 100};
        works(mes_store_webhook_event_add(fixture->store, &event, &fixture->error));
    }
    works(mes_store_webhook_event_postpone(fixture->store, 10, 1, 200, &fixture->error));
    works(mes_store_webhook_event_due(fixture->reads, (struct mes_store_webhook_due){1, 199, 5}, see_event,
                                      &seen, &fixture->error));
    assert_seen(seen, 11, 12);
    works(mes_store_webhook_event_due(fixture->reads, (struct mes_store_webhook_due){1, 200, 5}, see_event,
                                      &seen, &fixture->error));
    assert_seen(seen, 11, 12, 10);
    works(mes_store_webhook_event_remove(fixture->store, 11, &fixture->error));
    works(mes_store_webhook_event_remove(fixture->store, 12, &fixture->error));
    works(mes_store_webhook_event_next(fixture->reads, 1, &next, &fixture->error));
    assert_int_equal(next, 200);
    works(mes_store_webhook_event_count(fixture->reads, 1, 10, &waiting, &fixture->error));
    assert_int_equal(waiting, 1);
    works(mes_store_webhook_event_count(fixture->reads, 1, 0, &waiting, &fixture->error));
    assert_int_equal(waiting, 0);
    assert_int_equal(
        mes_store_webhook_remove(fixture->store, (struct mes_store_ref){"other", 1}, &fixture->error),
        MES_E_NOT_FOUND);
    works(mes_store_webhook_remove(fixture->store, (struct mes_store_ref){"acme", 1}, &fixture->error));
    assert_int_equal(count_rows(fixture, "webhook"), 1);
    assert_int_equal(count_rows(fixture, "webhook_event"), 1);
    works(mes_store_webhook_event_next(fixture->reads, 1, &next, &fixture->error));
    assert_int_equal(next, 0);
    works(mes_store_webhook_event_remove_all(fixture->store, 2, &fixture->error));
    assert_int_equal(count_rows(fixture, "webhook_event"), 0);
}

static bool see_alert(void *context, const struct mes_store_alert *alert)
{
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 100 - used, "%s(%s,%d) ", alert->name, alert->detail, (int)alert->raised_at);
    return true;
}

static void an_alert_is_raised_once_and_cleared_once(void **state)
{
    struct fixture *fixture = *state;
    char text[100] = "";
    bool is_new = false, was_raised = false;
    works(mes_store_alert_raise(fixture->store, &(struct mes_store_alert){"b", "x", 2}, &is_new,
                                &fixture->error));
    assert_true(is_new);
    works(mes_store_alert_raise(fixture->store, &(struct mes_store_alert){"b", "y", 3}, &is_new,
                                &fixture->error));
    assert_false(is_new);
    works(mes_store_alert_raise(fixture->store, &(struct mes_store_alert){"a", "", 3}, &is_new,
                                &fixture->error));
    assert_true(is_new);
    works(mes_store_alert_list(fixture->reads, see_alert, text, &fixture->error));
    assert_string_equal(text, "b(x,2) a(,3) ");
    works(mes_store_alert_clear(fixture->store, "b", &was_raised, &fixture->error));
    assert_true(was_raised);
    works(mes_store_alert_clear(fixture->store, "b", &was_raised, &fixture->error));
    assert_false(was_raised);
}

static void single_values_are_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 0;
    works(mes_store_meta_number(fixture->reads, "backup", -1, &number, &fixture->error));
    assert_int_equal(number, -1);
    works(mes_store_meta_put_number(fixture->store, "backup", 5, &fixture->error));
    works(mes_store_meta_put_number(fixture->store, "backup", INT64_MAX, &fixture->error));
    works(mes_store_meta_number(fixture->reads, "backup", -1, &number, &fixture->error));
    assert_true(number == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(an_answer_is_kept_per_company_key_and_name),
                                       run_with_fixture(a_key_is_found_by_its_hash_and_revoked_once),
                                       run_with_fixture(a_blob_goes_when_nothing_needs_it),
                                       run_with_fixture(a_schedule_comes_back_as_it_was_stored),
                                       run_with_fixture(schedules_are_listed_by_company_and_by_time),
                                       run_with_fixture(memory_keeps_the_last_note),
                                       run_with_fixture(captured_mails_come_back_byte_by_byte),
                                       run_with_fixture(events_wait_for_their_webhook),
                                       run_with_fixture(an_alert_is_raised_once_and_cleared_once),
                                       run_with_fixture(single_values_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
