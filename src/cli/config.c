/* mailenhance config show: every setting, its value, and where it comes from. */
#include "account/config.h"

#include "cli/accounts.h"
#include "cli/status.h"
#include "json/write.h"

enum { MES_CLI_SETTING_LIMIT = 64 * 1024 };

struct showing {
    struct mes_cli *cli;
    const char *section; /* the account whose settings are being shown; NULL: globalConfig */
    bool has_begun;
    struct mes_buf line;
};

static void write_row(struct mes_buf *out, const struct mes_config_row *row)
{
    static const char *const origins[] = {[MES_ORIGIN_DEFAULT] = "default",
                                          [MES_ORIGIN_PROVIDER] = "provider",
                                          [MES_ORIGIN_FILE] = "file",
                                          [MES_ORIGIN_ENVIRONMENT] = "environment"};
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    if (row->account != NULL)
        mes_json_write_text(&json, "account", mes_str_of(row->account));
    else
        mes_json_write_null(&json, "account");
    mes_json_write_text(&json, "key", mes_str_of(row->setting->key));
    mes_json_write_text(&json, "value", mes_str_of(row->value));
    mes_json_write_text(&json, "origin", mes_str_of(origins[row->origin->kind]));
    mes_json_write_text(&json, "place", mes_str_of(row->origin->place));
    mes_json_write_integer(&json, "line", row->origin->line);
    mes_json_write_integer(&json, "column", row->origin->column);
    mes_json_write_object_end(&json);
}

static void put_section(struct showing *showing, const char *account)
{
    bool is_new = !showing->has_begun || account != showing->section;
    if (!is_new)
        return;
    if (account != NULL)
        mes_cli_put_sentence(showing->cli, MES_SAY_cli_config_account, MES_ARGS(account));
    else
        mes_cli_put_sentence(showing->cli, MES_SAY_cli_bare, MES_ARGS("globalConfig"));
    showing->section = account;
    showing->has_begun = true;
}

static void say_row(struct showing *showing, const struct mes_config_row *row)
{
    struct mes_buf origin;
    bool has_unit = row->setting->unit[0] != '\0' && row->value[0] != '\0';
    put_section(showing, row->account);
    mes_buf_init(&origin, MES_CLI_SETTING_LIMIT);
    mes_account_config_origin(&origin, showing->cli->language, row->origin);
    mes_buf_add_format(&showing->line, "  %s = %s%s%s  (%s)", row->setting->key, row->value,
                       has_unit ? " " : "", has_unit ? row->setting->unit : "", mes_buf_text(&origin));
    mes_buf_fini(&origin);
}

static void on_row(void *context, const struct mes_config_row *row)
{
    struct showing *showing = context;
    if (mes_cli_has(showing->cli->options, MES_CLI_OPT_JSON))
        write_row(&showing->line, row);
    else
        say_row(showing, row);
    mes_cli_put_line(showing->cli, &showing->line);
}

int mes_cli_config_show(struct mes_cli *cli)
{
    struct mes_account_list *list;
    struct mes_error error;
    struct showing showing = {.cli = cli};
    int status = mes_cli_load_accounts(cli, &list);
    if (status != MES_CLI_EXIT_OK)
        return status;
    mes_buf_init(&showing.line, MES_CLI_SETTING_LIMIT);
    if (mes_account_config_walk(list, on_row, &showing, &error) != 0)
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    mes_buf_fini(&showing.line);
    mes_account_list_free(&list);
    return status;
}
