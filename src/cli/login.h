/* accounts check --login: each account is logged in to, and nothing is sent. */
#ifndef MES_CLI_LOGIN_H
#define MES_CLI_LOGIN_H

#include "cli/cli.h"
#include "mes/account.h"

/* One after the other, each with its line on standard output. Returns an exit status:
 * MES_CLI_EXIT_UNAVAILABLE when a login fails. */
int mes_cli_login_all(struct mes_cli *cli, const struct mes_account_list *list);

#endif
