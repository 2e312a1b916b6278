/* Finds the files of the account list, whatever the case of their names. */
#ifndef MES_ACCOUNT_FIND_H
#define MES_ACCOUNT_FIND_H

#include "base/arena.h"
#include "base/error.h"

/* In all of these the result is a path in the arena, or NULL with 0 when there is no such file; an error is
 * that memory is used up or that a folder cannot be read. Of several names that differ in case the smallest
 * by bytes is taken, so that the choice never depends on the file system. */

/* The settings file: `path` itself, the same name in another case, or, where `path` is a folder,
 * AppSetting.json, AppSettings.json in it. */
int mes_account_find_settings(const char *path, struct mes_arena *arena, const char **file_out,
                              struct mes_error *error) MES_MUST_USE;

/* SenderEmailAccountList_ID.json, SenderEmailAccountListID.json (`company`), or SenderEmailAccountList.json
 * (`company` NULL): first in the folder Config beside the settings file, then beside it. */
int mes_account_find_list(const char *settings, const char *company, struct mes_arena *arena,
                          const char **file_out, struct mes_error *error) MES_MUST_USE;

/* The folders in which lists are looked for, in this order: Config beside the settings file (data NULL when
 * there is none), and the settings file's own. Both end with '/' and a NUL behind it, but for "", the working
 * folder. */
int mes_account_find_folders(const char *settings, struct mes_arena *arena, struct mes_str folders_out[2],
                             struct mes_error *error) MES_MUST_USE;

/* The company whose list a file of this name is: the ID in SenderEmailAccountList_ID.json, whatever its case.
 * False: it is no such file. */
bool mes_account_find_company(const char *name, struct mes_str *company_out);

/* appsettings.{Environment}.json beside the settings file, with that file's own stem first. */
int mes_account_find_environment_file(const char *settings, const char *environment, struct mes_arena *arena,
                                      const char **file_out, struct mes_error *error) MES_MUST_USE;

/* A company's id: 1 to 64 of [A-Za-z0-9_-], so that it can stand in a file's name. */
bool mes_account_find_is_company(struct mes_str company);

#endif
