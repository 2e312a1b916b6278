/* What `config show` tells: each setting, its value and where it comes from. */
#ifndef MES_ACCOUNT_CONFIG_H
#define MES_ACCOUNT_CONFIG_H

#include "account/setting.h"
#include "base/buf.h"
#include "mes/language.h"

/* A row. Valid during the call alone. */
struct mes_config_row {
    const char *account; /* the identity; NULL: globalConfig */
    const struct mes_setting *setting;
    const char *value; /* secrets as "***"; "" when there is none */
    const struct mes_origin *origin;
};

/* Calls `on_row` for every setting of globalConfig, then of each account, in the table's order. MES_E_NOMEM.
 */
int mes_account_config_walk(const struct mes_account_list *list,
                            void (*on_row)(void *context, const struct mes_config_row *row), void *context,
                            struct mes_error *error) MES_MUST_USE;

/* Appends the origin in words: "default", "provider qq.com", "variable NAME", "FILE:LINE:COLUMN". */
void mes_account_config_origin(struct mes_buf *out, enum mes_language language,
                               const struct mes_origin *origin);

#endif
