#include "compose/stored_test.h"

static struct mes_message *small_message(const char *subject)
{
    struct mes_message *message = mes_message_new();
    must(mes_message_add_recipient(message, MES_ROLE_TO, "a@x.hk", NULL, &error));
    must(mes_message_set_subject(message, subject, &error));
    must(mes_message_set_text(message, "text", &error));
    return message;
}

static struct mes_compose_stored *pass_through(struct mes_message *message,
                                               const struct mes_compose_options *options)
{
    struct mes_compose_job *job;
    struct mes_compose_stored *stored;
    struct mes_buf document;
    must(mes_compose_job_new(message, options, &job, &error));
    mes_buf_init(&document, SIZE_MAX);
    must(mes_compose_stored_write(message, job, &document, &error));
    must(mes_compose_stored_read(mes_buf_str(&document), blobs, &stored, &error));
    mes_buf_fini(&document);
    mes_compose_job_release(&job);
    mes_message_free(&message);
    return stored;
}

/* A stream's recipients are not known when the document is written: whatever they bring must count. */
static void a_growing_job_asks_each_recipient(void **state)
{
    const struct mes_compose_options options = {.domain = "sender.hk", .may_grow = true};
    struct mes_message *message = small_message("{{offer}}");
    struct mes_compose_job *job;
    struct mes_buf mail;
    (void)state;
    must(mes_message_set_variable(message, "offer", "ours", &error));
    struct mes_compose_stored *stored = pass_through(message, &options);
    const struct mes_compose_addressee later = {
        .number = 500000, .address = "b@x.hk", .variables = "{\"offer\":\"own\"}"};
    const struct mes_compose_addressee plain = {.number = 500001, .address = "b@x.hk"};
    must(mes_compose_stored_add(stored, &later, &error));
    must(mes_compose_stored_add(stored, &plain, &error));
    must(mes_compose_job_new(stored->message, &stored->options, &job, &error));
    mes_buf_init(&mail, SIZE_MAX);
    render(job, 0, &mail);
    assert_non_null(strstr(mes_buf_text(&mail), "\r\nSubject: own\r\n"));
    assert_non_null(strstr(mes_buf_text(&mail), ".500001@sender.hk>"));
    render(job, 1, &mail);
    assert_non_null(strstr(mes_buf_text(&mail), "\r\nSubject: ours\r\n"));
    assert_non_null(strstr(mes_buf_text(&mail), ".500002@sender.hk>"));
    mes_buf_fini(&mail);
    mes_compose_job_release(&job);
    mes_compose_stored_free(&stored);
}

static void a_missing_blob_stops_it_before_anything_is_sent(void **state)
{
    static const char absent[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const struct mes_compose_options options = {.domain = "sender.hk"};
    char attachments[200];
    (void)state;
    struct mes_compose_stored *stored = pass_through(small_message("s"), &options);
    (void)snprintf(attachments, sizeof attachments, "[{\"hash\":\"%s\",\"name\":\"a.pdf\",\"size\":1}]",
                   absent);
    const struct mes_compose_addressee addressee = {.address = "b@x.hk", .attachments = attachments};
    assert_int_equal(mes_compose_stored_add(stored, &addressee, &error), MES_E_NOT_FOUND);
    assert_int_equal(error.sentence, MES_SAY_compose_blob_missing);
    mes_compose_stored_free(&stored);
}

static void an_attachment_that_is_no_blob_is_not_stored(void **state)
{
    const struct mes_compose_options options = {.domain = "sender.hk"};
    struct mes_message *message = small_message("s");
    struct mes_compose_job *job;
    struct mes_buf document;
    (void)state;
    mes_buf_init(&document, SIZE_MAX);
    must(mes_message_attach_bytes(message, "x", 1, "x.txt", NULL, &error));
    must(mes_compose_job_new(message, &options, &job, &error));
    assert_int_equal(mes_compose_stored_write(message, job, &document, &error), MES_E_USAGE);
    assert_int_equal(document.size, 0);
    mes_buf_fini(&document);
    mes_compose_job_release(&job);
    mes_message_free(&message);
}

static void damaged_documents_are_refused(void **state)
{
    static const char *const documents[] = {
        "",
        "{}",
        "[]",
        "{\"version\":1}",
        "{\"version\":1,\"seed\":\"abc\",\"date\":0,\"domain\":\"x.hk\"}",
        "{\"version\":1,\"seed\":\"aaaaaaaaaaaaaaaaaaaaaaaa\",\"date\":1,\"domain\":\"x.hk\",\"cc\":[{}]}",
        "{\"version\":1,\"seed\":\"aaaaaaaaaaaaaaaaaaaaaaaa\",\"date\":1,\"domain\":\"x.hk\",\"headers\":[["
        "\"X\"]]}",
        "{\"version\":1,\"seed\":\"aaaaaaaaaaaaaaaaaaaaaaaa\",\"date\":1,\"domain\":\"x.hk\",\"headers\":[["
        "\"X\",\"a\\r\\nBcc: b@c\"]]}",
        "{\"version\":1,\"seed\":\"aaaaaaaaaaaaaaaaaaaaaaaa\",\"date\":1,\"domain\":\"x.hk\",\"template\":{}"
        "}",
        "{\"version\":1,\"seed\":\"aaaaaaaaaaaaaaaaaaaaaaaa\",\"date\":1,\"domain\":\"x.hk\",\"attachments\":"
        "[{\"hash\":\"../../etc/passwd\",\"name\":\"a\"}]}",
    };
    struct mes_compose_stored *stored;
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        assert_int_equal(mes_compose_stored_read(mes_str_of(documents[i]), blobs, &stored, &error),
                         MES_E_INPUT);
        assert_null(stored);
    }
    assert_int_equal(mes_compose_stored_read(MES_STR("{\"version\":2}"), blobs, &stored, &error),
                     MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_compose_stored_newer);
}

static size_t allocations_left;

static bool count_down(size_t size)
{
    (void)size;
    return allocations_left > 0 && allocations_left-- > 0;
}

static int compile_whole(struct mes_message *message, struct mes_compose_job **job)
{
    static const struct mes_compose_options options = {.domain = "sender.hk"};
    const struct mes_compose_blob_file file = {.hash = kept[4].hash, .size = kept[4].size, .name = "a.pdf"};
    int code = mes_message_add_recipient(message, MES_ROLE_TO, "a@x.hk", "A", &error);
    if (code == 0)
        code = mes_message_add_recipient(message, MES_ROLE_CC, "c@x.hk", NULL, &error);
    if (code == 0)
        code = mes_message_set_template(message, templates, "Big", "zh-HK", &error);
    if (code == 0)
        code = mes_compose_message_set_variables_json(
            message, MES_VARIABLES_OF_ALL,
            MES_STR("{\"code\":1,\"day\":\"2026-11-22T10:20:30Z\",\"items\":[{\"n\":1,\"t\":true}]}"),
            &error);
    if (code == 0)
        code = mes_compose_message_attach_blob(message, blobs, &file, &error);
    return code == 0 ? mes_compose_job_new(message, &options, job, &error) : code;
}

static int compile_again(struct mes_compose_stored *stored, const char *attachments,
                         struct mes_compose_job **job)
{
    const struct mes_compose_addressee addressee = {.number = 7,
                                                    .address = "b@x.hk",
                                                    .variables = "{\"code\":\"own\",\"more\":[1,{}]}",
                                                    .attachments = attachments};
    int code = mes_compose_stored_add(stored, &addressee, &error);
    return code == 0 ? mes_compose_job_new(stored->message, &stored->options, job, &error) : code;
}

/* From the caller's words to the bytes of a mail that was read back. */
static int go_round(struct mes_wire *wire, const char *attachments)
{
    struct mes_message *message = mes_message_new();
    struct mes_compose_job *whole = NULL, *again = NULL;
    struct mes_compose_stored *stored = NULL;
    struct mes_buf document;
    mes_buf_init(&document, SIZE_MAX);
    int code = message != NULL ? compile_whole(message, &whole) : MES_E_NOMEM;
    if (code == 0)
        code = mes_compose_stored_write(message, whole, &document, &error);
    if (code == 0)
        code = mes_compose_stored_read(mes_buf_str(&document), blobs, &stored, &error);
    if (code == 0)
        code = compile_again(stored, attachments, &again);
    if (code == 0)
        code = mes_compose_job_render(again, 0, &identity, wire, &error);
    if (code == 0)
        assert_true(wire->count > 4);
    mes_buf_fini(&document);
    mes_message_free(&message);
    mes_compose_stored_free(&stored);
    mes_compose_job_release(&whole);
    mes_compose_job_release(&again);
    return code;
}

static void every_allocation_may_fail(void **state)
{
    char attachments[200];
    int code = MES_E_NOMEM;
    (void)state;
    (void)snprintf(attachments, sizeof attachments, "[{\"hash\":\"%s\",\"name\":\"b.pdf\",\"size\":%u}]",
                   kept[3].hash, (unsigned)kept[3].size);
    for (size_t n = 0; code == MES_E_NOMEM && n < 2000; n++) {
        struct mes_wire wire;
        mes_compose_wire_init(&wire);
        allocations_left = n;
        mes_alloc_set_hook(count_down);
        code = go_round(&wire, attachments);
        mes_alloc_set_hook(NULL);
        mes_compose_wire_fini(&wire);
    }
    must(code);
}

static void a_seed_is_checked(void **state)
{
    struct mes_message *message = small_message("s");
    struct mes_compose_job *job;
    static const char *const bad[] = {"", "short", "aaaaaaaaaaaaaaaaaaaaaaaA", "aaaaaaaaaaaaaaaaaaaaaaaaa",
                                      "aaaaaaaaaaaaaaaaaaaaaaa\r"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct mes_compose_options options = {.domain = "x.hk", .seed = bad[i]};
        assert_int_equal(mes_compose_job_new(message, &options, &job, &error), MES_E_INPUT);
    }
    mes_message_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_growing_job_asks_each_recipient),
        cmocka_unit_test(a_missing_blob_stops_it_before_anything_is_sent),
        cmocka_unit_test(an_attachment_that_is_no_blob_is_not_stored),
        cmocka_unit_test(damaged_documents_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_seed_is_checked),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
