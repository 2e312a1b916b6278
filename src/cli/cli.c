#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/terminal.h"
#include "cli/status.h"

enum { MES_CLI_LINE_LIMIT = 64 * 1024 };

static void note_failure(struct mes_cli *cli, bool is_written)
{
    if (!is_written && cli->output_error == 0)
        cli->output_error = errno != 0 ? errno : EIO;
}

/* A progress bar must go before anything else comes to the same terminal. */
static void make_room(struct mes_cli *cli, FILE *stream)
{
    if (cli->before_line != NULL && (stream == stderr || mes_terminal_is_live(stream)))
        cli->before_line(cli->context);
}

void mes_cli_put(struct mes_cli *cli, struct mes_str text)
{
    if (cli->output_error != 0)
        return;
    make_room(cli, stdout);
    errno = 0;
    note_failure(cli, fwrite(text.data, 1, text.size, stdout) == text.size);
}

void mes_cli_put_line(struct mes_cli *cli, struct mes_buf *line)
{
    mes_buf_add_char(line, '\n');
    mes_cli_put(cli, mes_buf_str(line));
    mes_buf_clear(line);
    if (cli->output_error == 0)
        note_failure(cli, fflush(stdout) == 0);
}

void mes_cli_put_sentence(struct mes_cli *cli, int sentence, const char *const *arguments)
{
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_LINE_LIMIT);
    mes_say(&line, cli->language, sentence, arguments);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

static void tell(struct mes_cli *cli, const struct mes_buf *line)
{
    make_room(cli, stderr);
    (void)fprintf(stderr, "mailenhance: %s\n", mes_buf_text(line));
}

void mes_cli_tell(struct mes_cli *cli, int sentence, const char *const *arguments)
{
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_LINE_LIMIT);
    mes_say(&line, cli->language, sentence, arguments);
    tell(cli, &line);
    mes_buf_fini(&line);
}

void mes_cli_tell_error(struct mes_cli *cli, const struct mes_error *error)
{
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_LINE_LIMIT);
    mes_say_error(&line, cli->language, error);
    tell(cli, &line);
    mes_buf_fini(&line);
}

int mes_cli_fail(struct mes_cli *cli, const struct mes_error *error, int missing)
{
    mes_cli_tell_error(cli, error);
    return mes_cli_status_of(error->code, missing);
}

void mes_cli_on_notice(void *context, const struct mes_error *notice)
{
    mes_cli_tell_error(context, notice);
}

int mes_cli_finish(struct mes_cli *cli, int status)
{
    errno = 0;
    if (cli->output_error == 0)
        note_failure(cli, fflush(stdout) == 0 && ferror(stdout) == 0);
    if (cli->output_error == 0)
        return status;
    mes_cli_tell(cli, MES_SAY_cli_output_lost, MES_ARGS(strerror(cli->output_error)));
    return MES_CLI_EXIT_IOERR;
}
