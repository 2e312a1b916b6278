#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/descriptor.h"
#include "compose/job.h"
#include "i18n/say.h"
#include "mime/limits.h"

static const struct mes_compose_options options = {.domain = "sender.hk", .zone_minutes = 480};
static const struct mes_identity sender = {.from_address = "me@sender.hk"};
static struct mes_message *message;
static struct mes_error error;
static struct mes_buf mail;

static int open_message(void **state)
{
    (void)state;
    message = mes_message_new();
    mes_buf_init(&mail, SIZE_MAX);
    return message != NULL ? 0 : -1;
}

static int close_message(void **state)
{
    (void)state;
    mes_message_free(&message);
    mes_buf_fini(&mail);
    return 0;
}

static void must(int code)
{
    char text[1000];
    if (code != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
}

static void refuses(int code, int expected, enum mes_sentence sentence)
{
    assert_int_equal(code, expected);
    assert_int_equal(error.sentence, sentence);
}

static void add_to(const char *address, const char *name)
{
    must(mes_message_add_recipient(message, MES_ROLE_TO, address, name, &error));
}

static struct mes_compose_job *compile(void)
{
    struct mes_compose_job *job = NULL;
    must(mes_compose_job_new(message, &options, &job, &error));
    return job;
}

/* All pieces of a wire in one, read from the files where they stand there. */
static const char *join(const struct mes_wire *wire)
{
    mes_buf_clear(&mail);
    for (size_t i = 0; i < wire->count; i++) {
        const struct mes_wire_piece *piece = &wire->pieces[i];
        char *at = mes_buf_reserve(&mail, piece->size);
        assert_non_null(at);
        if (piece->bytes != NULL)
            memcpy(at, piece->bytes, piece->size);
        else
            must(mes_descriptor_read_at(piece->descriptor, piece->offset, at, piece->size, &error));
        mes_buf_commit(&mail, piece->size);
    }
    assert_int_equal(mail.size, wire->size);
    return mes_buf_text(&mail);
}

static const char *render(const struct mes_compose_job *job, size_t index,
                          const struct mes_identity *identity)
{
    struct mes_wire wire;
    mes_compose_wire_init(&wire);
    must(mes_compose_job_render(job, index, identity, &wire, &error));
    const char *text = join(&wire);
    mes_compose_wire_fini(&wire);
    return text;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void D01_every_address_and_name_is_checked(void **state)
{
    static const char *const bad[] = {"a@x.hk\r\nRCPT TO:<b@x.hk>", "a\n@x.hk", "\"a\r\"@x.hk", "a@x.hk\x7F",
                                      "a"};
    static const enum mes_role roles[] = {MES_ROLE_TO, MES_ROLE_CC, MES_ROLE_BCC};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t r = 0; r < 3; r++)
            assert_int_equal(mes_message_add_recipient(message, roles[r], bad[i], NULL, &error), MES_E_INPUT);
        assert_int_equal(mes_message_set_from(message, bad[i], NULL, &error), MES_E_INPUT);
        assert_int_equal(mes_message_set_reply_to(message, bad[i], NULL, &error), MES_E_INPUT);
        const struct mes_identity identity = {.from_address = bad[i]};
        struct mes_compose_job *job;
        struct mes_wire wire;
        struct mes_message *other = mes_message_new();
        must(mes_message_add_recipient(other, MES_ROLE_TO, "a@x.hk", NULL, &error));
        must(mes_message_set_text(other, "x", &error));
        must(mes_compose_job_new(other, &options, &job, &error));
        mes_compose_wire_init(&wire);
        assert_int_equal(mes_compose_job_render(job, 0, &identity, &wire, &error), MES_E_INPUT);
        mes_compose_wire_fini(&wire);
        mes_compose_job_release(&job);
        mes_message_free(&other);
    }
    refuses(mes_compose_job_new(message, &options, &(struct mes_compose_job *){NULL}, &error), MES_E_INPUT,
            MES_SAY_message_no_recipient);
}

static void D04_every_text_of_a_header_is_checked(void **state)
{
    static const char evil[] = "x\r\nBcc: y@x.hk";
    (void)state;
    refuses(mes_message_set_subject(message, evil, &error), MES_E_INPUT, MES_SAY_field_control);
    assert_string_equal(mes_error_argument(&error, 0), "subject");
    refuses(mes_message_add_recipient(message, MES_ROLE_CC, "a@x.hk", evil, &error), MES_E_INPUT,
            MES_SAY_field_control);
    assert_string_equal(mes_error_argument(&error, 0), "cc name");
    refuses(mes_message_set_from(message, "a@x.hk", evil, &error), MES_E_INPUT, MES_SAY_field_control);
    refuses(mes_message_set_reply_to(message, "a@x.hk", evil, &error), MES_E_INPUT, MES_SAY_field_control);
    refuses(mes_message_add_header(message, "X-A", evil, &error), MES_E_INPUT, MES_SAY_field_control);
    refuses(mes_message_add_header(message, "X-A\r\nB", "c", &error), MES_E_INPUT, MES_SAY_header_name);
    refuses(mes_message_attach_bytes(message, "x", 1, "a\r\nb", NULL, &error), MES_E_INPUT,
            MES_SAY_field_control);
    refuses(mes_message_attach_bytes(message, "x", 1, "a", "a/b\r\nX: y", &error), MES_E_INPUT,
            MES_SAY_content_type_bad);
    refuses(mes_message_set_dsn(message, evil, &error), MES_E_INPUT, MES_SAY_message_dsn);
    add_to("a@x.hk", NULL);
    must(mes_message_set_text(message, "x", &error));
    struct mes_compose_job *job = compile();
    has(render(job, 0, &sender), "To: a@x.hk\r\n");
    assert_null(strstr(mes_buf_text(&mail), "Bcc"));
    mes_compose_job_release(&job);
}

static void D15_a_line_end_in_a_variable_of_the_subject_is_refused(void **state)
{
    struct mes_compose_job *job = NULL;
    (void)state;
    add_to("a@x.hk", NULL);
    must(mes_message_set_recipient_variable(message, "x", "1\r\nBcc: y@x.hk", &error));
    must(mes_message_set_subject(message, "Order {{x}}", &error));
    must(mes_message_set_text(message, "{{x}}", &error));
    assert_int_equal(mes_compose_job_new(message, &options, &job, &error), MES_E_INPUT);
    assert_null(job);
}

static void D15_a_variable_that_one_recipient_lacks_stops_the_job(void **state)
{
    struct mes_compose_job *job = NULL;
    (void)state;
    add_to("a@x.hk", NULL);
    must(mes_message_set_recipient_variable(message, "code", "1", &error));
    add_to("b@x.hk", NULL);
    must(mes_message_set_text(message, "{{code}}", &error));
    assert_int_equal(mes_compose_job_new(message, &options, &job, &error), MES_E_INPUT);
    must(mes_message_set_variable(message, "code", "0", &error));
    job = compile();
    has(render(job, 0, &sender), "\r\n\r\n1\r\n");
    has(render(job, 1, &sender), "\r\n\r\n0\r\n");
    mes_compose_job_release(&job);
}

static void D10_bcc_and_second_copies_of_a_field_never_leave(void **state)
{
    (void)state;
    add_to("a@x.hk", NULL);
    must(mes_message_add_recipient(message, MES_ROLE_CC, "c@x.hk", NULL, &error));
    must(mes_message_add_recipient(message, MES_ROLE_BCC, "secret@x.hk", "Secret", &error));
    must(mes_message_add_recipient(message, MES_ROLE_BCC, "C@X.hk", NULL, &error));
    must(mes_message_add_recipient(message, MES_ROLE_BCC, "c@X.HK", NULL, &error));
    must(mes_message_set_text(message, "x", &error));
    must(mes_message_add_header(message, "References", "<1@x>", &error));
    refuses(mes_message_add_header(message, "references", "<2@x>", &error), MES_E_INPUT,
            MES_SAY_message_header_twice);
    refuses(mes_message_add_header(message, "Bcc", "b@x.hk", &error), MES_E_INPUT, MES_SAY_header_reserved);
    struct mes_compose_job *job = compile();
    assert_int_equal(mes_compose_job_recipient_count(job), 4);
    assert_int_equal(mes_compose_job_recipient(job, 0, 1).role, MES_ROLE_CC);
    assert_string_equal(mes_compose_job_recipient(job, 0, 2).address, "secret@x.hk");
    assert_int_equal(mes_compose_job_recipient(job, 0, 2).role, MES_ROLE_BCC);
    assert_string_equal(mes_compose_job_recipient(job, 0, 3).address, "C@X.hk");
    const char *text = render(job, 0, &sender);
    assert_null(strstr(text, "ecret"));
    has(text, "Cc: c@x.hk\r\n");
    static const char *const once[] = {
        "From: ", "To: ", "Date: ", "Message-ID: ", "Subject: ", "MIME-Version: "};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        const char *first = strstr(text, once[i]);
        assert_non_null(first);
        assert_null(strstr(first + 1, once[i]));
    }
    mes_compose_job_release(&job);
}

static void D12_broken_utf_8_is_refused(void **state)
{
    (void)state;
    refuses(mes_message_set_text(message, "a\xED\xA0\xBD", &error), MES_E_INPUT, MES_SAY_message_not_utf8);
    assert_string_equal(mes_error_argument(&error, 0), "text");
    refuses(mes_message_set_html(message, "\xFF", &error), MES_E_INPUT, MES_SAY_message_not_utf8);
    refuses(mes_message_set_variable(message, "x", "\xC0\x80", &error), MES_E_INPUT,
            MES_SAY_message_not_utf8);
    refuses(mes_message_set_subject(message, "\xE5\xA4", &error), MES_E_INPUT, MES_SAY_field_not_utf8);
}

static void D13_header_fields_have_their_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < MES_LIMIT_HEADERS; i++)
        must(mes_message_add_header(message, "X-A", "b", &error));
    refuses(mes_message_add_header(message, "X-A", "b", &error), MES_E_LIMIT, MES_SAY_message_too_many);
    char *text = mes_alloc(MES_LIMIT_SUBJECT + 2);
    memset(text, 'a', MES_LIMIT_SUBJECT + 1);
    refuses(mes_message_set_subject(message, text, &error), MES_E_LIMIT, MES_SAY_field_too_long);
    mes_free(text);
}

static void D14_attachments_have_their_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < MES_LIMIT_ATTACHMENTS; i++)
        must(mes_message_attach_bytes(message, "", 0, "a", NULL, &error));
    refuses(mes_message_attach_bytes(message, "", 0, "a", NULL, &error), MES_E_LIMIT,
            MES_SAY_message_too_many);
    add_to("a@x.hk", NULL);
    struct mes_compose_job *job = compile();
    const char *text = render(job, 0, &sender);
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "Content-Disposition")) != NULL; at++)
        count++;
    assert_int_equal(count, MES_LIMIT_ATTACHMENTS);
    mes_compose_job_release(&job);
}

static void D14_an_empty_mail_is_refused(void **state)
{
    struct mes_compose_job *job = NULL;
    (void)state;
    add_to("a@x.hk", NULL);
    must(mes_message_set_subject(message, "x", &error));
    refuses(mes_compose_job_new(message, &options, &job, &error), MES_E_INPUT, MES_SAY_message_empty);
    must(mes_message_set_text(message, " \n", &error));
    refuses(mes_compose_job_new(message, &options, &job, &error), MES_E_INPUT, MES_SAY_message_empty);
    must(mes_message_attach_bytes(message, "", 0, "empty.txt", NULL, &error));
    job = compile();
    mes_compose_job_release(&job);
}

static void a_to_address_counts_once(void **state)
{
    (void)state;
    add_to("a@x.hk", "first");
    add_to("b@x.hk", NULL);
    add_to("a@X.HK", "again");
    add_to("A@x.hk", NULL);
    must(mes_message_set_text(message, "x", &error));
    struct mes_compose_job *job = compile();
    assert_int_equal(mes_compose_job_count(job), 3);
    has(render(job, 0, &sender), "To: first <a@x.hk>\r\n");
    mes_compose_job_release(&job);
}

static void many_recipients_are_told_apart(void **state)
{
    char address[64];
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3000; i++) {
            (void)snprintf(address, sizeof address, "r%d@x.hk", i);
            add_to(address, NULL);
        }
    must(mes_message_set_text(message, "x", &error));
    struct mes_compose_job *job = compile();
    assert_int_equal(mes_compose_job_count(job), 3000);
    assert_string_equal(mes_compose_job_recipient(job, 2999, 0).address, "r2999@x.hk");
    mes_compose_job_release(&job);
}

static void the_same_account_gets_the_same_bytes(void **state)
{
    static const struct mes_identity other = {"you@other.hk", "You", "answers@sender.hk", "Answers", NULL};
    char first_id[MES_MESSAGE_ID_SPACE], second_id[MES_MESSAGE_ID_SPACE];
    (void)state;
    add_to("a@x.hk", NULL);
    add_to("b@x.hk", NULL);
    must(mes_message_set_text(message, "你好 {{address}}", &error));
    struct mes_compose_job *job = compile();
    mes_message_free(&message);
    message = mes_message_new();
    const char *text = render(job, 0, &sender);
    char *first = mes_copy(text, mail.size);
    const char *changed = render(job, 0, &other);
    has(changed, "From: You <you@other.hk>\r\nReply-To: Answers <answers@sender.hk>\r\nTo: ");
    assert_string_equal(strstr(changed, "\r\nTo: "), strstr(first, "\r\nTo: "));
    (void)render(job, 1, &sender);
    assert_string_equal(render(job, 0, &sender), first);
    has(first, mes_compose_job_message_id(job, 0, first_id));
    assert_string_not_equal(first_id, mes_compose_job_message_id(job, 1, second_id));
    has(first_id, "@sender.hk>");
    mes_free(first);
    mes_compose_job_release(&job);
}

static void the_next_recipient_encodes_nothing_again(void **state)
{
    struct mes_wire wire;
    (void)state;
    add_to("a@x.hk", NULL);
    add_to("b@x.hk", NULL);
    must(mes_message_set_html(message, "<p>你好</p>", &error));
    must(mes_message_attach_bytes(message, "hello", 5, "a.txt", NULL, &error));
    struct mes_compose_job *job = compile();
    mes_compose_wire_init(&wire);
    must(mes_compose_job_render(job, 0, &sender, &wire, &error));
    assert_true(wire.is_in_memory);
    const char *shared[4] = {0};
    for (size_t i = 1; i < wire.count && i < 4; i++)
        shared[i] = wire.pieces[i].bytes;
    must(mes_compose_job_render(job, 1, &sender, &wire, &error));
    assert_true(wire.count > 2 && wire.pieces[0].size < 400);
    for (size_t i = 1; i < wire.count && i < 4; i++)
        assert_ptr_equal(wire.pieces[i].bytes, shared[i]);
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&job);
}

static void a_file_that_cannot_be_read_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mes_message_attach_file(message, "/nonexistent/x", NULL, NULL, &error), MES_E_FILE);
    assert_int_equal(mes_message_attach_file(message, "/tmp", "x", NULL, &error), MES_E_FILE);
    assert_int_equal(mes_message_attach_file(message, "/dev/zero", "x", NULL, &error), MES_E_FILE);
}

static void D09_smtputf8_is_asked_for_where_it_is_needed(void **state)
{
    static const struct mes_identity local = {.from_address = "用户@sender.hk"};
    struct mes_wire wire;
    (void)state;
    add_to("a@例子.香港", NULL);
    add_to("用户@x.hk", NULL);
    must(mes_message_set_text(message, "x", &error));
    struct mes_compose_job *job = compile();
    mes_compose_wire_init(&wire);
    must(mes_compose_job_render(job, 1, &sender, &wire, &error));
    assert_true(wire.needs_smtputf8);
    must(mes_compose_job_render(job, 0, &sender, &wire, &error));
    assert_false(wire.needs_smtputf8);
    must(mes_compose_job_render(job, 0, &local, &wire, &error));
    assert_true(wire.needs_smtputf8);
    assert_string_equal(wire.sender, "用户@sender.hk");
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&job);
}

static void template_and_own_body_exclude_each_other(void **state)
{
    (void)state;
    must(mes_message_set_template(message, NULL, "Register", "zh-HK", &error));
    refuses(mes_message_set_text(message, "x", &error), MES_E_INPUT, MES_SAY_message_template_and_body);
    struct mes_message *other = mes_message_new();
    must(mes_message_set_html(other, "<p>x</p>", &error));
    refuses(mes_message_set_template(other, NULL, "Register", NULL, &error), MES_E_INPUT,
            MES_SAY_message_template_and_body);
    mes_message_free(&other);
}

static void wishes_are_kept(void **state)
{
    (void)state;
    add_to("a@x.hk", NULL);
    must(mes_message_set_text(message, "x", &error));
    must(mes_message_set_from(message, "sales@例子.香港", "Sales", &error));
    refuses(mes_message_set_from(message, "bad", "Evil", &error), MES_E_INPUT, MES_SAY_address_no_at);
    must(mes_message_set_dsn(message, "delay, Success", &error));
    refuses(mes_message_set_dsn(message, "never,delay", &error), MES_E_INPUT, MES_SAY_message_dsn);
    refuses(mes_message_set_dsn(message, "", &error), MES_E_INPUT, MES_SAY_message_dsn);
    struct mes_compose_job *job = compile();
    const struct mes_compose_wishes *wishes = mes_compose_job_wishes(job);
    assert_string_equal(wishes->from_address, "sales@xn--fsqu00a.xn--j6w193g");
    assert_string_equal(wishes->from_name, "Sales");
    assert_string_equal(wishes->reply_to_address, "");
    assert_string_equal(wishes->dsn, "SUCCESS,DELAY");
    mes_compose_job_release(&job);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, open_message, close_message)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(D01_every_address_and_name_is_checked),
        UNIT(D04_every_text_of_a_header_is_checked),
        UNIT(D09_smtputf8_is_asked_for_where_it_is_needed),
        UNIT(D10_bcc_and_second_copies_of_a_field_never_leave),
        UNIT(D12_broken_utf_8_is_refused),
        UNIT(D13_header_fields_have_their_limits),
        UNIT(D14_attachments_have_their_limit),
        UNIT(D14_an_empty_mail_is_refused),
        UNIT(D15_a_line_end_in_a_variable_of_the_subject_is_refused),
        UNIT(D15_a_variable_that_one_recipient_lacks_stops_the_job),
        UNIT(a_to_address_counts_once),
        UNIT(many_recipients_are_told_apart),
        UNIT(the_same_account_gets_the_same_bytes),
        UNIT(the_next_recipient_encodes_nothing_again),
        UNIT(a_file_that_cannot_be_read_is_refused_at_once),
        UNIT(template_and_own_body_exclude_each_other),
        UNIT(wishes_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
