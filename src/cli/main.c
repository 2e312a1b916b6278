/* The program: reads the command line, runs the sub-command, and sees that nothing is lost on the way out. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cli/cli.h"
#include "cli/status.h"

static int (*const functions[MES_CLI_COMMAND_COUNT])(struct mes_cli *cli) = {
#define COMMAND(id, noun, verb, function, operands, sentence) function,
#include "cli/command.def"
#undef COMMAND
};

static int refuse(struct mes_cli *cli, const struct mes_error *error)
{
    const struct mes_cli_command *command = cli->options->command;
    int status = mes_cli_fail(cli, error, MES_CLI_EXIT_DATA);
    if (command != NULL)
        mes_cli_tell(cli, MES_SAY_cli_see_help, MES_ARGS(command->noun));
    return status;
}

static int run(struct mes_cli *cli)
{
    const struct mes_cli_options *options = cli->options;
    if (options->word_count > 0 && !mes_cli_has(options, MES_CLI_OPT_HELP))
        return functions[options->command - mes_cli_commands](cli);
    /* Only who asked for help is answered on standard output, and with success. */
    if (mes_cli_has(options, MES_CLI_OPT_HELP))
        return mes_cli_help(cli);
    mes_cli_tell(cli, MES_SAY_cli_no_command, MES_NO_ARGS);
    return MES_CLI_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct mes_cli_options options;
    struct mes_error error;
    struct mes_cli cli = {.options = &options, .language = mes_cli_language(argc, argv)};
    mes_process_protect();
    mes_process_keep_streams();
    mes_process_ignore_broken_pipes();
    mes_alloc_stop_on_failure();
    int code = mes_cli_options_parse(argc, argv, &options, &error);
    int status = code != 0 ? refuse(&cli, &error) : run(&cli);
    mes_cli_options_fini(&options);
    return mes_cli_finish(&cli, status);
}
