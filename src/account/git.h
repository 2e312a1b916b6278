/* Does git keep a file? Answered from git's index, without running git. */
#ifndef MES_ACCOUNT_GIT_H
#define MES_ACCOUNT_GIT_H

#include "base/str.h"

/* True when `path` lies in a git work tree whose index lists it. False also when that cannot be found out:
 * the answer is for a warning. Reads files: never on the loop thread. */
bool mes_account_git_tracks(const char *path);

/* Is `name` ("Config/a.json") an entry of an index, versions 2 to 4 with SHA-1 names? */
bool mes_account_git_index_has(struct mes_str index, struct mes_str name);

#endif
