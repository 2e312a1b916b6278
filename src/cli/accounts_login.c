/* mailenhance accounts login: a person authorizes an account, and its refresh token is kept. */
#include "account/list.h"
#include "account/token_keep.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "cli/accounts.h"
#include "cli/authorize.h"
#include "cli/status.h"
#include "json/write.h"

enum { TEXTS_MOST = 256 * 1024, LOCK_PAUSE_MS = 100, LOCK_TRIES = 150 };

/* Before a person is bothered: can it be written at all? */
static int check(const struct mes_account *account, struct mes_error *error)
{
    const struct mes_token_home home = mes_account_token_home(account);
    if (!account->uses_token)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_by_password, MES_ARGS(account->identity));
    if (home.place.kind == MES_TOKEN_VARIABLE)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_account_token_in_variable, MES_ARGS(home.place.name));
    if (home.place.kind == MES_TOKEN_NOWHERE && home.client.kind != MES_ORIGIN_FILE)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_account_token_in_variable, MES_ARGS(home.client.place));
    return 0;
}

/* A service that is just refreshing it would put its own over it. */
static void lock_file(const struct mes_token_home *home, int *lock)
{
    *lock = -1;
    for (int i = 0; home->place.kind == MES_TOKEN_FILE && i < LOCK_TRIES; i++) {
        if (mes_lock_try(home->place.name, lock) != MES_LOCK_BUSY)
            return;
        mes_clock_sleep(LOCK_PAUSE_MS);
    }
}

static void say_done(struct mes_cli *cli, const struct mes_account *account, const char *file)
{
    struct mes_json_writer json;
    struct mes_buf line;
    if (!mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_put_sentence(cli, MES_SAY_cli_authorize_done, MES_ARGS(account->identity, file));
        return;
    }
    mes_buf_init(&line, 16 * 1024);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", MES_STR("authorized"));
    mes_json_write_text(&json, "account", mes_str_of(account->identity));
    mes_json_write_text(&json, "file", mes_str_of(file));
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

/* The settings file is touched so that a running service reads them again. */
static int keep(struct mes_cli *cli, const struct mes_account_list *list, const struct mes_account *account,
                const struct mes_secret *refresh, struct mes_error *error)
{
    const struct mes_token_home home = mes_account_token_home(account);
    const struct mes_token_change change = {account->oauth_refresh_token, refresh};
    struct mes_arena texts;
    struct mes_error untouched;
    const char *file;
    int lock;
    mes_arena_init(&texts, TEXTS_MOST);
    lock_file(&home, &lock);
    int code = mes_account_token_keep(&home, &change, &texts, &file, error);
    mes_lock_release(&lock);
    if (code == 0) {
        say_done(cli, account, file);
        if (mes_file_touch(mes_account_list_settings_file(list), &untouched) != 0)
            mes_cli_tell(cli, MES_SAY_cli_authorize_reload, MES_NO_ARGS);
    }
    mes_arena_fini(&texts);
    return code;
}

static int log_in(struct mes_cli *cli, const struct mes_account_list *list, const char *name,
                  struct mes_error *error)
{
    const struct mes_account *account = mes_account_list_find(list, mes_str_of(name));
    struct mes_secret *refresh = NULL;
    if (account == NULL)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_delivery_no_such_account, MES_ARGS(name));
    int code = check(account, error);
    if (code == 0)
        code = mes_cli_has(cli->options, MES_CLI_OPT_DEVICE)
                   ? mes_cli_authorize_device(cli, account, &refresh, error)
                   : mes_cli_authorize_browser(cli, account, &refresh, error);
    if (code == 0)
        code = keep(cli, list, account, refresh, error);
    mes_secret_free(&refresh);
    return code;
}

int mes_cli_accounts_login(struct mes_cli *cli)
{
    const char *name = cli->options->words[2];
    struct mes_account_list *list;
    struct mes_error error;
    if (name == NULL) {
        mes_cli_tell(cli, MES_SAY_cli_operand_missing, MES_ARGS(cli->options->command->operands));
        return MES_CLI_EXIT_USAGE;
    }
    int status = mes_cli_load_accounts(cli, &list);
    if (status == MES_CLI_EXIT_OK && log_in(cli, list, name, &error) != 0)
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    mes_account_list_free(&list);
    return status;
}
