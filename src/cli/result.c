#include "cli/result.h"

#include "i18n/say.h"
#include "json/write.h"

enum { MES_CLI_REPLY_LIMIT = 16 * 1024 };

static const struct mes_attempt no_attempt = {.account = "", .enhanced = "", .reply = "", .advice_id = ""};

static const struct mes_attempt *last_attempt(const struct mes_result *result)
{
    return result->attempt_count > 0 ? &result->attempts[result->attempt_count - 1] : &no_attempt;
}

static void write_text(struct mes_json_writer *json, const char *key, const char *text)
{
    mes_json_write_text(json, key, mes_str_of(text));
}

static void write_reply(struct mes_json_writer *json, const struct mes_attempt *attempt)
{
    mes_json_write_integer(json, "code", attempt->code);
    write_text(json, "enhanced", attempt->enhanced);
    write_text(json, "reply", attempt->reply);
}

static void write_attempt(struct mes_json_writer *json, const struct mes_attempt *attempt)
{
    mes_json_write_object(json, NULL);
    write_text(json, "account", attempt->account);
    write_text(json, "step", mes_step_name(attempt->step));
    write_text(json, "class", mes_class_name(attempt->class_));
    write_reply(json, attempt);
    if (attempt->advice_id[0] != '\0') {
        write_text(json, "adviceId", attempt->advice_id);
        write_text(json, "advice", mes_advice_text(attempt->advice_id, MES_EN));
    }
    mes_json_write_integer(json, "ms", attempt->milliseconds);
    mes_json_write_object_end(json);
}

static void write_result(struct mes_buf *out, const struct mes_result *result, const struct mes_attempt *last)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    write_text(&json, "recipient", result->recipient);
    write_text(&json, "role", mes_role_name(result->role));
    write_text(&json, "status", mes_status_name(result->status));
    write_text(&json, "account", last->account);
    write_reply(&json, last);
    write_text(&json, "messageId", result->message_id);
    if (result->dsn != MES_DSN_NONE)
        write_text(&json, "dsn", mes_dsn_name(result->dsn));
    mes_json_write_list(&json, "attempts");
    for (size_t i = 0; i < result->attempt_count; i++)
        write_attempt(&json, &result->attempts[i]);
    mes_json_write_list_end(&json);
    mes_json_write_object_end(&json);
}

void mes_cli_result_json(struct mes_buf *out, const struct mes_result *result)
{
    write_result(out, result, last_attempt(result));
}

void mes_cli_result_json_rejected(struct mes_buf *out, const char *address, const char *why)
{
    const struct mes_result result = {
        .recipient = address, .role = MES_ROLE_TO, .status = MES_STATUS_FAILED, .message_id = ""};
    const struct mes_attempt refusal = {.account = "", .enhanced = "", .reply = why, .advice_id = ""};
    write_result(out, &result, &refusal);
}

static const int step_sentences[MES_STEP_COUNT] = {
    [MES_STEP_LIMIT] = MES_SAY_cli_step_limit,     [MES_STEP_RESOLVE] = MES_SAY_cli_step_resolve,
    [MES_STEP_CONNECT] = MES_SAY_cli_step_connect, [MES_STEP_PROXY] = MES_SAY_cli_step_proxy,
    [MES_STEP_TLS] = MES_SAY_cli_step_tls,         [MES_STEP_GREETING] = MES_SAY_cli_step_greeting,
    [MES_STEP_EHLO] = MES_SAY_cli_step_ehlo,       [MES_STEP_STARTTLS] = MES_SAY_cli_step_starttls,
    [MES_STEP_AUTH] = MES_SAY_cli_step_auth,       [MES_STEP_MAIL] = MES_SAY_cli_step_mail,
    [MES_STEP_RCPT] = MES_SAY_cli_step_rcpt,       [MES_STEP_DATA] = MES_SAY_cli_step_data,
    [MES_STEP_BODY] = MES_SAY_cli_step_body,       [MES_STEP_DOT] = MES_SAY_cli_step_dot,
    [MES_STEP_QUIT] = MES_SAY_cli_step_quit,
};

static const int status_sentences[MES_STATUS_COUNT] = {
    [MES_STATUS_SENT] = MES_SAY_cli_result_sent,
    [MES_STATUS_FAILED] = MES_SAY_cli_result_failed,
    [MES_STATUS_DEFERRED] = MES_SAY_cli_result_deferred,
    [MES_STATUS_IN_DOUBT] = MES_SAY_cli_result_in_doubt,
};

/* "535 5.7.8 Login fail", or what happened when the relay said nothing. */
static void add_reply(struct mes_buf *out, const struct mes_attempt *attempt)
{
    if (attempt->code > 0)
        mes_buf_add_format(out, "%d ", attempt->code);
    if (attempt->enhanced[0] != '\0')
        mes_buf_add_format(out, "%s ", attempt->enhanced);
    char shown[MES_CLI_REPLY_LIMIT / 2];
    mes_buf_add_text(out, mes_shown_text(shown, sizeof shown, mes_str_of(attempt->reply)));
    if (attempt->reply[0] == '\0' && out->size > 0)
        mes_buf_truncate(out, out->size - 1);
}

void mes_cli_drop_full_stop(struct mes_buf *reply)
{
    size_t size = reply->size;
    if (size > 1 && reply->data[size - 1] == '.' && reply->data[size - 2] != '.')
        mes_buf_truncate(reply, size - 1);
}

static void add_advice(struct mes_buf *out, enum mes_language language, const struct mes_attempt *attempt)
{
    const char *advice = mes_advice_text(attempt->advice_id, language);
    if (advice[0] == '\0')
        return;
    mes_buf_add_text(out, language == MES_EN ? " " : "");
    mes_buf_add_text(out, advice);
}

void mes_cli_attempt_text(struct mes_buf *out, enum mes_language language, const struct mes_attempt *attempt)
{
    struct mes_buf reply;
    mes_buf_init(&reply, MES_CLI_REPLY_LIMIT);
    add_reply(&reply, attempt);
    mes_cli_drop_full_stop(&reply);
    mes_say(out, language, MES_SAY_cli_attempt,
            MES_ARGS(attempt->account, mes_say_text(language, step_sentences[attempt->step]),
                     mes_buf_text(&reply)));
    add_advice(out, language, attempt);
    mes_buf_fini(&reply);
}

/* What the relay said, and whether it was asked for a notification. */
static void add_success(struct mes_buf *out, enum mes_language language, const struct mes_result *result)
{
    static const int sentences[MES_DSN_COUNT] = {
        [MES_DSN_REQUESTED] = MES_SAY_cli_dsn_requested, [MES_DSN_NOT_OFFERED] = MES_SAY_cli_dsn_not_offered};
    add_reply(out, last_attempt(result));
    if (result->dsn == MES_DSN_NONE)
        return;
    mes_buf_add_text(out, out->size > 0 ? "; " : "");
    mes_buf_add_text(out, mes_say_text(language, sentences[result->dsn]));
}

void mes_cli_result_text(struct mes_buf *out, enum mes_language language, const struct mes_result *result)
{
    const struct mes_attempt *last = last_attempt(result);
    const char *role = result->role == MES_ROLE_TO ? "" : result->role == MES_ROLE_CC ? " (cc)" : " (bcc)";
    struct mes_buf about;
    mes_buf_init(&about, MES_CLI_REPLY_LIMIT);
    if (result->status == MES_STATUS_SENT)
        add_success(&about, language, result);
    else if (result->attempt_count > 0)
        mes_cli_attempt_text(&about, language, last);
    else
        mes_buf_add_text(&about, mes_say_text(language, MES_SAY_cli_not_tried));
    mes_say(out, language, status_sentences[result->status],
            MES_ARGS(result->recipient, role, mes_buf_text(&about), last->account));
    mes_buf_fini(&about);
}
