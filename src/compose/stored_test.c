#include "compose/stored_test.h"

enum { MESSAGES = 150, MOST_TO = 24 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_batch_gives_the_bytes_of_the_whole)};
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
