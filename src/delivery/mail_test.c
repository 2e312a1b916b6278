#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/mail.h"

static void begin(struct mes_delivery_mail *mail, size_t recipients)
{
    assert_int_equal(mes_delivery_mail_init(mail, 0, "<id@x.test>", recipients, 70), 0);
    for (size_t i = 0; i < recipients; i++)
        mail->recipients[i].address = "a@x.test";
}

static void note(struct mes_delivery_mail *mail, size_t recipient, size_t account, enum mes_class class_,
                 enum mes_next next)
{
    const struct mes_attempt attempt = {
        .account = "one", .class_ = class_, .enhanced = "", .reply = "text", .advice_id = ""};
    const struct mes_verdict verdict = {.class_ = class_, .next = next, .advice_id = ""};
    assert_int_equal(mes_delivery_mail_note(mail, &mail->recipients[recipient], account, &attempt, &verdict),
                     0);
}

static void a_sent_recipient_is_final(void **state)
{
    struct mes_delivery_mail mail;
    (void)state;
    begin(&mail, 2);
    note(&mail, 0, 0, MES_CLASS_NONE, MES_NEXT_DONE);
    assert_int_equal(mes_delivery_mail_open_count(&mail), 1);
    assert_false(mes_delivery_mail_is_final(&mail));
    note(&mail, 1, 0, MES_CLASS_RECIPIENT, MES_NEXT_FAIL);
    assert_true(mes_delivery_mail_is_final(&mail));
    assert_int_equal(mail.recipients[0].status, MES_STATUS_SENT);
    assert_int_equal(mail.recipients[1].status, MES_STATUS_FAILED);
    mes_delivery_mail_fini(&mail);
}

/* Else a mail that was sent would be reported as deferred, and sent again. */
static void a_fate_stands_even_if_its_attempt_is_not_kept(void **state)
{
    static char reply[64 * 1024];
    struct mes_delivery_mail mail;
    struct mes_verdict verdict = {.next = MES_NEXT_CONNECTION, .advice_id = ""};
    (void)state;
    memset(reply, 'x', sizeof reply - 1);
    const struct mes_attempt attempt = {.account = "one", .enhanced = "", .reply = reply, .advice_id = ""};
    begin(&mail, 1);
    while (mes_delivery_mail_note(&mail, &mail.recipients[0], 0, &attempt, &verdict) == 0)
        continue;
    verdict.next = MES_NEXT_DONE;
    assert_int_equal(mes_delivery_mail_note(&mail, &mail.recipients[0], 0, &attempt, &verdict), MES_E_NOMEM);
    mes_delivery_mail_give_up(&mail);
    assert_int_equal(mail.recipients[0].status, MES_STATUS_SENT);
    mes_delivery_mail_fini(&mail);
}

static void content_gets_one_other_account(void **state)
{
    struct mes_delivery_mail mail;
    (void)state;
    begin(&mail, 1);
    note(&mail, 0, 0, MES_CLASS_CONTENT, MES_NEXT_ONE_ACCOUNT);
    assert_int_equal(mes_delivery_mail_open_count(&mail), 1);
    assert_true(mes_delivery_mail_has_tried(&mail, 0));
    assert_false(mes_delivery_mail_has_tried(&mail, 1));
    note(&mail, 0, 1, MES_CLASS_CONTENT, MES_NEXT_ONE_ACCOUNT);
    assert_true(mes_delivery_mail_is_final(&mail));
    assert_int_equal(mail.recipients[0].status, MES_STATUS_FAILED);
    mes_delivery_mail_fini(&mail);
}

/* The last class that is not `config` decides between failed and deferred. */
static void the_last_class_decides(void **state)
{
    static const struct {
        enum mes_class first, second;
        enum mes_status status;
    } cases[] = {
        {MES_CLASS_ACCOUNT, MES_CLASS_CONFIG, MES_STATUS_DEFERRED},
        {MES_CLASS_CONFIG, MES_CLASS_PROTOCOL, MES_STATUS_DEFERRED},
        {MES_CLASS_CONFIG, MES_CLASS_CONFIG, MES_STATUS_FAILED},
        {MES_CLASS_CONTENT, MES_CLASS_CONFIG, MES_STATUS_FAILED},
        {MES_CLASS_CONTENT, MES_CLASS_ACCOUNT, MES_STATUS_DEFERRED},
        {MES_CLASS_ACCOUNT, MES_CLASS_RECIPIENT, MES_STATUS_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_delivery_mail mail;
        begin(&mail, 1);
        note(&mail, 0, 0, cases[i].first, MES_NEXT_ACCOUNT);
        note(&mail, 0, 69, cases[i].second, MES_NEXT_ACCOUNT);
        assert_true(mes_delivery_mail_has_tried(&mail, 69));
        mes_delivery_mail_end_pass(&mail);
        assert_int_equal(mail.recipients[0].status, cases[i].status);
        mes_delivery_mail_fini(&mail);
    }
}

static void greylisting_waits_for_the_same_account(void **state)
{
    struct mes_delivery_mail mail;
    (void)state;
    begin(&mail, 2);
    note(&mail, 0, 3, MES_CLASS_TRANSIENT, MES_NEXT_LATER);
    note(&mail, 1, 3, MES_CLASS_NONE, MES_NEXT_DONE);
    assert_int_equal(mes_delivery_mail_open_count(&mail), 0);
    assert_int_equal(mail.keeps_account, 3);
    assert_false(mes_delivery_mail_is_final(&mail));
    mes_delivery_mail_end_pass(&mail);
    assert_int_equal(mail.recipients[0].status, MES_STATUS_DEFERRED);
    mes_delivery_mail_begin_pass(&mail);
    assert_int_equal(mes_delivery_mail_open_count(&mail), 1);
    mes_delivery_mail_give_up(&mail);
    assert_true(mes_delivery_mail_is_final(&mail));
    assert_int_equal(mail.recipients[0].status, MES_STATUS_DEFERRED);
    assert_int_equal(mail.recipients[1].status, MES_STATUS_SENT);
    mes_delivery_mail_fini(&mail);
}

static void a_further_batch_is_no_attempt(void **state)
{
    struct mes_delivery_mail mail;
    (void)state;
    begin(&mail, 1);
    note(&mail, 0, 0, MES_CLASS_NONE, MES_NEXT_BATCH);
    assert_int_equal(mail.recipients[0].attempt_count, 0);
    assert_int_equal(mes_delivery_mail_open_count(&mail), 1);
    assert_false(mes_delivery_mail_has_tried(&mail, 0));
    mes_delivery_mail_fini(&mail);
}

static void count_results(void *context, const struct mes_result *result)
{
    size_t *count = context;
    assert_string_equal(result->message_id, "<id@x.test>");
    (*count)++;
}

static void the_report_has_every_attempt_in_order(void **state)
{
    struct mes_delivery_mail mail;
    struct mes_report *report = mes_delivery_report_new();
    size_t count = 0;
    (void)state;
    begin(&mail, 2);
    note(&mail, 0, 0, MES_CLASS_ACCOUNT, MES_NEXT_ACCOUNT);
    note(&mail, 0, 1, MES_CLASS_IN_DOUBT, MES_NEXT_DOUBT);
    note(&mail, 1, 1, MES_CLASS_NONE, MES_NEXT_DONE);
    assert_int_equal(mes_delivery_mail_report(&mail, report, count_results, &count), 0);
    mes_delivery_mail_fini(&mail);
    assert_int_equal(count, 2);
    assert_int_equal(mes_report_count(report), 2);
    const struct mes_result *result = mes_report_result(report, 0);
    assert_int_equal(result->status, MES_STATUS_IN_DOUBT);
    assert_int_equal(result->attempt_count, 2);
    assert_int_equal(result->attempts[0].class_, MES_CLASS_ACCOUNT);
    assert_int_equal(result->attempts[1].class_, MES_CLASS_IN_DOUBT);
    assert_string_equal(result->attempts[1].reply, "text");
    assert_null(mes_report_result(report, 2));
    mes_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sent_recipient_is_final),
        cmocka_unit_test(a_fate_stands_even_if_its_attempt_is_not_kept),
        cmocka_unit_test(content_gets_one_other_account),
        cmocka_unit_test(the_last_class_decides),
        cmocka_unit_test(greylisting_waits_for_the_same_account),
        cmocka_unit_test(a_further_batch_is_no_attempt),
        cmocka_unit_test(the_report_has_every_attempt_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
