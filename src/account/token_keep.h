/* The refresh token of an account where it is written: a provider gives a new one with each use, and the old
 * one may be good for nothing then. Blocking: never on the loop thread. */
#ifndef MES_ACCOUNT_TOKEN_KEEP_H
#define MES_ACCOUNT_TOKEN_KEEP_H

#include "account/account.h"
#include "base/arena.h"

/* All that is needed to find it again. The texts are borrowed. */
struct mes_token_home {
    struct mes_token_place place;
    struct mes_origin client; /* where oauthClientId is written: in the account, whatever its place */
    const char *client_id;
};

/* Of the account's settings, whose texts it borrows. */
struct mes_token_home mes_account_token_home(const struct mes_account *account);

/* The token that a file holds now: another process may have replaced it. */
int mes_account_token_read(const char *file, struct mes_secret **token_out,
                           struct mes_error *error) MES_MUST_USE;

struct mes_token_change {
    const struct mes_secret *old; /* NULL: none yet */
    const struct mes_secret *fresh;
};

/* Writes the fresh one where the old one stands. A file is replaced, in one step, and what it held is
 * kept as FILE.bak. A token in the settings themselves, or none yet, goes into a file of its own beside them,
 * which they name from then on; everything else in them stays, and the version before is kept as FILE.bak.
 * `file_out`: the file that holds it now, in the arena. MES_E_CONFIG, naming it, for a variable, and when the
 * account is not where it was. */
int mes_account_token_keep(const struct mes_token_home *home, const struct mes_token_change *change,
                           struct mes_arena *arena, const char **file_out,
                           struct mes_error *error) MES_MUST_USE;

#endif
