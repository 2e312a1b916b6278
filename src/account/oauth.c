/* Logging in by an access token: whether, and what belongs to it. */
#include "account/complete.h"

#include <string.h>

#include "http/url.h"
#include "i18n/say.h"

static const char *key_of(enum mes_account_setting setting)
{
    return mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key;
}

static void problem(const struct mes_completion *completion, enum mes_account_setting setting, int sentence,
                    const char *detail)
{
    mes_account_complaints_problem(
        completion->complaints, sentence,
        MES_ARGS(MES_ORIGIN(mes_account_completion_origin(completion, setting)), key_of(setting), detail));
}

/* Any of the settings says so; the first one that is written is where a contradiction is shown. */
static bool find_first(const struct mes_account *account, enum mes_account_setting *first_out)
{
    static const enum mes_account_setting all[] = {
        MES_ACCOUNT_SETTING_oauth_refresh_token, MES_ACCOUNT_SETTING_oauth_token_url,
        MES_ACCOUNT_SETTING_oauth_client_id,     MES_ACCOUNT_SETTING_oauth_client_secret,
        MES_ACCOUNT_SETTING_oauth_authorize_url, MES_ACCOUNT_SETTING_oauth_device_url,
        MES_ACCOUNT_SETTING_oauth_scope,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (mes_account_is_given(account, all[i])) {
            *first_out = all[i];
            return true;
        }
    return false;
}

static void fill(struct mes_account *account, enum mes_account_setting setting, const char *value)
{
    const char **member =
        mes_account_setting_member(mes_account_setting_at(MES_SCOPE_ACCOUNT, setting), account);
    if (value == NULL || (*member)[0] != '\0')
        return;
    *member = value;
    account->origins[setting] = (struct mes_origin){MES_ORIGIN_PROVIDER, account->provider->id, 0, 0};
}

static void fill_from_provider(struct mes_account *account)
{
    if (account->provider == NULL)
        return;
    const struct mes_provider_oauth *oauth = &account->provider->oauth;
    fill(account, MES_ACCOUNT_SETTING_oauth_token_url, oauth->token_url);
    fill(account, MES_ACCOUNT_SETTING_oauth_authorize_url, oauth->authorize_url);
    fill(account, MES_ACCOUNT_SETTING_oauth_device_url, oauth->device_url);
    fill(account, MES_ACCOUNT_SETTING_oauth_scope, oauth->scope);
}

/* What goes there is worth as much as a password; on this machine nobody listens in between. */
static void check_url(const struct mes_completion *completion, enum mes_account_setting setting)
{
    const char *const *member = mes_account_setting_member_of(
        mes_account_setting_at(MES_SCOPE_ACCOUNT, setting), completion->account);
    struct mes_http_url url;
    struct mes_error reason;
    if ((*member)[0] == '\0')
        return;
    int code = mes_http_url_parse(*member, &url, &reason);
    if (code == MES_E_NOMEM)
        mes_account_complaints_nomem(completion->complaints);
    else if (code != 0)
        problem(completion, setting, MES_SAY_account_bad_url, mes_error_argument(&reason, 0));
    else if (!url.is_tls && !mes_http_url_is_local(&url))
        problem(completion, setting, MES_SAY_account_url_in_clear, "");
}

static void check_urls(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    if (account->oauth_token_url[0] == '\0')
        problem(completion, MES_ACCOUNT_SETTING_oauth_token_url, MES_SAY_account_no_token_url, "");
    if (account->oauth_client_id[0] == '\0')
        problem(completion, MES_ACCOUNT_SETTING_oauth_client_id, MES_SAY_account_no_client_id, "");
    check_url(completion, MES_ACCOUNT_SETTING_oauth_token_url);
    check_url(completion, MES_ACCOUNT_SETTING_oauth_authorize_url);
    check_url(completion, MES_ACCOUNT_SETTING_oauth_device_url);
}

static void check_mechanism(const struct mes_completion *completion)
{
    int mechanism = completion->account->auth_mechanism;
    bool takes_password = mechanism > MES_AUTH_AUTO && mechanism < MES_AUTH_XOAUTH2;
    if (takes_password)
        problem(completion, MES_ACCOUNT_SETTING_auth_mechanism, MES_SAY_account_mechanism_without_token, "");
}

/* Only for who looks: Google, for one, gives a new one seldom. */
static void note_variable(const struct mes_completion *completion)
{
    const struct mes_token_place *place = &completion->account->token_place;
    enum mes_account_setting setting = MES_ACCOUNT_SETTING_oauth_refresh_token;
    if (place->kind == MES_TOKEN_VARIABLE)
        mes_account_complaints_note(completion->complaints, MES_SAY_account_token_not_replaceable,
                                    MES_ARGS(MES_ORIGIN(mes_account_completion_origin(completion, setting)),
                                             key_of(setting), place->name));
}

void mes_account_settle_token(struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    enum mes_account_setting first = MES_ACCOUNT_SETTING_oauth_token_url;
    account->uses_token = find_first(account, &first);
    if (!account->uses_token)
        return;
    if (!mes_secret_is_empty(account->password) || completion->is_password_refused)
        problem(completion, first, MES_SAY_account_token_and_password, "senderUserPassword");
    fill_from_provider(account);
    check_urls(completion);
    check_mechanism(completion);
    note_variable(completion);
    if (mes_secret_is_empty(account->oauth_refresh_token) && completion->complaints->count == 0)
        mes_account_complaints_warn(
            completion->complaints, MES_SAY_account_not_authorized,
            MES_ARGS(MES_ORIGIN(mes_account_completion_origin(completion, first)), account->from_address));
}
