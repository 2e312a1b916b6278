#include "account/setting.h"

#include "base/nearest.h"
#include "i18n/say.h"

#define ANY .words = NULL
#define BETWEEN(least_, most_) .least = (least_), .most = (most_)
#define ONE_OF(words_) .words = (words_)
/* The range comes last, for it brings commas of its own. */
#define ROW(record, member, key_, type_, unit_, standard_, sentence_, ...)                                   \
    {.key = (key_),                                                                                          \
     .type = MES_SETTING_##type_,                                                                            \
     .unit = (unit_),                                                                                        \
     .standard = (standard_),                                                                                \
     .sentence = (sentence_),                                                                                \
     .offset = offsetof(struct record, member),                                                              \
     __VA_ARGS__},

#define ACCOUNT_ALIAS(key, member)
#define GLOBAL_SETTING(...)
#define ACCOUNT_SETTING(member, key, type, unit, range, standard)                                            \
    ROW(mes_account, member, key, type, unit, standard, MES_SAY_account_doc_##member, range)
static const struct mes_setting account_settings[] = {
#include "account/settings.def"
};
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING

#define ACCOUNT_SETTING(...)
#define GLOBAL_SETTING(member, key, type, unit, range, standard)                                             \
    ROW(mes_account_globals, member, key, type, unit, standard, MES_SAY_account_doc_##member, range)
static const struct mes_setting global_settings[] = {
#include "account/settings.def"
};
#undef GLOBAL_SETTING
#undef ACCOUNT_ALIAS

#define GLOBAL_SETTING(...)
#define ACCOUNT_ALIAS(key_, member) {(key_), MES_ACCOUNT_SETTING_##member},
static const struct {
    const char *key;
    size_t index;
} aliases[] = {
#include "account/settings.def"
};
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING
#undef ACCOUNT_ALIAS

enum { ALIAS_COUNT = sizeof aliases / sizeof aliases[0] };

size_t mes_account_setting_count(enum mes_setting_scope scope)
{
    return scope == MES_SCOPE_ACCOUNT ? (size_t)MES_ACCOUNT_SETTING_COUNT : (size_t)MES_GLOBAL_SETTING_COUNT;
}

const struct mes_setting *mes_account_setting_at(enum mes_setting_scope scope, size_t index)
{
    return scope == MES_SCOPE_ACCOUNT ? &account_settings[index] : &global_settings[index];
}

size_t mes_account_setting_find(enum mes_setting_scope scope, struct mes_str key)
{
    size_t count = mes_account_setting_count(scope);
    for (size_t i = 0; i < count; i++)
        if (mes_str_eq_nocase(mes_str_of(mes_account_setting_at(scope, i)->key), key))
            return i;
    for (size_t i = 0; i < ALIAS_COUNT && scope == MES_SCOPE_ACCOUNT; i++)
        if (mes_str_eq_nocase(mes_str_of(aliases[i].key), key))
            return aliases[i].index;
    return count;
}

const char *mes_account_setting_nearest(enum mes_setting_scope scope, struct mes_str key)
{
    struct mes_nearest nearest;
    mes_nearest_init(&nearest, key);
    for (size_t i = 0; i < mes_account_setting_count(scope); i++)
        mes_nearest_offer(&nearest, mes_account_setting_at(scope, i)->key);
    return nearest.found;
}

const char *mes_account_setting_alias(enum mes_setting_scope scope, size_t index, size_t nth)
{
    for (size_t i = 0; i < ALIAS_COUNT && scope == MES_SCOPE_ACCOUNT; i++)
        if (aliases[i].index == index && nth-- == 0)
            return aliases[i].key;
    return NULL;
}

int mes_account_setting_choice(const struct mes_setting *setting, struct mes_str word)
{
    struct mes_str words = mes_str_of(setting->words);
    struct mes_str known;
    for (int choice = 0; mes_str_next(&words, ' ', &known); choice++)
        if (mes_str_eq_nocase(known, word))
            return choice;
    return -1;
}

struct mes_str mes_account_setting_word(const struct mes_setting *setting, int choice)
{
    struct mes_str words = mes_str_of(setting->words);
    struct mes_str word = MES_STR("");
    while (choice-- >= 0 && mes_str_next(&words, ' ', &word)) {
    }
    return word;
}

void *mes_account_setting_member(const struct mes_setting *setting, void *record)
{
    return (char *)record + setting->offset;
}

const void *mes_account_setting_member_of(const struct mes_setting *setting, const void *record)
{
    return (const char *)record + setting->offset;
}
