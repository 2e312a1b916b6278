/* Getting an account's authorization from a person, for `accounts login`. */
#ifndef MES_CLI_AUTHORIZE_H
#define MES_CLI_AUTHORIZE_H

#include "account/account.h"
#include "cli/cli.h"
#include "delivery/token_answer.h"

enum { MES_CLI_FORM_MOST = 512 * 1024 };

/* Both print what a person has to open, wait for it, and return the refresh token; nothing secret is printed.
 * MES_E_CANCELLED: nobody agreed, or somebody said no. MES_E_CONFIG: the provider does not take the settings.
 */

/* A page of the provider in a browser of this machine, which comes back to 127.0.0.1 (RFC 8252, RFC 7636). */
int mes_cli_authorize_browser(struct mes_cli *cli, const struct mes_account *account,
                              struct mes_secret **refresh_out, struct mes_error *error) MES_MUST_USE;
/* A short code that is entered in a browser anywhere (RFC 8628). */
int mes_cli_authorize_device(struct mes_cli *cli, const struct mes_account *account,
                             struct mes_secret **refresh_out, struct mes_error *error) MES_MUST_USE;

/* What both have in common: a form with the client's id, and its secret where it has one. */
void mes_cli_authorize_form(const struct mes_account *account, struct mes_buf *form);
/* Sends it, and wipes it. The answer may be an error of the server; it needs mes_token_answer_fini when 0 is
 * returned. */
int mes_cli_authorize_post(const struct mes_account *account, const char *url, struct mes_buf *form,
                           struct mes_token_answer *answer_out, struct mes_error *error) MES_MUST_USE;
/* Moves the refresh token out of an answer; fails with what the server said, or when there is none. */
int mes_cli_authorize_take(const struct mes_account *account, struct mes_token_answer *answer,
                           struct mes_secret **refresh_out, struct mes_error *error) MES_MUST_USE;

#endif
