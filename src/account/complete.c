#include "account/complete.h"

#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "base/zone.h"
#include "i18n/say.h"
#include "mime/address.h"

bool mes_account_is_given(const struct mes_account *account, enum mes_account_setting setting)
{
    enum mes_origin_kind kind = account->origins[setting].kind;
    return kind == MES_ORIGIN_FILE || kind == MES_ORIGIN_ENVIRONMENT;
}

const struct mes_origin *mes_account_completion_origin(const struct mes_completion *completion,
                                                       enum mes_account_setting setting)
{
    bool is_given = mes_account_is_given(completion->account, setting);
    return is_given ? &completion->account->origins[setting] : &completion->place;
}

static void problem(const struct mes_completion *completion, enum mes_account_setting setting, int sentence,
                    const char *detail)
{
    mes_account_complaints_problem(completion->complaints, sentence,
                                   MES_ARGS(MES_ORIGIN(mes_account_completion_origin(completion, setting)),
                                            mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key, detail));
}

static void warn(const struct mes_completion *completion, enum mes_account_setting setting, int sentence,
                 const char *detail)
{
    mes_account_complaints_warn(completion->complaints, sentence,
                                MES_ARGS(MES_ORIGIN(mes_account_completion_origin(completion, setting)),
                                         mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key, detail));
}

static void fill_number(struct mes_account *account, enum mes_account_setting setting, int64_t value)
{
    if (mes_account_is_given(account, setting) || value <= 0)
        return;
    int64_t *member = mes_account_setting_member(mes_account_setting_at(MES_SCOPE_ACCOUNT, setting), account);
    *member = value;
    account->origins[setting] = (struct mes_origin){MES_ORIGIN_PROVIDER, account->provider->id, 0, 0};
}

static void fill_from_provider(struct mes_account *account)
{
    const struct mes_provider *provider = account->provider;
    struct mes_origin origin = {MES_ORIGIN_PROVIDER, provider->id, 0, 0};
    if (account->host[0] == '\0' && provider->host != NULL) {
        account->host = provider->host;
        account->origins[MES_ACCOUNT_SETTING_host] = origin;
    }
    if (!mes_account_is_given(account, MES_ACCOUNT_SETTING_pipelining) &&
        provider->pipelining != MES_PIPELINING_AUTO) {
        account->pipelining = (int)provider->pipelining;
        account->origins[MES_ACCOUNT_SETTING_pipelining] = origin;
    }
    fill_number(account, MES_ACCOUNT_SETTING_per_minute, provider->per_minute.value);
    fill_number(account, MES_ACCOUNT_SETTING_per_hour, provider->per_hour.value);
    fill_number(account, MES_ACCOUNT_SETTING_per_day, provider->per_day.value);
    fill_number(account, MES_ACCOUNT_SETTING_max_recipients_per_message, provider->recipients.value);
    fill_number(account, MES_ACCOUNT_SETTING_max_message_bytes, provider->message_bytes.value);
    fill_number(account, MES_ACCOUNT_SETTING_max_connections, provider->connections.value);
    fill_number(account, MES_ACCOUNT_SETTING_max_messages_per_connection,
                provider->messages_per_connection.value);
}

/* Without a server a mistyped provider is the fault; beside one, senderOfCompany may be any text. */
static void complain_of_provider(const struct mes_completion *completion)
{
    const char *name = completion->account->sender_of_company;
    const struct mes_origin *origin =
        mes_account_completion_origin(completion, MES_ACCOUNT_SETTING_sender_of_company);
    const struct mes_provider *provider;
    struct mes_nearest nearest;
    mes_nearest_init(&nearest, mes_str_of(name));
    for (size_t i = 0; (provider = mes_account_provider_at(i)) != NULL; i++)
        mes_nearest_offer(&nearest, provider->id);
    mes_account_complaints_problem(completion->complaints,
                                   nearest.found != NULL ? MES_SAY_account_unknown_provider_near
                                                         : MES_SAY_account_unknown_provider,
                                   MES_ARGS(MES_ORIGIN(origin), "senderOfCompany", name, nearest.found));
}

/* "smtp.qq.com:465" and "https://…" are the usual mistakes; an IPv6 address has more than one colon. */
static void check_host(const struct mes_completion *completion)
{
    const char *host = completion->account->host;
    const char *colon = strchr(host, ':');
    bool has_port = colon != NULL && strchr(colon + 1, ':') == NULL;
    if (host[0] == '\0' && completion->account->sender_of_company[0] != '\0' &&
        completion->account->provider == NULL)
        complain_of_provider(completion);
    else if (host[0] == '\0')
        problem(completion, MES_ACCOUNT_SETTING_host, MES_SAY_account_no_host, "");
    else if (has_port || strpbrk(host, " /@\"<>\\") != NULL)
        problem(completion, MES_ACCOUNT_SETTING_host, MES_SAY_account_bad_host, host);
}

/* Stands in EHLO: one word of ASCII. */
static void check_ehlo_name(const struct mes_completion *completion)
{
    for (const char *at = completion->account->ehlo_name; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f) {
            problem(completion, MES_ACCOUNT_SETTING_ehlo_name, MES_SAY_account_bad_ehlo_name, "");
            return;
        }
}

/* Every mechanism with a password but PLAIN and LOGIN can be a minimum, in the same order. */
static void check_minimum(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    int weakest = account->auth_minimum + (MES_AUTH_CRAM_MD5 - MES_AUTH_MINIMUM_CRAM_MD5);
    bool has_minimum = account->auth_minimum != MES_AUTH_MINIMUM_NONE;
    if (has_minimum && account->auth_mechanism != MES_AUTH_AUTO && account->auth_mechanism < weakest)
        problem(completion, MES_ACCOUNT_SETTING_auth_mechanism, MES_SAY_account_mechanism_too_weak,
                "authMinimum");
}

static void check_login(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    bool has_user = account->user_name[0] != '\0';
    bool has_password = !mes_secret_is_empty(account->password) || account->uses_token;
    if (!mes_account_is_given(account, MES_ACCOUNT_SETTING_password_authentication))
        account->password_authentication = has_user || has_password || completion->is_password_refused;
    account->uses_token = account->uses_token && account->password_authentication;
    if (!account->password_authentication)
        return;
    if (!has_user)
        problem(completion, MES_ACCOUNT_SETTING_password_authentication, MES_SAY_account_no_user,
                "senderUserName");
    if (!has_password && !completion->is_password_refused)
        problem(completion, MES_ACCOUNT_SETTING_password_authentication, MES_SAY_account_no_password,
                "senderUserPassword");
}

/* From here on the password stands in one place alone. */
static void settle_proxy(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    struct mes_account_proxy *proxy = &account->proxy;
    bool has_user = proxy->kind != MES_ACCOUNT_PROXY_NONE && proxy->user[0] != '\0';
    if (proxy->password != NULL && account->proxy_password != NULL) {
        problem(completion, MES_ACCOUNT_SETTING_proxy, MES_SAY_account_proxy_two_passwords, "proxyPassword");
    } else if (account->proxy_password != NULL && !has_user) {
        problem(completion, MES_ACCOUNT_SETTING_proxy_password, MES_SAY_account_proxy_no_user, "proxy");
    } else if (proxy->password != NULL) {
        account->proxy_password = proxy->password;
        account->origins[MES_ACCOUNT_SETTING_proxy_password] = account->origins[MES_ACCOUNT_SETTING_proxy];
        proxy->password = NULL;
    }
}

/* The address alone, put right (full-width signs); false, and told, when it is none. */
static bool parse_address(const struct mes_completion *completion, enum mes_account_setting setting,
                          const char *text, struct mes_address *address_out)
{
    int code = mes_mime_address_parse(mes_str_of(text), completion->arena, NULL, address_out, NULL);
    bool is_good = code == 0 && address_out->name[0] == '\0';
    if (code == MES_E_NOMEM)
        mes_account_complaints_nomem(completion->complaints);
    else if (!is_good)
        problem(completion, setting, MES_SAY_account_bad_address, text);
    return is_good;
}

static const char *checked_address(const struct mes_completion *completion, enum mes_account_setting setting,
                                   const char *text)
{
    struct mes_address address;
    return parse_address(completion, setting, text, &address) ? address.shown : NULL;
}

/* Stands in RCPT TO, so its domain is needed in A-labels. */
static void check_archive(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    struct mes_address address;
    if (account->archive_bcc[0] != '\0' &&
        parse_address(completion, MES_ACCOUNT_SETTING_archive_bcc, account->archive_bcc, &address))
        account->archive_bcc = address.spec;
}

/* "*@example.hk", "news-*@example.hk": the star stands for any characters of an address. */
static void check_pattern(const struct mes_completion *completion, const char *pattern)
{
    const char *at = strchr(pattern, '@');
    if (strchr(pattern, '*') == NULL)
        (void)checked_address(completion, MES_ACCOUNT_SETTING_allowed_from, pattern);
    else if (at == NULL || at == pattern || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        problem(completion, MES_ACCOUNT_SETTING_allowed_from, MES_SAY_account_bad_pattern, pattern);
}

static void check_addresses(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    if (account->from_address[0] == '\0' && strchr(account->user_name, '@') != NULL) {
        account->from_address = account->user_name;
        account->origins[MES_ACCOUNT_SETTING_from_address] = account->origins[MES_ACCOUNT_SETTING_user_name];
    }
    const char *from = NULL;
    const char *reply_to = NULL;
    if (account->from_address[0] == '\0')
        problem(completion, MES_ACCOUNT_SETTING_from_address, MES_SAY_account_no_from, "");
    else
        from = checked_address(completion, MES_ACCOUNT_SETTING_from_address, account->from_address);
    if (account->reply_to_default[0] != '\0')
        reply_to =
            checked_address(completion, MES_ACCOUNT_SETTING_reply_to_default, account->reply_to_default);
    account->from_address = from != NULL ? from : account->from_address;
    account->reply_to_default = reply_to != NULL ? reply_to : account->reply_to_default;
    for (size_t i = 0; i < account->allowed_from.count; i++)
        check_pattern(completion, account->allowed_from.texts[i]);
}

/* QQ, 163 and the like refuse a From that is not the login. */
static void warn_of_from(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    bool must_be_login = account->provider != NULL && account->provider->from == MES_FROM_LOGIN;
    bool is_login = mes_str_eq_nocase(mes_str_of(account->from_address), mes_str_of(account->user_name));
    if (must_be_login && strchr(account->user_name, '@') != NULL && !is_login)
        warn(completion, MES_ACCOUNT_SETTING_from_address, MES_SAY_account_from_is_not_login,
             account->provider->name);
}

/* Only a warning: the file may come later, and until then this account alone rests. */
static void warn_of_files(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    const struct {
        enum mes_account_setting setting;
        const char *path;
    } files[] = {{MES_ACCOUNT_SETTING_tls_ca_file, account->tls_ca_file},
                 {MES_ACCOUNT_SETTING_oauth_ca_file, account->oauth_ca_file},
                 {MES_ACCOUNT_SETTING_client_certificate_file, account->client_certificate_file}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path[0] != '\0' && !mes_file_exists(files[i].path))
            warn(completion, files[i].setting, MES_SAY_account_no_such_file, files[i].path);
}

void mes_account_check_zone(const char *name, const char *key, const struct mes_origin *origin,
                            struct mes_complaints *complaints)
{
    struct mes_zone *zone;
    int code = mes_zone_load(name, &zone, NULL);
    mes_zone_free(&zone);
    if (code == MES_E_NOMEM)
        mes_account_complaints_nomem(complaints);
    else if (code != 0)
        mes_account_complaints_problem(complaints, MES_SAY_account_bad_zone,
                                       MES_ARGS(MES_ORIGIN(origin), key, name));
}

/* "HH:MM ZONE" */
static bool parse_reset(struct mes_account *account)
{
    struct mes_str text = mes_str_of(account->quota_reset);
    uint64_t hour, minute;
    bool is_time = text.size > 6 && text.data[2] == ':' && text.data[5] == ' ' &&
                   mes_str_to_uint(mes_str_cut(text, 0, 2), 23, &hour) &&
                   mes_str_to_uint(mes_str_cut(text, 3, 2), 59, &minute);
    if (!is_time)
        return false;
    account->quota_reset_minute = (int)(hour * 60 + minute);
    account->quota_reset_zone = account->quota_reset + 6;
    return true;
}

static void settle_quota_reset(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    account->quota_reset_minute = -1;
    account->quota_reset_zone = "";
    if (mes_str_eq_nocase(mes_str_of(account->quota_reset), MES_STR("rolling")))
        return;
    if (!parse_reset(account))
        problem(completion, MES_ACCOUNT_SETTING_quota_reset, MES_SAY_account_bad_reset, account->quota_reset);
    else
        mes_account_check_zone(account->quota_reset_zone, "quotaReset",
                               mes_account_completion_origin(completion, MES_ACCOUNT_SETTING_quota_reset),
                               completion->complaints);
}

void mes_account_complete(struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    account->provider =
        mes_account_provider_find(mes_str_of(account->sender_of_company), mes_str_of(account->host));
    if (account->provider != NULL)
        fill_from_provider(account);
    check_addresses(completion);
    check_archive(completion);
    settle_quota_reset(completion);
    mes_account_settle_dkim(completion);
    if (account->transport == MES_ACCOUNT_TRANSPORT_CAPTURE)
        return; /* no server: nothing of the conversation matters */
    check_host(completion);
    check_ehlo_name(completion);
    mes_account_settle_token(completion);
    check_login(completion);
    check_minimum(completion);
    settle_proxy(completion);
    mes_account_settle_tls(completion);
    warn_of_from(completion);
    warn_of_files(completion);
    if (account->allow_invalid_certificate)
        warn(completion, MES_ACCOUNT_SETTING_allow_invalid_certificate, MES_SAY_account_certificate_unchecked,
             "");
}
