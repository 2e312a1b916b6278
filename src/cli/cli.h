/* What every sub-command is given, and how it speaks: results to standard output, all else to standard error.
 */
#ifndef MES_CLI_CLI_H
#define MES_CLI_CLI_H

#include "base/buf.h"
#include "cli/options.h"
#include "i18n/say.h"

struct mes_cli {
    const struct mes_cli_options *options;
    enum mes_language language;
    int output_error; /* errno of the first failed write to standard output, 0 while all went well */
    void (*before_line)(void *context); /* called before anything is written, to take a progress bar away */
    void *context;
};

/* Writes to standard output; a failure is remembered in `output_error`, and nothing more is written after it.
 */
void mes_cli_put(struct mes_cli *cli, struct mes_str text);
/* The same for what was built in `line`, with a line end, written out at once; `line` is emptied. */
void mes_cli_put_line(struct mes_cli *cli, struct mes_buf *line);
/* One sentence as a line of standard output. */
void mes_cli_put_sentence(struct mes_cli *cli, int sentence, const char *const *arguments);

/* One line on standard error, "mailenhance: …", in the user's language. */
void mes_cli_tell(struct mes_cli *cli, int sentence, const char *const *arguments);
void mes_cli_tell_error(struct mes_cli *cli, const struct mes_error *error);
/* Tells the error and returns the exit status for it; `missing` as in mes_cli_status_of. */
int mes_cli_fail(struct mes_cli *cli, const struct mes_error *error, int missing);
/* mes_cli_tell_error as a receiver of warnings; `context` is the struct mes_cli. */
void mes_cli_on_notice(void *context, const struct mes_error *notice);

/* Writes out what is left. Returns `status`, or EX_IOERR when output was lost. */
int mes_cli_finish(struct mes_cli *cli, int status);

#endif
