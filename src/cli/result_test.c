#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"
#include "cli/result.h"
#include "i18n/say.h"

static const struct mes_attempt attempts[] = {
    {.account = "qq",
     .step = MES_STEP_AUTH,
     .class_ = MES_CLASS_ACCOUNT,
     .code = 535,
     .enhanced = "5.7.8",
     .reply = "Login \"Fail\"\n",
     .advice_id = "",
     .milliseconds = 212},
    {.account = "brevo",
     .step = MES_STEP_DOT,
     .code = 250,
     .enhanced = "2.0.0",
     .reply = "queued as 4F1",
     .advice_id = "",
     .milliseconds = 388},
};

static struct mes_result result_of(enum mes_status status, size_t count)
{
    return (struct mes_result){.recipient = "wong@example.hk",
                               .status = status,
                               .message_id = "<1@example.hk>",
                               .attempts = attempts,
                               .attempt_count = count};
}

static void json_is_one_line_as_promised(void **state)
{
    struct mes_buf out;
    struct mes_result result = result_of(MES_STATUS_SENT, 2);
    (void)state;
    mes_buf_init(&out, 10000);
    mes_cli_result_json(&out, &result);
    assert_string_equal(
        mes_buf_text(&out),
        "{\"recipient\":\"wong@example.hk\",\"role\":\"to\",\"status\":\"sent\",\"account\":\"brevo\","
        "\"code\":250,"
        "\"enhanced\":\"2.0.0\",\"reply\":\"queued as 4F1\",\"messageId\":\"<1@example.hk>\",\"attempts\":["
        "{\"account\":\"qq\",\"step\":\"auth\",\"class\":\"account\",\"code\":535,\"enhanced\":\"5.7.8\","
        "\"reply\":\"Login \\\"Fail\\\"\\n\",\"ms\":212},"
        "{\"account\":\"brevo\",\"step\":\"dot\",\"class\":\"\",\"code\":250,\"enhanced\":\"2.0.0\","
        "\"reply\":\"queued as 4F1\",\"ms\":388}]}");
    mes_buf_fini(&out);
}

static void json_without_an_attempt_is_whole(void **state)
{
    struct mes_buf out;
    struct mes_result result = result_of(MES_STATUS_DEFERRED, 0);
    (void)state;
    mes_buf_init(&out, 10000);
    mes_cli_result_json(&out, &result);
    assert_string_equal(
        mes_buf_text(&out),
        "{\"recipient\":\"wong@example.hk\",\"role\":\"to\",\"status\":\"deferred\",\"account\":\"\","
        "\"code\":0,\"enhanced\":\"\",\"reply\":\"\",\"messageId\":\"<1@example.hk>\","
        "\"attempts\":[]}");
    mes_buf_clear(&out);
    mes_cli_result_json_rejected(&out, "a@@x", "why");
    assert_string_equal(
        mes_buf_text(&out),
        "{\"recipient\":\"a@@x\",\"role\":\"to\",\"status\":\"failed\",\"account\":\"\",\"code\":0,"
        "\"enhanced\":\"\",\"reply\":\"why\",\"messageId\":\"\",\"attempts\":[]}");
    mes_buf_fini(&out);
}

static void expect_line(enum mes_language language, const struct mes_result *result, const char *line)
{
    struct mes_buf out;
    mes_buf_init(&out, 10000);
    mes_cli_result_text(&out, language, result);
    assert_string_equal(mes_buf_text(&out), line);
    mes_buf_fini(&out);
}

static void people_read_one_line(void **state)
{
    struct mes_result sent = result_of(MES_STATUS_SENT, 2), failed = result_of(MES_STATUS_FAILED, 1),
                      not_tried = result_of(MES_STATUS_DEFERRED, 0);
    (void)state;
    sent.role = MES_ROLE_CC;
    expect_line(MES_EN, &sent, "wong@example.hk (cc): sent through brevo (250 2.0.0 queued as 4F1)");
    expect_line(MES_ZH_HK, &sent, "wong@example.hk (cc)：已經 brevo 發送（250 2.0.0 queued as 4F1）");
    expect_line(MES_EN, &failed,
                "wong@example.hk: FAILED: account qq, login: 535 5.7.8 Login \"Fail\"\\x0A.");
    const struct mes_attempt silent = {
        .account = "qq", .enhanced = "", .reply = "No answer came.", .advice_id = ""};
    failed.attempts = &silent;
    expect_line(MES_EN, &failed, "wong@example.hk: FAILED: account qq, passed over: No answer came.");
    expect_line(MES_ZH_CN, &failed, "wong@example.hk：失败：账户 qq，跳过：No answer came。");
    expect_line(MES_EN, &not_tried, "wong@example.hk: deferred, try again later: it was not tried");
}

static void add(struct mes_cli_tally *tally, enum mes_status status, enum mes_class class_)
{
    struct mes_attempt attempt = {.class_ = class_};
    struct mes_result result = {.status = status, .attempts = &attempt, .attempt_count = 1};
    mes_cli_tally_add(tally, &result);
}

static void the_exit_status_follows_the_results(void **state)
{
    struct mes_cli_tally tally = {0};
    (void)state;
    assert_int_equal(mes_cli_tally_status(&tally), 0);
    add(&tally, MES_STATUS_SENT, MES_CLASS_NONE);
    assert_int_equal(mes_cli_tally_status(&tally), 0);
    add(&tally, MES_STATUS_IN_DOUBT, MES_CLASS_IN_DOUBT);
    assert_int_equal(mes_cli_tally_status(&tally), 75);
    add(&tally, MES_STATUS_FAILED, MES_CLASS_CONFIG);
    assert_int_equal(mes_cli_tally_status(&tally), 69);
    tally = (struct mes_cli_tally){0};
    add(&tally, MES_STATUS_DEFERRED, MES_CLASS_TRANSIENT);
    assert_int_equal(mes_cli_tally_status(&tally), 75);
    tally = (struct mes_cli_tally){0};
    add(&tally, MES_STATUS_FAILED, MES_CLASS_CONFIG);
    add(&tally, MES_STATUS_FAILED, MES_CLASS_CONFIG);
    assert_int_equal(mes_cli_tally_status(&tally), 78);
    add(&tally, MES_STATUS_FAILED, MES_CLASS_RECIPIENT);
    assert_int_equal(mes_cli_tally_status(&tally), 69);
    tally = (struct mes_cli_tally){.rejected = 1};
    add(&tally, MES_STATUS_SENT, MES_CLASS_NONE);
    assert_int_equal(mes_cli_tally_status(&tally), 69);
}

static void the_bar_keeps_to_its_columns(void **state)
{
    struct mes_cli_progress progress = {.expected = 100000};
    struct mes_cli_tally tally = {.count = {50000, 3, 2, 1}};
    struct mes_buf out;
    (void)state;
    for (size_t width = 20; width < 200; width++)
        for (int language = MES_EN; language <= MES_ZH_CN; language++) {
            progress.language = (enum mes_language)language;
            mes_buf_init(&out, 1000);
            mes_cli_progress_text(&out, &progress, &tally, width);
            assert_true(out.size <= width);
            assert_memory_equal(mes_buf_text(&out), "50006/100000", 12);
            mes_buf_fini(&out);
        }
    mes_buf_init(&out, 1000);
    progress.language = MES_EN;
    mes_cli_progress_text(&out, &progress, &tally, 100);
    assert_string_equal(mes_buf_text(&out), "50006/100000 [###############...............] "
                                            "50000 sent, 3 failed, 2 deferred, 1 in doubt");
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_one_line_as_promised), cmocka_unit_test(json_without_an_attempt_is_whole),
        cmocka_unit_test(people_read_one_line),         cmocka_unit_test(the_exit_status_follows_the_results),
        cmocka_unit_test(the_bar_keeps_to_its_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
