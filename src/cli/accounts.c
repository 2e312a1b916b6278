/* mailenhance accounts list: the accounts in their order. */
#include "cli/accounts.h"

#include "account/account.h"
#include "cli/status.h"
#include "json/write.h"

enum { MES_CLI_ACCOUNT_LIMIT = 64 * 1024 };

int mes_cli_load_accounts(struct mes_cli *cli, struct mes_account_list **list_out)
{
    struct mes_error error;
    const char *path = mes_cli_text(cli->options, MES_CLI_OPT_CONFIG);
    const char *company = mes_cli_text(cli->options, MES_CLI_OPT_COMPANY);
    if (mes_account_list_load(path, company, mes_cli_on_notice, cli, list_out, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    mes_cli_tell(cli, MES_SAY_cli_accounts_from, MES_ARGS(mes_account_list_file(*list_out)));
    return MES_CLI_EXIT_OK;
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

static void write_account(struct mes_buf *out, const struct mes_account *account)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "name", mes_str_of(account->identity));
    mes_json_write_text(&json, "provider",
                        mes_str_of(account->provider != NULL ? account->provider->id : ""));
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
    mes_say(out, language, MES_SAY_cli_account,
            MES_ARGS(MES_NUMBER(number), account->identity, account->host, MES_NUMBER(account->port),
                     tls_text(language, account->tls), user, account->from_address, provider));
}

int mes_cli_accounts_list(struct mes_cli *cli)
{
    struct mes_account_list *list;
    struct mes_buf line;
    int status = mes_cli_load_accounts(cli, &list);
    if (status != MES_CLI_EXIT_OK)
        return status;
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
    mes_account_list_free(&list);
    return MES_CLI_EXIT_OK;
}
