/* What the other files of this folder need of a TLS context. */
#ifndef MES_NET_TLS_PARTS_H
#define MES_NET_TLS_PARTS_H

#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include "net/tls.h"

enum { MES_TLS_SESSIONS = 64 };

/* The newest session of each server, by "host:port". Full: the one that was not used for longest gives way.
 */
struct mes_tls_sessions {
    struct mes_tls_session {
        char *key;
        SSL_SESSION *session;
        uint64_t used; /* the higher, the later */
    } items[MES_TLS_SESSIONS];
    unsigned count;
    uint64_t uses;
};

/* Takes the session over (it is lost when there is no memory to keep it). */
void mes_tls_sessions_put(struct mes_tls_sessions *sessions, const char *key, SSL_SESSION *session);
/* Stays the cache's; NULL when there is none. */
SSL_SESSION *mes_tls_sessions_get(struct mes_tls_sessions *sessions, const char *key);
void mes_tls_sessions_drop(struct mes_tls_sessions *sessions, const char *key);
void mes_tls_sessions_fini(struct mes_tls_sessions *sessions);

struct mes_tls {
    SSL_CTX *context;
    BIO_METHOD *socket_method;
    struct mes_tls_sessions sessions;
};

enum { MES_PFX_ROUNDS_MOST = 2 * 1000 * 1000 }; /* Firefox writes 600,000, OpenSSL and Windows 2,000 */

/* Does it ask for more rounds of key derivation than that? Some files are made to take for ever. */
bool mes_pfx_is_slow(PKCS12 *pfx);

/* Loads our own certificate and key into the context. */
int mes_tls_load_own(SSL_CTX *context, const struct mes_tls_options *options,
                     struct mes_error *error) MES_MUST_USE;

/* MES_E_TLS: a sentence whose {1} is `file` and whose {2} is OpenSSL's reason, or only the reason when `file`
 * is NULL. Empties OpenSSL's list of errors. */
int mes_tls_fail(struct mes_error *error, int sentence, const char *file);

#endif
