/* From what somebody wrote to a typed value in the record. */
#ifndef MES_ACCOUNT_VALUE_H
#define MES_ACCOUNT_VALUE_H

#include "account/layers.h"

struct mes_valuer {
    struct mes_arena *arena;        /* takes texts and lists */
    const char *const *environment; /* for env:NAME */
    const char *settings_file;      /* paths in variables are relative to its folder */
    struct mes_complaints *complaints;
};

/* Stores the default of a setting into `record`, a struct mes_account or mes_account_globals that is all
 * zero. */
void mes_account_value_store_default(const struct mes_valuer *valuer, const struct mes_setting *setting,
                                     void *record);

/* Stores what was written; a problem leaves the default. A secret in `record` belongs to it. */
void mes_account_value_store(const struct mes_valuer *valuer, const struct mes_setting *setting,
                             const struct mes_written *written, void *record);

/* The line end that an editor or `echo` puts behind a secret in a file is no part of it. */
struct mes_str mes_account_value_without_line_end(struct mes_str text);

/* The file of a secret that is written as file:PATH, in the arena; NULL for any other, or without memory. */
const char *mes_account_value_secret_file(const struct mes_valuer *valuer, const struct mes_written *written);
/* The variable of one that is written as env:NAME, in the same way. */
const char *mes_account_value_secret_variable(const struct mes_valuer *valuer,
                                              const struct mes_written *written);

/* Is it a secret that stands in the file itself, rather than env:NAME or file:PATH? */
bool mes_account_value_is_inline_secret(const struct mes_setting *setting,
                                        const struct mes_json_value *value);

/* `path` joined with the folder of `file`, in the arena; NULL when memory is used up. */
const char *mes_account_value_join(struct mes_arena *arena, const char *file, struct mes_str path);

#endif
