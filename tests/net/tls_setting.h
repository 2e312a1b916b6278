/* A server with a certificate of the test's authority, and a client that trusts it. */
#ifndef TESTS_NET_TLS_SETTING_H
#define TESTS_NET_TLS_SETTING_H

#include "certificate.h"
#include "client.h"
#include "net/tls.h"
#include "peer.h"

/* Made once for a test program: an authority, its file, and a good certificate of it for localhost and
 * 127.0.0.1. */
extern struct certificate tls_setting_authority, tls_setting_good;
extern char tls_setting_authority_file[32];
int tls_setting_make_certificates(void **state);
int tls_setting_drop_certificates(void **state);

SSL_CTX *tls_setting_server(const struct certificate *certificate);

struct tls_setting {
    struct client client; /* TLS at once */
    struct mes_tls *tls;
    struct peer *peer;
    SSL_CTX *context; /* the script's context, freed with the setting; may be NULL */
};

/* `options` NULL: trusts the test's authority. */
void tls_setting_init(struct tls_setting *setting, SSL_CTX *context, void (*script)(struct peer_link *link),
                      const struct mes_tls_options *options);
/* Also checks that OpenSSL's list of errors is empty. */
void tls_setting_fini(struct tls_setting *setting);

/* A script: greets under TLS and sends back each line until QUIT. */
void tls_setting_echo(struct peer_link *link);

#endif
