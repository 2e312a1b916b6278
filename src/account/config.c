#include "account/config.h"

#include "account/finding.h"
#include "account/list.h"
#include "i18n/say.h"

enum { VALUE_MOST = 1024 * 1024 };

/* A robot's URL holds its key: only scheme and host are shown. */
static void add_item(struct mes_buf *out, struct mes_str text)
{
    size_t scheme = mes_str_find(text, MES_STR("://"), 0);
    size_t path = scheme != SIZE_MAX ? mes_str_find(text, MES_STR("/"), scheme + 3) : SIZE_MAX;
    mes_buf_add_str(out, path != SIZE_MAX ? mes_str_cut(text, 0, path + 1) : text);
    mes_buf_add_text(out, path != SIZE_MAX ? "***" : "");
}

static void add_list(struct mes_buf *out, const struct mes_text_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mes_buf_add_text(out, i > 0 ? ", " : "");
        add_item(out, mes_str_of(list->texts[i]));
    }
}

static void add_value(struct mes_buf *out, const struct mes_setting *setting, const void *member)
{
    switch (setting->type) {
    case MES_SETTING_FLAG:
        mes_buf_add_text(out, *(const bool *)member ? "true" : "false");
        break;
    case MES_SETTING_NUMBER:
        mes_buf_add_uint(out, (uint64_t) * (const int64_t *)member);
        break;
    case MES_SETTING_CHOICE:
        mes_buf_add_str(out, mes_account_setting_word(setting, *(const int *)member));
        break;
    case MES_SETTING_TEXT:
    case MES_SETTING_PATH:
    case MES_SETTING_REMARK:
        mes_buf_add_text(out, *(const char *const *)member);
        break;
    case MES_SETTING_SECRET:
        mes_buf_add_text(out, mes_secret_is_empty(*(struct mes_secret *const *)member) ? "" : "***");
        break;
    case MES_SETTING_PROXY:
        mes_account_proxy_show(member, out);
        break;
    case MES_SETTING_LIST:
        add_list(out, member);
        break;
    }
}

/* The settings of one record, a struct mes_account or mes_account_globals. */
struct walk {
    void (*on_row)(void *context, const struct mes_config_row *row);
    void *context;
    struct mes_buf value;
};

static void walk_record(struct walk *walk, enum mes_setting_scope scope, const char *account,
                        const void *record, const struct mes_origin *origins)
{
    for (size_t i = 0; i < mes_account_setting_count(scope); i++) {
        const struct mes_setting *setting = mes_account_setting_at(scope, i);
        mes_buf_truncate(&walk->value, 0);
        add_value(&walk->value, setting, mes_account_setting_member_of(setting, record));
        struct mes_config_row row = {.account = account,
                                     .setting = setting,
                                     .value = mes_buf_text(&walk->value),
                                     .origin = &origins[i]};
        if (walk->value.failed == 0)
            walk->on_row(walk->context, &row);
    }
}

int mes_account_config_walk(const struct mes_account_list *list,
                            void (*on_row)(void *context, const struct mes_config_row *row), void *context,
                            struct mes_error *error)
{
    struct walk walk = {.on_row = on_row, .context = context};
    mes_buf_init(&walk.value, VALUE_MOST);
    walk_record(&walk, MES_SCOPE_GLOBAL, NULL, &list->globals, list->globals.origins);
    for (size_t i = 0; i < list->count; i++)
        walk_record(&walk, MES_SCOPE_ACCOUNT, list->accounts[i].identity, &list->accounts[i],
                    list->accounts[i].origins);
    int code = mes_buf_check(&walk.value, error);
    mes_buf_fini(&walk.value);
    return code;
}

void mes_account_config_origin(struct mes_buf *out, enum mes_language language,
                               const struct mes_origin *origin)
{
    static const int sentences[] = {[MES_ORIGIN_DEFAULT] = MES_SAY_account_origin_default,
                                    [MES_ORIGIN_PROVIDER] = MES_SAY_account_origin_provider,
                                    [MES_ORIGIN_FILE] = MES_SAY_account_origin_file,
                                    [MES_ORIGIN_ENVIRONMENT] = MES_SAY_account_origin_variable};
    mes_say(out, language, sentences[origin->kind], MES_ARGS(MES_ORIGIN(origin)));
}
