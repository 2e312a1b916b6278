/* mailenhance accounts list and check: the accounts in their order, and what is wrong with them. */
#include "cli/accounts.h"

#include "account/load.h"
#include "base/file.h"
#include "cli/login.h"
#include "cli/status.h"
#include "daemon/daemon.h"
#include "mime/dkim_key.h"
#include "json/write.h"

enum { MES_CLI_ACCOUNT_LIMIT = 64 * 1024 };

static const int kind_sentences[] = {
    [MES_FINDING_PROBLEM] = MES_SAY_cli_problem,
    [MES_FINDING_WARNING] = MES_SAY_cli_warning,
    [MES_FINDING_NOTE] = MES_SAY_cli_bare,
};

static void add_finding(struct mes_buf *line, enum mes_language language, enum mes_finding_kind kind,
                        const struct mes_error *finding)
{
    struct mes_buf text;
    mes_buf_init(&text, MES_CLI_ACCOUNT_LIMIT);
    mes_say_error(&text, language, finding);
    mes_say(line, language, kind_sentences[kind], MES_ARGS(mes_buf_text(&text)));
    mes_buf_fini(&text);
}

void mes_cli_tell_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    struct mes_cli *cli = context;
    struct mes_buf line;
    /* Of the notes only those about files matter to who just wants to send. */
    if (kind == MES_FINDING_NOTE && finding->sentence != MES_SAY_account_file_used &&
        finding->sentence != MES_SAY_account_overridden_by)
        return;
    mes_buf_init(&line, MES_CLI_ACCOUNT_LIMIT);
    add_finding(&line, cli->language, kind, finding);
    mes_cli_tell(cli, MES_SAY_cli_bare, MES_ARGS(mes_buf_text(&line)));
    mes_buf_fini(&line);
}

/* The settings of the service that `serve` without a file started in this folder need not be named. */
static const char *settings_path(const struct mes_cli *cli)
{
    const char *given = mes_cli_text(cli->options, MES_CLI_OPT_CONFIG);
    if (given != NULL)
        return given;
    return mes_file_exists(MES_DAEMON_OWN_SETTINGS) ? MES_DAEMON_OWN_SETTINGS : NULL;
}

bool mes_cli_has_settings(const struct mes_cli *cli)
{
    return settings_path(cli) != NULL;
}

static int load(struct mes_cli *cli,
                void (*on_finding)(void *context, enum mes_finding_kind kind,
                                   const struct mes_error *finding),
                struct mes_account_list **list_out, struct mes_error *error)
{
    const struct mes_findings findings = {.on_finding = on_finding, .context = cli};
    const struct mes_account_source source = {
        .path = settings_path(cli),
        .company = mes_cli_text(cli->options, MES_CLI_OPT_COMPANY),
        .findings = &findings,
    };
    return mes_account_load(&source, list_out, error);
}

int mes_cli_load_accounts(struct mes_cli *cli, struct mes_account_list **list_out)
{
    struct mes_error error;
    *list_out = NULL;
    return mes_cli_status_of(load(cli, mes_cli_tell_finding, list_out, &error), MES_CLI_EXIT_CONFIG);
}

static void tell_problem(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    if (kind == MES_FINDING_PROBLEM)
        mes_cli_tell_finding(context, kind, finding);
}

int mes_cli_load_settings(struct mes_cli *cli, struct mes_account_list **list_out)
{
    struct mes_error error;
    *list_out = NULL;
    return mes_cli_status_of(load(cli, tell_problem, list_out, &error), MES_CLI_EXIT_CONFIG);
}

static const char *tls_word(enum mes_account_tls tls)
{
    static const char *const words[] = {
        [MES_ACCOUNT_TLS_NONE] = "none",
        [MES_ACCOUNT_TLS_AT_ONCE] = "tls",
        [MES_ACCOUNT_TLS_STARTTLS] = "starttls",
        [MES_ACCOUNT_TLS_IF_OFFERED] = "starttls-if-offered",
    };
    return words[tls];
}

static const char *tls_text(enum mes_language language, enum mes_account_tls tls)
{
    static const int sentences[] = {
        [MES_ACCOUNT_TLS_NONE] = MES_SAY_cli_tls_none,
        [MES_ACCOUNT_TLS_AT_ONCE] = MES_SAY_cli_tls_at_once,
        [MES_ACCOUNT_TLS_STARTTLS] = MES_SAY_cli_tls_starttls,
        [MES_ACCOUNT_TLS_IF_OFFERED] = MES_SAY_cli_tls_if_offered,
    };
    return mes_say_text(language, sentences[tls]);
}

static const char *transport_word(int transport)
{
    return transport == MES_ACCOUNT_TRANSPORT_CAPTURE ? "capture" : "smtp";
}

static void write_account(struct mes_buf *out, const struct mes_account *account)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", MES_STR("account"));
    mes_json_write_text(&json, "name", mes_str_of(account->identity));
    mes_json_write_text(&json, "provider",
                        mes_str_of(account->provider != NULL ? account->provider->id : ""));
    mes_json_write_text(&json, "transport", mes_str_of(transport_word(account->transport)));
    mes_json_write_text(&json, "host", mes_str_of(account->host));
    mes_json_write_integer(&json, "port", account->port);
    mes_json_write_text(&json, "tls", mes_str_of(tls_word(account->tls)));
    mes_json_write_text(&json, "user", mes_str_of(account->user_name));
    mes_json_write_text(&json, "from", mes_str_of(account->from_address));
    mes_json_write_object_end(&json);
}

static void say_account(struct mes_buf *out, enum mes_language language, size_t number,
                        const struct mes_account *account)
{
    const char *provider = account->provider != NULL ? account->provider->name
                                                     : mes_say_text(language, MES_SAY_cli_provider_none);
    const char *user =
        account->user_name[0] != '\0' ? account->user_name : mes_say_text(language, MES_SAY_cli_login_none);
    if (account->transport == MES_ACCOUNT_TRANSPORT_CAPTURE) {
        mes_say(out, language, MES_SAY_cli_account_capture,
                MES_ARGS(MES_NUMBER(number), account->identity, account->from_address));
        return;
    }
    mes_say(out, language, MES_SAY_cli_account,
            MES_ARGS(MES_NUMBER(number), account->identity, account->host, MES_NUMBER(account->port),
                     tls_text(language, account->tls), user, account->from_address, provider));
}

static void put_accounts(struct mes_cli *cli, const struct mes_account_list *list)
{
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_ACCOUNT_LIMIT);
    for (size_t i = 0; i < mes_account_list_count(list); i++) {
        const struct mes_account *account = mes_account_list_at(list, i);
        if (mes_cli_has(cli->options, MES_CLI_OPT_JSON))
            write_account(&line, account);
        else
            say_account(&line, cli->language, i + 1, account);
        mes_cli_put_line(cli, &line);
    }
    mes_buf_fini(&line);
}

int mes_cli_accounts_list(struct mes_cli *cli)
{
    struct mes_account_list *list;
    int status = mes_cli_load_accounts(cli, &list);
    if (status == MES_CLI_EXIT_OK)
        put_accounts(cli, list);
    mes_account_list_free(&list);
    return status;
}

static void write_finding(struct mes_buf *out, enum mes_finding_kind kind, const struct mes_error *finding)
{
    static const char *const kinds[] = {
        [MES_FINDING_PROBLEM] = "problem", [MES_FINDING_WARNING] = "warning", [MES_FINDING_NOTE] = "note"};
    struct mes_json_writer json;
    struct mes_buf text;
    mes_buf_init(&text, MES_CLI_ACCOUNT_LIMIT);
    mes_say_error(&text, MES_EN, finding);
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", mes_str_of(kinds[kind]));
    mes_json_write_text(&json, "text", mes_buf_str(&text));
    mes_json_write_object_end(&json);
    mes_buf_fini(&text);
}

/* Of a check the findings are the result. */
static void put_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    struct mes_cli *cli = context;
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_ACCOUNT_LIMIT);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON))
        write_finding(&line, kind, finding);
    else
        add_finding(&line, cli->language, kind, finding);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

static void write_record(struct mes_buf *out, const char *account, const char *name, struct mes_str value)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", MES_STR("dkim"));
    mes_json_write_text(&json, "account", mes_str_of(account));
    mes_json_write_text(&json, "name", mes_str_of(name));
    mes_json_write_text(&json, "type", MES_STR("TXT"));
    mes_json_write_text(&json, "value", value);
    mes_json_write_object_end(&json);
}

/* What has to stand in the DNS for an account's signatures to count. */
static void put_record(struct mes_cli *cli, const struct mes_account *account)
{
    struct mes_buf line, name, value;
    mes_buf_init(&line, MES_CLI_ACCOUNT_LIMIT);
    mes_buf_init(&name, MES_CLI_ACCOUNT_LIMIT);
    mes_buf_init(&value, MES_CLI_ACCOUNT_LIMIT);
    mes_buf_add_format(&name, "%s._domainkey.%s", mes_mime_dkim_key_selector(account->dkim),
                       mes_mime_dkim_key_domain(account->dkim));
    mes_mime_dkim_key_record(account->dkim, &value);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON))
        write_record(&line, account->identity, mes_buf_text(&name), mes_buf_str(&value));
    else
        mes_say(&line, cli->language, MES_SAY_cli_dkim_record,
                MES_ARGS(account->identity, mes_buf_text(&name), mes_buf_text(&value)));
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
    mes_buf_fini(&name);
    mes_buf_fini(&value);
}

static void put_records(struct mes_cli *cli, const struct mes_account_list *list)
{
    for (size_t i = 0; i < mes_account_list_count(list); i++)
        if (mes_account_list_at(list, i)->dkim != NULL)
            put_record(cli, mes_account_list_at(list, i));
}

int mes_cli_accounts_check(struct mes_cli *cli)
{
    struct mes_account_list *list = NULL;
    struct mes_error error;
    int status = mes_cli_status_of(load(cli, put_finding, &list, &error), MES_CLI_EXIT_CONFIG);
    if (status == MES_CLI_EXIT_OK)
        put_records(cli, list);
    if (status == MES_CLI_EXIT_OK && mes_cli_has(cli->options, MES_CLI_OPT_LOGIN))
        status = mes_cli_login_all(cli, list);
    mes_account_list_free(&list);
    return status;
}
