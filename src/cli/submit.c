#include "cli/submit.h"

#include <string.h>

#include "cli/bar.h"
#include "cli/content.h"
#include "cli/follow.h"
#include "cli/status.h"
#include "compose/message.h"
#include "mime/part.h"
#include "json/write.h"

enum { PATH_MOST = 16 * 1024, AT_ONCE = 1000, HEADER_MOST = 512 };

struct submitting {
    struct mes_cli_service service;
    struct mes_message *message;
    struct mes_cli_recipients recipients;
    struct mes_buf attachments; /* the JSON list */
    struct mes_json_writer list;
    struct mes_cli_bar bar;
};

/* ---- attachments ---- */

static void add_escaped(struct mes_buf *out, struct mes_str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool is_plain = (c >= '0' && c <= '9') || (mes_lower((char)c) >= 'a' && mes_lower((char)c) <= 'z');
        if (is_plain || strchr("-._~", c) != NULL) {
            mes_buf_add_char(out, (char)c);
            continue;
        }
        mes_buf_add_char(out, '%');
        mes_buf_add_char(out, digits[c >> 4]);
        mes_buf_add_char(out, digits[c & 0x0f]);
    }
}

static void on_sent(void *context, uint64_t sent, uint64_t total)
{
    struct submitting *submitting = context;
    mes_cli_bar_update(&submitting->bar, MES_SAY_cli_step_upload, sent, total);
}

static int upload(struct submitting *submitting, const char *file, const char *content_id)
{
    struct mes_cli *cli = submitting->service.cli;
    struct mes_http_answer answer;
    struct mes_json *json = NULL;
    struct mes_str name;
    struct mes_error error;
    struct mes_buf path;
    if (mes_mime_file_name(mes_str_of(file), &name, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    mes_buf_init(&path, PATH_MOST);
    mes_buf_add_text(&path, "/api/v1/uploads?name=");
    add_escaped(&path, name);
    const struct mes_cli_question question = {
        .method = "POST",
        .path = mes_buf_text(&path),
        .type = mes_mime_type_of_name(name),
        .body_file = file,
        .on_sent = on_sent,
        .context = submitting,
    };
    int status = mes_cli_service_ask(&submitting->service, &question, &answer);
    if (status == MES_CLI_EXIT_OK) {
        status = mes_cli_service_read(&submitting->service, &answer, &json);
        mes_http_answer_fini(&answer);
    }
    if (status == MES_CLI_EXIT_OK) {
        mes_json_write_object(&submitting->list, NULL);
        mes_json_write_text(&submitting->list, "uploadId",
                            mes_str_of(mes_cli_service_text(mes_json_root(json), "id")));
        if (content_id != NULL)
            mes_json_write_text(&submitting->list, "cid", mes_str_of(content_id));
        mes_json_write_object_end(&submitting->list);
    }
    mes_json_free(&json);
    mes_buf_fini(&path);
    return status;
}

static int upload_one(struct submitting *submitting, const struct mes_cli_value *given)
{
    struct mes_buf content_id;
    int status = MES_CLI_EXIT_OK;
    mes_buf_init(&content_id, PATH_MOST);
    if (given->id == MES_CLI_OPT_ATTACH)
        status = upload(submitting, given->text, NULL);
    if (given->id == MES_CLI_OPT_INLINE) {
        const char *file = mes_cli_split(given->text, '=', &content_id);
        status = upload(submitting, file, mes_buf_text(&content_id));
    }
    mes_buf_fini(&content_id);
    return status;
}

/* Each file is one upload; the job names them. */
static int upload_all(struct submitting *submitting)
{
    const struct mes_cli_options *options = submitting->service.cli->options;
    int status = MES_CLI_EXIT_OK;
    if (!mes_cli_has(options, MES_CLI_OPT_ATTACH) && !mes_cli_has(options, MES_CLI_OPT_INLINE))
        return status;
    mes_json_writer_init(&submitting->list, &submitting->attachments);
    mes_json_write_list(&submitting->list, NULL);
    for (size_t i = 0; i < options->count && status == MES_CLI_EXIT_OK; i++)
        status = upload_one(submitting, &options->values[i]);
    mes_json_write_list_end(&submitting->list);
    mes_cli_bar_clear(&submitting->bar);
    return status;
}

/* ---- the answer ---- */

/* What of the call was not taken, or taken otherwise than the caller may think. */
static void tell_doubts(struct mes_cli *cli, const struct mes_json_value *accepted)
{
    const struct mes_json_value *rejected = mes_json_member(accepted, MES_STR("rejected"));
    const struct mes_json_value *warnings = mes_json_member(accepted, MES_STR("warnings"));
    for (const struct mes_json_value *item = mes_json_item(rejected, 0); item != NULL; item = item->next)
        mes_cli_tell(cli, MES_SAY_cli_at,
                     MES_ARGS(mes_cli_service_text(item, "address"), mes_cli_service_text(item, "error")));
    for (const struct mes_json_value *item = mes_json_item(warnings, 0); item != NULL; item = item->next)
        mes_cli_tell(cli, MES_SAY_cli_warning, MES_ARGS(item->text.data));
}

static int take_answer(struct submitting *submitting, const struct mes_http_answer *answer,
                       struct mes_buf *id_out)
{
    struct mes_cli *cli = submitting->service.cli;
    struct mes_json *json = NULL;
    int status = mes_cli_service_read(&submitting->service, answer, &json);
    if (status != MES_CLI_EXIT_OK)
        return status;
    const struct mes_json_value *accepted = mes_json_root(json);
    const char *id = mes_cli_service_text(accepted, "id");
    mes_buf_add_text(id_out, id);
    tell_doubts(cli, accepted);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_service_put(&submitting->service, answer);
    } else {
        mes_cli_put_sentence(cli, MES_SAY_cli_accepted,
                             MES_ARGS(id, MES_NUMBER(mes_cli_service_number(accepted, "accepted")),
                                      mes_cli_service_text(accepted, "sendAt")));
    }
    bool is_whole = mes_cli_service_number(accepted, "rejectedCount") == 0 && submitting->recipients.bad == 0;
    mes_json_free(&json);
    return is_whole ? MES_CLI_EXIT_OK : MES_CLI_EXIT_UNAVAILABLE;
}

/* ---- the call ---- */

/* Many recipients go as lines of their own, so that the service can take them in one by one. */
static void write_body(struct submitting *submitting, bool is_bulk, struct mes_buf *body)
{
    const struct mes_recipients *to = &submitting->message->recipients[MES_ROLE_TO];
    mes_cli_submit_write(body, submitting->service.cli, submitting->message, is_bulk,
                         mes_buf_str(&submitting->attachments));
    for (size_t i = 0; is_bulk && i < to->count; i++) {
        mes_buf_add_char(body, '\n');
        mes_cli_submit_write_recipient(body, &to->items[i]);
    }
}

static int post(struct submitting *submitting, struct mes_buf *id_out)
{
    struct mes_cli *cli = submitting->service.cli;
    const char *key = mes_cli_text(cli->options, MES_CLI_OPT_IDEMPOTENCY_KEY);
    struct mes_http_answer answer;
    struct mes_error error;
    struct mes_buf body, header;
    bool is_bulk = submitting->recipients.count[MES_ROLE_TO] > AT_ONCE;
    mes_buf_init(&body, SIZE_MAX);
    mes_buf_init(&header, HEADER_MOST);
    write_body(submitting, is_bulk, &body);
    mes_buf_add_format(&header, "Idempotency-Key: %s", key != NULL ? key : "");
    const struct mes_cli_question question = {
        .method = "POST",
        .path = is_bulk ? "/api/v1/messages/bulk" : "/api/v1/messages",
        .type = is_bulk ? "application/x-ndjson" : "application/json",
        .body = mes_buf_str(&body),
        .header = key != NULL ? mes_buf_text(&header) : NULL,
        .on_sent = is_bulk ? on_sent : NULL,
        .context = submitting,
    };
    int status = mes_buf_check(&body, &error) == 0 && mes_buf_check(&header, &error) == 0
                     ? MES_CLI_EXIT_OK
                     : mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_service_ask(&submitting->service, &question, &answer);
    mes_cli_bar_clear(&submitting->bar);
    if (status == MES_CLI_EXIT_OK) {
        status = take_answer(submitting, &answer, id_out);
        mes_http_answer_fini(&answer);
    }
    mes_buf_fini(&body);
    mes_buf_fini(&header);
    return status;
}

/* ---- the whole ---- */

static int compose(struct submitting *submitting)
{
    struct mes_cli *cli = submitting->service.cli;
    struct mes_error error;
    submitting->recipients = (struct mes_cli_recipients){.cli = cli, .message = submitting->message};
    int code = mes_cli_content_add(cli, submitting->message, NULL, &error);
    if (code == 0)
        code = mes_cli_recipients_add(&submitting->recipients, &error);
    if (code != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    return mes_cli_recipients_may_send(&submitting->recipients) ? MES_CLI_EXIT_OK : MES_CLI_EXIT_DATA;
}

static int run(struct submitting *submitting)
{
    struct mes_cli *cli = submitting->service.cli;
    struct mes_buf id;
    mes_buf_init(&id, PATH_MOST);
    int status = compose(submitting);
    if (status == MES_CLI_EXIT_OK)
        status = upload_all(submitting);
    if (status == MES_CLI_EXIT_OK)
        status = post(submitting, &id);
    if (id.size > 0 && mes_cli_has(cli->options, MES_CLI_OPT_WAIT)) {
        int end = mes_cli_follow(&submitting->service, mes_buf_text(&id));
        status = end != MES_CLI_EXIT_OK ? end : status;
    }
    mes_buf_fini(&id);
    return status;
}

int mes_cli_submit(struct mes_cli *cli)
{
    struct submitting submitting = {.message = mes_message_new()};
    int status = mes_cli_service_init(cli, &submitting.service);
    mes_buf_init(&submitting.attachments, SIZE_MAX);
    mes_cli_bar_init(&submitting.bar, cli);
    if (status == MES_CLI_EXIT_OK)
        status = submitting.message != NULL ? run(&submitting) : MES_CLI_EXIT_OSERR;
    mes_cli_service_fini(&submitting.service);
    mes_message_free(&submitting.message);
    mes_buf_fini(&submitting.attachments);
    return status;
}
