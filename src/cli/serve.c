/* mailenhance serve: the service, until it is told to stop. */
#include <stdio.h>

#include "base/terminal.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/status.h"
#include "daemon/daemon.h"
#include "json/write.h"

enum { LINE_MOST = 64 * 1024 };

static void put_json(struct mes_cli *cli, const struct mes_daemon_ready *ready)
{
    struct mes_buf line;
    struct mes_json_writer json;
    mes_buf_init(&line, LINE_MOST);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "url", mes_str_of(ready->url));
    mes_json_write_text(&json, "settings", mes_str_of(ready->settings));
    mes_json_write_text(&json, "keyFile", mes_str_of(ready->key_file));
    mes_json_write_flag(&json, "capturing", ready->is_capturing);
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

/* The key is for the eyes of who stands before the terminal, never for a file that keeps the output. */
static void on_ready(void *context, const struct mes_daemon_ready *ready)
{
    struct mes_cli *cli = context;
    bool is_terminal = mes_terminal_is_live(stdout);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        put_json(cli, ready);
        return;
    }
    mes_cli_put_sentence(cli, MES_SAY_cli_serve_url, MES_ARGS(ready->url));
    mes_cli_put_sentence(cli, MES_SAY_cli_serve_settings, MES_ARGS(ready->settings));
    if (ready->is_capturing)
        mes_cli_put_sentence(cli, MES_SAY_cli_serve_capturing, MES_ARGS(ready->url));
    if (ready->key.size > 0 && is_terminal)
        mes_cli_put_sentence(cli, MES_SAY_cli_serve_key, MES_ARGS(MES_TEXT(ready->key), ready->key_file));
    else if (ready->key.size > 0)
        mes_cli_put_sentence(cli, MES_SAY_cli_serve_key_file, MES_ARGS(ready->key_file));
    if (ready->key.size > 0)
        mes_cli_put_sentence(cli, MES_SAY_cli_serve_try, MES_ARGS(ready->key_file, ready->url));
}

int mes_cli_serve(struct mes_cli *cli)
{
    struct mes_error error = {0};
    const struct mes_daemon_listener listener = {
        .on_finding = mes_cli_tell_finding, .on_ready = on_ready, .context = cli};
    int code = mes_daemon_run(mes_cli_text(cli->options, MES_CLI_OPT_CONFIG), &listener, &error);
    return code == 0 ? MES_CLI_EXIT_OK : mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
}
