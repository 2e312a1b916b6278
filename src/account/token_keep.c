#include "account/token_keep.h"

#include <string.h>

#include "account/edit.h"
#include "account/secret_file.h"
#include "account/setting.h"
#include "base/file.h"
#include "i18n/say.h"

static const char *key_of(enum mes_account_setting setting)
{
    return mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key;
}

struct mes_token_home mes_account_token_home(const struct mes_account *account)
{
    return (struct mes_token_home){.place = account->token_place,
                                   .client = account->origins[MES_ACCOUNT_SETTING_oauth_client_id],
                                   .client_id = account->oauth_client_id};
}

int mes_account_token_read(const char *file, struct mes_secret **token_out, struct mes_error *error)
{
    struct mes_buf content;
    *token_out = NULL;
    mes_buf_init(&content, MES_SECRET_FILE_MOST);
    int code = mes_account_secret_read(file, &content, error);
    if (code == 0) {
        *token_out = mes_secret_new(mes_buf_str(&content));
        code = *token_out != NULL ? 0 : mes_fail_nomem(error);
    }
    mes_wipe(content.data, content.size);
    mes_buf_fini(&content);
    return code;
}

/* ---- in the settings ---- */

struct writing {
    const struct mes_token_home *home;
    const char *settings;
    struct mes_str old, fresh;
    struct mes_arena *arena;
    struct mes_buf text;
    struct mes_json *json;
};

static const struct mes_json_value *next_of(const struct mes_json_value *value)
{
    if (value->first != NULL)
        return value->first;
    while (value != NULL && value->next == NULL)
        value = value->parent;
    return value != NULL ? value->next : NULL;
}

/* The token itself; or, where there is none yet, the client id in the place where it was read. */
static bool is_sought(const struct writing *writing, const struct mes_json_value *value)
{
    const struct mes_origin *client = &writing->home->client;
    if (writing->home->place.kind == MES_TOKEN_SETTINGS)
        return mes_str_eq_nocase(value->key, mes_str_of(key_of(MES_ACCOUNT_SETTING_oauth_refresh_token))) &&
               mes_str_eq(value->text, writing->old);
    return mes_str_eq_nocase(value->key, mes_str_of(key_of(MES_ACCOUNT_SETTING_oauth_client_id))) &&
           mes_str_eq(value->text, mes_str_of(writing->home->client_id)) &&
           value->place.line == client->line && value->place.column == client->column;
}

static const struct mes_json_value *find_account(const struct writing *writing)
{
    const struct mes_json_value *value = mes_json_root(writing->json);
    while (value != NULL && !is_sought(writing, value))
        value = next_of(value);
    return value != NULL ? value->parent : NULL;
}

static size_t number_of(const struct mes_json_value *account)
{
    size_t number = 1;
    for (const struct mes_json_value *one = account->parent != NULL ? account->parent->first : account;
         one != account; one = one->next)
        number++;
    return number;
}

/* First the secret, then the file that names it: whoever reads in between sees the old state. */
static int write_both(struct writing *writing, const struct mes_json_value *account, const char **file_out,
                      struct mes_error *error)
{
    const char *key = key_of(MES_ACCOUNT_SETTING_oauth_refresh_token);
    char label[MES_SECRET_LABEL + 1];
    struct mes_secret_file put;
    struct mes_buf reference, edited;
    mes_account_secret_label(account, number_of(account), label);
    const struct mes_secret_writing secret = {
        .settings = writing->settings, .label = label, .key = key, .secret = writing->fresh};
    int code = mes_account_secret_write(&secret, writing->arena, &put, error);
    if (code != 0)
        return code;
    mes_buf_init(&reference, MES_SECRET_FILE_MOST);
    mes_buf_init(&edited, 2 * MES_JSON_MOST_BYTES);
    mes_buf_add_text(&reference, "file:");
    mes_buf_add_text(&reference, put.reference);
    mes_account_edit_member(mes_buf_str(&writing->text), account, key, mes_buf_str(&reference), &edited);
    const struct mes_account_edit edit = {writing->settings, mes_buf_str(&writing->text),
                                          mes_buf_str(&edited)};
    code = mes_buf_check(&edited, error);
    if (code == 0)
        code = mes_account_edit_write(&edit, writing->arena, NULL, error);
    mes_wipe(edited.data, edited.size);
    mes_buf_fini(&edited);
    mes_buf_fini(&reference);
    *file_out = put.file;
    return code;
}

static int edit_settings(struct writing *writing, const char **file_out, struct mes_error *error)
{
    const char *settings = writing->settings;
    mes_buf_init(&writing->text, MES_JSON_MOST_BYTES);
    int code = mes_file_read(settings, &writing->text, error);
    if (code == 0)
        code = mes_json_parse(settings, mes_buf_str(&writing->text), MES_JSON_KEYS_ANY_CASE, &writing->json,
                              error);
    if (code == 0) {
        const struct mes_json_value *account = find_account(writing);
        code = account != NULL
                   ? write_both(writing, account, file_out, error)
                   : mes_fail(error, MES_E_CONFIG, MES_SAY_account_token_place_changed, MES_ARGS(settings));
    }
    mes_json_free(&writing->json);
    mes_wipe(writing->text.data, writing->text.size);
    mes_buf_fini(&writing->text);
    return code;
}

/* ---- all places ---- */

static int replace_file(const struct mes_token_home *home, struct mes_str fresh, struct mes_arena *arena,
                        const char **file_out, struct mes_error *error)
{
    *file_out = mes_arena_copy(arena, mes_str_of(home->place.name));
    return *file_out != NULL ? mes_account_secret_replace(home->place.name, fresh, error)
                             : mes_fail_nomem(error);
}

int mes_account_token_keep(const struct mes_token_home *home, const struct mes_token_change *change,
                           struct mes_arena *arena, const char **file_out, struct mes_error *error)
{
    struct writing writing = {.home = home,
                              .settings = home->client.place,
                              .old = mes_secret_reveal(change->old),
                              .fresh = mes_secret_reveal(change->fresh),
                              .arena = arena};
    *file_out = NULL;
    switch (home->place.kind) {
    case MES_TOKEN_FILE:
        return replace_file(home, writing.fresh, arena, file_out, error);
    case MES_TOKEN_SETTINGS:
        writing.settings = home->place.name;
        return edit_settings(&writing, file_out, error);
    case MES_TOKEN_NOWHERE:
        if (home->client.kind == MES_ORIGIN_FILE)
            return edit_settings(&writing, file_out, error);
        return mes_fail(error, MES_E_CONFIG, MES_SAY_account_token_in_variable, MES_ARGS(home->client.place));
    case MES_TOKEN_VARIABLE:
        break;
    }
    return mes_fail(error, MES_E_CONFIG, MES_SAY_account_token_in_variable, MES_ARGS(home->place.name));
}
