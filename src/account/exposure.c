#include "account/exposure.h"

#include "account/git.h"
#include "account/value.h"
#include "base/file.h"
#include "i18n/say.h"

static bool is_secret(const struct mes_json_value *member)
{
    size_t index = mes_account_setting_find(MES_SCOPE_ACCOUNT, member->key);
    if (index == MES_ACCOUNT_SETTING_COUNT)
        return false;
    const struct mes_setting *setting = mes_account_setting_at(MES_SCOPE_ACCOUNT, index);
    if (setting->type == MES_SETTING_PROXY)
        return member->kind == MES_JSON_TEXT && mes_account_proxy_has_password(member->text);
    return mes_account_value_is_inline_secret(setting, member);
}

static bool has_secret(const struct mes_json_value *object)
{
    const struct mes_json_value *member = object->first;
    while (member != NULL && !is_secret(member))
        member = member->next;
    return member != NULL;
}

static bool holds_secrets(const struct mes_layer *layer)
{
    const struct mes_json_value *account = layer->accounts != NULL ? layer->accounts->first : NULL;
    for (; account != NULL; account = account->next)
        if (has_secret(account))
            return true;
    return false;
}

void mes_account_exposure_warn(const struct mes_layers *layers, struct mes_complaints *complaints)
{
    for (size_t i = 0; i < layers->count; i++) {
        const char *file = layers->files[i].file;
        if (!holds_secrets(&layers->files[i]))
            continue;
        if (mes_file_is_exposed(file))
            mes_account_complaints_warn(complaints, MES_SAY_account_exposed, MES_ARGS(file));
        if (mes_account_git_tracks(file))
            mes_account_complaints_warn(complaints, MES_SAY_account_tracked, MES_ARGS(file));
    }
}
