/* mailenhance accounts secrets: moves passwords out of the settings file. */
#include "account/secrets.h"

#include "cli/cli.h"
#include "cli/status.h"
#include "json/write.h"

enum { MES_CLI_SECRET_LIMIT = 16 * 1024 };

static void on_moved(void *context, const char *place, const char *key, const char *file)
{
    struct mes_cli *cli = context;
    struct mes_json_writer json;
    struct mes_buf line;
    if (!mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_put_sentence(cli, MES_SAY_cli_secret_moved, MES_ARGS(place, key, file));
        return;
    }
    mes_buf_init(&line, MES_CLI_SECRET_LIMIT);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "place", mes_str_of(place));
    mes_json_write_text(&json, "key", mes_str_of(key));
    mes_json_write_text(&json, "file", mes_str_of(file));
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

static void on_backup(void *context, const char *file)
{
    mes_cli_tell(context, MES_SAY_cli_secret_backup, MES_ARGS(file));
}

int mes_cli_accounts_secrets(struct mes_cli *cli)
{
    const struct mes_secrets_listener listener = {
        .on_moved = on_moved, .on_backup = on_backup, .context = cli};
    struct mes_error error;
    size_t count = 0;
    const struct mes_account_source source = {
        .path = mes_cli_text(cli->options, MES_CLI_OPT_CONFIG),
        .company = mes_cli_text(cli->options, MES_CLI_OPT_COMPANY),
    };
    if (mes_account_secrets_move(&source, &listener, &count, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    if (count == 0)
        mes_cli_tell(cli, MES_SAY_cli_secret_none, MES_NO_ARGS);
    return MES_CLI_EXIT_OK;
}
