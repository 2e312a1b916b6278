#include "net/secure.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "net/certificate.h"
#include "net/failure.h"
#include "net/tls_parts.h"

struct mes_secure {
    struct mes_secure_options options;
    SSL *ssl;
    bool is_up;
    bool is_broken; /* OpenSSL forbids further calls, also the goodbye */
    char name[256]; /* the host without the dot at its end */
    char key[272];  /* of its session */
};

/* The BIO: OpenSSL's way to the socket, so that it is written without SIGPIPE and read without needless
 * calls. */

static int bio_read(BIO *bio, char *data, int size)
{
    ssize_t got = mes_socket_receive(BIO_get_data(bio), data, (size_t)size);
    BIO_clear_retry_flags(bio);
    if (got == MES_SOCKET_AGAIN)
        BIO_set_retry_read(bio);
    return got >= 0 ? (int)got : -1;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    ssize_t sent = mes_socket_send(BIO_get_data(bio), data, (size_t)size);
    BIO_clear_retry_flags(bio);
    if (sent == MES_SOCKET_AGAIN)
        BIO_set_retry_write(bio);
    return sent >= 0 ? (int)sent : -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *mes_secure_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
    if (method == NULL)
        return NULL;
    (void)BIO_meth_set_read(method, bio_read);
    (void)BIO_meth_set_write(method, bio_write);
    (void)BIO_meth_set_ctrl(method, bio_control);
    return method;
}

/* Called for each certificate of the chain and each fault; the first fault is the one to tell. */
static int checked(int is_good, X509_STORE_CTX *check)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct mes_secure *secure = SSL_get_app_data(ssl);
    if (is_good != 1)
        mes_certificate_explain(check, secure->name, secure->options.failure);
    return is_good;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct mes_secure *secure = SSL_get_app_data(ssl);
    mes_tls_sessions_put(&secure->options.tls->sessions, secure->key, session);
    return 1; /* the session is ours now */
}

void mes_secure_prepare(SSL_CTX *context, bool checks_certificate)
{
    SSL_CTX_set_verify(context, checks_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       checks_certificate ? checked : NULL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
}

static bool set_address(struct mes_secure *secure, const struct mes_address *address)
{
    X509_VERIFY_PARAM *check = SSL_get0_param(secure->ssl);
    if (address->socket.any.sa_family == AF_INET6)
        return X509_VERIFY_PARAM_set1_ip(check, address->socket.v6.sin6_addr.s6_addr, 16) == 1;
    return X509_VERIFY_PARAM_set1_ip(check, (const unsigned char *)&address->socket.v4.sin_addr, 4) == 1;
}

/* The name that the certificate must be for, and SNI, which must not be an address (RFC 6066 section 3). */
static bool set_name(struct mes_secure *secure)
{
    struct mes_address address;
    assert(secure->name[0] != '\0'); /* OpenSSL takes the empty name as "any" */
    if (mes_address_parse(secure->name, &address))
        return set_address(secure, &address);
    /* RFC 6125 sections 6.4.3 and 6.4.4: "smtp*.example" and a name only in the subject do not count. */
    SSL_set_hostflags(secure->ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(secure->ssl, secure->name) == 1 &&
           SSL_set_tlsext_host_name(secure->ssl, secure->name) == 1;
}

/* OpenSSL marks a TLS 1.3 session as used up once it was resumed, for the sake of clients that do not want to
 * be recognised; we log in. Postfix issues no new ticket then, so that every second connection would need a
 * whole handshake: each connection gets a copy. Without memory it is a whole handshake, too. */
static void resume(struct mes_secure *secure)
{
    SSL_SESSION *kept = mes_tls_sessions_get(&secure->options.tls->sessions, secure->key);
    SSL_SESSION *copy = kept != NULL ? SSL_SESSION_dup(kept) : NULL;
    if (copy != NULL)
        (void)SSL_set_session(secure->ssl, copy);
    SSL_SESSION_free(copy);
}

static bool set_up(struct mes_secure *secure)
{
    struct mes_tls *tls = secure->options.tls;
    secure->ssl = SSL_new(tls->context);
    BIO *bio = secure->ssl != NULL ? BIO_new(tls->socket_method) : NULL;
    if (bio == NULL)
        return false;
    BIO_set_data(bio, secure->options.socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(secure->ssl, bio, bio);
    SSL_set_connect_state(secure->ssl);
    resume(secure);
    return SSL_set_app_data(secure->ssl, secure) == 1 && set_name(secure);
}

struct mes_secure *mes_secure_new(const struct mes_secure_options *options)
{
    struct mes_secure *secure = mes_alloc(sizeof *secure);
    if (secure == NULL)
        return NULL;
    secure->options = *options;
    size_t size = strlen(options->host);
    if (size > 0 && options->host[size - 1] == '.')
        size--;
    (void)snprintf(secure->name, sizeof secure->name, "%.*s", (int)size, options->host);
    (void)snprintf(secure->key, sizeof secure->key, "%s:%u", secure->name, options->port);
    mes_socket_watch_first(options->socket);
    ERR_clear_error();
    if (!set_up(secure))
        mes_secure_free(&secure, false);
    ERR_clear_error();
    return secure;
}

void mes_secure_free(struct mes_secure **secure_place, bool says_goodbye)
{
    struct mes_secure *secure = *secure_place;
    if (secure == NULL)
        return;
    if (secure->ssl != NULL && secure->is_up && !secure->is_broken) {
        if (says_goodbye)
            (void)SSL_shutdown(secure->ssl);
        /* Else SSL_free would spoil the session for resumption. */
        SSL_set_shutdown(secure->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(secure->ssl);
    ERR_clear_error();
    mes_free(secure);
    *secure_place = NULL;
}

static const struct {
    int reason;
    enum mes_conn_cause cause;
} reasons[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, MES_CONN_CAUSE_TLS_VERSION},
    {SSL_R_VERSION_TOO_LOW, MES_CONN_CAUSE_TLS_VERSION},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, MES_CONN_CAUSE_TLS_VERSION},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, MES_CONN_CAUSE_TLS_VERSION},
    {SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, MES_CONN_CAUSE_TLS_VERSION},
    {SSL_R_WRONG_VERSION_NUMBER, MES_CONN_CAUSE_PLAIN_PEER},
    {SSL_R_HTTP_REQUEST, MES_CONN_CAUSE_PLAIN_PEER},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_NO_CERTIFICATE, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, MES_CONN_CAUSE_CLIENT_CERTIFICATE},
    {ERR_R_MALLOC_FAILURE, MES_CONN_CAUSE_NO_MEMORY},
};

static enum mes_conn_cause cause_of_reason(int reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].cause;
    return MES_CONN_CAUSE_TLS;
}

/* TLS records begin with 20 to 23 (RFC 8446 section 5.1); a greeting or a reply in clear begins with a digit.
 */
static bool is_plain_peer(const struct mes_secure *secure)
{
    const struct mes_socket *socket = secure->options.socket;
    return !secure->is_up && socket->received > 0 && (socket->first < 20 || socket->first > 23);
}

static enum mes_conn_cause cause_of_error(const struct mes_secure *secure, unsigned long error)
{
    enum mes_conn_cause cause = cause_of_reason(ERR_GET_REASON(error));
    if (cause == MES_CONN_CAUSE_NO_MEMORY)
        return cause;
    if (secure->is_up && cause == MES_CONN_CAUSE_PLAIN_PEER)
        return MES_CONN_CAUSE_TLS;
    if (is_plain_peer(secure) || cause == MES_CONN_CAUSE_PLAIN_PEER)
        return secure->options.is_upgrade ? MES_CONN_CAUSE_INJECTED : MES_CONN_CAUSE_PLAIN_PEER;
    return cause;
}

static void explain_tls(struct mes_secure *secure, enum mes_conn_stage stage)
{
    struct mes_conn_failure *failure = secure->options.failure;
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (reason == NULL)
        reason = "unknown reason";
    mes_failure_set(failure, stage, cause_of_error(secure, error), 0);
    switch (failure->cause) {
    case MES_CONN_CAUSE_PLAIN_PEER:
        mes_failure_add(failure, "%s speaks plain text where TLS was expected", secure->name);
        break;
    case MES_CONN_CAUSE_INJECTED:
        mes_failure_add(failure, "bytes in clear came behind the reply to STARTTLS");
        break;
    case MES_CONN_CAUSE_TLS_VERSION:
        mes_failure_add(failure, "no version of TLS in common with %s (%s)", secure->name, reason);
        break;
    case MES_CONN_CAUSE_CLIENT_CERTIFICATE:
        mes_failure_add(failure, "%s wants a client certificate, or refuses the one it got (%s)",
                        secure->name, reason);
        break;
    default:
        mes_failure_add(failure, "TLS with %s failed (%s)", secure->name, reason);
    }
}

static enum mes_io ended(struct mes_secure *secure, enum mes_conn_stage stage)
{
    mes_failure_set(secure->options.failure, stage, MES_CONN_CAUSE_CLOSED, 0);
    mes_failure_add(secure->options.failure,
                    secure->is_up ? "%s ended the connection"
                                  : "%s ended the connection while TLS was set up",
                    secure->name);
    return MES_IO_ENDED;
}

/* What a call of OpenSSL that did not succeed means. */
static enum mes_io judge(struct mes_secure *secure, int returned, enum mes_conn_stage stage)
{
    const struct mes_socket *socket = secure->options.socket;
    int error = SSL_get_error(secure->ssl, returned);
    if (error == SSL_ERROR_WANT_READ)
        return MES_IO_WANTS_READ;
    if (error == SSL_ERROR_WANT_WRITE)
        return MES_IO_WANTS_WRITE;
    if (error == SSL_ERROR_ZERO_RETURN)
        return ended(secure, stage);
    secure->is_broken = true;
    if (!secure->is_up)
        mes_tls_sessions_drop(&secure->options.tls->sessions, secure->key);
    if (secure->options.failure->stage == MES_CONN_STAGE_CERTIFICATE)
        return MES_IO_FAILED; /* told by `checked` */
    if (socket->error != 0) {
        mes_failure_system(secure->options.failure, stage, socket->error, secure->name);
        return MES_IO_FAILED;
    }
    /* Many servers end without close_notify. SMTP itself tells a whole reply from a cut one. */
    if (socket->is_ended && !is_plain_peer(secure))
        return ended(secure, stage);
    explain_tls(secure, stage);
    return MES_IO_FAILED;
}

enum mes_io mes_secure_handshake(struct mes_secure *secure)
{
    ERR_clear_error();
    secure->options.socket->error = 0;
    int returned = SSL_do_handshake(secure->ssl);
    enum mes_io result = MES_IO_DONE;
    if (returned == 1)
        secure->is_up = true;
    else
        result = judge(secure, returned, MES_CONN_STAGE_TLS);
    ERR_clear_error();
    return result;
}

enum mes_io mes_secure_read(struct mes_secure *secure, char *data, size_t size, size_t *got_out)
{
    ERR_clear_error();
    secure->options.socket->error = 0;
    *got_out = 0;
    int returned = SSL_read_ex(secure->ssl, data, size, got_out);
    enum mes_io result = returned == 1 ? MES_IO_DONE : judge(secure, returned, MES_CONN_STAGE_READ);
    ERR_clear_error();
    return result;
}

enum mes_io mes_secure_write(struct mes_secure *secure, struct mes_str bytes, size_t *sent_out)
{
    ERR_clear_error();
    secure->options.socket->error = 0;
    *sent_out = 0;
    int returned = SSL_write_ex(secure->ssl, bytes.data, bytes.size, sent_out);
    enum mes_io result = returned == 1 ? MES_IO_DONE : judge(secure, returned, MES_CONN_STAGE_WRITE);
    ERR_clear_error();
    return result;
}

bool mes_secure_is_resumed(const struct mes_secure *secure)
{
    return SSL_session_reused(secure->ssl) == 1;
}

void mes_secure_text(const struct mes_secure *secure, char *out, size_t size)
{
    (void)snprintf(out, size, "%s %s", SSL_get_version(secure->ssl), SSL_get_cipher_name(secure->ssl));
}

/* RFC 9266 section 2 */
static bool export_binding(SSL *ssl, struct mes_conn_binding *binding)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    enum { SIZE = 32 };
    binding->type = "tls-exporter";
    binding->size = SIZE;
    return SSL_export_keying_material(ssl, binding->bytes, SIZE, label, sizeof label - 1, NULL, 0, 0) == 1;
}

/* RFC 5929 section 3: the first Finished message of the handshake. Ours, unless the session was resumed. */
static bool first_finished(const SSL *ssl, struct mes_conn_binding *binding)
{
    binding->type = "tls-unique";
    binding->size = SSL_session_reused(ssl) == 1
                        ? SSL_get_peer_finished(ssl, binding->bytes, sizeof binding->bytes)
                        : SSL_get_finished(ssl, binding->bytes, sizeof binding->bytes);
    return binding->size > 0 && binding->size <= sizeof binding->bytes;
}

bool mes_secure_binding(const struct mes_secure *secure, struct mes_conn_binding *binding_out)
{
    ERR_clear_error();
    bool is_good = SSL_version(secure->ssl) >= TLS1_3_VERSION
                       ? export_binding(secure->ssl, binding_out)
                       : SSL_get_extms_support(secure->ssl) == 1 && first_finished(secure->ssl, binding_out);
    ERR_clear_error();
    return is_good;
}
