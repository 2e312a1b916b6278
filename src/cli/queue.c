/* mailenhance queue: the jobs of a running service, and what people do with them. */
#include "cli/queue.h"

#include "base/id.h"
#include "cli/status.h"
#include "i18n/say.h"

enum { LINE_MOST = 64 * 1024, PATH_MOST = 1024 };

/* ---- words ---- */

static const struct word {
    const char *name; /* as the API has it */
    int sentence;
} words[] = {
    {"scheduled", MES_SAY_cli_state_scheduled}, {"queued", MES_SAY_cli_state_queued},
    {"sending", MES_SAY_cli_state_sending},     {"paused", MES_SAY_cli_state_paused},
    {"held", MES_SAY_cli_state_held},           {"done", MES_SAY_cli_state_done},
    {"cancelled", MES_SAY_cli_state_cancelled}, {"sent", MES_SAY_cli_state_sent},
    {"failed", MES_SAY_cli_state_failed},       {"deferred", MES_SAY_cli_state_deferred},
    {"in_doubt", MES_SAY_cli_state_in_doubt},
};

static const char *word_for(enum mes_language language, const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (mes_str_eq(mes_str_of(words[i].name), mes_str_of(name)))
            return mes_say_text(language, words[i].sentence);
    return name;
}

static int64_t count_of(const struct mes_json_value *job, const char *status)
{
    return mes_cli_service_number(mes_json_member(job, MES_STR("counts")), status);
}

static void add_counts(struct mes_buf *out, enum mes_language language, const struct mes_json_value *job)
{
    static const char *const statuses[] = {"queued", "sent", "failed", "deferred", "in_doubt", "cancelled"};
    bool follows = false;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        int64_t count = count_of(job, statuses[i]);
        if (count == 0)
            continue;
        mes_buf_add_format(out, "%s%lld %s", follows ? ", " : "", (long long)count,
                           word_for(language, statuses[i]));
        follows = true;
    }
}

static void say_job(struct mes_buf *out, enum mes_language language, const struct mes_json_value *job)
{
    struct mes_buf counts;
    mes_buf_init(&counts, LINE_MOST);
    add_counts(&counts, language, job);
    mes_say(out, language, MES_SAY_cli_queue_job,
            MES_ARGS(mes_cli_service_text(job, "id"), word_for(language, mes_cli_service_text(job, "state")),
                     mes_cli_service_text(job, "sendAt"), mes_buf_text(&counts),
                     mes_cli_service_text(job, "subject")));
    mes_buf_fini(&counts);
}

static void say_recipient(struct mes_buf *out, enum mes_language language, const struct mes_json_value *row)
{
    const char *status = mes_cli_service_text(row, "status");
    const char *account = mes_cli_service_text(row, "account"), *reply = mes_cli_service_text(row, "reply");
    bool is_tried = account[0] != '\0' || reply[0] != '\0';
    mes_say(out, language, is_tried ? MES_SAY_cli_queue_recipient_tried : MES_SAY_cli_queue_recipient,
            MES_ARGS(mes_cli_service_text(row, "address"), word_for(language, status), account,
                     MES_NUMBER(mes_cli_service_number(row, "code")), reply));
    /* What to do matters where something is to be done. */
    const char *advice = mes_cli_service_text(row, "advice");
    if (advice[0] != '\0' && !mes_str_eq(mes_str_of(status), MES_STR("sent")))
        mes_buf_add_format(out, " %s", advice);
}

/* ---- showing ---- */

struct showing {
    struct mes_cli *cli;
    bool is_json;
    void (*say)(struct mes_buf *out, enum mes_language language, const struct mes_json_value *item);
    struct mes_buf line;
    size_t left; /* items that may still be shown */
};

static bool show(struct showing *showing, const struct mes_json_value *item, struct mes_str text)
{
    if (showing->is_json)
        mes_buf_add_str(&showing->line, text);
    else
        showing->say(&showing->line, showing->cli->language, item);
    mes_cli_put_line(showing->cli, &showing->line);
    return --showing->left > 0 && showing->cli->output_error == 0;
}

static bool show_item(void *context, const struct mes_json_value *item, struct mes_str text)
{
    return show(context, item, text);
}

static struct showing showing_of(struct mes_cli *cli,
                                 void (*say)(struct mes_buf *out, enum mes_language language,
                                             const struct mes_json_value *item))
{
    struct showing showing = {
        .cli = cli, .is_json = mes_cli_has(cli->options, MES_CLI_OPT_JSON), .say = say, .left = SIZE_MAX};
    mes_buf_init(&showing.line, SIZE_MAX);
    return showing;
}

/* "--limit 20" */
static int read_limit(struct mes_cli *cli, size_t *limit_out)
{
    const char *text = mes_cli_text(cli->options, MES_CLI_OPT_LIMIT);
    uint64_t limit;
    if (text == NULL)
        return MES_CLI_EXIT_OK;
    if (!mes_str_to_uint(mes_str_of(text), SIZE_MAX, &limit) || limit == 0) {
        mes_cli_tell(cli, MES_SAY_cli_not_a_number, MES_ARGS("limit", text));
        return MES_CLI_EXIT_USAGE;
    }
    *limit_out = (size_t)limit;
    return MES_CLI_EXIT_OK;
}

int mes_cli_queue_list(struct mes_cli *cli)
{
    struct mes_cli_service service;
    struct showing showing = showing_of(cli, say_job);
    const char *state = mes_cli_text(cli->options, MES_CLI_OPT_STATE);
    struct mes_buf path;
    mes_buf_init(&path, PATH_MOST);
    int status = read_limit(cli, &showing.left);
    if (status != MES_CLI_EXIT_OK)
        return status;
    status = mes_cli_service_init(cli, &service);
    mes_buf_add_text(&path, "/api/v1/messages?limit=100");
    if (state != NULL)
        mes_buf_add_format(&path, "&state=%s", state);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_service_list(&service, mes_buf_text(&path), show_item, &showing);
    mes_cli_service_fini(&service);
    mes_buf_fini(&path);
    mes_buf_fini(&showing.line);
    return status;
}

int mes_cli_queue_show_recipients(const struct mes_cli_service *service, const char *id)
{
    struct showing showing = showing_of(service->cli, say_recipient);
    struct mes_buf path;
    mes_buf_init(&path, PATH_MOST);
    mes_buf_add_format(&path, "/api/v1/messages/%s/recipients?limit=100", id);
    int status = mes_cli_service_list(service, mes_buf_text(&path), show_item, &showing);
    mes_buf_fini(&path);
    mes_buf_fini(&showing.line);
    return status;
}

int mes_cli_queue_show_job(const struct mes_cli_service *service, const char *id)
{
    struct showing showing = showing_of(service->cli, say_job);
    struct mes_http_answer answer;
    struct mes_json *json = NULL;
    struct mes_buf path;
    mes_buf_init(&path, PATH_MOST);
    mes_buf_add_format(&path, "/api/v1/messages/%s", id);
    int status =
        mes_cli_service_ask(service, &(struct mes_cli_question){.path = mes_buf_text(&path)}, &answer);
    if (status == MES_CLI_EXIT_OK) {
        status = mes_cli_service_read(service, &answer, &json);
        if (status == MES_CLI_EXIT_OK)
            (void)show(&showing, mes_json_root(json), mes_str_trim(mes_buf_str(&answer.body)));
        mes_http_answer_fini(&answer);
    }
    mes_json_free(&json);
    mes_buf_fini(&path);
    mes_buf_fini(&showing.line);
    return status;
}

/* ---- one job ---- */

const char *mes_cli_queue_id(struct mes_cli *cli)
{
    const struct mes_cli_options *options = cli->options;
    size_t own = options->command->verb[0] != '\0' ? 2 : 1;
    int64_t id;
    if (options->word_count <= own) {
        mes_cli_tell(cli, MES_SAY_cli_operand_missing, MES_ARGS(options->command->operands));
        return NULL;
    }
    if (!mes_id_parse(mes_str_of(options->words[own]), &id)) {
        mes_cli_tell(cli, MES_SAY_cli_not_an_id, MES_ARGS(options->words[own]));
        return NULL;
    }
    return options->words[own];
}

int mes_cli_queue_show(struct mes_cli *cli)
{
    struct mes_cli_service service;
    const char *id = mes_cli_queue_id(cli);
    if (id == NULL)
        return MES_CLI_EXIT_USAGE;
    int status = mes_cli_service_init(cli, &service);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_queue_show_job(&service, id);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_queue_show_recipients(&service, id);
    mes_cli_service_fini(&service);
    return status;
}

static void say_done(const struct mes_cli_service *service, int sentence,
                     const struct mes_http_answer *answer, const struct mes_json_value *root)
{
    struct mes_cli *cli = service->cli;
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_service_put(service, answer);
        return;
    }
    mes_cli_put_sentence(cli, sentence,
                         MES_ARGS(mes_cli_service_text(root, "id"),
                                  MES_NUMBER(mes_cli_service_number(root, "cancelled")),
                                  MES_NUMBER(mes_cli_service_number(root, "inFlight")),
                                  MES_NUMBER(mes_cli_service_number(root, "requeued")),
                                  MES_NUMBER(mes_cli_service_number(root, "dueNow"))));
}

static int act(struct mes_cli *cli, const char *action, int sentence)
{
    struct mes_cli_service service;
    struct mes_http_answer answer;
    struct mes_json *json = NULL;
    struct mes_buf path;
    const char *id = mes_cli_queue_id(cli);
    if (id == NULL)
        return MES_CLI_EXIT_USAGE;
    mes_buf_init(&path, PATH_MOST);
    mes_buf_add_format(&path, "/api/v1/messages/%s/%s", id, action);
    const struct mes_cli_question question = {.method = "POST", .path = mes_buf_text(&path)};
    int status = mes_cli_service_init(cli, &service);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_service_ask(&service, &question, &answer);
    if (status == MES_CLI_EXIT_OK) {
        status = mes_cli_service_read(&service, &answer, &json);
        if (status == MES_CLI_EXIT_OK)
            say_done(&service, sentence, &answer, mes_json_root(json));
        mes_http_answer_fini(&answer);
    }
    mes_json_free(&json);
    mes_cli_service_fini(&service);
    mes_buf_fini(&path);
    return status;
}

int mes_cli_queue_pause(struct mes_cli *cli)
{
    return act(cli, "pause", MES_SAY_cli_queue_paused);
}

int mes_cli_queue_resume(struct mes_cli *cli)
{
    return act(cli, "resume", MES_SAY_cli_queue_resumed);
}

int mes_cli_queue_cancel(struct mes_cli *cli)
{
    return act(cli, "cancel", MES_SAY_cli_queue_cancelled);
}

int mes_cli_queue_retry(struct mes_cli *cli)
{
    return act(cli, "retry", MES_SAY_cli_queue_retried);
}

int mes_cli_queue_hold(struct mes_cli *cli)
{
    return act(cli, "hold", MES_SAY_cli_queue_held);
}

int mes_cli_queue_release(struct mes_cli *cli)
{
    return act(cli, "release", MES_SAY_cli_queue_released);
}
