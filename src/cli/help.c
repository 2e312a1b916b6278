#include "cli/help.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/status.h"
#include "i18n/say.h"
#include "mes/mes.h"
#include "json/write.h"

enum { MES_CLI_COMMAND_COLUMN = 20, MES_CLI_OPTION_COLUMN = 34, MES_CLI_HELP_LIMIT = 64 * 1024 };

/* Brings the line that began at `start` to `column`, or to a new line when it is past it. */
static void pad(struct mes_buf *out, size_t start, size_t column)
{
    if (out->size - start >= column) {
        mes_buf_add_char(out, '\n');
        start = out->size;
    }
    while (out->failed == 0 && out->size - start < column)
        mes_buf_add_char(out, ' ');
}

static void add_name(struct mes_buf *out, const struct mes_cli_command *command)
{
    mes_buf_add_text(out, command->noun);
    if (command->verb[0] == '\0')
        return;
    mes_buf_add_char(out, ' ');
    mes_buf_add_text(out, command->verb);
}

static void add_option(struct mes_buf *out, const struct mes_cli_option *option)
{
    mes_buf_add_text(out, "--");
    mes_buf_add_text(out, option->name);
    if (option->argument[0] == '\0')
        return;
    mes_buf_add_char(out, ' ');
    mes_buf_add_text(out, option->argument);
}

void mes_cli_help_overview(struct mes_buf *out, enum mes_language language)
{
    mes_say(out, language, MES_SAY_cli_help_head, MES_ARGS(mes_version()));
    mes_buf_add_text(out, "\n\n");
    for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++) {
        size_t start = out->size;
        mes_buf_add_text(out, "  ");
        add_name(out, &mes_cli_commands[i]);
        pad(out, start, MES_CLI_COMMAND_COLUMN);
        mes_say(out, language, mes_cli_commands[i].sentence, MES_NO_ARGS);
        mes_buf_add_char(out, '\n');
    }
    mes_buf_add_char(out, '\n');
    mes_say(out, language, MES_SAY_cli_help_foot, MES_NO_ARGS);
    mes_buf_add_char(out, '\n');
}

static void add_usage(struct mes_buf *out, enum mes_language language, const struct mes_cli_command *command)
{
    unsigned bit = 1u << (command - mes_cli_commands);
    mes_say(out, language, MES_SAY_cli_help_usage, MES_NO_ARGS);
    add_name(out, command);
    if (command->operands[0] != '\0') {
        mes_buf_add_char(out, ' ');
        mes_buf_add_text(out, command->operands);
    }
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++) {
        if ((mes_cli_option_table[i].needed_by & bit) == 0)
            continue;
        mes_buf_add_char(out, ' ');
        add_option(out, &mes_cli_option_table[i]);
    }
    mes_buf_add_text(out, " [--OPTION ...]\n\n");
}

void mes_cli_help_command(struct mes_buf *out, enum mes_language language,
                          const struct mes_cli_command *command)
{
    unsigned bit = 1u << (command - mes_cli_commands);
    add_usage(out, language, command);
    mes_say(out, language, command->sentence, MES_NO_ARGS);
    mes_buf_add_text(out, "\n\n");
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++) {
        const struct mes_cli_option *option = &mes_cli_option_table[i];
        if ((option->taken_by & bit) == 0)
            continue;
        size_t start = out->size;
        mes_buf_add_text(out, "  ");
        add_option(out, option);
        pad(out, start, MES_CLI_OPTION_COLUMN);
        mes_say(out, language, option->sentence, MES_NO_ARGS);
        mes_buf_add_char(out, '\n');
    }
    mes_buf_add_char(out, '\n');
    mes_say(out, language, MES_SAY_cli_help_statuses, MES_NO_ARGS);
    mes_buf_add_char(out, '\n');
}

static void write_command(struct mes_buf *out, const struct mes_cli_command *command)
{
    unsigned bit = 1u << (command - mes_cli_commands);
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "noun", mes_str_of(command->noun));
    mes_json_write_text(&json, "verb", mes_str_of(command->verb));
    mes_json_write_text(&json, "text", mes_str_of(mes_say_text(MES_EN, command->sentence)));
    mes_json_write_list(&json, "options");
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++) {
        const struct mes_cli_option *option = &mes_cli_option_table[i];
        if ((option->taken_by & bit) == 0)
            continue;
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "name", mes_str_of(option->name));
        mes_json_write_text(&json, "argument", mes_str_of(option->argument));
        mes_json_write_flag(&json, "needed", (option->needed_by & bit) != 0);
        mes_json_write_flag(&json, "repeats", option->repeats);
        mes_json_write_text(&json, "text", mes_str_of(mes_say_text(MES_EN, option->sentence)));
        mes_json_write_object_end(&json);
    }
    mes_json_write_list_end(&json);
    mes_json_write_object_end(&json);
    mes_buf_add_char(out, '\n');
}

static bool is_meant(const struct mes_cli_command *command, const char *const *words, size_t count)
{
    if (count == 0)
        return true;
    if (strcmp(command->noun, words[0]) != 0)
        return false;
    return count < 2 || command->verb[0] == '\0' || strcmp(command->verb, words[1]) == 0;
}

/* `words` stand after "help" or before --help; false when they name nothing. */
static bool write_help(struct mes_buf *out, struct mes_cli *cli, const char *const *words, size_t count)
{
    bool is_json = mes_cli_has(cli->options, MES_CLI_OPT_JSON);
    bool is_found = false;
    if (count == 0 && !is_json) {
        mes_cli_help_overview(out, cli->language);
        return true;
    }
    for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++) {
        if (!is_meant(&mes_cli_commands[i], words, count))
            continue;
        if (is_json) {
            write_command(out, &mes_cli_commands[i]);
        } else {
            mes_buf_add_text(out, is_found ? "\n" : "");
            mes_cli_help_command(out, cli->language, &mes_cli_commands[i]);
        }
        is_found = true;
    }
    return is_found;
}

int mes_cli_help(struct mes_cli *cli)
{
    const struct mes_cli_options *options = cli->options;
    size_t skip = options->word_count > 0 && strcmp(options->words[0], "help") == 0 ? 1 : 0;
    struct mes_buf out;
    mes_buf_init(&out, MES_CLI_HELP_LIMIT);
    bool is_known = write_help(&out, cli, options->words + skip, options->word_count - skip);
    if (is_known)
        mes_cli_put(cli, mes_buf_str(&out));
    else
        mes_cli_tell(cli, MES_SAY_cli_unknown_command, MES_ARGS(options->words[skip]));
    mes_buf_fini(&out);
    return is_known ? MES_CLI_EXIT_OK : MES_CLI_EXIT_USAGE;
}
