#include "store/fixture_test.h"

#include "db/sqlite_parts.h"
#include "store/content.h"
#include "store/job.h"
#include "store/parts.h"

static void a_job_comes_back_as_it_was_stored(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = {.id = 77,
                                      .company = "acme",
                                      .state = MES_STORE_HELD,
                                      .kind = 2,
                                      .lane = 1,
                                      .priority = 9,
                                      .account = "first",
                                      .on_doubt = 1,
                                      .late_policy = 2,
                                      .created_at = 3,
                                      .send_at = 4,
                                      .expires_at = 5,
                                      .quiet_hours = "22:00-08:00",
                                      .zone = "Asia/Hong_Kong",
                                      .keep_days = 6,
                                      .asked_by = 7,
                                      .schedule_id = 8,
                                      .subject = "陳大文",
                                      .copies = 9,
                                      .mails = 10,
                                      .cursor = 11,
                                      .next_at = 12,
                                      .counts = {13, 14, 15, 16, 17, 18},
                                      .content_refusals = 19,
                                      .done_at = 20,
                                      .paused_at = 21,
                                      .is_content_gone = true};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    struct mes_store_job back = load_job(fixture, 77);
    assert_string_equal(back.company, job.company);
    assert_string_equal(back.account, job.account);
    assert_string_equal(back.quiet_hours, job.quiet_hours);
    assert_string_equal(back.zone, job.zone);
    assert_string_equal(back.subject, job.subject);
#define SAME(member) assert_int_equal(back.member, job.member)
    SAME(id), SAME(state), SAME(kind), SAME(lane), SAME(priority), SAME(on_doubt), SAME(late_policy);
    SAME(created_at), SAME(send_at), SAME(expires_at), SAME(keep_days), SAME(asked_by), SAME(schedule_id);
    SAME(copies), SAME(mails), SAME(cursor), SAME(next_at), SAME(content_refusals), SAME(done_at);
    SAME(paused_at), SAME(is_content_gone);
#undef SAME
    assert_memory_equal(back.counts, job.counts, sizeof job.counts);
}

static void a_job_of_another_company_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "acme", 1);
    struct mes_store_job back;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_job_load(fixture->reads, (struct mes_store_ref){"acme", 7}, &fixture->arena, &back,
                             &fixture->error));
    assert_int_equal(mes_store_job_load(fixture->reads, (struct mes_store_ref){"other", 7}, &fixture->arena,
                                        &back, &fixture->error),
                     MES_E_NOT_FOUND);
    assert_int_equal(mes_store_job_load(fixture->reads, (struct mes_store_ref){"", 7}, &fixture->arena, &back,
                                        &fixture->error),
                     MES_E_NOT_FOUND);
    assert_int_equal(mes_store_job_load(fixture->reads, (struct mes_store_ref){NULL, 8}, &fixture->arena,
                                        &back, &fixture->error),
                     MES_E_NOT_FOUND);
}

static void every_name_is_understood(void **state)
{
    enum mes_store_state job_state;
    enum mes_store_status status;
    (void)state;
    for (int i = 0; i < MES_STORE_STATE_COUNT; i++) {
        const char *name = mes_store_state_name((enum mes_store_state)i);
        assert_true(mes_store_state_parse(mes_str_of(name), &job_state));
        assert_int_equal(job_state, i);
    }
    for (int i = 0; i < MES_STORE_STATUS_COUNT; i++) {
        const char *name = mes_store_status_name((enum mes_store_status)i);
        assert_true(mes_store_status_parse(mes_str_of(name), &status));
        assert_int_equal(status, i);
    }
    assert_false(mes_store_state_parse(MES_STR("Queued"), &job_state));
    assert_false(mes_store_status_parse(MES_STR(""), &status));
}

/* Adds one with what the courier looks at. */
static void add_due(struct fixture *fixture, int64_t id, const char *company, int priority, int64_t next_at)
{
    struct mes_store_job job = job_of(id, company, 1);
    job.priority = priority;
    job.next_at = next_at;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
}

static void look_for_due(struct fixture *fixture, struct mes_store_job_due due, struct seen *seen)
{
    works(mes_store_job_next(fixture->reads, &due, see_job, seen, &fixture->error));
}

static void what_is_due_comes_by_priority_then_by_time(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.count = 0};
    struct mes_store_job_due due = {.company = "acme", .now = 100, .limit = 10};
    add_due(fixture, 1, "acme", 5, 90);
    add_due(fixture, 2, "acme", 5, 80);
    add_due(fixture, 3, "acme", 9, 100);
    add_due(fixture, 4, "acme", 0, 1);
    add_due(fixture, 5, "acme", 9, 101); /* not yet */
    add_due(fixture, 6, "acme", 5, 0);   /* nothing to lease */
    add_due(fixture, 7, "other", 9, 1);
    look_for_due(fixture, due, &seen);
    assert_seen(seen, 3, 2, 1, 4);
    due.limit = 2;
    look_for_due(fixture, due, &seen);
    assert_seen(seen, 3, 2);
    seen.most = 1;
    look_for_due(fixture, due, &seen);
    assert_seen(seen, 3);
    due.lane = 1;
    look_for_due(fixture, due, &seen);
    assert_int_equal(seen.count, 0);
}

struct companies {
    char text[200];
    size_t most;
    size_t count;
};

static bool see_company(void *context, const char *company, int64_t next_at)
{
    struct companies *companies = context;
    size_t used = strlen(companies->text);
    (void)snprintf(companies->text + used, sizeof companies->text - used, "%s:%d ", company, (int)next_at);
    return ++companies->count != companies->most;
}

static void each_company_tells_its_earliest_time(void **state)
{
    struct fixture *fixture = *state;
    struct companies companies = {.most = 0};
    works(mes_store_job_companies(fixture->reads, 0, see_company, &companies, &fixture->error));
    assert_string_equal(companies.text, "");
    add_due(fixture, 1, "", 0, 500);
    add_due(fixture, 2, "", 9, 700);
    add_due(fixture, 3, "b", 9, 300);
    add_due(fixture, 4, "b", 4, 200);
    add_due(fixture, 5, "b", 4, 250);
    add_due(fixture, 6, "c", 5, 0);
    add_due(fixture, 7, "d", 5, 1);
    works(mes_store_job_companies(fixture->reads, 0, see_company, &companies, &fixture->error));
    assert_string_equal(companies.text, ":500 b:200 d:1 ");
    companies = (struct companies){.most = 2};
    works(mes_store_job_companies(fixture->reads, 0, see_company, &companies, &fixture->error));
    assert_string_equal(companies.text, ":500 b:200 ");
    companies = (struct companies){.most = 0};
    works(mes_store_job_companies(fixture->reads, 1, see_company, &companies, &fixture->error));
    assert_string_equal(companies.text, "");
}

static int give_up(void *context)
{
    (void)context;
    return 1;
}

static void companies_are_found_however_many_jobs_wait(void **state)
{
    enum { WAITING = 2000, INSTRUCTIONS = 1000 };
    struct fixture *fixture = *state;
    struct companies companies = {.most = 0};
    sqlite3 *handle = ((struct mes_db_sqlite_connection *)fixture->reads->db)->handle;
    for (int64_t id = 1; id <= WAITING; id++)
        add_due(fixture, id, "", 5, id);
    add_due(fixture, WAITING + 1, "b", 5, 7);
    sqlite3_progress_handler(handle, INSTRUCTIONS, give_up, NULL);
    works(mes_store_job_companies(fixture->reads, 0, see_company, &companies, &fixture->error));
    sqlite3_progress_handler(handle, 0, NULL, NULL);
    assert_string_equal(companies.text, ":1 b:7 ");
}

static void a_change_changes_what_it_names(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job job = job_of(7, "acme", 10);
    struct mes_store_job_change change = {.id = 7,
                                          .counts = {[MES_STORE_STATUS_QUEUED] = -3,
                                                     [MES_STORE_STATUS_SENT] = 1,
                                                     [MES_STORE_STATUS_CANCELLED] = 2,
                                                     [MES_STORE_STATUS_FAILED] = 3,
                                                     [MES_STORE_STATUS_DEFERRED] = 4,
                                                     [MES_STORE_STATUS_IN_DOUBT] = 5},
                                          .content_refusals = 1,
                                          .next_at = 99,
                                          .state = MES_STORE_DONE};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_job_change(fixture->store, &change, &fixture->error));
    job = load_job(fixture, 7);
    assert_int_equal(job.counts[MES_STORE_STATUS_QUEUED], 7);
    assert_int_equal(job.counts[MES_STORE_STATUS_SENT], 1);
    assert_int_equal(job.counts[MES_STORE_STATUS_CANCELLED], 2);
    assert_int_equal(job.counts[MES_STORE_STATUS_FAILED], 3);
    assert_int_equal(job.counts[MES_STORE_STATUS_DEFERRED], 4);
    assert_int_equal(job.counts[MES_STORE_STATUS_IN_DOUBT], 5);
    assert_int_equal(scratch_number(mes_store_db(fixture->store), "SELECT cancelled FROM job", -1), 2);
    assert_int_equal(scratch_number(mes_store_db(fixture->store), "SELECT in_doubt FROM job", -1), 5);
    assert_int_equal(job.content_refusals, 1);
    assert_int_equal(job.state, MES_STORE_QUEUED);
    assert_int_equal(job.next_at, NOON_MS);
    change = (struct mes_store_job_change){.id = 7,
                                           .set = MES_STORE_JOB_STATE | MES_STORE_JOB_CURSOR |
                                                  MES_STORE_JOB_NEXT_AT | MES_STORE_JOB_DONE_AT |
                                                  MES_STORE_JOB_PAUSED_AT,
                                           .state = MES_STORE_PAUSED,
                                           .cursor = 4,
                                           .done_at = 5,
                                           .paused_at = 6};
    works(mes_store_job_change(fixture->store, &change, &fixture->error));
    job = load_job(fixture, 7);
    assert_int_equal(job.counts[MES_STORE_STATUS_QUEUED], 7);
    assert_int_equal(job.state, MES_STORE_PAUSED);
    assert_int_equal(job.cursor, 4);
    assert_int_equal(job.next_at, 0);
    assert_int_equal(job.done_at, 5);
    assert_int_equal(job.paused_at, 6);
    change.done_at = 0;
    change.paused_at = 0;
    works(mes_store_job_change(fixture->store, &change, &fixture->error));
    job = load_job(fixture, 7);
    assert_int_equal(job.done_at, 0);
    assert_int_equal(job.paused_at, 0);
    change.id = 8;
    assert_int_equal(mes_store_job_change(fixture->store, &change, &fixture->error), MES_E_NOT_FOUND);
}

static void what_a_caller_may_change_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job job = job_of(7, "acme", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    job.priority = 9;
    job.subject = "Another";
    job.expires_at = 1000;
    job.mails = 3;
    job.counts[MES_STORE_STATUS_QUEUED] = 3;
    job.counts[MES_STORE_STATUS_CANCELLED] = 4;
    job.company = "stays"; /* is not one of these */
    works(mes_store_job_replace(fixture->store, &job, &fixture->error));
    works(mes_store_job_extend(fixture->store, 7, 50, &fixture->error));
    struct mes_store_job back = load_job(fixture, 7);
    assert_int_equal(back.priority, 9);
    assert_string_equal(back.subject, "Another");
    assert_int_equal(back.expires_at, 1050);
    assert_int_equal(back.mails, 3);
    assert_int_equal(back.counts[MES_STORE_STATUS_QUEUED], 3);
    assert_int_equal(back.counts[MES_STORE_STATUS_CANCELLED], 4);
    assert_string_equal(back.company, "acme");
    job.id = 8;
    assert_int_equal(mes_store_job_replace(fixture->store, &job, &fixture->error), MES_E_NOT_FOUND);
}

static void a_pause_gives_no_deadline_to_a_job_without_one(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "acme", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_job_extend(fixture->store, 7, 50, &fixture->error));
    assert_int_equal(load_job(fixture, 7).expires_at, 0);
}

/* The list: ids are times, so these five were made at noon, a second apart. */
static void add_for_list(struct fixture *fixture)
{
    static const struct {
        const char *company;
        enum mes_store_state state;
        int kind;
        const char *subject;
    } rows[] = {{"", MES_STORE_DONE, 0, "Your code"},
                {"acme", MES_STORE_HELD, 1, "Notice ÄÖ"},
                {"acme", MES_STORE_DONE, 0, "Your CODE"},
                {"acme", MES_STORE_RECEIVING, 2, "Not there yet"},
                {"other", MES_STORE_SENDING, 2, "通知"}};
    for (int i = 0; i < 5; i++) {
        struct mes_store_job job = job_of(mes_id_first(NOON_MS + 1000 * i) + i, rows[i].company, 1);
        job.state = rows[i].state;
        job.kind = rows[i].kind;
        job.subject = rows[i].subject;
        job.schedule_id = i;
        works(mes_store_job_add(fixture->store, &job, &fixture->error));
    }
}

/* Which of them, in the order in which they came, as digits. */
static bool see_listed(void *context, const struct mes_store_job *job)
{
    char *text = context;
    size_t used = strlen(text);
    text[used] = (char)('0' + (job->id & 7));
    return true;
}

static const char *listed(struct fixture *fixture, struct mes_store_job_page *page)
{
    static char text[20];
    memset(text, 0, sizeof text);
    works(mes_store_job_list(fixture->reads, page, see_listed, text, &fixture->error));
    return text;
}

#define LISTED(...) listed(fixture, &(struct mes_store_job_page){.kind = -1, .limit = 10, __VA_ARGS__})

static void the_list_has_what_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    add_for_list(fixture);
    assert_string_equal(LISTED(.company = NULL), "4210");
    assert_string_equal(LISTED(.company = "acme"), "21");
    assert_string_equal(LISTED(.company = ""), "0");
    assert_string_equal(LISTED(.company = "nobody"), "");
    assert_string_equal(LISTED(.states = 1U << MES_STORE_DONE), "20");
    assert_string_equal(LISTED(.states = 1U << MES_STORE_HELD), "1");
    assert_string_equal(LISTED(.states = 1U << MES_STORE_HELD, .company = "other"), "");
    assert_string_equal(LISTED(.states = 1U << MES_STORE_HELD | 1U << MES_STORE_SENDING), "41");
    assert_string_equal(LISTED(.schedule_id = 2), "2");
    assert_string_equal(LISTED(.text = MES_STR("code")), "20");
    assert_string_equal(LISTED(.text = MES_STR("通")), "4");
    assert_string_equal(LISTED(.from = NOON_MS + 1000), "421");
    assert_string_equal(LISTED(.to = NOON_MS + 2000), "10");
    assert_string_equal(LISTED(.from = NOON_MS + 1000, .to = NOON_MS + 1001, .company = "acme"), "1");
    struct mes_store_job_page page = {.kind = 0, .limit = 10};
    assert_string_equal(listed(fixture, &page), "20");
}

static void pages_join_without_gap_or_repeat(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job_page page = {.kind = -1, .limit = 3};
    add_for_list(fixture);
    assert_string_equal(listed(fixture, &page), "421");
    assert_int_not_equal(page.cursor, 0);
    assert_string_equal(listed(fixture, &page), "0");
    assert_int_equal(page.cursor, 0);
    page = (struct mes_store_job_page){.kind = -1, .limit = 4};
    assert_string_equal(listed(fixture, &page), "4210");
    assert_int_equal(page.cursor, 0); /* exactly full, and no more */
}

static void a_page_that_finds_little_says_where_to_go_on(void **state)
{
    enum { MANY = 10100 };
    struct fixture *fixture = *state;
    struct mes_store_job_page page = {.kind = 1, .limit = 5};
    struct seen seen = {.count = 0};
    for (int64_t id = 1; id <= MANY; id++) {
        struct mes_store_job job = job_of(id, "", 1);
        job.kind = id == 1;
        works(mes_store_job_add(fixture->store, &job, &fixture->error));
    }
    works(mes_store_job_list(fixture->reads, &page, see_job, &seen, &fixture->error));
    assert_int_equal(seen.count, 0);
    assert_int_not_equal(page.cursor, 0);
    works(mes_store_job_list(fixture->reads, &page, see_job, &seen, &fixture->error));
    assert_seen(seen, 1);
    assert_int_equal(page.cursor, 0);
}

static void jobs_that_stand_still_are_found_by_state(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job_in in = {.state = MES_STORE_HELD, .limit = 2};
    struct seen seen = {.count = 0};
    for (int64_t id = 1; id <= 4; id++) {
        struct mes_store_job job = job_of(id, "", 1);
        job.state = id == 2 ? MES_STORE_PAUSED : MES_STORE_HELD;
        works(mes_store_job_add(fixture->store, &job, &fixture->error));
    }
    works(mes_store_job_in_state(fixture->reads, &in, see_job, &seen, &fixture->error));
    assert_seen(seen, 1, 3);
    in.after = 3;
    works(mes_store_job_in_state(fixture->reads, &in, see_job, &seen, &fixture->error));
    assert_seen(seen, 4);
}

static void a_job_is_removed_in_slices(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "", 5);
    bool is_gone = true;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, 7, 5);
    add_flight(fixture, 7, 0, 1);
    works(mes_store_content_put(fixture->store, 7, MES_STR("{}"), &fixture->error));
    for (int i = 0; i < 2; i++) {
        works(mes_store_job_remove(fixture->store, 7, 2, &is_gone, &fixture->error));
        assert_false(is_gone);
    }
    assert_int_equal(load_job(fixture, 7).id, 7);
    works(mes_store_job_remove(fixture->store, 7, 2, &is_gone, &fixture->error));
    assert_true(is_gone);
    assert_int_equal(count_rows(fixture, "job"), 0);
    assert_int_equal(count_rows(fixture, "recipient"), 0);
    assert_int_equal(count_rows(fixture, "content"), 0);
    assert_int_equal(count_rows(fixture, "flight"), 0);
}

static void content_is_its_companys_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "acme", 1);
    struct mes_buf document;
    mes_buf_init(&document, 100);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_content_put(fixture->store, 7, MES_STR("{\"a\":1}"), &fixture->error));
    works(mes_store_content_put(fixture->store, 7, MES_STR("{\"a\":2}"), &fixture->error));
    works(mes_store_content_load(fixture->reads, (struct mes_store_ref){"acme", 7}, &document,
                                 &fixture->error));
    assert_string_equal(mes_buf_text(&document), "{\"a\":2}");
    assert_int_equal(mes_store_content_load(fixture->reads, (struct mes_store_ref){"other", 7}, &document,
                                            &fixture->error),
                     MES_E_NOT_FOUND);
    assert_int_equal(
        mes_store_content_load(fixture->reads, (struct mes_store_ref){NULL, 8}, &document, &fixture->error),
        MES_E_NOT_FOUND);
    mes_buf_fini(&document);
    mes_buf_init(&document, 3);
    assert_int_equal(
        mes_store_content_load(fixture->reads, (struct mes_store_ref){NULL, 7}, &document, &fixture->error),
        MES_E_LIMIT);
    mes_buf_fini(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(a_job_comes_back_as_it_was_stored),
                                       run_with_fixture(a_job_of_another_company_is_not_found),
                                       run_with_fixture(every_name_is_understood),
                                       run_with_fixture(what_is_due_comes_by_priority_then_by_time),
                                       run_with_fixture(each_company_tells_its_earliest_time),
                                       run_with_fixture(companies_are_found_however_many_jobs_wait),
                                       run_with_fixture(a_change_changes_what_it_names),
                                       run_with_fixture(what_a_caller_may_change_is_replaced),
                                       run_with_fixture(a_pause_gives_no_deadline_to_a_job_without_one),
                                       run_with_fixture(the_list_has_what_was_asked_for),
                                       run_with_fixture(pages_join_without_gap_or_repeat),
                                       run_with_fixture(a_page_that_finds_little_says_where_to_go_on),
                                       run_with_fixture(jobs_that_stand_still_are_found_by_state),
                                       run_with_fixture(a_job_is_removed_in_slices),
                                       run_with_fixture(content_is_its_companys_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
