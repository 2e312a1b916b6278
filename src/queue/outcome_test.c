/* What is kept as text: outcomes in the journal, progress in a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/outcome.h"
#include "queue/progress.h"
#include "queue/retry.h"

static void an_outcome_survives_the_journal(void **state)
{
    (void)state;
    struct mes_arena arena;
    mes_arena_init(&arena, 1024 * 1024);
    const struct mes_outcome_attempt attempt = {.at = 5,
                                                .account = "qq",
                                                .step = "dot",
                                                .class_ = "content",
                                                .code = 554,
                                                .enhanced = "5.7.1",
                                                .reply = "郵件 \"refused\"\n",
                                                .advice_id = "x",
                                                .dsn = "requested",
                                                .milliseconds = 7,
                                                .sender = "a@b",
                                                .tls = "none",
                                                .digest = "00"};
    const struct mes_outcome_row row = {.number = 4,
                                        .before = MES_STORE_STATUS_QUEUED,
                                        .status = MES_STORE_STATUS_FAILED,
                                        .is_final = true,
                                        .attempts = &attempt,
                                        .attempt_count = 1};
    const struct mes_outcome outcome = {.job = 9,
                                        .company = "c",
                                        .number = 4,
                                        .token = 11,
                                        .message_id = "",
                                        .progress = "1 0 0 0 0 0 0 ",
                                        .due_at = 12,
                                        .rows = &row,
                                        .row_count = 1};
    struct mes_buf text;
    struct mes_outcome read;
    mes_buf_init(&text, 1000);
    mes_outcome_write(&outcome, 0, &text);
    assert_int_equal(mes_buf_check(&text, NULL), 0);
    assert_int_equal(mes_outcome_read(mes_buf_str(&text), &arena, &read, NULL), 0);
    assert_int_equal(read.job, 9);
    assert_int_equal(read.token, 11);
    assert_int_equal(read.rows[0].status, MES_STORE_STATUS_FAILED);
    assert_true(read.rows[0].is_final);
    assert_string_equal(read.rows[0].attempts[0].reply, attempt.reply);
    assert_string_equal(read.rows[0].attempts[0].dsn, "requested");
    assert_int_equal(read.due_at, 12);
    for (size_t size = 0; size < text.size; size++) {
        struct mes_outcome torn;
        assert_int_not_equal(mes_outcome_read(mes_str_make(text.data, size), &arena, &torn, NULL), 0);
    }
    mes_buf_fini(&text);
    mes_arena_fini(&arena);
}

static void progress_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct mes_progress progress = {3, 1, 2, 4, 1700000000000, 1600000000000, 77, "service@example.hk"};
    struct mes_progress read;
    struct mes_buf text;
    mes_buf_init(&text, 1000);
    mes_progress_write(&progress, &text);
    mes_progress_parse(mes_buf_text(&text), &read);
    assert_int_equal(read.passes, 3);
    assert_int_equal(read.doubts, 1);
    assert_int_equal(read.crashes, 2);
    assert_int_equal(read.transient_answers, 4);
    assert_int_equal(read.first_transient_at, 1700000000000);
    assert_int_equal(read.counts_from, 1600000000000);
    assert_int_equal(read.waited_ms, 77);
    assert_string_equal(read.keeper, "service@example.hk");
    mes_progress_parse("1 2 x", &read);
    assert_int_equal(read.passes, 0);
    mes_progress_parse(NULL, &read);
    assert_string_equal(read.keeper, "");
    mes_buf_fini(&text);
}

static void doubts_wait_longer_each_time_and_end(void **state)
{
    (void)state;
    assert_int_equal(mes_retry_doubt_ms(1, true), 0);
    assert_int_equal(mes_retry_doubt_ms(1, false), 5 * 1000);
    assert_int_equal(mes_retry_doubt_ms(2, false), 10 * 60 * 1000);
    assert_int_equal(mes_retry_doubt_ms(2, true), 10 * 60 * 1000);
    assert_int_equal(mes_retry_doubt_ms(3, false), -1);
}

static void the_usual_deadline_runs_while_accounts_are_ill_and_not_otherwise(void **state)
{
    (void)state;
    const int64_t day = 24 * 3600 * 1000;
    struct mes_progress progress = {0};
    assert_int_equal(mes_retry_deadline(&progress, 0), INT64_MAX);
    assert_int_equal(mes_retry_deadline(&progress, 5), 5);
    mes_retry_note_waiting(&progress, &(struct mes_retry_waiting){.since = day, .now = day});
    assert_int_equal(mes_retry_deadline(&progress, 0), 3 * day);
    mes_retry_note_waiting(&progress, &(struct mes_retry_waiting){.since = day, .now = 2 * day});
    assert_int_equal(mes_retry_deadline(&progress, 0), 4 * day);
    mes_retry_note_waiting(&progress,
                           &(struct mes_retry_waiting){.since = 2 * day, .now = 4 * day, .ill_ms = day});
    assert_int_equal(mes_retry_deadline(&progress, 0), 5 * day);
    mes_retry_note_waiting(&progress, &(struct mes_retry_waiting){.since = 5 * day, .now = 4 * day});
    assert_int_equal(mes_retry_deadline(&progress, 0), 5 * day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outcome_survives_the_journal),
        cmocka_unit_test(progress_comes_back_as_it_was),
        cmocka_unit_test(doubts_wait_longer_each_time_and_end),
        cmocka_unit_test(the_usual_deadline_runs_while_accounts_are_ill_and_not_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
