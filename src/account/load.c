#include "account/load.h"

#include "account/complete.h"
#include "account/exposure.h"
#include "account/list.h"
#include "account/open.h"
#include "account/service.h"
#include "account/value.h"
#include "base/alloc.h"
#include "base/file.h"
#include "i18n/say.h"

/* All texts of a list; a settings file of the largest size fits with every text copied. */
enum { MES_LIST_MOST_BYTES = 64 * 1024 * 1024 };

struct loading {
    struct mes_account_list *list;
    struct mes_complaints complaints;
    struct mes_account_opening opening;
};

static struct mes_valuer valuer_of(struct loading *loading)
{
    return (struct mes_valuer){.arena = &loading->list->arena,
                               .environment = loading->opening.environment,
                               .settings_file = loading->list->settings_file,
                               .complaints = &loading->complaints};
}

/* Stores every setting of one record; true when a password was written that cannot be had. */
static bool store(struct loading *loading, enum mes_setting_scope scope, size_t account, void *record,
                  struct mes_origin *origins)
{
    const struct mes_valuer valuer = valuer_of(loading);
    bool is_password_refused = false;
    for (size_t i = 0; i < mes_account_setting_count(scope); i++) {
        const struct mes_setting *setting = mes_account_setting_at(scope, i);
        struct mes_written written;
        size_t before = loading->complaints.count;
        origins[i] = (struct mes_origin){.place = ""};
        mes_account_value_store_default(&valuer, setting, record);
        if (!mes_account_layers_find(&loading->opening.layers, scope, account, i, &written))
            continue;
        origins[i] = written.origin;
        mes_account_value_store(&valuer, setting, &written, record);
        if (scope == MES_SCOPE_ACCOUNT && i == MES_ACCOUNT_SETTING_password)
            is_password_refused = loading->complaints.count > before;
    }
    return is_password_refused;
}

static struct mes_token_place token_place(struct loading *loading, size_t index)
{
    const struct mes_valuer valuer = valuer_of(loading);
    struct mes_written written;
    struct mes_token_place place = {MES_TOKEN_NOWHERE, ""};
    if (!mes_account_layers_find(&loading->opening.layers, MES_SCOPE_ACCOUNT, index,
                                 MES_ACCOUNT_SETTING_oauth_refresh_token, &written))
        return place;
    const char *file = mes_account_value_secret_file(&valuer, &written);
    const char *variable = mes_account_value_secret_variable(&valuer, &written);
    if (file != NULL)
        return (struct mes_token_place){MES_TOKEN_FILE, file};
    if (variable != NULL)
        return (struct mes_token_place){MES_TOKEN_VARIABLE, variable};
    place.kind = written.json != NULL ? MES_TOKEN_SETTINGS : MES_TOKEN_VARIABLE;
    place.name = written.origin.place;
    return place;
}

static void load_account(struct loading *loading, size_t index)
{
    struct mes_account_list *list = loading->list;
    struct mes_account *account = &list->accounts[list->count++];
    struct mes_completion completion = {.account = account,
                                        .place = mes_account_layers_origin(&loading->opening.layers, index),
                                        .arena = &list->arena,
                                        .complaints = &loading->complaints};
    completion.is_password_refused = store(loading, MES_SCOPE_ACCOUNT, index, account, account->origins);
    account->token_place = token_place(loading, index);
    if (loading->complaints.code == MES_E_NOMEM)
        return;
    if (!account->enabled) {
        mes_account_complaints_note(&loading->complaints, MES_SAY_account_disabled,
                                    MES_ARGS(MES_ORIGIN(&account->origins[MES_ACCOUNT_SETTING_enabled])));
        mes_account_clear(account);
        list->count--;
        return;
    }
    mes_account_complete(&completion);
}

static void load_accounts(struct loading *loading)
{
    struct mes_account_list *list = loading->list;
    size_t count = mes_account_layers_count(&loading->opening.layers);
    list->accounts = mes_arena_alloc(&list->arena, count * sizeof *list->accounts);
    if (list->accounts == NULL) {
        mes_account_complaints_nomem(&loading->complaints);
        return;
    }
    for (size_t i = 0; i < count && loading->complaints.code != MES_E_NOMEM; i++)
        load_account(loading, i);
    if (loading->complaints.code == MES_E_NOMEM)
        return;
    if (list->count == 0)
        mes_account_complaints_problem(&loading->complaints,
                                       count == 0 ? MES_SAY_account_no_list : MES_SAY_account_all_disabled,
                                       MES_ARGS(list->file));
    mes_account_identify(list->accounts, list->count, &list->arena, &loading->complaints);
    for (size_t i = 0; i < list->count && loading->complaints.code == 0; i++)
        mes_account_note_mode(&list->accounts[i], &loading->complaints);
}

/* The default is not looked up, so that sending needs no tzdata. */
static void load_globals(struct loading *loading)
{
    struct mes_account_globals *globals = &loading->list->globals;
    const struct mes_origin *zone = &globals->origins[MES_GLOBAL_SETTING_time_zone];
    store(loading, MES_SCOPE_GLOBAL, 0, globals, globals->origins);
    if (zone->kind != MES_ORIGIN_DEFAULT)
        mes_account_check_zone(globals->time_zone, "timeZone", zone, &loading->complaints);
    mes_account_check_service(globals, &loading->complaints);
    const char *folder = globals->mail_template_folder;
    if (folder[0] != '\0' && !mes_file_is_folder(folder))
        mes_account_complaints_warn(
            &loading->complaints, MES_SAY_account_no_such_folder,
            MES_ARGS(MES_ORIGIN(&globals->origins[MES_GLOBAL_SETTING_mail_template_folder]),
                     "mailTemplateFolder", folder));
}

static void load(struct loading *loading)
{
    struct mes_account_list *list = loading->list;
    if (mes_account_open(&loading->opening) != 0)
        return;
    list->file = loading->opening.file;
    list->settings_file = loading->opening.settings_file;
    mes_account_complaints_note(&loading->complaints, MES_SAY_account_file_used, MES_ARGS(list->file));
    load_globals(loading);
    load_accounts(loading);
    mes_account_exposure_warn(&loading->opening.layers, &loading->complaints);
}

int mes_account_load(const struct mes_account_source *source, struct mes_account_list **list_out,
                     struct mes_error *error)
{
    struct loading loading = {.complaints = {.listener = source->findings, .error = error}};
    *list_out = NULL;
    loading.list = mes_alloc(sizeof *loading.list);
    if (loading.list == NULL)
        return mes_fail_nomem(error);
    mes_arena_init(&loading.list->arena, MES_LIST_MOST_BYTES);
    loading.opening = (struct mes_account_opening){
        .source = source, .arena = &loading.list->arena, .complaints = &loading.complaints};
    load(&loading);
    mes_account_layers_fini(&loading.opening.layers);
    if (loading.complaints.code != 0)
        mes_account_list_free(&loading.list);
    *list_out = loading.list;
    return loading.complaints.code;
}

/* The public face knows warnings alone: notes are for those who ask, and the first problem is the error. */
struct notices {
    mes_notice_function *on_notice;
    void *context;
};

static void on_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    const struct notices *notices = context;
    if (kind == MES_FINDING_WARNING && notices->on_notice != NULL)
        notices->on_notice(notices->context, finding);
}

int mes_account_list_load(const char *path, const char *company, mes_notice_function *on_notice,
                          void *context, struct mes_account_list **list_out, struct mes_error *error)
{
    struct notices notices = {on_notice, context};
    struct mes_findings findings = {on_finding, &notices};
    struct mes_account_source source = {.path = path, .company = company, .findings = &findings};
    return mes_account_load(&source, list_out, error);
}
