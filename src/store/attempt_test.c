#include "store/attempt.h"

#include "store/fixture_test.h"
#include "store/transcript.h"

static int64_t add_attempt(struct fixture *fixture, int64_t job, int64_t number, const char *class_)
{
    struct mes_store_attempt attempt = {.job = job,
                                        .number = number,
                                        .at = NOON_MS,
                                        .account = "first",
                                        .class_ = class_,
                                        .message_id = "<m@x>"};
    works(mes_store_attempt_add(fixture->store, &attempt, &fixture->error));
    return attempt.id;
}

static bool see_attempt(void *context, const struct mes_store_attempt *attempt)
{
    return see(context, attempt->id);
}

static bool take_attempt(void *context, const struct mes_store_attempt *attempt)
{
    const struct mes_store_attempt *wanted = context;
#define SAME(member) assert_int_equal(attempt->member, wanted->member)
#define SAME_TEXT(member) assert_string_equal(attempt->member, wanted->member)
    SAME(id), SAME(job), SAME(number), SAME(at), SAME(code), SAME(milliseconds);
    SAME_TEXT(account), SAME_TEXT(step), SAME_TEXT(class_), SAME_TEXT(enhanced), SAME_TEXT(reply);
    SAME_TEXT(advice_id), SAME_TEXT(sender), SAME_TEXT(tls), SAME_TEXT(sha256), SAME_TEXT(message_id);
#undef SAME
#undef SAME_TEXT
    return true;
}

static void an_attempt_comes_back_as_it_was_stored(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_attempt attempt = {.job = 7,
                                        .number = 3,
                                        .at = 4,
                                        .account = "first",
                                        .step = "rcpt",
                                        .class_ = "recipient",
                                        .code = 550,
                                        .enhanced = "5.1.1",
                                        .reply = "no such user",
                                        .advice_id = "a.b",
                                        .milliseconds = 5,
                                        .sender = "s@x",
                                        .tls = "TLSv1.3 X",
                                        .sha256 = "00ff",
                                        .message_id = "<m@x>"};
    works(mes_store_attempt_add(fixture->store, &attempt, &fixture->error));
    works(mes_store_attempt_of(fixture->reads, (struct mes_store_row){NULL, 7, 3}, take_attempt, &attempt,
                               &fixture->error));
    struct seen seen = {.count = 0};
    works(mes_store_attempt_of(fixture->reads, (struct mes_store_row){NULL, 7, 3}, see_attempt, &seen,
                               &fixture->error));
    assert_seen(seen, attempt.id);
}

static void attempts_are_listed_by_recipient_and_behind_an_id(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "acme", 2);
    struct seen seen = {.count = 0};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    int64_t a = add_attempt(fixture, 7, 0, "transient");
    int64_t b = add_attempt(fixture, 7, 1, "");
    int64_t c = add_attempt(fixture, 7, 0, "");
    (void)add_attempt(fixture, 8, 0, "");
    works(mes_store_attempt_of(fixture->reads, (struct mes_store_row){"acme", 7, 0}, see_attempt, &seen,
                               &fixture->error));
    assert_seen(seen, a, c);
    works(mes_store_attempt_of(fixture->reads, (struct mes_store_row){"other", 7, 0}, see_attempt, &seen,
                               &fixture->error));
    assert_int_equal(seen.count, 0);
    struct mes_store_attempt_page page = {.job = {"acme", 7}, .after = a, .limit = 10};
    works(mes_store_attempt_after(fixture->reads, &page, see_attempt, &seen, &fixture->error));
    assert_seen(seen, b, c);
    page.limit = 1;
    works(mes_store_attempt_after(fixture->reads, &page, see_attempt, &seen, &fixture->error));
    assert_seen(seen, b);
    page.job.company = "other";
    works(mes_store_attempt_after(fixture->reads, &page, see_attempt, &seen, &fixture->error));
    assert_int_equal(seen.count, 0);
}

/* Whoever follows a job by Last-Event-ID would else miss what happens after the clock was set back. */
static void ids_grow_though_the_clock_is_set_back(void **state)
{
    struct fixture *fixture = *state;
    int64_t tomorrow = mes_id_first(mes_clock_wall(mes_clock_system()) + INT64_C(86400000));
    const struct mes_store_job job = job_of(tomorrow, "", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    fixture_reopen(fixture);
    assert_true(add_attempt(fixture, tomorrow, 0, "") > tomorrow);
}

struct proofs {
    struct seen seen;
    char words[200];
};

static bool see_proof(void *context, const struct mes_store_proof *proof)
{
    struct proofs *proofs = context;
    (void)snprintf(proofs->words, sizeof proofs->words, "%s %s %s %d %d %d", proof->company, proof->address,
                   proof->subject, proof->kind, (int)proof->asked_by, (int)(proof->created_at == NOON_MS));
    return see(&proofs->seen, proof->attempt.id);
}

static void proof_is_what_relays_took_over(void **state)
{
    struct fixture *fixture = *state;
    struct proofs proofs = {.seen = {.count = 0}};
    struct mes_store_job job = job_of(7, "acme", 2);
    job.kind = 2;
    job.asked_by = 9;
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, 7, 2);
    job = job_of(8, "other", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    add_rows(fixture, 8, 1);
    (void)add_attempt(fixture, 7, 0, "transient");
    int64_t a = add_attempt(fixture, 7, 0, "");
    int64_t b = add_attempt(fixture, 8, 0, "");
    int64_t c = add_attempt(fixture, 7, 1, "");
    struct mes_store_proof_page page = {.limit = 2};
    works(mes_store_attempt_proofs(fixture->reads, &page, see_proof, &proofs, &fixture->error));
    assert_seen(proofs.seen, a, b);
    works(mes_store_attempt_proofs(fixture->reads, &page, see_proof, &proofs, &fixture->error));
    assert_seen(proofs.seen, c);
    assert_int_equal(page.cursor, 0);
    assert_string_equal(proofs.words, "acme r1@example.com Subject 2 9 1");
    page = (struct mes_store_proof_page){.company = "acme", .limit = 10};
    works(mes_store_attempt_proofs(fixture->reads, &page, see_proof, &proofs, &fixture->error));
    assert_seen(proofs.seen, a, c);
    page = (struct mes_store_proof_page){.limit = 10, .from = mes_id_time(c) + 1};
    works(mes_store_attempt_proofs(fixture->reads, &page, see_proof, &proofs, &fixture->error));
    assert_int_equal(proofs.seen.count, 0);
    page = (struct mes_store_proof_page){.limit = 10, .to = mes_id_time(a)};
    works(mes_store_attempt_proofs(fixture->reads, &page, see_proof, &proofs, &fixture->error));
    assert_int_equal(proofs.seen.count, 0);
}

static bool see_transcript(void *context, const struct mes_store_transcript *transcript)
{
    assert_string_equal(transcript->text, "S: 220 hello\n");
    assert_string_equal(transcript->account, "first");
    assert_int_equal(transcript->at, NOON_MS);
    return see(context, transcript->attempt);
}

static void transcripts_are_listed_by_recipient(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(7, "acme", 2);
    struct mes_store_transcript transcript = {
        .attempt = 5, .job = 7, .number = 1, .at = NOON_MS, .account = "first", .text = "S: 220 hello\n"};
    struct seen seen = {.count = 0};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    works(mes_store_transcript_add(fixture->store, &transcript, &fixture->error));
    transcript.attempt = 4;
    works(mes_store_transcript_add(fixture->store, &transcript, &fixture->error));
    transcript = (struct mes_store_transcript){.attempt = 6, .job = 7, .number = 0, .at = NOON_MS};
    works(mes_store_transcript_add(fixture->store, &transcript, &fixture->error));
    works(mes_store_transcript_of(fixture->reads, (struct mes_store_row){"acme", 7, 1}, see_transcript, &seen,
                                  &fixture->error));
    assert_seen(seen, 4, 5);
    works(mes_store_transcript_of(fixture->reads, (struct mes_store_row){"other", 7, 1}, see_transcript,
                                  &seen, &fixture->error));
    assert_int_equal(seen.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(an_attempt_comes_back_as_it_was_stored),
                                       run_with_fixture(attempts_are_listed_by_recipient_and_behind_an_id),
                                       run_with_fixture(ids_grow_though_the_clock_is_set_back),
                                       run_with_fixture(proof_is_what_relays_took_over),
                                       run_with_fixture(transcripts_are_listed_by_recipient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
