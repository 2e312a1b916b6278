#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/net/tls_setting.h"

static void ask_for_certificate(SSL_CTX *context)
{
    assert_int_equal(SSL_CTX_load_verify_file(context, tls_setting_authority_file), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void expect_own_certificate(const struct mes_tls_options *options, bool is_accepted)
{
    struct tls_setting setting;
    SSL_CTX *context = tls_setting_server(&tls_setting_good);
    ask_for_certificate(context);
    tls_setting_init(&setting, context, tls_setting_echo, options);
    client_open(&setting.client);
    client_run_until(&setting.client, "DFTE");
    if (is_accepted) {
        assert_string_equal(setting.client.events, "CSD");
    } else {
        assert_string_equal(setting.client.events, "CSF"); /* TLS 1.3 tells after the handshake */
        assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_CLIENT_CERTIFICATE);
    }
    tls_setting_fini(&setting);
}

static void own_certificate_is_shown(void **state)
{
    (void)state;
    struct certificate own = certificate_make(
        &(struct certificate_wish){.name = "client", .to_day = 9, .issuer = &tls_setting_authority});
    struct mes_secret *password = mes_secret_new(MES_STR("open sesame"));
    char certificate[32], key[32], locked_key[32], pfx[32], open_pfx[32];
    certificate_write_pem(&own, certificate);
    certificate_write_key(&own, NULL, key);
    certificate_write_key(&own, "open sesame", locked_key);
    certificate_write_pfx(&own, "open sesame", pfx);
    certificate_write_pfx(&own, "", open_pfx);
    const struct mes_tls_options cases[] = {
        {.ca_file = tls_setting_authority_file, .certificate_file = certificate, .key_file = key},
        {.ca_file = tls_setting_authority_file,
         .certificate_file = certificate,
         .key_file = locked_key,
         .key_password = password},
        {.ca_file = tls_setting_authority_file, .certificate_file = pfx, .key_password = password},
        {.ca_file = tls_setting_authority_file, .certificate_file = open_pfx},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_own_certificate(&cases[i], true);
    expect_own_certificate(&(struct mes_tls_options){.ca_file = tls_setting_authority_file}, false);
    mes_secret_free(&password);
    certificate_free(&own);
    unlink(certificate);
    unlink(key);
    unlink(locked_key);
    unlink(pfx);
    unlink(open_pfx);
}

static void expect_error(const struct mes_tls_options *options, int code, const char *text)
{
    struct mes_tls *tls;
    struct mes_error error;
    char shown[1000];
    assert_int_equal(mes_tls_new(options, &tls, &error), code);
    assert_null(tls);
    mes_error_text(&error, MES_EN, shown, sizeof shown);
    if (strstr(shown, text) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", shown, text);
    assert_int_equal(ERR_peek_error(), 0);
}

/* A file made with `rounds`. What asks for far more is put in afterwards, as OpenSSL would have to do them:
 * into the MAC, or in the place of those of key and certificate. */
static void write_slow_pfx(const struct certificate *own, int rounds, long mac_rounds, char path[32])
{
    static const unsigned char few[] = {2, 3, 2, 0, 0}, many[] = {2, 3, 0x7f, 0, 0};
    unsigned char *bytes = NULL;
    const ASN1_INTEGER *mac;
    PKCS12 *pfx = PKCS12_create("x", "test", own->key, own->x509, NULL, 0, 0, rounds, 0, 0);
    assert_non_null(pfx);
    PKCS12_get0_mac(NULL, NULL, NULL, &mac, pfx);
    if (mac_rounds > 0)
        assert_int_equal(ASN1_INTEGER_set((ASN1_INTEGER *)mac, mac_rounds), 1);
    int size = i2d_PKCS12(pfx, &bytes);
    for (int i = 0; mac_rounds == 0 && i + (int)sizeof few <= size; i++)
        if (memcmp(bytes + i, few, sizeof few) == 0)
            memcpy(bytes + i, many, sizeof many);
    memcpy(path, "/tmp/mes-net-XXXXXX", sizeof "/tmp/mes-net-XXXXXX");
    int file = mkstemp(path);
    assert_int_equal(write(file, bytes, (size_t)size), size);
    close(file);
    OPENSSL_free(bytes);
    PKCS12_free(pfx);
}

static void files_that_take_for_ever_are_refused(void **state)
{
    (void)state;
    struct certificate own = certificate_make(
        &(struct certificate_wish){.name = "client", .to_day = 9, .issuer = &tls_setting_authority});
    struct mes_secret *password = mes_secret_new(MES_STR("x"));
    static const struct {
        int rounds;
        long mac_rounds;
        const char *text;                                           /* NULL: it is used */
    } cases[] = {{0x20000, 0, "asks for more than 2000000 rounds"}, /* patched */
                 {1000, 2000000000, "asks for more than 2000000 rounds"},
                 {1000, 3000, "password"}, /* the MAC is only wrong */
                 {1000, 0, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char pfx[32];
        write_slow_pfx(&own, cases[i].rounds, cases[i].mac_rounds, pfx);
        const struct mes_tls_options options = {
            .ca_file = tls_setting_authority_file, .certificate_file = pfx, .key_password = password};
        if (cases[i].text != NULL)
            expect_error(&options, MES_E_TLS, cases[i].text);
        else
            expect_own_certificate(&options, true);
        unlink(pfx);
    }
    mes_secret_free(&password);
    certificate_free(&own);
}

static void unusable_files_are_named(void **state)
{
    (void)state;
    struct mes_secret *wrong = mes_secret_new(MES_STR("wrong"));
    char certificate[32], key[32], locked_key[32], pfx[32];
    certificate_write_pem(&tls_setting_good, certificate);
    certificate_write_key(&tls_setting_authority, NULL, key);
    certificate_write_key(&tls_setting_good, "secret", locked_key);
    certificate_write_pfx(&tls_setting_good, "secret", pfx);
    const struct {
        struct mes_tls_options options;
        int code;
        const char *text;
    } cases[] = {
        {{.ca_file = "/nowhere/ca.pem"}, MES_E_FILE, "/nowhere/ca.pem: there is no such file"},
        {{.ca_file = key}, MES_E_TLS, key},
        {{.ca_file = tls_setting_authority_file, .certificate_file = "/nowhere/own"},
         MES_E_FILE,
         "/nowhere/own: there is no such file"},
        {{.certificate_file = certificate, .key_file = "/nowhere/key"},
         MES_E_FILE,
         "/nowhere/key: there is no such file"},
        {{.certificate_file = certificate}, MES_E_TLS, "The key in /tmp"},
        {{.certificate_file = certificate, .key_file = key}, MES_E_TLS, "key values mismatch"},
        {{.certificate_file = certificate, .key_file = locked_key}, MES_E_TLS, "The password for /tmp"},
        {{.certificate_file = certificate, .key_file = locked_key, .key_password = wrong},
         MES_E_TLS,
         "The password for /tmp"},
        {{.certificate_file = pfx, .key_password = wrong}, MES_E_TLS, "The password for /tmp"},
        {{.certificate_file = pfx}, MES_E_TLS, "The password for /tmp"},
        {{.certificate_file = "/etc/hostname"}, MES_E_TLS, "/etc/hostname cannot be used"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_error(&cases[i].options, cases[i].code, cases[i].text);
    mes_secret_free(&wrong);
    unlink(certificate);
    unlink(key);
    unlink(locked_key);
    unlink(pfx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_certificate_is_shown),
        cmocka_unit_test(files_that_take_for_ever_are_refused),
        cmocka_unit_test(unusable_files_are_named),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
