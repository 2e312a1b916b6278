#include <openssl/err.h>

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "net/secure.h"
#include "net/tls_parts.h"

int mes_tls_fail(struct mes_error *error, int sentence, const char *file)
{
    unsigned long first = ERR_peek_error();
    const char *reason = ERR_reason_error_string(first);
    if (reason == NULL)
        reason = "unknown reason";
    ERR_clear_error();
    if (file == NULL)
        return mes_fail(error, MES_E_TLS, sentence, MES_ARGS(reason));
    if (ERR_SYSTEM_ERROR(first)) /* OpenSSL could not open it */
        return mes_fail_file(error, file, ERR_GET_REASON(first));
    return mes_fail(error, MES_E_TLS, sentence, MES_ARGS(file, reason));
}

enum { MES_TLS_SECURITY_LEVEL = 2 }; /* 112 bits: RSA from 2048, no SHA-1 in signatures */

static int load_authorities(SSL_CTX *context, const char *file, struct mes_error *error)
{
    if (file == NULL) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            return mes_tls_fail(error, MES_SAY_net_tls_system_ca, NULL);
        return 0;
    }
    if (SSL_CTX_load_verify_file(context, file) != 1)
        return mes_tls_fail(error, MES_SAY_net_tls_ca, file);
    return 0;
}

static int set_up(SSL_CTX *context, const struct mes_tls_options *options, struct mes_error *error)
{
    int minimum = options->minimum_version == MES_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(context, minimum) != 1)
        return mes_tls_fail(error, MES_SAY_net_tls_library, NULL);
    /* Debian's own default; elsewhere RSA keys of 1024 bits would do. */
    SSL_CTX_set_security_level(context, MES_TLS_SECURITY_LEVEL);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    /* One recv for a record, instead of one for its head and one for the rest. */
    SSL_CTX_set_read_ahead(context, 1);
    /* Tickets of TLS 1.3 come any time after the handshake: they are caught as they come. */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    mes_secure_prepare(context, !options->allow_invalid_certificate);
    int code = options->allow_invalid_certificate ? 0 : load_authorities(context, options->ca_file, error);
    if (code == 0 && options->certificate_file != NULL)
        code = mes_tls_load_own(context, options, error);
    return code;
}

int mes_tls_new(const struct mes_tls_options *options, struct mes_tls **tls_out, struct mes_error *error)
{
    *tls_out = NULL;
    struct mes_tls *tls = mes_alloc(sizeof *tls);
    if (tls == NULL)
        return mes_fail_nomem(error);
    ERR_clear_error();
    tls->socket_method = mes_secure_method_new();
    tls->context = SSL_CTX_new(TLS_client_method());
    int code = tls->socket_method == NULL || tls->context == NULL
                   ? mes_tls_fail(error, MES_SAY_net_tls_library, NULL)
                   : set_up(tls->context, options, error);
    ERR_clear_error();
    if (code != 0)
        mes_tls_free(&tls);
    *tls_out = tls;
    return code;
}

void mes_tls_free(struct mes_tls **tls)
{
    if (*tls == NULL)
        return;
    mes_tls_sessions_fini(&(*tls)->sessions);
    SSL_CTX_free((*tls)->context);
    BIO_meth_free((*tls)->socket_method);
    mes_free(*tls);
    *tls = NULL;
}

unsigned mes_tls_session_count(const struct mes_tls *tls)
{
    return tls->sessions.count;
}
