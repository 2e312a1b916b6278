/* Loading the account list as every sub-command does it. */
#ifndef MES_CLI_ACCOUNTS_H
#define MES_CLI_ACCOUNTS_H

#include "account/finding.h"
#include "cli/cli.h"
#include "mes/account.h"

/* Loads what --config and --company name; warnings, the refusal, and the file that was used go to standard
 * error. Returns an exit status; the list is only there when it is 0. */
int mes_cli_load_accounts(struct mes_cli *cli, struct mes_account_list **list_out);
/* The same for who only wants the settings of the service: of the findings, problems alone are told. */
int mes_cli_load_settings(struct mes_cli *cli, struct mes_account_list **list_out);

/* Is there a file to load: --config, or what `serve` without a file has made in this folder? */
bool mes_cli_has_settings(const struct mes_cli *cli);

/* Tells what loading finds, on standard error; `context` is the struct mes_cli. */
void mes_cli_tell_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding);

#endif
