/* How the database finds its rows: every statement of the folder is run once, then each plan is looked at. */
#include "base/buf.h"
#include "db/driver.h"
#include "store/alert.h"
#include "store/attempt.h"
#include "store/blob.h"
#include "store/captured.h"
#include "store/content.h"
#include "store/figures.h"
#include "store/fixture_test.h"
#include "store/idempotency.h"
#include "store/key.h"
#include "store/memory.h"
#include "store/schedule.h"
#include "store/sweep.h"
#include "store/transcript.h"
#include "store/webhook.h"

static const char *const companies[] = {NULL, "", "acme"};
static const unsigned char hash[MES_DIGEST_SIZE];

/* Only that the statements are prepared matters here, not what becomes of them. */
static void ran(int code)
{
    assert_true(code == 0 || code == MES_E_NOT_FOUND || code == MES_E_CONFLICT);
}

static bool any_job(void *context, const struct mes_store_job *job)
{
    return context == job;
}

static bool any_company(void *context, const char *company, int64_t next_at)
{
    return context == company && next_at != 0;
}

static void run_jobs(struct fixture *f, const char *company)
{
    struct mes_store_job job = job_of(7, company, 1);
    struct mes_store_job_change change = {.id = 7};
    struct mes_store_job_due due = {.company = company, .now = NOON_MS, .limit = 1};
    struct mes_store_job_in in = {.state = MES_STORE_HELD, .limit = 1};
    struct mes_store_ref ref = {company, 7};
    ran(mes_store_job_add(f->store, &job, &f->error));
    ran(mes_store_job_load(f->reads, ref, &f->arena, &job, &f->error));
    ran(mes_store_job_change(f->store, &change, &f->error));
    ran(mes_store_job_replace(f->store, &job, &f->error));
    ran(mes_store_job_extend(f->store, 7, 1, &f->error));
    ran(mes_store_job_next(f->reads, &due, any_job, NULL, &f->error));
    ran(mes_store_job_companies(f->reads, 0, any_company, NULL, &f->error));
    ran(mes_store_job_in_state(f->reads, &in, any_job, NULL, &f->error));
    for (unsigned state = 0; state <= MES_STORE_STATE_COUNT; state++) {
        struct mes_store_job_page page = {
            .company = company, .states = 1U << state >> 1, .kind = -1, .limit = 1};
        ran(mes_store_job_list(f->reads, &page, any_job, NULL, &f->error));
    }
    struct mes_store_job_mending mending = {.now = NOON_MS, .latest = NOON_MS, .limit = 100};
    ran(mes_store_job_mend_times(f->store, &mending, &f->error));
}

static bool any_row(void *context, const struct mes_store_recipient *row)
{
    return context == row;
}

static void run_recipients(struct fixture *f, const char *company)
{
    struct mes_store_recipient row = {.job = 7, .address = "a@x"};
    struct mes_store_job job = job_of(7, company, 1);
    struct mes_store_again again = {&job, NOON_MS, 10};
    struct mes_store_slice slice = {.from = 0};
    int64_t due_at = 0;
    ran(mes_store_recipient_add(f->store, &row, &f->error));
    ran(mes_store_recipient_set(f->store, &row, &f->error));
    ran(mes_store_recipient_set_due(f->store, 7, 0, 1, &f->error));
    ran(mes_store_recipient_load(f->reads, (struct mes_store_row){company, 7, 0}, &f->arena, &row,
                                 &f->error));
    ran(mes_store_recipient_range(f->reads, (struct mes_store_range){7, 0, 1}, any_row, NULL, &f->error));
    ran(mes_store_recipient_due(f->reads, (struct mes_store_retry){7, 1, 1}, any_row, NULL, &f->error));
    ran(mes_store_recipient_next_due(f->reads, 7, &due_at, &f->error));
    for (int i = 0; i < 3 && !slice.is_end; i++)
        ran(mes_store_recipient_retry(f->store, &again, &slice, &f->error));
    slice = (struct mes_store_slice){.from = 0};
    ran(mes_store_recipient_cancel(f->store, &job, 10, &slice, &f->error));
    for (unsigned status = 0; status <= MES_STORE_STATUS_COUNT; status++) {
        struct mes_store_recipient_page page = {
            .job = {company, 7}, .statuses = 1U << status >> 1, .limit = 1};
        ran(mes_store_recipient_list(f->reads, &page, any_row, NULL, &f->error));
    }
}

static bool any_flight(void *context, const struct mes_store_flight *flight)
{
    return context == flight;
}

static bool any_attempt(void *context, const struct mes_store_attempt *attempt)
{
    return context == attempt;
}

static bool any_proof(void *context, const struct mes_store_proof *proof)
{
    return context == proof;
}

static bool any_transcript(void *context, const struct mes_store_transcript *transcript)
{
    return context == transcript;
}

static void run_attempts(struct fixture *f, const char *company)
{
    const struct mes_store_flight flight = {.job = 7};
    struct mes_store_flight_counts counts;
    struct mes_store_attempt attempt = {.job = 7};
    struct mes_store_attempt_page page = {.job = {company, 7}, .limit = 1};
    struct mes_store_proof_page proofs = {.company = company, .limit = 1};
    struct mes_store_row row = {company, 7, 0};
    bool is_ours = false;
    ran(mes_store_flight_add(f->store, &flight, &f->error));
    ran(mes_store_flight_mark_dot(f->store, &flight, &is_ours, &f->error));
    ran(mes_store_flight_withdraw_dot(f->store, &flight, &is_ours, &f->error));
    ran(mes_store_flight_remove(f->store, &flight, &is_ours, &f->error));
    ran(mes_store_flight_left(f->store, 1, any_flight, NULL, &f->error));
    ran(mes_store_flight_count(f->reads, 0, &counts, &f->error));
    ran(mes_store_flight_count(f->reads, 7, &counts, &f->error));
    ran(mes_store_attempt_add(f->store, &attempt, &f->error));
    ran(mes_store_attempt_of(f->reads, row, any_attempt, NULL, &f->error));
    ran(mes_store_attempt_after(f->reads, &page, any_attempt, NULL, &f->error));
    ran(mes_store_attempt_proofs(f->reads, &proofs, any_proof, NULL, &f->error));
    const struct mes_store_transcript transcript = {.attempt = 1, .job = 7};
    ran(mes_store_transcript_add(f->store, &transcript, &f->error));
    ran(mes_store_transcript_of(f->reads, row, any_transcript, NULL, &f->error));
}

static bool any_hash(void *context, const char *text)
{
    return context == text;
}

static void run_content(struct fixture *f, const char *company)
{
    static const char *const needed[] = {"aa"};
    struct mes_store_idempotency answer = {.company = company, .name = "n", .answer = MES_STR("{}")};
    struct mes_store_blob blob = {.hash = "aa"};
    struct mes_store_upload upload = {.id = 1, .hash = "aa", .company = company};
    struct mes_store_ref ref = {company, 1};
    struct mes_buf document;
    bool is_gone = false;
    mes_buf_init(&document, 100);
    ran(mes_store_content_put(f->store, 7, MES_STR("{}"), &f->error));
    ran(mes_store_content_load(f->reads, (struct mes_store_ref){company, 7}, &document, &f->error));
    mes_buf_fini(&document);
    ran(mes_store_idempotency_add(f->store, &answer, &f->error));
    ran(mes_store_idempotency_find(f->reads, &answer, &f->arena, &f->error));
    ran(mes_store_idempotency_set(f->store, &answer, &f->error));
    ran(mes_store_idempotency_remove(f->store, &answer, &f->error));
    ran(mes_store_blob_put(f->store, &blob, &f->error));
    ran(mes_store_blob_load(f->reads, "aa", &blob, &f->error));
    ran(mes_store_upload_add(f->store, &upload, &f->error));
    ran(mes_store_upload_load(f->reads, ref, &f->arena, &upload, &f->error));
    ran(mes_store_upload_remove(f->store, ref, &f->error));
    ran(mes_store_blob_use(f->store, 7, needed, 1, &f->error));
    ran(mes_store_blob_release(f->store, 7, &f->error));
    ran(mes_store_blob_list_unused(f->reads, (struct mes_store_blob_unused){1, 1}, any_hash, NULL,
                                   &f->error));
    ran(mes_store_blob_remove_unused(f->store, "bb", &is_gone, &f->error));
}

static bool any_key(void *context, const struct mes_store_key *key)
{
    return context == key;
}

static bool any_schedule(void *context, const struct mes_store_schedule *schedule)
{
    return context == schedule;
}

static bool any_captured(void *context, const struct mes_store_captured *captured)
{
    return context == captured;
}

static bool any_webhook(void *context, const struct mes_store_webhook *webhook)
{
    return context == webhook;
}

static bool any_event(void *context, const struct mes_store_webhook_event *event)
{
    return context == event;
}

static void run_the_service(struct fixture *f, const char *company)
{
    struct mes_store_key key = {.id = 1, .company = company};
    struct mes_store_ref ref = {company, 1};
    struct mes_store_schedule schedule = {.id = 1, .company = company};
    struct mes_store_schedule_page schedules = {.company = company, .limit = 1};
    struct mes_store_captured captured = {.id = 1, .company = company};
    struct mes_store_captured_page mails = {.company = company, .limit = 1};
    struct mes_store_captured_wish wish = {.ref = ref};
    int64_t next = 0;
    ran(mes_store_key_add(f->store, &key, &f->error));
    ran(mes_store_key_find(f->reads, hash, &f->arena, &key, &f->error));
    ran(mes_store_key_list(f->reads, company, any_key, NULL, &f->error));
    ran(mes_store_key_revoke(f->store, ref, 1, &f->error));
    ran(mes_store_schedule_add(f->store, &schedule, &f->error));
    ran(mes_store_schedule_load(f->reads, ref, &f->arena, &schedule, &f->error));
    ran(mes_store_schedule_set(f->store, &schedule, &f->error));
    ran(mes_store_schedule_list(f->reads, &schedules, any_schedule, NULL, &f->error));
    ran(mes_store_schedule_due(f->reads, (struct mes_store_schedule_due){1, 1}, any_schedule, NULL,
                               &f->error));
    ran(mes_store_schedule_next(f->reads, &next, &f->error));
    ran(mes_store_schedule_remove(f->store, ref, &f->error));
    ran(mes_store_captured_add(f->store, &captured, MES_STR(""), &f->error));
    ran(mes_store_captured_list(f->reads, &mails, any_captured, NULL, &f->error));
    ran(mes_store_captured_load(f->reads, &wish, NULL, &f->error));
}

static void run_webhooks(struct fixture *f, const char *company)
{
    struct mes_store_webhook webhook = {.id = 1, .company = company};
    struct mes_store_webhook_event event = {.id = 1, .webhook = 1, .body = MES_STR("{}")};
    struct mes_store_ref ref = {company, 1};
    unsigned count = 0;
    int64_t next = 0;
    ran(mes_store_webhook_add(f->store, &webhook, &f->error));
    ran(mes_store_webhook_load(f->reads, ref, &f->arena, &webhook, &f->error));
    ran(mes_store_webhook_mark(f->store, &webhook, &f->error));
    ran(mes_store_webhook_list(f->reads, company, any_webhook, NULL, &f->error));
    ran(mes_store_webhook_event_add(f->store, &event, &f->error));
    ran(mes_store_webhook_event_postpone(f->store, 1, 1, 1, &f->error));
    ran(mes_store_webhook_event_due(f->reads, (struct mes_store_webhook_due){1, 1, 1}, any_event, NULL,
                                    &f->error));
    ran(mes_store_webhook_event_next(f->reads, 1, &next, &f->error));
    ran(mes_store_webhook_event_count(f->reads, 1, 1, &count, &f->error));
    ran(mes_store_webhook_event_remove(f->store, 1, &f->error));
    ran(mes_store_webhook_remove(f->store, ref, &f->error));
}

static void run_the_sweep(struct fixture *f)
{
    struct mes_store_sweep sweep = {.now = NOON_MS + INT64_C(86400000) * 1000, .captured_most = 1};
    struct mes_store_job job = job_of(9, "", 1);
    struct mes_store_job_change change = {.id = 9, .set = MES_STORE_JOB_DONE_AT, .done_at = 1};
    bool is_end = false;
    ran(mes_store_job_add(f->store, &job, &f->error));
    ran(mes_store_job_change(f->store, &change, &f->error));
    ran(mes_store_content_put(f->store, 9, MES_STR("{}"), &f->error));
    for (int i = 0; i < 9 && !sweep.is_end; i++)
        ran(mes_store_sweep_slice(&sweep, f->store, 100, &f->error));
    ran(mes_store_sweep_unfinished(f->store, 100, &is_end, &f->error));
}

static void any_class(void *context, const char *class_, int64_t count)
{
    (void)context;
    (void)class_;
    (void)count;
}

static void run_figures(struct fixture *f)
{
    struct mes_store_depth depth;
    int64_t after = 0;
    ran(mes_store_figures_depth(f->reads, &depth, &f->error));
    ran(mes_store_figures_last_attempt(f->reads, &after, &f->error));
    ran(mes_store_figures_attempts(f->reads, &after, any_class, NULL, &f->error));
}

static void run_everything(struct fixture *f)
{
    for (size_t i = 0; i < sizeof companies / sizeof companies[0]; i++) {
        run_jobs(f, companies[i]);
        run_recipients(f, companies[i]);
        run_attempts(f, companies[i]);
        run_content(f, companies[i]);
        run_the_service(f, companies[i]);
        run_webhooks(f, companies[i]);
    }
    run_the_sweep(f);
    run_figures(f);
}

/* Calls `look` for every statement that is there. */
static void each_statement(struct mes_db *db, void (*look)(struct mes_db *db, const char *sql))
{
    const char *all[MES_DB_CACHE_MOST];
    size_t count = 0;
    for (size_t i = 0; i < MES_DB_CACHE_BUCKETS; i++)
        for (const struct mes_db_statement *at = db->cache[i]; at != NULL; at = at->next)
            all[count++] = at->sql;
    assert_true(count > 80);
    for (size_t i = 0; i < count; i++)
        look(db, all[i]);
}

static struct mes_db_statement *explain(struct mes_db *db, const char *how, const char *sql)
{
    struct mes_db_statement *statement = NULL;
    struct mes_buf text;
    mes_buf_init(&text, 10000);
    mes_buf_add_text(&text, how);
    mes_buf_add_text(&text, sql);
    assert_int_equal(mes_db_prepare(db, mes_buf_text(&text), &statement, NULL), 0);
    for (unsigned i = 0; i < statement->parameters; i++)
        mes_db_bind_null(statement);
    mes_buf_fini(&text);
    return statement;
}

static bool begins_with_any(struct mes_str text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (mes_str_starts(text, mes_str_of(*words)))
            return true;
    return false;
}

/* What stands in a statement, and the index that it is meant for with all of its columns that can narrow it.
 */
static const struct {
    const char *words;
    const char *plan;
} meant[] = {
    {"FROM job WHERE lane = ? AND company = ?",
     "INDEX job_due (lane=? AND company=? AND priority=? AND next_at<?)"},
    {"AND (company, priority, next_at) > (?, ?, ?)",
     "INDEX job_due (lane=? AND (company,priority,next_at)>(?,?,?))"},
    {"FROM job WHERE state < 4 AND state = ? AND id <", "INDEX job_standing (state=? AND id>? AND id<?)"},
    {"FROM job WHERE company <> ''", "INDEX job_company (company=? AND id>? AND id<?)"},
    {"FROM recipient WHERE job_id = ? AND due_at <= ?", "INDEX recipient_due (job_id=? AND due_at<?)"},
    {"FROM recipient WHERE job_id = ? AND due_at IS NOT NULL", "INDEX recipient_due (job_id=?"},
    {"FROM recipient WHERE job_id = ? AND due_at > ?", "INDEX recipient_due (job_id=? AND due_at>?)"},
    {"trouble_of = ? AND status = ? AND number >= ? ORDER",
     "INDEX recipient_trouble (trouble_of=? AND status=? AND number>?)"},
    {"trouble_of = ? AND status = ? AND number >= ? AND",
     "recipient_trouble (trouble_of=? AND status=? AND number>? AND number<?)"},
    {"FROM attempt WHERE job_id = ? AND id > ?", "INDEX attempt_job (job_id=? AND id>?)"},
    {"FROM attempt WHERE job_id = ? AND number = ?", "INDEX attempt_recipient (job_id=? AND number=?)"},
    {"FROM blob WHERE uses = 0", "INDEX blob_unused (at<?)"},
    {"FROM webhook_event WHERE webhook_id = ? AND due_at",
     "INDEX webhook_event_due (webhook_id=? AND due_at<?)"},
};
enum { MEANT = sizeof meant / sizeof meant[0] };
static unsigned found[MEANT];

/* The whole plan as one text. */
static void look_for_what_is_meant(struct mes_db *db, const char *sql)
{
    struct mes_db_statement *statement = explain(db, "EXPLAIN QUERY PLAN ", sql);
    struct mes_buf plan;
    mes_buf_init(&plan, 10000);
    while (mes_db_step(statement, NULL) == MES_DB_ROW)
        mes_buf_add_str(&plan, mes_db_text(statement, 3));
    mes_db_release(&statement);
    for (size_t i = 0; i < MEANT; i++) {
        if (strstr(sql, meant[i].words) == NULL)
            continue;
        found[i]++;
        if (strstr(mes_buf_text(&plan), meant[i].plan) == NULL)
            fail_msg("%s\n  %s", sql, mes_buf_text(&plan));
    }
    mes_buf_fini(&plan);
}

static void indexes_are_used_for_what_they_are_meant_for(void **state)
{
    struct fixture *fixture = *state;
    memset(found, 0, sizeof found);
    run_everything(fixture);
    each_statement(mes_store_db(fixture->store), look_for_what_is_meant);
    for (size_t i = 0; i < MEANT; i++)
        if (found[i] == 0)
            fail_msg("no statement has: %s", meant[i].words);
}

static void look_at_plan(struct mes_db *db, const char *sql)
{
    /* Small tables that are read whole, the ends of indexes, and rows of subqueries. */
    static const char *const may_scan[] = {"SCAN flight",
                                           "SCAN alert",
                                           "SCAN depth",
                                           "SCAN memory",
                                           "SCAN webhook",
                                           "SCAN api_key",
                                           "SCAN schedule",
                                           "SCAN captured",
                                           "SCAN newest",
                                           "SCAN fresh",
                                           "SCAN waiting",
                                           "SCAN CONSTANT",
                                           "SCAN idempotency USING INDEX idempotency_open",
                                           "SCAN job USING INDEX job_due",
                                           "SCAN sqlite_master",
                                           "SCAN schema_version",
                                           NULL};
    static const char *const ends[] = {"SELECT MAX(id) FROM (", NULL};
    struct mes_db_statement *statement = explain(db, "EXPLAIN QUERY PLAN ", sql);
    char bad[200] = "";
    while (mes_db_step(statement, NULL) == MES_DB_ROW) {
        struct mes_str detail = mes_db_text(statement, 3);
        bool is_scan = mes_str_starts(detail, MES_STR("SCAN")) && !begins_with_any(detail, may_scan) &&
                       !begins_with_any(mes_str_of(sql), ends);
        if (is_scan || mes_str_starts(detail, MES_STR("USE TEMP B-TREE FOR ORDER")))
            (void)snprintf(bad, sizeof bad, "%s", detail.data);
    }
    mes_db_release(&statement);
    if (bad[0] != '\0')
        fail_msg("%s\n  %s", sql, bad);
}

static void every_statement_goes_by_an_index(void **state)
{
    struct fixture *fixture = *state;
    run_everything(fixture);
    each_statement(mes_store_db(fixture->store), look_at_plan);
}

/* An "IN (1, 2)" in a partial index's condition does it at each update of the table, and costs more than the
 * update. */
static void look_for_a_built_table(struct mes_db *db, const char *sql)
{
    static const char *const hot[] = {"INSERT INTO job ",
                                      "INSERT INTO content ",
                                      "INSERT INTO recipient ",
                                      "INSERT INTO flight ",
                                      "INSERT INTO attempt ",
                                      "UPDATE flight ",
                                      "DELETE FROM flight ",
                                      "UPDATE recipient SET status = ?",
                                      "UPDATE recipient SET due_at = ? WHERE job_id = ? AND number = ?",
                                      "UPDATE job SET queued",
                                      NULL};
    if (!begins_with_any(mes_str_of(sql), hot))
        return;
    struct mes_db_statement *statement = explain(db, "EXPLAIN ", sql);
    bool builds = false;
    while (mes_db_step(statement, NULL) == MES_DB_ROW)
        builds = builds || mes_str_eq(mes_db_text(statement, 1), MES_STR("OpenEphemeral"));
    mes_db_release(&statement);
    if (builds)
        fail_msg("%s", sql);
}

static void no_hot_statement_builds_a_table(void **state)
{
    struct fixture *fixture = *state;
    run_everything(fixture);
    each_statement(mes_store_db(fixture->store), look_for_a_built_table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(indexes_are_used_for_what_they_are_meant_for),
                                       run_with_fixture(every_statement_goes_by_an_index),
                                       run_with_fixture(no_hot_statement_builds_a_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
