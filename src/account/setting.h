/* The rows of settings.def as data: finding a setting by its key, and storing a typed value. */
#ifndef MES_ACCOUNT_SETTING_H
#define MES_ACCOUNT_SETTING_H

#include "account/account.h"

enum mes_setting_type {
    MES_SETTING_FLAG,
    MES_SETTING_NUMBER,
    MES_SETTING_CHOICE,
    MES_SETTING_TEXT,
    MES_SETTING_PATH,
    MES_SETTING_REMARK,
    MES_SETTING_SECRET,
    MES_SETTING_PROXY,
    MES_SETTING_LIST
};

struct mes_setting {
    const char *key;
    enum mes_setting_type type;
    const char *unit;     /* "" when it has none */
    int64_t least, most;  /* NUMBER */
    const char *words;    /* CHOICE: blanks between; else NULL */
    const char *standard; /* the default as text, "" = not given */
    int sentence;         /* what it is, for people */
    size_t offset;        /* of the member in its struct */
};

/* Whose settings: struct mes_account or struct mes_account_globals. */
enum mes_setting_scope { MES_SCOPE_ACCOUNT, MES_SCOPE_GLOBAL };

size_t mes_account_setting_count(enum mes_setting_scope scope);
/* `index` is a MES_ACCOUNT_SETTING_x or MES_GLOBAL_SETTING_x below the count. */
const struct mes_setting *mes_account_setting_at(enum mes_setting_scope scope, size_t index);

/* The number of the setting with this key or alias, whatever its case; mes_setting_count when there is none.
 */
size_t mes_account_setting_find(enum mes_setting_scope scope, struct mes_str key);
/* The key nearest to a mistyped one, NULL when none is near. */
const char *mes_account_setting_nearest(enum mes_setting_scope scope, struct mes_str key);

/* The alias `nth` of a setting, NULL past the last one. */
const char *mes_account_setting_alias(enum mes_setting_scope scope, size_t index, size_t nth);

/* The value of a CHOICE for a word, whatever its case, -1 when it is none; and the word for a value. */
int mes_account_setting_choice(const struct mes_setting *setting, struct mes_str word);
struct mes_str mes_account_setting_word(const struct mes_setting *setting, int choice);

/* The member of `record` (struct mes_account or struct mes_account_globals) that the setting is stored in. */
void *mes_account_setting_member(const struct mes_setting *setting, void *record);
const void *mes_account_setting_member_of(const struct mes_setting *setting, const void *record);

#endif
