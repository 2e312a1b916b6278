#include "account/complete.h"

#include "i18n/say.h"

enum { SMTP_PORT = 25, SUBMISSION_PORT = 587, TLS_PORT = 465, OLD_TLS_PORT = 994 };

/* NetEase has 994 beside 465. */
static bool is_tls_port(int64_t port)
{
    return port == TLS_PORT || port == OLD_TLS_PORT;
}

static bool is_secured(enum mes_account_tls tls)
{
    return tls == MES_ACCOUNT_TLS_AT_ONCE || tls == MES_ACCOUNT_TLS_STARTTLS;
}

static void warn(const struct mes_completion *completion, enum mes_account_setting setting, int sentence)
{
    const struct mes_origin *origin = mes_account_completion_origin(completion, setting);
    mes_account_complaints_warn(completion->complaints, sentence,
                                MES_ARGS(MES_ORIGIN(origin), MES_NUMBER(completion->account->port)));
}

/* Neither flag is written: the provider's own mode, unless the port says otherwise. */
static enum mes_account_tls mode_of_provider(const struct mes_account *account)
{
    const struct mes_provider *provider = account->provider;
    if (account->port == 0 || account->port == provider->port || provider->tls == MES_ACCOUNT_TLS_NONE)
        return provider->tls;
    return is_tls_port(account->port) ? MES_ACCOUNT_TLS_AT_ONCE : MES_ACCOUNT_TLS_STARTTLS;
}

static enum mes_account_tls mode_of_flags(const struct mes_account *account)
{
    bool is_written = mes_account_is_given(account, MES_ACCOUNT_SETTING_enable_ssl) ||
                      mes_account_is_given(account, MES_ACCOUNT_SETTING_enable_tsl);
    if (account->enable_ssl)
        return MES_ACCOUNT_TLS_AT_ONCE;
    if (account->enable_tsl)
        return MES_ACCOUNT_TLS_STARTTLS;
    return !is_written && account->provider != NULL ? mode_of_provider(account) : MES_ACCOUNT_TLS_NONE;
}

/* `mailTool` 0 stood for a library that knew STARTTLS alone, so there its `enableSSL` meant STARTTLS. */
static void apply_mail_tool(const struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    bool means_starttls = account->tls == MES_ACCOUNT_TLS_AT_ONCE && account->enable_ssl &&
                          account->port != 0 && !is_tls_port(account->port);
    if (account->mail_tool != 0)
        return;
    if (means_starttls) {
        account->tls = MES_ACCOUNT_TLS_STARTTLS;
        warn(completion, MES_ACCOUNT_SETTING_enable_ssl, MES_SAY_account_mail_tool_ssl);
    } else if (account->tls == MES_ACCOUNT_TLS_NONE && !is_tls_port(account->port)) {
        account->tls = MES_ACCOUNT_TLS_IF_OFFERED;
        bool has_flag = mes_account_is_given(account, MES_ACCOUNT_SETTING_enable_tsl);
        warn(completion, has_flag ? MES_ACCOUNT_SETTING_enable_tsl : MES_ACCOUNT_SETTING_mail_tool,
             MES_SAY_account_mail_tool_neither);
    }
}

static int64_t usual_port(enum mes_account_tls tls)
{
    if (tls == MES_ACCOUNT_TLS_AT_ONCE)
        return TLS_PORT;
    return tls == MES_ACCOUNT_TLS_STARTTLS ? SUBMISSION_PORT : SMTP_PORT;
}

static void settle_port(struct mes_account *account)
{
    const struct mes_provider *provider = account->provider;
    bool is_providers = provider != NULL && provider->port != 0 && provider->tls == account->tls;
    if (account->port != 0)
        return;
    account->port = is_providers ? provider->port : usual_port(account->tls);
    if (is_providers)
        account->origins[MES_ACCOUNT_SETTING_port] =
            (struct mes_origin){MES_ORIGIN_PROVIDER, provider->id, 0, 0};
}

static void warn_of_port(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    bool is_at_once = account->tls == MES_ACCOUNT_TLS_AT_ONCE;
    if (is_tls_port(account->port) && account->tls == MES_ACCOUNT_TLS_STARTTLS)
        warn(completion, MES_ACCOUNT_SETTING_enable_tsl, MES_SAY_account_starttls_on_465);
    else if (is_tls_port(account->port) && !is_at_once)
        warn(completion, MES_ACCOUNT_SETTING_port, MES_SAY_account_plain_on_465);
    else if (is_at_once && (account->port == SUBMISSION_PORT || account->port == SMTP_PORT))
        warn(completion, MES_ACCOUNT_SETTING_enable_ssl, MES_SAY_account_tls_on_587);
}

static void warn_of_plain_text(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    bool is_allowed = account->allow_plaintext_auth || !account->password_authentication;
    if (is_secured(account->tls) || account->tls == MES_ACCOUNT_TLS_IF_OFFERED ||
        is_tls_port(account->port) || account->host[0] == '\0')
        return;
    const struct mes_origin *origin =
        mes_account_completion_origin(completion, MES_ACCOUNT_SETTING_enable_tsl);
    if (account->provider != NULL && is_secured(account->provider->tls))
        mes_account_complaints_warn(
            completion->complaints, MES_SAY_account_provider_wants_tls,
            MES_ARGS(MES_ORIGIN(origin), account->provider->name,
                     account->provider->tls == MES_ACCOUNT_TLS_AT_ONCE ? "enableSSL" : "enableTSL",
                     MES_NUMBER(account->provider->port)));
    else if (!is_allowed)
        warn(completion, MES_ACCOUNT_SETTING_enable_tsl, MES_SAY_account_password_in_clear);
}

void mes_account_note_mode(const struct mes_account *account, struct mes_complaints *complaints)
{
    static const int sentences[] = {[MES_ACCOUNT_TLS_NONE] = MES_SAY_account_mode_none,
                                    [MES_ACCOUNT_TLS_AT_ONCE] = MES_SAY_account_mode_at_once,
                                    [MES_ACCOUNT_TLS_STARTTLS] = MES_SAY_account_mode_starttls,
                                    [MES_ACCOUNT_TLS_IF_OFFERED] = MES_SAY_account_mode_if_offered};
    if (account->transport == MES_ACCOUNT_TRANSPORT_CAPTURE) {
        mes_account_complaints_note(complaints, MES_SAY_account_mode_capture, MES_ARGS(account->identity));
        return;
    }
    mes_account_complaints_note(complaints, sentences[account->tls],
                                MES_ARGS(account->identity, account->host, MES_NUMBER(account->port),
                                         account->provider != NULL ? account->provider->name : "-"));
}

/* `config show` tells what is in force, so the provider's mode shows in the flags. */
static void fill_flag(struct mes_account *account)
{
    bool is_at_once = account->tls == MES_ACCOUNT_TLS_AT_ONCE;
    enum mes_account_setting setting =
        is_at_once ? MES_ACCOUNT_SETTING_enable_ssl : MES_ACCOUNT_SETTING_enable_tsl;
    if (!is_secured(account->tls) || account->enable_ssl || account->enable_tsl)
        return;
    account->enable_ssl = is_at_once;
    account->enable_tsl = !is_at_once;
    account->origins[setting] = (struct mes_origin){MES_ORIGIN_PROVIDER, account->provider->id, 0, 0};
}

void mes_account_settle_tls(struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    const struct mes_origin *origin =
        mes_account_completion_origin(completion, MES_ACCOUNT_SETTING_enable_tsl);
    if (account->enable_ssl && account->enable_tsl)
        mes_account_complaints_problem(completion->complaints, MES_SAY_account_both_flags,
                                       MES_ARGS(MES_ORIGIN(origin)));
    account->tls = mode_of_flags(account);
    apply_mail_tool(completion);
    settle_port(account);
    if (account->enable_ssl && account->enable_tsl)
        return;
    warn_of_port(completion);
    warn_of_plain_text(completion);
    fill_flag(account);
}
