#include "tls_setting.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct certificate tls_setting_authority, tls_setting_good;
char tls_setting_authority_file[32];

int tls_setting_make_certificates(void **state)
{
    (void)state;
    tls_setting_authority = certificate_make(
        &(struct certificate_wish){.name = "Test Authority", .to_day = 10, .is_authority = 1});
    tls_setting_good = certificate_make(&(struct certificate_wish){.name = "localhost",
                                                                   .alt_names = "DNS:localhost,IP:127.0.0.1",
                                                                   .to_day = 10,
                                                                   .issuer = &tls_setting_authority});
    certificate_write_pem(&tls_setting_authority, tls_setting_authority_file);
    return 0;
}

int tls_setting_drop_certificates(void **state)
{
    (void)state;
    certificate_free(&tls_setting_authority);
    certificate_free(&tls_setting_good);
    return unlink(tls_setting_authority_file);
}

SSL_CTX *tls_setting_server(const struct certificate *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(context);
    SSL_CTX_set_security_level(context, 0); /* a server that shows weak certificates, too */
    assert_int_equal(SSL_CTX_use_certificate(context, certificate->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, certificate->key), 1);
    assert_int_equal(SSL_CTX_set_session_id_context(context, (const unsigned char *)"test", 4), 1);
    return context;
}

void tls_setting_init(struct tls_setting *setting, SSL_CTX *context, void (*script)(struct peer_link *link),
                      const struct mes_tls_options *options)
{
    const struct mes_tls_options usual = {.ca_file = tls_setting_authority_file};
    struct mes_error error;
    setting->context = context;
    setting->peer = peer_start(script, context);
    client_init(&setting->client, peer_port(setting->peer));
    assert_int_equal(mes_tls_new(options != NULL ? options : &usual, &setting->tls, &error), 0);
    setting->client.options.tls = setting->tls;
    setting->client.options.is_tls_at_once = true;
}

void tls_setting_fini(struct tls_setting *setting)
{
    client_fini(&setting->client);
    mes_tls_free(&setting->tls);
    peer_stop(&setting->peer);
    SSL_CTX_free(setting->context);
    assert_int_equal(ERR_peek_error(), 0);
}

void tls_setting_echo(struct peer_link *link)
{
    if (peer_start_tls(link, link->context))
        peer_echo(link);
}
