/* Loads the account list: finds the files, puts them and the environment over each other, and checks every
 * account. */
#ifndef MES_ACCOUNT_LOAD_H
#define MES_ACCOUNT_LOAD_H

#include "account/finding.h"

struct mes_account_source {
    const char *path;    /* a settings file, a bare list, or the folder of a settings file */
    const char *company; /* NULL: the general list */
    /* "NAME=value" texts ended by NULL; NULL: the process's own. Used are DOTNET_ENVIRONMENT, the overrides,
     * and what env:NAME names. */
    const char *const *environment;
    const struct mes_findings *findings; /* may be NULL */
};

/* Everything that is wrong goes to `findings`, and the first of it to `error`. Blocking: never on the loop
 * thread. MES_E_NOT_FOUND: no such file. MES_E_CONFIG: the list cannot be used. Overrides of accounts, by a
 * file or a variable, do not touch a company's own list. */
int mes_account_load(const struct mes_account_source *source, struct mes_account_list **list_out,
                     struct mes_error *error) MES_MUST_USE;

#endif
