#include "cli/login.h"

#include "account/account.h"
#include "cli/result.h"
#include "cli/status.h"
#include "delivery/probe.h"
#include "delivery/reply_text.h"
#include "delivery/token.h"
#include "mes/report.h"
#include "net/loop.h"
#include "json/write.h"

enum { MES_CLI_LOGIN_LINE = 16 * 1024 };

struct login {
    struct mes_cli *cli;
    const struct mes_account *account;
    struct mes_token *token; /* NULL: it logs in otherwise */
    bool is_done, works;
};

/* The relay's words without the password, fit to be shown. */
static void add_reply(const struct login *login, const struct mes_probe_result *result, struct mes_buf *out)
{
    struct mes_buf shown;
    mes_buf_init(&shown, MES_CLI_LOGIN_LINE);
    mes_reply_text_add(&shown, result->facts.text);
    mes_secret_hide(login->account->password, mes_buf_str(&shown), out);
    mes_buf_fini(&shown);
}

static void write_json(const struct login *login, const struct mes_probe_result *result, struct mes_str reply,
                       struct mes_buf *line)
{
    const char *advice = result->verdict.advice_id;
    struct mes_json_writer json;
    mes_json_writer_init(&json, line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", MES_STR("login"));
    mes_json_write_text(&json, "account", mes_str_of(login->account->identity));
    mes_json_write_flag(&json, "works", result->works);
    mes_json_write_text(&json, "step", mes_str_of(mes_step_name(result->facts.step)));
    mes_json_write_text(&json, "class", mes_str_of(mes_class_name(result->verdict.class_)));
    mes_json_write_integer(&json, "code", result->facts.code);
    mes_json_write_text(&json, "enhanced", result->facts.enhanced);
    mes_json_write_text(&json, "reply", reply);
    mes_json_write_text(&json, "tls", mes_str_of(result->tls));
    mes_json_write_text(&json, "mechanism", mes_str_of(result->mechanism));
    mes_json_write_text(&json, "adviceId", mes_str_of(advice));
    mes_json_write_text(&json, "advice", mes_str_of(mes_advice_text(advice, MES_EN)));
    mes_json_write_integer(&json, "ms", result->milliseconds);
    mes_json_write_object_end(&json);
}

static void say(const struct login *login, const struct mes_probe_result *result, const char *reply,
                struct mes_buf *line)
{
    enum mes_language language = login->cli->language;
    const char *advice = mes_advice_text(result->verdict.advice_id, language);
    if (login->account->transport == MES_ACCOUNT_TRANSPORT_CAPTURE)
        mes_say(line, language, MES_SAY_account_mode_capture, MES_ARGS(login->account->identity));
    else if (result->works)
        mes_say(line, language, MES_SAY_cli_login_works,
                MES_ARGS(login->account->identity, result->tls,
                         result->mechanism[0] != '\0' ? result->mechanism
                                                      : mes_say_text(language, MES_SAY_cli_login_none)));
    else
        mes_say(line, language, MES_SAY_cli_login_fails,
                MES_ARGS(login->account->identity, mes_step_name(result->facts.step), reply, advice));
}

static void on_done(void *context, const struct mes_probe_result *result)
{
    struct login *login = context;
    struct mes_buf reply, line;
    login->is_done = true;
    login->works = result->works;
    mes_buf_init(&reply, MES_CLI_LOGIN_LINE);
    mes_buf_init(&line, MES_CLI_LOGIN_LINE);
    add_reply(login, result, &reply);
    if (mes_cli_has(login->cli->options, MES_CLI_OPT_JSON))
        write_json(login, result, mes_buf_str(&reply), &line);
    else {
        mes_cli_drop_full_stop(&reply);
        say(login, result, mes_buf_text(&reply), &line);
    }
    mes_cli_put_line(login->cli, &line);
    mes_buf_fini(&reply);
    mes_buf_fini(&line);
}

static bool is_done(void *context)
{
    return ((const struct login *)context)->is_done;
}

static int log_in(struct mes_loop *loop, struct login *login, struct mes_error *error)
{
    const struct mes_probe_options options = {
        .loop = loop, .account = login->account, .token = login->token, .on_done = on_done, .context = login};
    struct mes_probe *probe;
    int code = mes_probe_start(&options, &probe, error);
    if (code == 0)
        mes_loop_run_until(loop, is_done, login);
    return code;
}

static void on_notice(void *context, const char *account, const struct mes_error *notice)
{
    (void)account;
    mes_cli_on_notice(context, notice);
}

/* One account, with the token that it may need. */
static int check(struct mes_loop *loop, struct mes_tokens *tokens, struct login *login,
                 struct mes_error *error)
{
    int code = 0;
    if (login->account->uses_token)
        code = mes_tokens_take(tokens, login->account, &login->token, error);
    if (code == 0)
        code = log_in(loop, login, error);
    mes_token_drop(&login->token);
    return code;
}

int mes_cli_login_all(struct mes_cli *cli, const struct mes_account_list *list)
{
    struct mes_loop *loop = NULL;
    struct mes_tokens *tokens = NULL;
    struct mes_error error;
    bool all_work = true;
    int code = mes_loop_new(NULL, &loop, &error);
    if (code == 0) {
        const struct mes_tokens_options options = {.loop = loop, .on_notice = on_notice, .context = cli};
        code = mes_tokens_new(&options, &tokens, &error);
    }
    for (size_t i = 0; i < mes_account_list_count(list) && code == 0; i++) {
        struct login login = {.cli = cli, .account = mes_account_list_at(list, i)};
        code = check(loop, tokens, &login, &error);
        all_work = all_work && login.works;
    }
    mes_tokens_free(&tokens);
    if (loop != NULL)
        mes_loop_free(&loop);
    if (code != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    return all_work ? MES_CLI_EXIT_OK : MES_CLI_EXIT_UNAVAILABLE;
}
