/* Moves passwords out of the settings files: `accounts secrets`. */
#ifndef MES_ACCOUNT_SECRETS_H
#define MES_ACCOUNT_SECRETS_H

#include "account/load.h"

struct mes_secrets_listener {
    /* A secret now stands in `file`; `place` is where it stood, FILE:LINE:COLUMN. Only then, when the
     * settings file is in place. May be NULL. */
    void (*on_moved)(void *context, const char *place, const char *key, const char *file);
    /* The settings file as it was, secrets and all, readable by its owner alone: to be deleted by a person.
     * May be NULL. */
    void (*on_backup)(void *context, const char *file);
    void *context;
};

/* Writes each secret that stands in a settings file of `source` into a file of its own (0600) in the folder
 * "secrets" (0700) beside it, and puts "file:secrets/NAME" in its place; all other bytes of the settings file
 * stay, comments and order too. Each file is replaced in one step; the previous version is kept as FILE.bak
 * with mode 0600. A second call finds nothing to do. `count_out` is the number of secrets moved. */
int mes_account_secrets_move(const struct mes_account_source *source,
                             const struct mes_secrets_listener *listener, size_t *count_out,
                             struct mes_error *error) MES_MUST_USE;

#endif
