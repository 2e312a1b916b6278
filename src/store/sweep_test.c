#include "store/sweep.h"

#include "store/attempt.h"
#include "store/blob.h"
#include "store/captured.h"
#include "store/content.h"
#include "store/fixture_test.h"
#include "store/idempotency.h"
#include "store/transcript.h"

static const int64_t day = INT64_C(86400000);

/* Made and ended so many days before noon; 0 ended: not yet. With content, two rows and an attempt. */
static int64_t add_old(struct fixture *fixture, int64_t made, int64_t ended, int64_t keep_days)
{
    static int64_t count;
    struct mes_store_job job = job_of(mes_id_first(NOON_MS - made * day) + ++count, "", 2);
    struct mes_store_attempt attempt = {.job = job.id, .at = NOON_MS};
    const char *const hash = "aa";
    job.next_at = 0;
    job.keep_days = keep_days;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, job.id, 2);
    works(mes_store_content_put(fixture->store, job.id, MES_STR("{}"), &fixture->error));
    works(mes_store_blob_use(fixture->store, job.id, &hash, 1, &fixture->error));
    works(mes_store_attempt_add(fixture->store, &attempt, &fixture->error));
    const struct mes_store_job_change change = {.id = job.id,
                                                .set = MES_STORE_JOB_STATE | MES_STORE_JOB_DONE_AT,
                                                .state = MES_STORE_DONE,
                                                .done_at = NOON_MS - ended * day};
    if (ended != 0)
        works(mes_store_job_change(fixture->store, &change, &fixture->error));
    return job.id;
}

static void put_blob(struct fixture *fixture)
{
    works(
        mes_store_blob_put(fixture->store, &(struct mes_store_blob){.hash = "aa", .at = 1}, &fixture->error));
}

/* The whole sweep, in small slices. */
static int sweep(struct fixture *fixture, unsigned most)
{
    struct mes_store_sweep sweep = {.now = NOON_MS,
                                    .message_days = 30,
                                    .transcript_days = 14,
                                    .proof_days = 365,
                                    .upload_days = 1,
                                    .captured_most = 2};
    int slices = 0;
    while (!sweep.is_end && slices < 1000) {
        works(mes_store_sweep_slice(&sweep, fixture->store, most, &fixture->error));
        slices++;
    }
    assert_true(sweep.is_end);
    return slices;
}

/* "content" or "gone", and whether the rows' variables are there. */
static void assert_content(struct fixture *fixture, int64_t job, bool is_there)
{
    struct mes_buf document;
    mes_buf_init(&document, 100);
    assert_int_equal(
        mes_store_content_load(fixture->reads, (struct mes_store_ref){NULL, job}, &document, &fixture->error),
        is_there ? 0 : MES_E_NOT_FOUND);
    assert_int_equal(load_job(fixture, job).is_content_gone, !is_there);
    for (int64_t number = 0; number < 2; number++)
        assert_string_equal(load_row(fixture, job, number).variables, is_there ? "{\"n\":1}" : "");
    mes_buf_fini(&document);
}

static void content_goes_when_its_job_has_ended_long_ago(void **state)
{
    struct fixture *fixture = *state;
    put_blob(fixture);
    int64_t old = add_old(fixture, 40, 31, 0);
    int64_t young = add_old(fixture, 40, 29, 0);
    int64_t waiting = add_old(fixture, 40, 0, 0);
    int64_t wishes_less = add_old(fixture, 3, 2, 1);
    int64_t wishes_more = add_old(fixture, 50, 40, 60);
    int64_t older = add_old(fixture, 41, 40, 0);
    (void)sweep(fixture, 1000);
    assert_content(fixture, old, false);
    assert_content(fixture, young, true);
    assert_content(fixture, waiting, true);
    assert_content(fixture, wishes_less, false);
    assert_content(fixture, wishes_more, true);
    assert_content(fixture, older, false);
    assert_int_equal(count_rows(fixture, "attempt"), 6);
    assert_int_equal(scratch_number(mes_store_db(fixture->store), "SELECT uses FROM blob", -1), 3);
}

static void slices_come_to_the_same_end(void **state)
{
    struct fixture *fixture = *state;
    put_blob(fixture);
    int64_t ids[5];
    for (int i = 0; i < 5; i++)
        ids[i] = add_old(fixture, 40, 31, i % 2);
    assert_true(sweep(fixture, 1) > 10);
    for (int i = 0; i < 5; i++)
        assert_content(fixture, ids[i], false);
    assert_int_equal(scratch_number(mes_store_db(fixture->store), "SELECT uses FROM blob", -1), 0);
}

/* A sweep that ends in the middle of a job is taken up again, and until then nothing of the job can be
 * retried. */
static void a_sweep_cut_short_is_taken_up_by_the_next(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_sweep cut = {
        .now = NOON_MS, .message_days = 30, .transcript_days = 1, .proof_days = 365};
    put_blob(fixture);
    int64_t ids[2] = {add_old(fixture, 40, 31, 0), add_old(fixture, 40, 31, 1)};
    for (int i = 0; i < 100 && cut.number == 0; i++)
        works(mes_store_sweep_slice(&cut, fixture->store, 1, &fixture->error));
    assert_int_equal(cut.number, 1);
    assert_true(load_job(fixture, cut.job).is_content_gone);
    assert_int_equal(count_rows(fixture, "content"), 2);
    (void)sweep(fixture, 1000);
    assert_content(fixture, ids[0], false);
    assert_content(fixture, ids[1], false);
}

static void everything_goes_with_the_proof(void **state)
{
    struct fixture *fixture = *state;
    put_blob(fixture);
    int64_t old = add_old(fixture, 400, 366, 0);
    int64_t young = add_old(fixture, 400, 364, 0);
    int64_t waiting = add_old(fixture, 400, 0, 0);
    (void)sweep(fixture, 3);
    struct mes_store_job job;
    assert_int_equal(mes_store_job_load(fixture->reads, (struct mes_store_ref){NULL, old}, &fixture->arena,
                                        &job, &fixture->error),
                     MES_E_NOT_FOUND);
    assert_content(fixture, young, false);
    assert_content(fixture, waiting, true);
    assert_int_equal(count_rows(fixture, "job"), 2);
    assert_int_equal(count_rows(fixture, "recipient"), 4);
    assert_int_equal(count_rows(fixture, "attempt"), 2);
}

static void what_is_kept_for_days_goes(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_idempotency row = {.company = "", .name = "old", .at = NOON_MS - 2 * day - 1};
    put_blob(fixture);
    works(mes_store_idempotency_add(fixture->store, &row, &fixture->error));
    row.name = "running";
    row.is_open = true;
    works(mes_store_idempotency_add(fixture->store, &row, &fixture->error));
    row = (struct mes_store_idempotency){.company = "", .name = "new", .at = NOON_MS - 2 * day};
    works(mes_store_idempotency_add(fixture->store, &row, &fixture->error));
    for (int i = 0; i < 2; i++) {
        const struct mes_store_transcript transcript = {
            .attempt = mes_id_first(NOON_MS - (13 + 2 * i) * day), .text = "", .job = i};
        works(mes_store_transcript_add(fixture->store, &transcript, &fixture->error));
        const struct mes_store_upload upload = {
            .id = i + 1, .company = "", .hash = "aa", .at = NOON_MS - (2 * i) * day};
        works(mes_store_upload_add(fixture->store, &upload, &fixture->error));
    }
    for (int64_t id = 1; id <= 5; id++) {
        const struct mes_store_captured captured = {.id = id, .company = "", .recipients = "[]"};
        works(mes_store_captured_add(fixture->store, &captured, MES_STR("x"), &fixture->error));
    }
    (void)sweep(fixture, 2);
    struct mes_db *db = mes_store_db(fixture->store);
    assert_int_equal(count_rows(fixture, "idempotency"), 2);
    assert_int_equal(scratch_number(db, "SELECT COUNT(*) FROM idempotency WHERE name = 'old'", -1), 0);
    assert_int_equal(count_rows(fixture, "transcript"), 1);
    assert_int_equal(scratch_number(db, "SELECT job_id FROM transcript", -1), 0);
    assert_int_equal(count_rows(fixture, "upload"), 1);
    assert_int_equal(scratch_number(db, "SELECT id FROM upload", -1), 1);
    assert_int_equal(scratch_number(db, "SELECT uses FROM blob", -1), 1);
    assert_int_equal(count_rows(fixture, "captured"), 2);
    assert_int_equal(scratch_number(db, "SELECT MIN(id) FROM captured", -1), 4);
}

static void a_bulk_call_that_was_broken_off_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_job job = job_of(7, "", 0);
    const struct mes_store_idempotency open = {.company = "", .name = "bulk", .job = 7, .is_open = true};
    const struct mes_store_idempotency over = {.company = "", .name = "other", .job = 8};
    bool is_end = false;
    int slices = 0;
    job.state = MES_STORE_RECEIVING;
    job.next_at = 0;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, 7, 5);
    job = job_of(8, "", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_idempotency_add(fixture->store, &open, &fixture->error));
    works(mes_store_idempotency_add(fixture->store, &over, &fixture->error));
    while (!is_end && slices++ < 10)
        works(mes_store_sweep_unfinished(fixture->store, 2, &is_end, &fixture->error));
    assert_true(is_end);
    assert_true(slices > 2);
    assert_int_equal(count_rows(fixture, "job"), 1);
    assert_int_equal(count_rows(fixture, "recipient"), 0);
    assert_int_equal(count_rows(fixture, "idempotency"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(content_goes_when_its_job_has_ended_long_ago),
                                       run_with_fixture(slices_come_to_the_same_end),
                                       run_with_fixture(a_sweep_cut_short_is_taken_up_by_the_next),
                                       run_with_fixture(everything_goes_with_the_proof),
                                       run_with_fixture(what_is_kept_for_days_goes),
                                       run_with_fixture(a_bulk_call_that_was_broken_off_leaves_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
