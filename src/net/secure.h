/* TLS on one socket, as a client. */
#ifndef MES_NET_SECURE_H
#define MES_NET_SECURE_H

#include <openssl/ssl.h>

#include "net/conn.h"
#include "net/plain.h"

struct mes_secure;

/* For mes_tls_new: how a context checks certificates and keeps sessions; and the way to the socket (NULL: no
 * memory). */
void mes_secure_prepare(SSL_CTX *context, bool checks_certificate);
BIO_METHOD *mes_secure_method_new(void) MES_MUST_USE;

struct mes_secure_options {
    struct mes_tls *tls;
    struct mes_socket *socket; /* must outlive it, like the next two */
    const char *host;
    struct mes_conn_failure *failure; /* set with ENDED and FAILED */
    uint16_t port;
    bool is_upgrade; /* STARTTLS: bytes in clear are an injection */
};

/* NULL when memory is used up. */
struct mes_secure *mes_secure_new(const struct mes_secure_options *options) MES_MUST_USE;
/* `says_goodbye`: tries to send a close_notify. */
void mes_secure_free(struct mes_secure **secure, bool says_goodbye);

/* Each is called again when the socket is ready in the way that WANTS_… says. */
enum mes_io mes_secure_handshake(struct mes_secure *secure);
enum mes_io mes_secure_read(struct mes_secure *secure, char *data, size_t size, size_t *got_out);
/* DONE may mean that only the front part was written. After WANTS_… the same bytes, or more, must be given
 * again. */
enum mes_io mes_secure_write(struct mes_secure *secure, struct mes_str bytes, size_t *sent_out);

/* Once the handshake is done. The text is "TLSv1.3 TLS_AES_256_GCM_SHA384". */
bool mes_secure_is_resumed(const struct mes_secure *secure);
void mes_secure_text(const struct mes_secure *secure, char *out, size_t size);
/* As mes_conn_binding, once the handshake is done. */
bool mes_secure_binding(const struct mes_secure *secure, struct mes_conn_binding *binding_out);

#endif
