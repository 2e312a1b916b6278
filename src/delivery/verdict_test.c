#include "delivery/reply_test.h"

static struct mes_verdict_input from(const char *provider, enum mes_step step, const char *line)
{
    struct mes_verdict_input input = reply(step, line);
    input.provider = mes_str_of(provider);
    return input;
}

static struct mes_verdict decide(struct mes_verdict_input input)
{
    struct mes_verdict verdict;
    mes_verdict_decide(&input, &verdict);
    return verdict;
}

static void expect(struct mes_verdict_input input, enum mes_class class_, enum mes_rest rest,
                   const char *advice)
{
    struct mes_verdict verdict = decide(input);
    assert_string_equal(mes_class_name(verdict.class_), mes_class_name(class_));
    assert_int_equal(verdict.rest, rest);
    assert_string_equal(verdict.advice_id, advice);
}

static void every_reply_and_cause_at_every_step_has_a_verdict(void **state)
{
    (void)state;
    for (int step = MES_STEP_RESOLVE; step < MES_STEP_QUIT; step++) {
        for (int code = 400; code < 600; code++) {
            struct mes_verdict_input input = without_reply(MES_CAUSE_REPLY, (enum mes_step)step);
            input.code = code;
            assert_int_not_equal(decide(input).class_, MES_CLASS_NONE);
        }
        for (int cause = MES_CAUSE_REPLY + 1; cause < MES_CAUSE_COUNT; cause++)
            assert_int_not_equal(decide(without_reply((enum mes_cause)cause, (enum mes_step)step)).class_,
                                 MES_CLASS_NONE);
    }
}

/* ---- precedence ---- */

static void text_before_enhanced_before_step(void **state)
{
    (void)state;
    /* 5.1.1 says recipient, the step says recipient, but the words say quota. */
    expect(reply(MES_STEP_RCPT, "550 5.1.1 MI:STC"), MES_CLASS_ACCOUNT, MES_REST_QUOTA, "quota.day");
    /* The step DOT says content, the enhanced code says recipient. */
    expect(reply(MES_STEP_DOT, "550 5.1.1 Sorry"), MES_CLASS_RECIPIENT, MES_REST_NONE, "rcpt.unknown");
    expect(reply(MES_STEP_DOT, "550 Sorry"), MES_CLASS_CONTENT, MES_REST_NONE, "content.refused");
}

static void basic_code_decides_when_the_enhanced_one_disagrees(void **state)
{
    (void)state;
    assert_int_equal(decide(reply(MES_STEP_RCPT, "450 5.1.1 Odd")).class_, MES_CLASS_TRANSIENT);
    assert_int_equal(decide(reply(MES_STEP_RCPT, "550 4.2.2 Odd")).class_, MES_CLASS_RECIPIENT);
    assert_int_equal(decide(reply(MES_STEP_DOT, "554 4.7.1 Odd")).class_, MES_CLASS_CONTENT);
}

static void enhanced_codes_match_whole_numbers(void **state)
{
    (void)state;
    /* 5.70.1 is not 5.7. */
    assert_string_equal(decide(reply(MES_STEP_MAIL, "550 5.70.1 Odd")).advice_id, "from.refused");
    assert_string_equal(decide(reply(MES_STEP_DOT, "550 5.70.1 Odd")).advice_id, "content.refused");
}

/* ---- the rows of the fault list ---- */

static void B01_connection_refused_is_account(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_REFUSED, MES_STEP_CONNECT), MES_CLASS_ACCOUNT, MES_REST_SHORT,
           "net.refused");
    expect(without_reply(MES_CAUSE_NO_NAME, MES_STEP_RESOLVE), MES_CLASS_ACCOUNT, MES_REST_SHORT,
           "net.no-name");
}

static void B02_silence_up_to_rcpt_is_account(void **state)
{
    (void)state;
    for (int step = MES_STEP_RESOLVE; step <= MES_STEP_RCPT; step++) {
        struct mes_verdict verdict = decide(without_reply(MES_CAUSE_TIMEOUT, (enum mes_step)step));
        assert_int_equal(verdict.class_, MES_CLASS_ACCOUNT);
        assert_int_equal(verdict.next, MES_NEXT_ACCOUNT);
    }
}

static void B03_stalled_body_is_protocol(void **state)
{
    (void)state;
    struct mes_verdict verdict = decide(without_reply(MES_CAUSE_TIMEOUT, MES_STEP_BODY));
    assert_int_equal(verdict.class_, MES_CLASS_PROTOCOL);
    assert_int_equal(verdict.next, MES_NEXT_CONNECTION);
    assert_int_equal(verdict.rest, MES_REST_NONE);
}

static void B04_no_answer_to_the_dot_is_in_doubt(void **state)
{
    (void)state;
    struct mes_verdict_input input = without_reply(MES_CAUSE_TIMEOUT, MES_STEP_DOT);
    input.dot_written = true;
    struct mes_verdict verdict = decide(input);
    assert_int_equal(verdict.class_, MES_CLASS_IN_DOUBT);
    assert_int_equal(verdict.next, MES_NEXT_DOUBT);
    assert_int_equal(verdict.rest, MES_REST_NONE);
    input.failover_any = true;
    assert_int_equal(decide(input).next, MES_NEXT_DOUBT);
}

static void B05_nothing_after_quit_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(decide(without_reply(MES_CAUSE_GARBAGE, MES_STEP_QUIT)).class_, MES_CLASS_NONE);
    assert_int_equal(decide(without_reply(MES_CAUSE_TIMEOUT, MES_STEP_QUIT)).class_, MES_CLASS_NONE);
    assert_int_equal(decide(reply(MES_STEP_QUIT, "421 Bye")).next, MES_NEXT_DONE);
}

static void B06_cut_before_the_dot_is_protocol(void **state)
{
    (void)state;
    for (int step = MES_STEP_EHLO; step <= MES_STEP_DOT; step++)
        assert_int_equal(decide(without_reply(MES_CAUSE_CUT, (enum mes_step)step)).class_,
                         MES_CLASS_PROTOCOL);
    assert_int_equal(decide(without_reply(MES_CAUSE_CUT, MES_STEP_GREETING)).class_, MES_CLASS_ACCOUNT);
}

static void B07_after_the_dot_only_a_refusal_is_no_doubt(void **state)
{
    (void)state;
    for (int step = MES_STEP_MAIL; step <= MES_STEP_DOT; step++) {
        for (int cause = MES_CAUSE_REPLY + 1; cause < MES_CAUSE_COUNT; cause++) {
            struct mes_verdict_input input = without_reply((enum mes_cause)cause, (enum mes_step)step);
            input.dot_written = true;
            assert_int_equal(decide(input).class_, MES_CLASS_IN_DOUBT);
        }
        for (int code = 100; code < 1000; code++) {
            struct mes_verdict_input input = without_reply(MES_CAUSE_REPLY, (enum mes_step)step);
            input.dot_written = true;
            input.code = code;
            bool is_clear = code / 100 == 2 || code / 100 == 4 || code / 100 == 5;
            assert_int_equal(decide(input).class_ == MES_CLASS_IN_DOUBT, !is_clear);
        }
    }
}

static void B08_greeting_refused_is_account(void **state)
{
    (void)state;
    expect(reply(MES_STEP_GREETING, "554 no"), MES_CLASS_ACCOUNT, MES_REST_SHORT, "server.refuses");
    expect(reply(MES_STEP_GREETING, "421 4.3.2 busy"), MES_CLASS_ACCOUNT, MES_REST_SHORT, "server.busy");
}

static void B09_421_is_account_at_every_step(void **state)
{
    (void)state;
    for (int step = MES_STEP_GREETING; step <= MES_STEP_DOT; step++)
        assert_int_equal(decide(reply((enum mes_step)step, "421 closing")).class_, MES_CLASS_ACCOUNT);
}

static void B10_refused_sender_moves_on_and_rests_only_for_its_own_from(void **state)
{
    (void)state;
    struct mes_verdict_input input = reply(MES_STEP_MAIL, "553 Mail from must equal authorized user");
    expect(input, MES_CLASS_ACCOUNT, MES_REST_LONG, "from.must-be-login");
    assert_true(decide(input).alarm);
    input.from_is_own = false;
    expect(input, MES_CLASS_ACCOUNT, MES_REST_NONE, "from.must-be-login");
    assert_false(decide(input).alarm);
    assert_int_equal(decide(input).next, MES_NEXT_ACCOUNT);
    expect(reply(MES_STEP_MAIL, "451 local error"), MES_CLASS_ACCOUNT, MES_REST_SHORT, "server.busy");
}

static void B11_each_recipient_by_its_own_reply(void **state)
{
    (void)state;
    struct mes_verdict greylisted =
        decide(reply(MES_STEP_RCPT, "450 4.7.1 Greylisted, try again in 300 seconds"));
    assert_int_equal(greylisted.class_, MES_CLASS_TRANSIENT);
    assert_int_equal(greylisted.next, MES_NEXT_LATER);
    assert_int_equal(greylisted.retry_seconds, 300);
    struct mes_verdict unknown = decide(reply(MES_STEP_RCPT, "550 5.1.1 No such user"));
    assert_int_equal(unknown.class_, MES_CLASS_RECIPIENT);
    assert_int_equal(unknown.next, MES_NEXT_FAIL);
    assert_int_equal(unknown.rest, MES_REST_NONE);
}

static void B13_too_many_recipients_is_a_further_batch(void **state)
{
    (void)state;
    static const char *const lines[] = {"452 4.5.3 Error: too many recipients", "452 Too many recipients",
                                        "452 4.5.3 Limit", "550 RP:RCL"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct mes_verdict_input input = reply(MES_STEP_RCPT, lines[i]);
        input.accepted = 50;
        struct mes_verdict verdict = decide(input);
        assert_int_equal(verdict.class_, MES_CLASS_NONE);
        assert_int_equal(verdict.next, MES_NEXT_BATCH);
        assert_int_equal(verdict.rest, MES_REST_NONE);
        assert_int_equal(verdict.learn, MES_LEARN_RECIPIENTS);
        input.accepted = 0;
        verdict = decide(input);
        assert_int_equal(verdict.class_, MES_CLASS_TRANSIENT);
        assert_int_equal(verdict.learn, MES_LEARN_NONE);
    }
}

static void B14_quota_text_at_dot_is_account(void **state)
{
    (void)state;
    struct mes_verdict verdict = decide(reply(MES_STEP_DOT, "554 MI:STC 163 smtp12,EcCowEA5"));
    assert_int_equal(verdict.class_, MES_CLASS_ACCOUNT);
    assert_int_equal(verdict.rest, MES_REST_QUOTA);
    assert_int_equal(verdict.learn, MES_LEARN_QUOTA_DAY);
    assert_int_equal(verdict.next, MES_NEXT_ACCOUNT);
    assert_int_equal(decide(reply(MES_STEP_DOT, "451 MI:SFQ")).learn, MES_LEARN_QUOTA_15_MINUTES);
    expect(reply(MES_STEP_DOT, "550 5.4.5 Daily user sending limit exceeded."), MES_CLASS_ACCOUNT,
           MES_REST_QUOTA, "quota.day");
    expect(reply(MES_STEP_DOT, "550 5.7.0 Daily sending limit reached"), MES_CLASS_ACCOUNT, MES_REST_QUOTA,
           "quota.day");
    expect(reply(MES_STEP_DOT, "452 4.3.1 Insufficient storage"), MES_CLASS_ACCOUNT, MES_REST_SHORT,
           "server.busy");
    /* Without such words: 4xx is transient, 5xx content. */
    expect(reply(MES_STEP_DOT, "451 Aborted"), MES_CLASS_TRANSIENT, MES_REST_NONE, "server.later");
    verdict = decide(reply(MES_STEP_DOT, "554 Aborted"));
    assert_int_equal(verdict.class_, MES_CLASS_CONTENT);
    assert_int_equal(verdict.next, MES_NEXT_ONE_ACCOUNT);
}

static void B16_unfit_relay_is_passed_over_without_a_rest(void **state)
{
    (void)state;
    struct mes_verdict verdict = decide(without_reply(MES_CAUSE_NO_SMTPUTF8, MES_STEP_EHLO));
    assert_int_equal(verdict.class_, MES_CLASS_RECIPIENT);
    assert_int_equal(verdict.next, MES_NEXT_ACCOUNT);
    assert_int_equal(verdict.rest, MES_REST_NONE);
    const enum mes_cause others[] = {MES_CAUSE_TOO_LARGE, MES_CAUSE_NO_REQUIRETLS};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        verdict = decide(without_reply(others[i], MES_STEP_EHLO));
        assert_int_equal(verdict.class_, MES_CLASS_CONTENT);
        assert_int_equal(verdict.next, MES_NEXT_ACCOUNT);
        assert_int_equal(verdict.rest, MES_REST_NONE);
    }
}

static void C06_certificate_refused_is_account(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_CERTIFICATE_NAME, MES_STEP_TLS), MES_CLASS_ACCOUNT, MES_REST_LONG,
           "tls.certificate-name");
}

static void C08_no_login_without_tls_is_config(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_PLAIN_PASSWORD, MES_STEP_AUTH), MES_CLASS_CONFIG, MES_REST_CHANGE,
           "auth.plain-password");
    expect(without_reply(MES_CAUSE_NO_AUTH, MES_STEP_AUTH), MES_CLASS_CONFIG, MES_REST_LONG,
           "auth.not-offered");
    expect(without_reply(MES_CAUSE_NO_STARTTLS, MES_STEP_STARTTLS), MES_CLASS_CONFIG, MES_REST_LONG,
           "tls.starttls-not-offered");
    assert_int_equal(decide(without_reply(MES_CAUSE_NO_AUTH, MES_STEP_AUTH)).next, MES_NEXT_ACCOUNT);
}

static void C09_rubbish_at_auth_is_account(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_GARBAGE, MES_STEP_AUTH), MES_CLASS_ACCOUNT, MES_REST_SHORT, "net.garbage");
}

static void C10_refused_login_rests_long_with_one_alarm(void **state)
{
    (void)state;
    struct mes_verdict verdict = decide(reply(MES_STEP_AUTH, "535 5.7.8 Error: authentication failed"));
    assert_int_equal(verdict.class_, MES_CLASS_ACCOUNT);
    assert_int_equal(verdict.rest, MES_REST_LONG);
    assert_true(verdict.alarm);
    verdict = decide(reply(MES_STEP_AUTH, "454 4.7.0 Temporary authentication failure"));
    assert_int_equal(verdict.rest, MES_REST_SHORT);
    assert_false(verdict.alarm);
    expect(reply(MES_STEP_AUTH, "530 5.7.0 Must issue a STARTTLS command first"), MES_CLASS_CONFIG,
           MES_REST_LONG, "tls.starttls-wanted");
    expect(from("gmail.com", MES_STEP_AUTH, "534 5.7.9 Application-specific password required."),
           MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.app-password");
}

/* ---- providers ---- */

static void C09_an_unproven_relay_is_account(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_UNPROVEN, MES_STEP_AUTH), MES_CLASS_ACCOUNT, MES_REST_LONG,
           "auth.unproven");
    expect(without_reply(MES_CAUSE_BAD_ROUNDS, MES_STEP_AUTH), MES_CLASS_ACCOUNT, MES_REST_LONG,
           "auth.rounds");
}

static void C11_below_the_minimum_is_config(void **state)
{
    (void)state;
    expect(without_reply(MES_CAUSE_AUTH_TOO_WEAK, MES_STEP_AUTH), MES_CLASS_CONFIG, MES_REST_LONG,
           "auth.too-weak");
    assert_int_equal(decide(without_reply(MES_CAUSE_AUTH_TOO_WEAK, MES_STEP_AUTH)).next, MES_NEXT_ACCOUNT);
}

static void C10_a_refused_token_is_not_a_wrong_password(void **state)
{
    static const char *const lines[] = {"535 5.7.8 Username and Password not accepted.",
                                        "535 5.7.3 Authentication unsuccessful", "550 no"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct mes_verdict_input input = from("gmail.com", MES_STEP_AUTH, lines[i]);
        input.by_token = true;
        expect(input, MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.token");
    }
    struct mes_verdict_input input =
        reply(MES_STEP_AUTH, "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant.");
    input.by_token = true;
    expect(input, MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.smtp-auth-disabled");
    expect(without_reply(MES_CAUSE_LOGIN_UNFIT, MES_STEP_AUTH), MES_CLASS_CONFIG, MES_REST_CHANGE,
           "auth.unfit");
}

static void qq_in_every_encoding(void **state)
{
    (void)state;
    static const char gbk[] =
        "535 Error: \xc7\xeb\xca\xb9\xd3\xc3\xca\xda\xc8\xa8\xc2\xeb\xb5\xc7\xc2\xbc\xa1\xa3"
        "\xcf\xea\xc7\xe9\xc7\xeb\xbf\xb4: http://service.mail.qq.com/cgi-bin/help";
    /* Without a provider row: the words alone. */
    expect(reply(MES_STEP_AUTH, gbk), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.authorization-code");
    expect(reply(MES_STEP_AUTH, "535 Error: 请使用授权码登录"), MES_CLASS_ACCOUNT, MES_REST_LONG,
           "auth.authorization-code");
}

static void the_same_code_by_provider(void **state)
{
    (void)state;
    static const char line[] = "535 5.7.8 Error: authentication failed";
    expect(from("163.com", MES_STEP_AUTH, line), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.authorization-code");
    expect(from("gmail.com", MES_STEP_AUTH, line), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.app-password");
    expect(from("ses-eu-west-1", MES_STEP_AUTH, line), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.smtp-key");
    expect(from("brevo.com", MES_STEP_AUTH, line), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.smtp-key");
    expect(from("", MES_STEP_AUTH, line), MES_CLASS_ACCOUNT, MES_REST_LONG, "auth.password");
}

static void netease_codes(void **state)
{
    (void)state;
    expect(reply(MES_STEP_DOT, "554 DT:SPM 163 smtp1,C9GowACHh"), MES_CLASS_CONTENT, MES_REST_NONE,
           "content.spam");
    expect(reply(MES_STEP_GREETING, "421 HL:ICC"), MES_CLASS_ACCOUNT, MES_REST_SHORT, "limit.connections");
    expect(reply(MES_STEP_RCPT, "550 RP:TRC"), MES_CLASS_ACCOUNT, MES_REST_QUOTA, "quota.day");
    assert_int_equal(decide(reply(MES_STEP_RCPT, "450 4.5.3 RP:DRC")).next, MES_NEXT_CONNECTION);
}

static void any_tries_every_account_but_in_doubt(void **state)
{
    (void)state;
    static const char *const lines[] = {"550 5.1.1 User unknown", "450 4.2.0 Greylisted", "554 5.7.1 no"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct mes_verdict_input input = reply(MES_STEP_RCPT, lines[i]);
        assert_int_not_equal(decide(input).next, MES_NEXT_ACCOUNT);
        input.failover_any = true;
        assert_int_equal(decide(input).next, MES_NEXT_ACCOUNT);
    }
}

static void success_is_none(void **state)
{
    (void)state;
    struct mes_verdict verdict =
        decide(reply(MES_STEP_DOT, "250 2.0.0 Ok: no spam, daily limit not exceeded"));
    assert_int_equal(verdict.class_, MES_CLASS_NONE);
    assert_int_equal(verdict.next, MES_NEXT_DONE);
    assert_int_equal(verdict.rest, MES_REST_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_and_cause_at_every_step_has_a_verdict),
        cmocka_unit_test(text_before_enhanced_before_step),
        cmocka_unit_test(basic_code_decides_when_the_enhanced_one_disagrees),
        cmocka_unit_test(enhanced_codes_match_whole_numbers),
        cmocka_unit_test(B01_connection_refused_is_account),
        cmocka_unit_test(B02_silence_up_to_rcpt_is_account),
        cmocka_unit_test(B03_stalled_body_is_protocol),
        cmocka_unit_test(B04_no_answer_to_the_dot_is_in_doubt),
        cmocka_unit_test(B05_nothing_after_quit_is_a_failure),
        cmocka_unit_test(B06_cut_before_the_dot_is_protocol),
        cmocka_unit_test(B07_after_the_dot_only_a_refusal_is_no_doubt),
        cmocka_unit_test(B08_greeting_refused_is_account),
        cmocka_unit_test(B09_421_is_account_at_every_step),
        cmocka_unit_test(B10_refused_sender_moves_on_and_rests_only_for_its_own_from),
        cmocka_unit_test(B11_each_recipient_by_its_own_reply),
        cmocka_unit_test(B13_too_many_recipients_is_a_further_batch),
        cmocka_unit_test(B14_quota_text_at_dot_is_account),
        cmocka_unit_test(B16_unfit_relay_is_passed_over_without_a_rest),
        cmocka_unit_test(C06_certificate_refused_is_account),
        cmocka_unit_test(C08_no_login_without_tls_is_config),
        cmocka_unit_test(C09_rubbish_at_auth_is_account),
        cmocka_unit_test(C10_refused_login_rests_long_with_one_alarm),
        cmocka_unit_test(C09_an_unproven_relay_is_account),
        cmocka_unit_test(C11_below_the_minimum_is_config),
        cmocka_unit_test(C10_a_refused_token_is_not_a_wrong_password),
        cmocka_unit_test(qq_in_every_encoding),
        cmocka_unit_test(the_same_code_by_provider),
        cmocka_unit_test(netease_codes),
        cmocka_unit_test(any_tries_every_account_but_in_doubt),
        cmocka_unit_test(success_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
