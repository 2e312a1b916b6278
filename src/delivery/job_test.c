/* Jobs over transports that follow a script, on a clock that the test turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "delivery/job.h"
#include "delivery/memory_ram.h"
#include "mes/message.h"

enum { ACCOUNTS = 3, ANSWERS = 16 };

/* What an account answers to one recipient after the other; the last answer is given again and again. */
struct answer {
    enum mes_step step;
    enum mes_cause cause;
    int code;
    const char *enhanced;
    const char *text;
    bool dot_written;
};

struct scripted {
    struct mes_transport transport;
    struct answer answers[ANSWERS];
    size_t count;
    size_t at;
    unsigned starts;
    struct mes_dispatch *taken; /* begun and not answered yet */
    char from[64];
    char reply_to[64];
};

struct stage {
    struct scripted scripted[ACCOUNTS];
    struct mes_account settings[ACCOUNTS];
    struct mes_account_state states[ACCOUNTS];
    struct mes_memory_ram *ram;
    struct mes_memory memory;
    struct mes_clock clock;
    struct mes_job_host host;
    struct mes_message *message;
    int64_t now;
};

static int64_t read_now(void *context)
{
    const struct stage *stage = context;
    return stage->now;
}

static void start(struct mes_transport *transport, struct mes_dispatch *dispatch)
{
    struct scripted *scripted = (struct scripted *)(void *)transport;
    dispatch->next = scripted->taken;
    scripted->taken = dispatch;
    scripted->starts++;
    (void)snprintf(scripted->from, sizeof scripted->from, "%s", dispatch->identity.from_address);
    const char *reply_to = dispatch->identity.reply_to_address;
    (void)snprintf(scripted->reply_to, sizeof scripted->reply_to, "%s", reply_to != NULL ? reply_to : "");
}

static void open_stage(struct stage *stage)
{
    static const struct mes_transport_face face = {.start = start};
    static const char *const names[ACCOUNTS] = {"one", "two", "three"};
    static const char *const froms[ACCOUNTS] = {"a@one.test", "b@two.test", "c@three.test"};
    struct mes_error error;
    *stage = (struct stage){.now = INT64_C(1790000000000)};
    stage->clock = (struct mes_clock){read_now, read_now, stage};
    stage->ram = mes_memory_ram_new();
    stage->memory = mes_memory_ram_face(stage->ram);
    for (size_t i = 0; i < ACCOUNTS; i++) {
        stage->settings[i] = (struct mes_account){.identity = names[i],
                                                  .archive_bcc = "",
                                                  .name = names[i],
                                                  .host = "127.0.0.1",
                                                  .user_name = "",
                                                  .from_address = froms[i],
                                                  .from_name = "",
                                                  .reply_to_default = "",
                                                  .tls_ca_file = "",
                                                  .client_certificate_file = "",
                                                  .quota_reset_minute = -1,
                                                  .quota_reset_zone = ""};
        assert_int_equal(
            mes_account_state_init(&stage->states[i], &stage->settings[i], &stage->memory, &error), 0);
        stage->scripted[i].transport.face = &face;
        stage->states[i].transport = &stage->scripted[i].transport;
    }
    stage->host = (struct mes_job_host){.failover = {.accounts = stage->states, .clock = &stage->clock},
                                        .account_count = ACCOUNTS};
    stage->message = mes_message_new();
    assert_int_equal(mes_message_set_text(stage->message, "text", &error), 0);
}

static void close_stage(struct stage *stage)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        mes_account_state_fini(&stage->states[i]);
    mes_message_free(&stage->message);
    mes_memory_ram_free(&stage->ram);
}

static void script(struct stage *stage, size_t account, const struct answer *answers, size_t count)
{
    memcpy(stage->scripted[account].answers, answers, count * sizeof *answers);
    stage->scripted[account].count = count;
}

#define ANSWER(account, ...)                                                                                 \
    script(&stage, (account), (const struct answer[]){__VA_ARGS__},                                          \
           sizeof((const struct answer[]){__VA_ARGS__}) / sizeof(struct answer))

static const struct answer sent = {MES_STEP_DOT, MES_CAUSE_REPLY, 250, "2.0.0", "queued", true};
static const struct answer greylisted = {MES_STEP_RCPT, MES_CAUSE_REPLY,         451,
                                         "4.7.1",       "greylisted, try later", false};
static const struct answer unknown = {MES_STEP_RCPT, MES_CAUSE_REPLY, 550, "5.1.1", "no such user", false};
static const struct answer spam = {MES_STEP_DOT, MES_CAUSE_REPLY, 554, "5.7.1", "message rejected as spam",
                                   true};
static const struct answer login = {MES_STEP_AUTH, MES_CAUSE_REPLY,         535,
                                    "5.7.8",       "authentication failed", false};
static const struct answer refused = {
    MES_STEP_CONNECT, MES_CAUSE_REFUSED, 0, "", "connection refused", false};
static const struct answer cut = {MES_STEP_DATA, MES_CAUSE_CUT, 0, "", "the relay hung up", false};
static const struct answer cut_after_dot = {MES_STEP_DOT, MES_CAUSE_CUT, 0, "", "the relay hung up", true};
static const struct answer no_auth = {MES_STEP_AUTH, MES_CAUSE_NO_AUTH, 0, "", "AUTH is not offered", false};

static void answer_one(struct scripted *scripted, struct mes_dispatch *dispatch)
{
    for (size_t i = 0; i < dispatch->mail->recipient_count; i++) {
        if (dispatch->mail->recipients[i].fate != MES_FATE_OPEN)
            continue;
        const struct answer *answer = &scripted->answers[scripted->at];
        if (scripted->at + 1 < scripted->count)
            scripted->at++;
        const struct mes_verdict_input facts = {.step = answer->step,
                                                .cause = answer->cause,
                                                .code = answer->code,
                                                .enhanced = mes_str_of(answer->enhanced),
                                                .text = mes_str_of(answer->text),
                                                .dot_written = answer->dot_written};
        mes_job_on_outcome(dispatch, i, &facts);
    }
    mes_job_on_done(dispatch);
}

static bool answer_all(struct stage *stage)
{
    bool had_any = false;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        while (stage->scripted[i].taken != NULL) {
            struct mes_dispatch *dispatch = stage->scripted[i].taken;
            stage->scripted[i].taken = dispatch->next;
            answer_one(&stage->scripted[i], dispatch);
            had_any = true;
        }
    }
    return had_any;
}

static void add(struct stage *stage, enum mes_role role, const char *address)
{
    struct mes_error error;
    assert_int_equal(mes_message_add_recipient(stage->message, role, address, NULL, &error), 0);
}

static struct mes_job *begin(struct stage *stage)
{
    struct mes_compose_job *compiled = NULL;
    struct mes_error error;
    const struct mes_compose_options options = {.domain = "one.test", .clock = &stage->clock};
    bool *is_candidate = mes_alloc(ACCOUNTS * sizeof *is_candidate);
    for (size_t i = 0; i < ACCOUNTS; i++)
        is_candidate[i] = true;
    assert_int_equal(mes_compose_job_new(stage->message, &options, &compiled, &error), 0);
    return mes_job_new(&stage->host, compiled, is_candidate);
}

/* Runs to the end, turning the clock where there is nothing else to do. */
static struct mes_report *run(struct stage *stage)
{
    struct mes_job *job = begin(stage);
    for (int turns = 0; turns < 10000 && !mes_job_is_done(job); turns++) {
        int64_t due = mes_job_work(job);
        if (!answer_all(stage) && due != INT64_MAX && due > stage->now)
            stage->now = due;
    }
    assert_true(mes_job_is_done(job));
    struct mes_report *report = mes_job_take_report(job);
    mes_job_free(&job);
    assert_non_null(report);
    return report;
}

static void expect(struct mes_report *report, size_t index, enum mes_status status, const char *accounts)
{
    const struct mes_result *result = mes_report_result(report, index);
    char tried[200] = "";
    assert_non_null(result);
    for (size_t i = 0; i < result->attempt_count; i++) {
        size_t used = strlen(tried);
        (void)snprintf(tried + used, sizeof tried - used, "%s%s", i > 0 ? " " : "",
                       result->attempts[i].account);
    }
    assert_string_equal(tried, accounts);
    assert_string_equal(mes_status_name(result->status), mes_status_name(status));
}

static void expect_one(struct stage *stage, enum mes_status status, const char *accounts)
{
    add(stage, MES_ROLE_TO, "wong@example.hk");
    struct mes_report *report = run(stage);
    assert_int_equal(mes_report_count(report), 1);
    expect(report, 0, status, accounts);
    mes_report_free(&report);
}

static void the_first_that_works_is_used(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, login);
    ANSWER(1, refused);
    ANSWER(2, sent);
    expect_one(&stage, MES_STATUS_SENT, "one two three");
    assert_string_equal(stage.scripted[2].from, "c@three.test");
    assert_string_equal(stage.scripted[2].reply_to, "a@one.test");
    close_stage(&stage);
}

static void B07_an_unanswered_dot_is_never_given_to_another_account(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, cut_after_dot);
    ANSWER(1, sent);
    expect_one(&stage, MES_STATUS_IN_DOUBT, "one");
    assert_int_equal(stage.scripted[1].starts, 0);
    close_stage(&stage);
}

static void B07_an_unanswered_dot_uses_up_its_quota(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    stage.states[0].rules.per_day = 1;
    ANSWER(0, cut_after_dot);
    ANSWER(1, sent);
    expect_one(&stage, MES_STATUS_IN_DOUBT, "one");
    struct mes_report *report = run(&stage);
    assert_int_equal(mes_report_result(report, 0)->attempts[0].step, MES_STEP_LIMIT);
    expect(report, 0, MES_STATUS_SENT, "one two");
    mes_report_free(&report);
    close_stage(&stage);
}

/* A list does not run past the only account while one mail finds out whether it is well again. */
static void a_list_waits_for_the_probe(void **state)
{
    struct stage stage;
    char address[32];
    (void)state;
    open_stage(&stage);
    stage.host.account_count = 1;
    ANSWER(0, refused, sent);
    expect_one(&stage, MES_STATUS_DEFERRED, "one");
    stage.now += 60 * 1000;
    for (int i = 0; i < 500; i++) {
        (void)snprintf(address, sizeof address, "r%d@x.test", i);
        add(&stage, MES_ROLE_TO, address);
    }
    struct mes_report *report = run(&stage);
    assert_int_equal(mes_report_count(report), 501);
    for (size_t i = 0; i < 501; i++)
        expect(report, i, MES_STATUS_SENT, "one");
    mes_report_free(&report);
    close_stage(&stage);
}

static void while_it_is_probed_another_account_sends(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, refused, sent);
    ANSWER(1, sent);
    expect_one(&stage, MES_STATUS_SENT, "one two");
    stage.now += 60 * 1000;
    add(&stage, MES_ROLE_TO, "chan@example.hk");
    struct mes_report *report = run(&stage);
    expect(report, 0, MES_STATUS_SENT, "one");
    expect(report, 1, MES_STATUS_SENT, "two");
    mes_report_free(&report);
    close_stage(&stage);
}

static void B11_each_recipient_has_its_own_fate(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    add(&stage, MES_ROLE_TO, "a@x.test");
    add(&stage, MES_ROLE_CC, "b@x.test");
    add(&stage, MES_ROLE_CC, "c@x.test");
    add(&stage, MES_ROLE_BCC, "d@x.test");
    ANSWER(0, unknown, sent, greylisted, refused);
    ANSWER(1, sent);
    struct mes_report *report = run(&stage);
    expect(report, 0, MES_STATUS_FAILED, "one");
    expect(report, 1, MES_STATUS_SENT, "one");
    expect(report, 2, MES_STATUS_DEFERRED, "one");
    expect(report, 3, MES_STATUS_SENT, "one two");
    mes_report_free(&report);
    close_stage(&stage);
}

static void who_is_to_and_cc_gets_one_mail(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    add(&stage, MES_ROLE_TO, "a@x.test");
    add(&stage, MES_ROLE_TO, "b@x.test");
    add(&stage, MES_ROLE_CC, "A@x.test");
    ANSWER(0, sent);
    struct mes_report *report = run(&stage);
    assert_int_equal(mes_report_count(report), 3);
    unsigned times_as_cc = 0;
    for (size_t i = 0; i < 3; i++)
        times_as_cc += mes_report_result(report, i)->role == MES_ROLE_CC;
    assert_int_equal(times_as_cc, 1); /* with the mail to b alone */
    mes_report_free(&report);
    close_stage(&stage);
}

static void B14_content_is_offered_to_one_other_account(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, spam);
    ANSWER(1, spam);
    ANSWER(2, sent);
    expect_one(&stage, MES_STATUS_FAILED, "one two");
    close_stage(&stage);
}

static void B06_a_cut_before_the_dot_gets_a_fresh_connection_once(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, cut, sent);
    expect_one(&stage, MES_STATUS_SENT, "one one");
    close_stage(&stage);
    open_stage(&stage);
    ANSWER(0, cut);
    ANSWER(1, sent);
    expect_one(&stage, MES_STATUS_SENT, "one one two");
    close_stage(&stage);
}

static void every_account_config_is_failed(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, no_auth);
    ANSWER(1, no_auth);
    ANSWER(2, no_auth);
    expect_one(&stage, MES_STATUS_FAILED, "one two three");
    close_stage(&stage);
    open_stage(&stage);
    ANSWER(0, no_auth);
    ANSWER(1, refused);
    ANSWER(2, no_auth);
    expect_one(&stage, MES_STATUS_DEFERRED, "one two three");
    close_stage(&stage);
}

static void B10_a_failed_account_rests_and_is_skipped(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    ANSWER(0, login);
    ANSWER(1, sent);
    add(&stage, MES_ROLE_TO, "a@x.test");
    struct mes_report *report = run(&stage);
    mes_report_free(&report);
    report = run(&stage);
    const struct mes_result *result = mes_report_result(report, 0);
    assert_int_equal(result->attempts[0].step, MES_STEP_LIMIT);
    expect(report, 0, MES_STATUS_SENT, "one two");
    assert_int_equal(stage.scripted[0].starts, 1);
    mes_report_free(&report);
    close_stage(&stage);
}

static void greylisting_is_retried_at_the_same_account(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    int64_t begun = stage.now;
    stage.host.retry_for_ms = 10 * 60 * 1000;
    ANSWER(0, greylisted, sent);
    expect_one(&stage, MES_STATUS_SENT, "one one");
    assert_true(stage.now - begun >= 48 * 1000 && stage.now - begun <= 72 * 1000);
    close_stage(&stage);
    open_stage(&stage);
    stage.host.retry_for_ms = 10 * 60 * 1000;
    begun = stage.now;
    ANSWER(0, greylisted);
    ANSWER(1, sent);
    expect_one(&stage, MES_STATUS_DEFERRED, "one one one one");
    assert_true(stage.now - begun <= 10 * 60 * 1000);
    close_stage(&stage);
}

/* After five such answers over at least an hour the next account may be used. */
static void greylisting_without_end_moves_on(void **state)
{
    struct stage stage;
    (void)state;
    open_stage(&stage);
    stage.host.retry_for_ms = INT64_C(24) * 60 * 60 * 1000;
    ANSWER(0, greylisted);
    ANSWER(1, sent);
    int64_t begun = stage.now;
    add(&stage, MES_ROLE_TO, "wong@example.hk");
    struct mes_report *report = run(&stage);
    const struct mes_result *result = mes_report_result(report, 0);
    assert_int_equal(result->status, MES_STATUS_SENT);
    assert_true(result->attempt_count >= 6);
    assert_string_equal(result->attempts[result->attempt_count - 1].account, "two");
    assert_true(stage.now - begun >= 60 * 60 * 1000);
    mes_report_free(&report);
    close_stage(&stage);
}

static void a_long_list_keeps_its_order_and_its_window(void **state)
{
    struct stage stage;
    char address[32];
    (void)state;
    open_stage(&stage);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(address, sizeof address, "r%d@x.test", i);
        add(&stage, MES_ROLE_TO, address);
    }
    ANSWER(0, sent);
    struct mes_job *job = begin(&stage);
    (void)mes_job_work(job);
    assert_int_equal(stage.scripted[0].starts, 256);
    mes_job_cancel(job);
    (void)answer_all(&stage);
    (void)mes_job_work(job);
    assert_true(mes_job_is_done(job));
    struct mes_report *report = mes_job_take_report(job);
    assert_int_equal(mes_report_count(report), 1000);
    expect(report, 999, MES_STATUS_DEFERRED, "");
    mes_report_free(&report);
    mes_job_free(&job);
    close_stage(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_works_is_used),
        cmocka_unit_test(B07_an_unanswered_dot_is_never_given_to_another_account),
        cmocka_unit_test(B07_an_unanswered_dot_uses_up_its_quota),
        cmocka_unit_test(a_list_waits_for_the_probe),
        cmocka_unit_test(while_it_is_probed_another_account_sends),
        cmocka_unit_test(B11_each_recipient_has_its_own_fate),
        cmocka_unit_test(who_is_to_and_cc_gets_one_mail),
        cmocka_unit_test(B14_content_is_offered_to_one_other_account),
        cmocka_unit_test(B06_a_cut_before_the_dot_gets_a_fresh_connection_once),
        cmocka_unit_test(every_account_config_is_failed),
        cmocka_unit_test(B10_a_failed_account_rests_and_is_skipped),
        cmocka_unit_test(greylisting_is_retried_at_the_same_account),
        cmocka_unit_test(greylisting_without_end_moves_on),
        cmocka_unit_test(a_long_list_keeps_its_order_and_its_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
