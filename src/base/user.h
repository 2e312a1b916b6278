/* Users of the system: who this process is, and becoming another one for good. */
#ifndef MES_BASE_USER_H
#define MES_BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "mes/error.h"

struct mes_user {
    char name[64]; /* "": the system knows none */
    uid_t id;
    gid_t group;
};

/* May this process do everything? */
bool mes_user_is_root(void);

/* False: there is no such user. Blocking. */
bool mes_user_find(const char *name, struct mes_user *user_out);

/* Whose it is, though the system may know no name. False: it does not exist. Blocking. */
bool mes_user_owner_of(const char *path, struct mes_user *user_out);

/* Root becomes the user, with the groups that it is in, and no way back: that is tried. Every thread of the
 * process changes with it. MES_E_SYSTEM: it could not be done, or could be undone: the process must end then.
 */
int mes_user_become(const struct mes_user *user, struct mes_error *error) MES_MUST_USE;

/* Makes a file or folder, and what a folder holds, belong to the user. Symbolic links are not followed.
 * MES_E_FILE. */
int mes_user_give(const struct mes_user *user, const char *path, struct mes_error *error) MES_MUST_USE;

#endif
