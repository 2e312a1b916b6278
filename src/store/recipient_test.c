#include "store/fixture_test.h"

static void set_row(struct fixture *fixture, int64_t number, enum mes_store_status status, int64_t due_at)
{
    const struct mes_store_recipient row = {.job = 7,
                                            .number = number,
                                            .status = status,
                                            .due_at = due_at,
                                            .attempts = 3,
                                            .progress = "p",
                                            .done_at = due_at == 0 ? NOON_MS : 0};
    works(mes_store_recipient_set(fixture->store, &row, &fixture->error));
}

/* Job 7 with so many mails, each with its copies. */
static struct mes_store_job add_job(struct fixture *fixture, int64_t mails, int64_t copies)
{
    struct mes_store_job job = job_of(7, "acme", mails);
    job.copies = copies;
    job.counts[MES_STORE_STATUS_QUEUED] = mails * (1 + copies);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, 7, mails * (1 + copies));
    return job;
}

/* The index of what people look for has exactly the rows that failed, wait for another try or are in doubt.
 */
static void assert_troubles(struct fixture *fixture)
{
    assert_int_equal(scratch_number(mes_store_db(fixture->store),
                                    "SELECT COUNT(*) FROM recipient"
                                    " WHERE (COALESCE(trouble_of, 0) = job_id) <> (status >= 3)",
                                    -1),
                     0);
}

static void a_row_comes_back_as_it_was_stored(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_recipient row = {.job = 7,
                                            .number = 3,
                                            .address = "陳@example.com",
                                            .name = "陳大文",
                                            .variables = "{}",
                                            .attachments = "[]",
                                            .status = MES_STORE_STATUS_DEFERRED,
                                            .due_at = 11,
                                            .attempts = 12,
                                            .account = "first",
                                            .code = 451,
                                            .enhanced = "4.7.1",
                                            .reply = "later",
                                            .advice_id = "a.b",
                                            .dsn = "requested",
                                            .message_id = "<m@x>",
                                            .progress = "keeper",
                                            .done_at = 13};
    works(mes_store_recipient_add(fixture->store, &row, &fixture->error));
    struct mes_store_recipient back = load_row(fixture, 7, 3);
    assert_int_equal(back.status, MES_STORE_STATUS_QUEUED);
    assert_int_equal(back.attempts, 0);
    assert_int_equal(back.due_at, 0);
    assert_string_equal(back.account, "");
    works(mes_store_recipient_set(fixture->store, &row, &fixture->error));
    back = load_row(fixture, 7, 3);
#define SAME(member) assert_int_equal(back.member, row.member)
#define SAME_TEXT(member) assert_string_equal(back.member, row.member)
    SAME(job), SAME(number), SAME(status), SAME(due_at), SAME(attempts), SAME(code), SAME(done_at);
    SAME_TEXT(address), SAME_TEXT(name), SAME_TEXT(variables), SAME_TEXT(attachments), SAME_TEXT(account);
    SAME_TEXT(enhanced), SAME_TEXT(reply), SAME_TEXT(advice_id), SAME_TEXT(dsn), SAME_TEXT(message_id),
        SAME_TEXT(progress);
#undef SAME
#undef SAME_TEXT
    assert_int_equal(
        mes_store_recipient_set(fixture->store, &(struct mes_store_recipient){.job = 8}, &fixture->error),
        MES_E_NOT_FOUND);
    assert_int_equal(mes_store_recipient_add(fixture->store, &row, &fixture->error), MES_E_CONFLICT);
}

static void a_row_of_another_company_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_recipient row;
    (void)add_job(fixture, 1, 0);
    works(mes_store_recipient_load(fixture->reads, (struct mes_store_row){"acme", 7, 0}, &fixture->arena,
                                   &row, &fixture->error));
    assert_int_equal(mes_store_recipient_load(fixture->reads, (struct mes_store_row){"other", 7, 0},
                                              &fixture->arena, &row, &fixture->error),
                     MES_E_NOT_FOUND);
    struct mes_store_recipient_page page = {.job = {"other", 7}, .limit = 10};
    assert_int_equal(mes_store_recipient_list(fixture->reads, &page, see_row, NULL, &fixture->error),
                     MES_E_NOT_FOUND);
}

static void a_range_has_mails_with_their_copies(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.count = 0};
    (void)add_job(fixture, 3, 1);
    works(mes_store_recipient_range(fixture->reads, (struct mes_store_range){7, 2, 5}, see_row, &seen,
                                    &fixture->error));
    assert_seen(seen, 2, 3, 4);
    works(mes_store_recipient_range(fixture->reads, (struct mes_store_range){8, 0, 5}, see_row, &seen,
                                    &fixture->error));
    assert_int_equal(seen.count, 0);
}

static void what_is_due_comes_earliest_first(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.count = 0};
    int64_t next = -1;
    (void)add_job(fixture, 5, 0);
    works(mes_store_recipient_next_due(fixture->reads, 7, &next, &fixture->error));
    assert_int_equal(next, 0);
    set_row(fixture, 1, MES_STORE_STATUS_DEFERRED, 50);
    set_row(fixture, 2, MES_STORE_STATUS_DEFERRED, 40);
    set_row(fixture, 3, MES_STORE_STATUS_IN_DOUBT, 60);
    set_row(fixture, 4, MES_STORE_STATUS_DEFERRED, 61);
    works(mes_store_recipient_due(fixture->reads, (struct mes_store_retry){7, 60, 10}, see_row, &seen,
                                  &fixture->error));
    assert_seen(seen, 2, 1, 3);
    works(mes_store_recipient_set_due(fixture->store, 7, 2, 0, &fixture->error));
    works(mes_store_recipient_set_due(fixture->store, 7, 0, 55, &fixture->error));
    works(mes_store_recipient_due(fixture->reads, (struct mes_store_retry){7, 60, 2}, see_row, &seen,
                                  &fixture->error));
    assert_seen(seen, 1, 0);
    works(mes_store_recipient_next_due(fixture->reads, 7, &next, &fixture->error));
    assert_int_equal(next, 50);
    assert_int_equal(load_row(fixture, 7, 2).status, MES_STORE_STATUS_DEFERRED);
    assert_int_equal(mes_store_recipient_set_due(fixture->store, 7, 5, 1, &fixture->error), MES_E_NOT_FOUND);
}

static void cancel_leaves_what_is_over_or_in_flight(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_slice slice = {.from = 0};
    struct mes_store_job job = add_job(fixture, 5, 1); /* rows 0 to 9 */
    set_row(fixture, 0, MES_STORE_STATUS_SENT, 0);
    set_row(fixture, 1, MES_STORE_STATUS_FAILED, 0);
    set_row(fixture, 2, MES_STORE_STATUS_DEFERRED, NOON_MS);
    set_row(fixture, 4, MES_STORE_STATUS_IN_DOUBT, NOON_MS);
    set_row(fixture, 6, MES_STORE_STATUS_DEFERRED, 0);
    add_flight(fixture, 7, 6, 1); /* with its copy, row 7 */
    works(mes_store_recipient_cancel(fixture->store, &job, 100, &slice, &fixture->error));
    assert_true(slice.is_end);
    assert_int_equal(slice.counts[MES_STORE_STATUS_QUEUED], -4); /* 3, 5, 8, 9 */
    assert_int_equal(slice.counts[MES_STORE_STATUS_DEFERRED], -1);
    assert_int_equal(slice.counts[MES_STORE_STATUS_CANCELLED], 5);
    assert_int_equal(slice.counts[MES_STORE_STATUS_IN_DOUBT], 0);
    assert_int_equal(slice.in_flight, 2);
    static const enum mes_store_status wanted[] = {MES_STORE_STATUS_SENT,      MES_STORE_STATUS_FAILED,
                                                   MES_STORE_STATUS_CANCELLED, MES_STORE_STATUS_CANCELLED,
                                                   MES_STORE_STATUS_IN_DOUBT,  MES_STORE_STATUS_CANCELLED,
                                                   MES_STORE_STATUS_DEFERRED,  MES_STORE_STATUS_QUEUED,
                                                   MES_STORE_STATUS_CANCELLED, MES_STORE_STATUS_CANCELLED};
    for (int64_t number = 0; number < 10; number++)
        assert_int_equal(load_row(fixture, 7, number).status, wanted[number]);
    assert_int_equal(load_row(fixture, 7, 2).due_at, 0);
    assert_int_not_equal(load_row(fixture, 7, 2).done_at, 0);
    assert_int_equal(load_row(fixture, 7, 4).due_at, 0); /* is not sent again */
    assert_int_not_equal(load_row(fixture, 7, 4).done_at, 0);
    assert_int_equal(load_row(fixture, 7, 7).done_at, 0);
    assert_troubles(fixture);
}

static void cancel_goes_in_slices(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_slice slice = {.from = 0};
    struct mes_store_job job = add_job(fixture, 7, 0);
    int64_t cancelled = 0;
    int slices = 0;
    add_flight(fixture, 7, 0, 1);
    while (!slice.is_end && slices < 9) {
        works(mes_store_recipient_cancel(fixture->store, &job, 3, &slice, &fixture->error));
        cancelled += slice.counts[MES_STORE_STATUS_CANCELLED];
        slices++;
    }
    assert_int_equal(slices, 3);
    assert_int_equal(cancelled, 6);
    assert_int_equal(slice.in_flight, 1);
}

static void retry_queues_failed_ones_and_hurries_deferred_ones(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_slice slice = {.from = 0};
    struct mes_store_job job = add_job(fixture, 8, 0);
    const struct mes_store_again again = {&job, NOON_MS, 2};
    int64_t requeued = 0;
    for (int64_t number = 0; number < 5; number++)
        set_row(fixture, number, MES_STORE_STATUS_FAILED, 0);
    add_flight(fixture, 7, 1, 1); /* failed, but its mail is under way */
    set_row(fixture, 5, MES_STORE_STATUS_DEFERRED, NOON_MS + 5000);
    set_row(fixture, 6, MES_STORE_STATUS_IN_DOUBT, NOON_MS + 5000);
    set_row(fixture, 7, MES_STORE_STATUS_SENT, 0);
    for (int i = 0; i < 20 && !slice.is_end; i++) {
        works(mes_store_recipient_retry(fixture->store, &again, &slice, &fixture->error));
        assert_int_equal(slice.counts[MES_STORE_STATUS_QUEUED], -slice.counts[MES_STORE_STATUS_FAILED]);
        assert_true(slice.counts[MES_STORE_STATUS_QUEUED] <= 2);
        requeued += slice.counts[MES_STORE_STATUS_QUEUED];
    }
    assert_true(slice.is_end);
    assert_int_equal(requeued, 4);
    assert_int_equal(slice.due_now, 1);
    const struct mes_store_recipient row = load_row(fixture, 7, 0);
    assert_int_equal(row.status, MES_STORE_STATUS_QUEUED);
    assert_int_equal(row.attempts, 0);
    assert_int_equal(row.due_at, NOON_MS);
    assert_int_equal(row.done_at, 0);
    assert_string_equal(row.progress, "");
    assert_int_equal(load_row(fixture, 7, 1).status, MES_STORE_STATUS_FAILED);
    assert_int_equal(load_row(fixture, 7, 1).due_at, 0);
    assert_int_equal(load_row(fixture, 7, 5).due_at, NOON_MS);
    assert_int_equal(load_row(fixture, 7, 5).status, MES_STORE_STATUS_DEFERRED);
    assert_int_equal(load_row(fixture, 7, 6).due_at, NOON_MS + 5000);
    assert_int_equal(load_row(fixture, 7, 7).due_at, 0);
    assert_troubles(fixture);
}

static void nothing_is_retried_without_its_content(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_slice slice = {.from = 0};
    struct mes_store_job job = add_job(fixture, 1, 0);
    const struct mes_store_again again = {&job, NOON_MS, 100};
    set_row(fixture, 0, MES_STORE_STATUS_FAILED, 0);
    job.is_content_gone = true;
    assert_int_equal(mes_store_recipient_retry(fixture->store, &again, &slice, &fixture->error), MES_E_USAGE);
    assert_int_equal(load_row(fixture, 7, 0).status, MES_STORE_STATUS_FAILED);
}

static void a_failed_copy_wakes_its_lead(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_slice slice = {.from = 0};
    struct mes_store_job job = add_job(fixture, 2, 2); /* leads 0 and 3 */
    const struct mes_store_again again = {&job, NOON_MS, 100};
    for (int64_t number = 0; number < 6; number++)
        set_row(fixture, number, MES_STORE_STATUS_SENT, 0);
    set_row(fixture, 5, MES_STORE_STATUS_FAILED, 0);
    works(mes_store_recipient_retry(fixture->store, &again, &slice, &fixture->error));
    assert_int_equal(load_row(fixture, 7, 5).status, MES_STORE_STATUS_QUEUED);
    assert_int_equal(load_row(fixture, 7, 5).due_at, 0);
    assert_int_equal(load_row(fixture, 7, 3).due_at, NOON_MS);
    assert_int_equal(load_row(fixture, 7, 3).status, MES_STORE_STATUS_SENT);
    assert_int_equal(load_row(fixture, 7, 0).due_at, 0);
}

static void the_list_goes_by_number_status_and_address(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {.count = 0};
    (void)add_job(fixture, 12, 0);
    set_row(fixture, 5, MES_STORE_STATUS_DEFERRED, NOON_MS);
    set_row(fixture, 3, MES_STORE_STATUS_FAILED, 0);
    set_row(fixture, 5, MES_STORE_STATUS_SENT, 0);
    set_row(fixture, 9, MES_STORE_STATUS_FAILED, 0);
    assert_troubles(fixture);
    struct mes_store_recipient_page page = {.job = {"acme", 7}, .limit = 7};
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 0, 1, 2, 3, 4, 5, 6);
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 7, 8, 9, 10, 11);
    assert_int_equal(page.cursor, 0);
    page = (struct mes_store_recipient_page){
        .job = {NULL, 7}, .statuses = 1U << MES_STORE_STATUS_FAILED, .limit = 1};
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 3);
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 9);
    assert_int_equal(page.cursor, 0);
    page = (struct mes_store_recipient_page){.job = {NULL, 7},
                                             .statuses =
                                                 1U << MES_STORE_STATUS_FAILED | 1U << MES_STORE_STATUS_SENT,
                                             .limit = 10};
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 3, 5, 9);
    page = (struct mes_store_recipient_page){.job = {NULL, 7}, .text = MES_STR("R1"), .limit = 10};
    works(mes_store_recipient_list(fixture->reads, &page, see_row, &seen, &fixture->error));
    assert_seen(seen, 1, 10, 11);
}

/* A million fresh rows must not cost an index: that is what makes them cheap. */
static void fresh_rows_are_in_no_index(void **state)
{
    struct fixture *fixture = *state;
    (void)add_job(fixture, 3, 0);
    set_row(fixture, 2, MES_STORE_STATUS_SENT, 0);
    assert_int_equal(scratch_number(mes_store_db(fixture->store),
                                    "SELECT COUNT(*) FROM recipient WHERE due_at IS NOT NULL"
                                    " OR trouble_of IS NOT NULL",
                                    -1),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(a_row_comes_back_as_it_was_stored),
                                       run_with_fixture(a_row_of_another_company_is_not_found),
                                       run_with_fixture(a_range_has_mails_with_their_copies),
                                       run_with_fixture(what_is_due_comes_earliest_first),
                                       run_with_fixture(cancel_leaves_what_is_over_or_in_flight),
                                       run_with_fixture(cancel_goes_in_slices),
                                       run_with_fixture(retry_queues_failed_ones_and_hurries_deferred_ones),
                                       run_with_fixture(nothing_is_retried_without_its_content),
                                       run_with_fixture(a_failed_copy_wakes_its_lead),
                                       run_with_fixture(the_list_goes_by_number_status_and_address),
                                       run_with_fixture(fresh_rows_are_in_no_index)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
