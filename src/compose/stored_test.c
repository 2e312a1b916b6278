#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "compose/blob.h"
#include "compose/stored.h"
#include "compose/variables.h"
#include "i18n/say.h"

enum { MESSAGES = 150, MOST_TO = 24, BLOBS = 5 };

static const struct mes_identity identity = {"me@sender.hk", "陳大文", "answers@sender.hk", ""};

static char templates[64], blobs[64];
static struct mes_compose_blob kept[BLOBS];
static struct mes_error error;

static void must(int code)
{
    char text[1500];
    if (code != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
}

/* ---- folders ---- */

static void put_template(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", templates, name);
    must(mes_file_replace(path, mes_str_of(text), &error));
}

static void put_templates(void)
{
    put_template("Big_zh-HK.html",
                 "<html><head><title>{{name | default: \"您\"}} 您好 &amp; {{code}}</title></head><body>"
                 "{{>header}}<p>{{#items}}{{n}}: {{t}}, {{/items}}{{code}}</p>{{>footer}}");
    put_template("Big_zh-HK.txt", "{{name | default: \"friend\"}}: {{code}}\n{{>footer}}\n.\n");
    put_template("header_zh-HK.html", "<h1>{{code}}</h1>{{>footer}}");
    put_template("footer_zh-HK.html", "<p>{{day | date: \"%H:%M\"}} footer</p>");
    put_template("footer_zh-HK.txt", "-- {{code}}");
    put_template("Plain_en-US.html", "<p>nothing to fill in</p>");
    put_template("Old_en-US.html", "<p>{CallbackUrl} { x }</p>");
}

static int make_folders(void **state)
{
    static char content[BLOBS][70000];
    static const size_t sizes[BLOBS] = {0, 1, 57, 58, sizeof content[0]};
    (void)state;
    (void)snprintf(templates, sizeof templates, "/tmp/mes-stored-XXXXXX");
    (void)snprintf(blobs, sizeof blobs, "/tmp/mes-stored-XXXXXX");
    assert_non_null(mkdtemp(templates));
    assert_non_null(mkdtemp(blobs));
    put_templates();
    for (size_t i = 0; i < BLOBS; i++) {
        memset(content[i], (int)('a' + i), sizes[i]);
        must(mes_compose_blob_write(blobs, content[i], sizes[i], &kept[i], &error));
    }
    return 0;
}

static void remove_entry(void *context, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (mes_file_is_folder(path))
        (void)rmdir(path);
    else
        (void)unlink(path);
}

static int remove_folders(void **state)
{
    (void)state;
    return mes_file_list(templates, remove_entry, templates, NULL) != 0 || rmdir(templates) != 0 ||
           mes_file_list(blobs, remove_entry, blobs, NULL) != 0 || rmdir(blobs) != 0;
}

/* ---- a message by chance ---- */

static uint32_t state_of_chance;

static uint32_t chance(uint32_t of)
{
    state_of_chance = state_of_chance * 1664525 + 1013904223;
    return (state_of_chance >> 8) % of;
}

static const char *pick(const char *const *texts, size_t count)
{
    return texts[chance((uint32_t)count)];
}

#define PICK(...)                                                                                            \
    pick((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A `to` as a row of the database has it. */
struct row {
    char address[64];
    const char *name;
    const char *variables;
    char *attachments;
};

struct sample {
    struct mes_message *message;
    struct mes_compose_options options;
    struct row rows[MOST_TO];
    size_t count;
    bool has_html;
};

static void choose_body(struct sample *sample)
{
    struct mes_message *message = sample->message;
    sample->has_html = true;
    switch (chance(7)) {
    case 0:
        sample->has_html = false;
        must(mes_message_set_text(message,
                                  PICK("hello", "Dear {{name | default: \"friend\"}}, {{code}}\n.\n",
                                       "{{#items}}{{n}} {{/items}}{{^vip}}not {{/vip}}vip\r\n"),
                                  &error));
        break;
    case 1:
        must(mes_message_set_html(message,
                                  PICK("<p>same</p>", "<b>{{code}}</b><img src=\"cid:logo\">", "<i></i>",
                                       "{{#vip}}<p>{{address}}</p>{{/vip}}"),
                                  &error));
        break;
    case 2:
        must(mes_message_set_text(message, "{{code}} 您好", &error));
        must(mes_message_set_html(message, "<p>{{day | date: \"%Y %H\"}}</p>", &error));
        break;
    case 3:
        must(mes_message_set_template(message, templates, PICK("Big", "Plain", "Old"), "zh-HK", &error));
        break;
    case 4:
        must(mes_message_set_template(message, NULL, PICK("0", "ForgetPassword"), PICK("zh-HK", "en-US"),
                                      &error));
        break;
    default:
        must(mes_message_set_template(message, templates, "Big", "zh-HK", &error));
        break;
    }
}

static void choose_head(struct sample *sample)
{
    struct mes_message *message = sample->message;
    if (chance(2))
        must(mes_message_set_subject(
            message, PICK("fixed", "for {{code}}", "\"quoted\" 主旨 \xc2\x85", "{{name | default: \"x\"}}"),
            &error));
    if (chance(3) == 0)
        must(mes_message_set_from(message, PICK("wish@sender.hk", "Wish <w@銀行.hk>"), PICK("", "N, \"N\""),
                                  &error));
    if (chance(3) == 0)
        must(mes_message_set_reply_to(message, "r@sender.hk", "Répondre", &error));
    for (uint32_t i = 0, count = chance(3); i < count; i++)
        must(mes_message_add_header(message, i == 0 ? "X-A" : "List-Id", PICK("1", "<x.y>", "中文 value"),
                                    &error));
    for (uint32_t i = chance(3); i > 0; i--)
        must(mes_message_add_recipient(message, chance(2) ? MES_ROLE_CC : MES_ROLE_BCC,
                                       PICK("c@copy.hk", "\"d e\"@copy.hk", "張@copy.hk", "f@例子.hk"),
                                       PICK("", "黃"), &error));
    must(mes_message_set_priority(message, (enum mes_priority)chance(3), &error));
    if (chance(3) == 0)
        must(mes_message_set_dsn(message, PICK("never", "success,delay", "failure"), &error));
}

static void choose_variables(struct sample *sample)
{
    must(mes_compose_message_set_variables_json(
        sample->message, MES_VARIABLES_OF_ALL,
        MES_STR("{\"code\":\"all's "
                "\\\"code\\\"\",\"callbackurl\":\"https://x.hk/?a=1&b=2\",\"day\":\"2026-11-22T10:20:30Z\","
                "\"items\":[{\"n\":1,\"t\":\"one\"},{\"n\":2.50,\"t\":null}],\"vip\":false,\"none\":null,"
                "\"map\":{\"a\":{\"b\":[[]]}}}"),
        &error));
    if (chance(3) == 0)
        must(mes_compose_message_set_variables_json(sample->message, MES_VARIABLES_OF_ALL,
                                                    MES_STR("{\"vip\":true,\"name\":\"ours\"}"), &error));
}

static struct mes_compose_blob_file blob_file(void)
{
    const struct mes_compose_blob *blob = &kept[chance(BLOBS)];
    return (struct mes_compose_blob_file){.hash = blob->hash,
                                          .size = blob->size,
                                          .name = PICK("a.pdf", "報價 \"1\".xlsx", "x.unknown"),
                                          .type = chance(2) ? "application/x-of-mine" : NULL};
}

static void choose_files(struct sample *sample)
{
    for (uint32_t i = chance(3); i > 0; i--) {
        struct mes_compose_blob_file file = blob_file();
        file.content_id = sample->has_html && i == 1 ? "logo" : NULL;
        must(mes_compose_message_attach_blob(sample->message, blobs, &file, &error));
    }
}

static void choose_row(struct sample *sample, struct row *row, bool may_have_files)
{
    struct mes_buf files;
    (void)snprintf(row->address, sizeof row->address, "%s%zu@%s", PICK("to", "張", "a.b+"), sample->count,
                   PICK("x.hk", "銀行.hk", "Y.test"));
    row->name = PICK("", "Wong", "黃大仙", "O'Hara, \"Pat\"");
    row->variables =
        PICK(NULL, NULL, "{}", "{\"code\":\"own\"}", "{\"vip\":true,\"items\":[{\"n\":9,\"t\":\"nine\"}]}",
             "{\"code\":12.50,\"name\":null}");
    must(mes_message_add_recipient(sample->message, MES_ROLE_TO, row->address, row->name, &error));
    if (row->variables != NULL)
        must(mes_compose_message_set_variables_json(sample->message, MES_VARIABLES_OF_LAST_TO,
                                                    mes_str_of(row->variables), &error));
    for (uint32_t i = may_have_files ? chance(3) : 0; i > 0; i--) {
        const struct mes_compose_blob_file file = blob_file();
        must(mes_compose_message_attach_own_blob(sample->message, blobs, &file, &error));
    }
    size_t size = 0;
    mes_buf_init(&files, SIZE_MAX);
    must(mes_compose_stored_write_files(sample->message, &files, &error));
    row->attachments = files.size > 0 ? mes_buf_take(&files, &size) : NULL;
    mes_buf_fini(&files);
    sample->count++;
}

static void choose(struct sample *sample, uint32_t seed)
{
    state_of_chance = seed * 7919 + 1;
    *sample = (struct sample){.message = mes_message_new(),
                              .options = {.domain = PICK("sender.hk", "寄件.hk"), .zone_minutes = 480}};
    choose_head(sample);
    choose_variables(sample);
    choose_body(sample);
    choose_files(sample);
    bool may_have_files = chance(3) == 0;
    for (uint32_t count = 1 + chance(MOST_TO); count > 0; count--)
        choose_row(sample, &sample->rows[sample->count], may_have_files);
}

static void forget(struct sample *sample)
{
    mes_message_free(&sample->message);
    for (size_t i = 0; i < sample->count; i++)
        mes_free(sample->rows[i].attachments);
}

/* ---- its bytes ---- */

/* The whole mail, behind its Message-ID and envelope. */
static void render(const struct mes_compose_job *job, size_t index, struct mes_buf *out)
{
    char id[MES_MESSAGE_ID_SPACE];
    struct mes_wire wire;
    mes_compose_wire_init(&wire);
    must(mes_compose_job_render(job, index, &identity, &wire, &error));
    mes_buf_clear(out);
    mes_buf_add_format(out, "%s %s %d %s\n", mes_compose_job_message_id(job, index, id), wire.sender,
                       wire.needs_smtputf8, mes_compose_job_wishes(job)->dsn);
    for (size_t i = 0; i < mes_compose_job_recipient_count(job); i++) {
        struct mes_compose_recipient recipient = mes_compose_job_recipient(job, index, i);
        mes_buf_add_format(out, "%d %s %d\n", recipient.role, recipient.address, recipient.needs_smtputf8);
    }
    for (size_t i = 0; i < wire.count; i++)
        if (wire.pieces[i].bytes != NULL)
            mes_buf_add(out, wire.pieces[i].bytes, wire.pieces[i].size);
        else
            must(mes_file_read_at(wire.pieces[i].descriptor, wire.pieces[i].offset, wire.pieces[i].size, out,
                                  &error));
    must(mes_buf_check(out, &error));
    mes_compose_wire_fini(&wire);
}

/* Rows `from` to `to`, every `step`th. */
struct range {
    size_t from, to, step;
};

/* Through the document: their mails are those of the whole job. */
static void check_batch(const struct sample *sample, const struct mes_compose_job *whole,
                        struct mes_compose_stored *stored, struct range range)
{
    struct mes_compose_job *batch;
    struct mes_buf expected, got;
    mes_buf_init(&expected, SIZE_MAX);
    mes_buf_init(&got, SIZE_MAX);
    mes_compose_stored_clear(stored);
    for (size_t i = range.from; i < range.to; i += range.step) {
        const struct row *row = &sample->rows[i];
        const struct mes_compose_recipient known = mes_compose_job_recipient(whole, i, 0);
        const struct mes_compose_addressee addressee = {.number = i,
                                                        .address = known.address,
                                                        .name = known.name,
                                                        .variables = row->variables,
                                                        .attachments = row->attachments};
        must(mes_compose_stored_add(stored, &addressee, &error));
    }
    must(mes_compose_job_new(stored->message, &stored->options, &batch, &error));
    mes_compose_stored_clear(stored); /* the job lives on its own */
    for (size_t i = range.from, k = 0; i < range.to; i += range.step, k++) {
        render(whole, i, &expected);
        render(batch, k, &got);
        assert_string_equal(mes_buf_text(&expected), mes_buf_text(&got));
    }
    mes_compose_job_release(&batch);
    mes_buf_fini(&expected);
    mes_buf_fini(&got);
}

static void check_sample(const struct sample *sample)
{
    struct mes_compose_job *whole;
    struct mes_compose_stored *stored;
    struct mes_buf document;
    must(mes_compose_job_new(sample->message, &sample->options, &whole, &error));
    mes_buf_init(&document, SIZE_MAX);
    must(mes_compose_stored_write(sample->message, whole, &document, &error));
    must(mes_compose_stored_read(mes_buf_str(&document), blobs, &stored, &error));
    mes_buf_fini(&document);
    for (size_t from = 0; from < sample->count;) {
        size_t to = from + 1 + chance((uint32_t)(sample->count - from));
        check_batch(sample, whole, stored, (struct range){from, to, 1});
        from = to;
    }
    check_batch(sample, whole, stored,
                (struct range){chance((uint32_t)sample->count), sample->count, 1 + chance(4)});
    mes_compose_stored_free(&stored);
    mes_compose_job_release(&whole);
}

static void every_batch_gives_the_bytes_of_the_whole(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < MESSAGES; seed++) {
        struct sample sample;
        choose(&sample, seed);
        check_sample(&sample);
        forget(&sample);
    }
}

/* ---- single rules ---- */

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
    const struct mes_compose_addressee addressee = {
        .number = 7, .address = "b@x.hk", .variables = "{\"code\":\"own\",\"more\":[1,{}]}", .attachments = attachments};
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
        cmocka_unit_test(every_batch_gives_the_bytes_of_the_whole),
        cmocka_unit_test(a_growing_job_asks_each_recipient),
        cmocka_unit_test(a_missing_blob_stops_it_before_anything_is_sent),
        cmocka_unit_test(an_attachment_that_is_no_blob_is_not_stored),
        cmocka_unit_test(damaged_documents_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_seed_is_checked),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
