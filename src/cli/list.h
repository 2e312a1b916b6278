/* A CSV list of recipients: a header row with `address`, perhaps `name`, and a variable in each other column.
 */
#ifndef MES_CLI_LIST_H
#define MES_CLI_LIST_H

#include "cli/recipients.h"

/* Reads `path` row by row into the message, whatever its size and charset; bad rows are told with their line.
 * Every column is a variable of its recipient, `address` and `name` too. */
int mes_cli_list_add(struct mes_cli_recipients *recipients, const char *path,
                     struct mes_error *error) MES_MUST_USE;

#endif
