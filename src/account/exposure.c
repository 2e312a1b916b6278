#include "account/exposure.h"

#include "account/git.h"
#include "account/value.h"
#include "base/file.h"
#include "i18n/say.h"

static bool has_secret(const struct mes_json_value *object)
{
    const struct mes_json_value *member = object->first;
    for (; member != NULL; member = member->next) {
        size_t setting = mes_account_setting_find(MES_SCOPE_ACCOUNT, member->key);
        if (setting < MES_ACCOUNT_SETTING_COUNT &&
            mes_account_value_is_inline_secret(mes_account_setting_at(MES_SCOPE_ACCOUNT, setting), member))
            return true;
    }
    return false;
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
