#include "account/list.h"

#include "account/setting.h"
#include "base/alloc.h"
#include "mime/dkim_key.h"

static void free_secrets(enum mes_setting_scope scope, void *record)
{
    for (size_t i = 0; i < mes_account_setting_count(scope); i++) {
        const struct mes_setting *setting = mes_account_setting_at(scope, i);
        if (setting->type == MES_SETTING_SECRET)
            mes_secret_free(mes_account_setting_member(setting, record));
        else if (setting->type == MES_SETTING_PROXY)
            mes_secret_free(
                &((struct mes_account_proxy *)mes_account_setting_member(setting, record))->password);
    }
}

void mes_account_clear(struct mes_account *account)
{
    free_secrets(MES_SCOPE_ACCOUNT, account);
    mes_mime_dkim_key_free(&account->dkim);
    *account = (struct mes_account){0};
}

void mes_account_list_free(struct mes_account_list **list)
{
    if (*list == NULL)
        return;
    for (size_t i = 0; i < (*list)->count; i++)
        mes_account_clear(&(*list)->accounts[i]);
    free_secrets(MES_SCOPE_GLOBAL, &(*list)->globals);
    mes_arena_fini(&(*list)->arena);
    mes_free(*list);
    *list = NULL;
}

size_t mes_account_list_count(const struct mes_account_list *list)
{
    return list->count;
}

const struct mes_account *mes_account_list_at(const struct mes_account_list *list, size_t index)
{
    return index < list->count ? &list->accounts[index] : NULL;
}

const char *mes_account_list_name(const struct mes_account_list *list, size_t index)
{
    return index < list->count ? list->accounts[index].identity : NULL;
}

const struct mes_account *mes_account_list_find(const struct mes_account_list *list, struct mes_str identity)
{
    for (size_t i = 0; i < list->count; i++)
        if (mes_str_eq_nocase(mes_str_of(list->accounts[i].identity), identity))
            return &list->accounts[i];
    return NULL;
}

const struct mes_account_globals *mes_account_list_globals(const struct mes_account_list *list)
{
    return &list->globals;
}

const char *mes_account_list_file(const struct mes_account_list *list)
{
    return list->file;
}

const char *mes_account_list_settings_file(const struct mes_account_list *list)
{
    return list->settings_file;
}
