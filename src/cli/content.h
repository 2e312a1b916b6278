/* What the mail says: everything of the command line but its recipients. */
#ifndef MES_CLI_CONTENT_H
#define MES_CLI_CONTENT_H

#include "cli/cli.h"
#include "mes/message.h"

/* Options that exclude or need each other, and values that lack their = or : (MES_E_USAGE). Reads nothing. */
int mes_cli_content_check(const struct mes_cli_options *options, struct mes_error *error) MES_MUST_USE;

/* Sender, subject, bodies, template, variables, headers, and files unless --queue uploads them.
 * `template_folder` may be NULL. */
int mes_cli_content_add(struct mes_cli *cli, struct mes_message *message, const char *template_folder,
                        struct mes_error *error) MES_MUST_USE;

/* Splits "NAME=VALUE" at the first `sign`: the name goes to `name_out` (emptied first), the value is
 * returned. The text has been through mes_cli_content_check. */
const char *mes_cli_split(const char *text, char sign, struct mes_buf *name_out);

#endif
