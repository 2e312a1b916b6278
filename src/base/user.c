#include "base/user.h"

#include <errno.h>
#include <fts.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

bool mes_user_is_root(void)
{
    return geteuid() == 0;
}

bool mes_user_find(const char *name, struct mes_user *user_out)
{
    char texts[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (strlen(name) >= sizeof user_out->name || getpwnam_r(name, &entry, texts, sizeof texts, &found) != 0 ||
        found == NULL)
        return false;
    *user_out = (struct mes_user){.id = found->pw_uid, .group = found->pw_gid};
    (void)snprintf(user_out->name, sizeof user_out->name, "%s", name);
    return true;
}

bool mes_user_owner_of(const char *path, struct mes_user *user_out)
{
    char texts[4096];
    struct stat status;
    struct passwd entry;
    struct passwd *found = NULL;
    if (stat(path, &status) != 0)
        return false;
    *user_out = (struct mes_user){.id = status.st_uid, .group = status.st_gid};
    if (getpwuid_r(status.st_uid, &entry, texts, sizeof texts, &found) == 0 && found != NULL)
        (void)snprintf(user_out->name, sizeof user_out->name, "%s", found->pw_name);
    return true;
}

static int take_groups(const struct mes_user *user)
{
    return user->name[0] != '\0' ? initgroups(user->name, user->group) : setgroups(1, &user->group);
}

/* Whoever can become root again has not given anything up. */
static bool can_go_back(const struct mes_user *user)
{
    return setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setegid(0) == 0 || getuid() != user->id ||
           geteuid() != user->id || getgid() != user->group || getegid() != user->group;
}

int mes_user_become(const struct mes_user *user, struct mes_error *error)
{
    if (take_groups(user) != 0)
        return mes_fail_system(error, "initgroups", errno);
    if (setresgid(user->group, user->group, user->group) != 0)
        return mes_fail_system(error, "setresgid", errno);
    if (setresuid(user->id, user->id, user->id) != 0)
        return mes_fail_system(error, "setresuid", errno);
    if (can_go_back(user))
        return mes_fail_system(error, "setresuid", EPERM);
    return 0;
}

int mes_user_give(const struct mes_user *user, const char *path, struct mes_error *error)
{
    char *paths[] = {(char *)path, NULL};
    int reason = 0;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (walk == NULL)
        return mes_fail_file(error, path, errno);
    for (FTSENT *entry = fts_read(walk); entry != NULL && reason == 0; entry = fts_read(walk))
        if (entry->fts_info != FTS_DP && lchown(entry->fts_accpath, user->id, user->group) != 0)
            reason = errno;
    (void)fts_close(walk);
    return reason == 0 ? 0 : mes_fail_file(error, path, reason);
}
