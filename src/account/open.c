#include "account/open.h"

#include "account/find.h"
#include "base/environment.h"
#include "base/file.h"
#include "i18n/say.h"

static int fail(struct mes_account_opening *opening, const struct mes_error *problem)
{
    mes_account_complaints_take(opening->complaints, problem);
    return opening->complaints->code;
}

static int fail_sentence(struct mes_account_opening *opening, int code, int sentence,
                         const char *const *arguments)
{
    struct mes_error problem;
    mes_fail(&problem, code, sentence, arguments);
    return fail(opening, &problem);
}

static int add_file(struct mes_account_opening *opening, const char *file)
{
    struct mes_error problem;
    if (mes_account_layers_add_file(&opening->layers, file, opening->arena, &problem) != 0)
        return fail(opening, &problem);
    return 0;
}

static int add_settings(struct mes_account_opening *opening)
{
    const char *file;
    struct mes_error problem;
    if (mes_account_find_settings(opening->source->path, opening->arena, &file, &problem) != 0)
        return fail(opening, &problem);
    if (file == NULL)
        return fail_sentence(opening, MES_E_NOT_FOUND,
                             mes_file_is_folder(opening->source->path) ? MES_SAY_account_no_file_in_folder
                                                                       : MES_SAY_account_no_file,
                             MES_ARGS(opening->source->path));
    opening->settings_file = file;
    opening->file = file;
    return add_file(opening, file);
}

/* A list in a file of its own takes the place of the one in the settings file. */
static int add_list(struct mes_account_opening *opening, const char *company)
{
    const char *file;
    struct mes_error problem;
    if (mes_account_find_list(opening->settings_file, company, opening->arena, &file, &problem) != 0)
        return fail(opening, &problem);
    if (file == NULL)
        return 0;
    opening->layers.files[0].accounts = NULL;
    opening->file = file;
    opening->is_company = company != NULL;
    if (add_file(opening, file) != 0)
        return opening->complaints->code;
    if (opening->layers.files[opening->layers.count - 1].accounts == NULL)
        return fail_sentence(opening, MES_E_CONFIG, MES_SAY_account_no_list, MES_ARGS(file));
    return 0;
}

static int choose_list(struct mes_account_opening *opening)
{
    const char *company = opening->source->company;
    if (company != NULL && !mes_account_find_is_company(mes_str_of(company)))
        return fail_sentence(opening, MES_E_CONFIG, MES_SAY_account_bad_company, MES_ARGS(company));
    if (company != NULL && add_list(opening, company) != 0)
        return opening->complaints->code;
    if (!opening->is_company && opening->layers.files[0].accounts == NULL)
        return add_list(opening, NULL);
    return 0;
}

/* appsettings.{Environment}.json stands over the settings file, so only where there is one. */
static int add_environment_file(struct mes_account_opening *opening)
{
    const char *environment = mes_environment_find(opening->environment, MES_STR("DOTNET_ENVIRONMENT"));
    const char *file;
    struct mes_error problem;
    if (environment == NULL || mes_json_root(opening->layers.files[0].json)->kind != MES_JSON_OBJECT)
        return 0;
    if (mes_account_find_environment_file(opening->settings_file, environment, opening->arena, &file,
                                          &problem) != 0)
        return fail(opening, &problem);
    if (file == NULL)
        return 0;
    mes_account_complaints_note(opening->complaints, MES_SAY_account_overridden_by, MES_ARGS(file));
    if (add_file(opening, file) != 0)
        return opening->complaints->code;
    if (opening->is_company)
        opening->layers.files[opening->layers.count - 1].accounts = NULL;
    return 0;
}

int mes_account_open(struct mes_account_opening *opening)
{
    opening->environment =
        opening->source->environment != NULL ? opening->source->environment : mes_environment();
    if (add_settings(opening) != 0 || choose_list(opening) != 0 || add_environment_file(opening) != 0)
        return opening->complaints->code;
    if (mes_account_layers_add_environment(&opening->layers, opening->environment, !opening->is_company,
                                           opening->arena, opening->complaints) != 0) {
        mes_account_complaints_nomem(opening->complaints);
        return MES_E_NOMEM;
    }
    mes_account_layers_check_keys(&opening->layers, opening->complaints);
    return 0;
}
