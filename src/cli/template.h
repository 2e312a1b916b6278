/* What sending has to say about its template. */
#ifndef MES_CLI_TEMPLATE_H
#define MES_CLI_TEMPLATE_H

#include "cli/cli.h"
#include "mes/account.h"

/* Tells when the template of --template is not there in the language of --lang, nor in one that its reader
 * reads too. A template that cannot be loaded is left to be refused with the mail. */
void mes_cli_template_check_language(struct mes_cli *cli, const struct mes_account_list *list);

#endif
