/* Where settings are written: files one over the other, and the environment's variables over them. */
#ifndef MES_ACCOUNT_LAYERS_H
#define MES_ACCOUNT_LAYERS_H

#include "account/finding.h"
#include "account/setting.h"
#include "base/arena.h"
#include "base/buf.h"
#include "json/parse.h"

/* A file. Either part is NULL where the file has none or where it does not count. */
struct mes_layer {
    const char *file;
    struct mes_buf text; /* as it was read; wiped when the layers are closed */
    struct mes_json *json;
    const struct mes_json_value *accounts; /* the list */
    const struct mes_json_value *globals;  /* globalConfig */
};

/* A variable in the manner of the .NET configuration binder: senderEmailAccountList__0__senderUserPassword,
 * globalConfig__timeZone; names match whatever their case. */
struct mes_variable {
    const char *name;
    struct mes_str value;
    enum mes_setting_scope scope;
    size_t account; /* MES_SCOPE_ACCOUNT: from 0 */
    size_t setting;
};

enum { MES_LAYERS_MOST = 3, MES_ACCOUNTS_MOST = 1000 };

struct mes_layers {
    struct mes_layer files[MES_LAYERS_MOST]; /* the later wins */
    size_t count;
    struct mes_variable *variables; /* these win over all files */
    size_t variable_count;
};

/* A value as somebody wrote it. */
struct mes_written {
    struct mes_str text;
    const struct mes_json_value *json; /* NULL: a variable */
    struct mes_origin origin;
};

/* Reads a file as the next layer and finds its parts: a bare list, or an object with senderEmailAccountList
 * at its top or under globalConfig. The texts are in the arena. */
int mes_account_layers_add_file(struct mes_layers *layers, const char *file, struct mes_arena *arena,
                                struct mes_error *error) MES_MUST_USE;
/* Takes what concerns us from `environment` ("NAME=value" texts, ended by NULL), which must live as long.
 * Variables that look like ours but name no setting are warned of. `accounts_count` false leaves those of
 * accounts out. */
int mes_account_layers_add_environment(struct mes_layers *layers, const char *const *environment,
                                       bool accounts_count, struct mes_arena *arena,
                                       struct mes_complaints *complaints) MES_MUST_USE;
void mes_account_layers_fini(struct mes_layers *layers);

/* How many accounts there are: the longest list, or one more than the highest number in a variable. */
size_t mes_account_layers_count(const struct mes_layers *layers);

/* The value in force of a setting, false when nobody wrote one (or wrote null). `account` is not looked at
 * for MES_SCOPE_GLOBAL. */
bool mes_account_layers_find(const struct mes_layers *layers, enum mes_setting_scope scope, size_t account,
                             size_t setting, struct mes_written *written_out);

/* Where the account as a whole is written. */
struct mes_origin mes_account_layers_origin(const struct mes_layers *layers, size_t account);

/* Tells of keys that are no setting, with the nearest one that is, of keys beside their alias, and of
 * accounts that are no objects. */
void mes_account_layers_check_keys(const struct mes_layers *layers, struct mes_complaints *complaints);

#endif
