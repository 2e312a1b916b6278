/* The help, made from the tables of commands and options. */
#ifndef MES_CLI_HELP_H
#define MES_CLI_HELP_H

#include "base/buf.h"
#include "cli/options.h"
#include "mes/language.h"

/* All commands, one line each. */
void mes_cli_help_overview(struct mes_buf *out, enum mes_language language);

/* One command with its options. */
void mes_cli_help_command(struct mes_buf *out, enum mes_language language,
                          const struct mes_cli_command *command);

#endif
