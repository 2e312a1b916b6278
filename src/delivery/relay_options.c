#include "delivery/relay_options.h"

enum {
    MES_HANDSHAKE_MOST_MS = 30 * 1000,
    /* A permit taken ahead is a doubt if the process is killed: few of them, and fewer where a doubt needs a
     * person (docs/decisions/010-permits-ahead.md). */
    MES_AHEAD_MOST = 3,
    MES_AHEAD_HOLD = 1,
};

static int milliseconds(int64_t seconds)
{
    return (int)(seconds * 1000);
}

static bool is_given(const char *text)
{
    return text[0] != '\0';
}

struct mes_conn_options mes_relay_options_conn(const struct mes_account *settings, struct mes_tls *tls,
                                               const struct mes_route *route)
{
    int connect_ms = milliseconds(settings->connect_timeout);
    return (struct mes_conn_options){
        .host = settings->host,
        .port = (uint16_t)settings->port,
        .proxy = route->has_proxy ? &route->proxy : NULL,
        .tls = tls,
        .is_tls_at_once = settings->tls == MES_ACCOUNT_TLS_AT_ONCE,
        .connect_timeout_ms = connect_ms,
        .tls_timeout_ms = connect_ms < MES_HANDSHAKE_MOST_MS ? connect_ms : MES_HANDSHAKE_MOST_MS,
        .write_timeout_ms = milliseconds(settings->write_timeout),
    };
}

struct mes_smtp_options mes_relay_options_smtp(const struct mes_account *settings,
                                               char ehlo_name[MES_HOST_NAME_SPACE],
                                               const struct mes_clock *clock)
{
    static const enum mes_smtp_tls tls[] = {
        [MES_ACCOUNT_TLS_NONE] = MES_SMTP_TLS_NONE,
        [MES_ACCOUNT_TLS_AT_ONCE] = MES_SMTP_TLS_AT_ONCE,
        [MES_ACCOUNT_TLS_STARTTLS] = MES_SMTP_TLS_STARTTLS,
        [MES_ACCOUNT_TLS_IF_OFFERED] = MES_SMTP_TLS_WHERE_OFFERED,
    };
    static const enum mes_smtp_mechanism mechanisms[] = {
        [MES_AUTH_AUTO] = MES_SMTP_MECHANISM_AUTO,
        [MES_AUTH_PLAIN] = MES_SMTP_MECHANISM_PLAIN,
        [MES_AUTH_LOGIN] = MES_SMTP_MECHANISM_LOGIN,
        [MES_AUTH_CRAM_MD5] = MES_SMTP_MECHANISM_CRAM_MD5,
        [MES_AUTH_SCRAM_SHA_1] = MES_SMTP_MECHANISM_SCRAM_SHA_1,
        [MES_AUTH_SCRAM_SHA_256] = MES_SMTP_MECHANISM_SCRAM_SHA_256,
        [MES_AUTH_SCRAM_SHA_1_PLUS] = MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS,
        [MES_AUTH_SCRAM_SHA_256_PLUS] = MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS,
        [MES_AUTH_XOAUTH2] = MES_SMTP_MECHANISM_XOAUTH2,
        [MES_AUTH_OAUTHBEARER] = MES_SMTP_MECHANISM_OAUTHBEARER,
    };
    static const enum mes_smtp_mechanism minimums[] = {
        [MES_AUTH_MINIMUM_NONE] = MES_SMTP_MECHANISM_AUTO,
        [MES_AUTH_MINIMUM_CRAM_MD5] = MES_SMTP_MECHANISM_CRAM_MD5,
        [MES_AUTH_MINIMUM_SCRAM_SHA_1] = MES_SMTP_MECHANISM_SCRAM_SHA_1,
        [MES_AUTH_MINIMUM_SCRAM_SHA_256] = MES_SMTP_MECHANISM_SCRAM_SHA_256,
        [MES_AUTH_MINIMUM_SCRAM_SHA_1_PLUS] = MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS,
        [MES_AUTH_MINIMUM_SCRAM_SHA_256_PLUS] = MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS,
    };
    static const enum mes_smtp_pace paces[] = {
        [MES_PIPELINING_AUTO] = MES_SMTP_PACE_AUTO, [MES_PIPELINING_OFF] = MES_SMTP_PACE_OFF,
        [MES_PIPELINING_P] = MES_SMTP_PACE_P,       [MES_PIPELINING_X] = MES_SMTP_PACE_X,
        [MES_PIPELINING_B] = MES_SMTP_PACE_B,
    };
    const char *ehlo = is_given(settings->ehlo_name) ? settings->ehlo_name : mes_host_ehlo_name(ehlo_name);
    enum mes_smtp_mechanism mechanism = mechanisms[settings->auth_mechanism];
    return (struct mes_smtp_options){
        .host = mes_str_of(settings->host),
        .port = (unsigned)settings->port,
        .ehlo_name = mes_str_of(ehlo),
        .tls = tls[settings->tls],
        .user = settings->password_authentication ? mes_str_of(settings->user_name) : MES_STR(""),
        .secret = settings->password,
        /* Who names such a mechanism and nothing to fetch a token with has put the token itself there. */
        .token = mes_smtp_mechanism_has_token(mechanism) ? settings->password : NULL,
        .mechanism = mechanism,
        .minimum = minimums[settings->auth_minimum],
        .plaintext_auth = settings->allow_plaintext_auth,
        .is_certificate_unchecked = settings->allow_invalid_certificate,
        .pace = paces[settings->pipelining],
        .greeting_ms = milliseconds(settings->read_timeout),
        .read_ms = milliseconds(settings->read_timeout),
        .write_ms = milliseconds(settings->write_timeout),
        .final_ms = milliseconds(settings->final_reply_timeout),
        .depth = (unsigned)settings->pipeline_depth,
        .ahead = settings->on_doubt == MES_ON_DOUBT_HOLD ? MES_AHEAD_HOLD : MES_AHEAD_MOST,
        .clock = clock,
    };
}

int mes_relay_options_tls(const struct mes_account *settings, struct mes_tls **tls_out,
                          struct mes_error *error)
{
    const struct mes_tls_options options = {
        .ca_file = is_given(settings->tls_ca_file) ? settings->tls_ca_file : NULL,
        .minimum_version = settings->tls_min_version == MES_ACCOUNT_TLS_1_3 ? MES_TLS_1_3 : MES_TLS_1_2,
        .allow_invalid_certificate = settings->allow_invalid_certificate,
        .certificate_file =
            is_given(settings->client_certificate_file) ? settings->client_certificate_file : NULL,
        .key_password = settings->client_certificate_password,
    };
    *tls_out = NULL;
    return settings->tls != MES_ACCOUNT_TLS_NONE ? mes_tls_new(&options, tls_out, error) : 0;
}
