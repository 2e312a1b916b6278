#include "net/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/net/tls_setting.h"

/* Connects as `host` to a server with this certificate (and the one above it, if any). */
static void connect_to(const char *host, const struct certificate *certificate,
                       const struct certificate *above, struct client *client_out)
{
    struct tls_setting setting;
    SSL_CTX *context = tls_setting_server(certificate);
    if (above != NULL)
        assert_int_equal(SSL_CTX_add1_chain_cert(context, above->x509), 1);
    tls_setting_init(&setting, context, tls_setting_echo, NULL);
    setting.client.options.host = host;
    client_open(&setting.client);
    client_run_until(&setting.client, "FDTE");
    if (strchr(setting.client.events, 'F') != NULL)
        assert_int_equal(mes_tls_session_count(setting.tls), 0);
    *client_out = setting.client;
    tls_setting_fini(&setting);
}

static void expect_refusal(const struct client *client, enum mes_conn_cause cause, const char *text)
{
    assert_string_equal(client->events, "CF");
    assert_int_equal(client->failure.stage, MES_CONN_STAGE_CERTIFICATE);
    assert_int_equal(client->failure.cause, cause);
    if (strstr(client->failure.text, text) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", client->failure.text, text);
}

struct named_case {
    const char *alt_names;
    bool is_good;
};

static void C06_names_are_matched_strictly(void **state)
{
    (void)state;
    static const struct named_case cases[] = {
        {"DNS:smtp.good.example", true},
        {"DNS:other.example,DNS:SMTP.Good.Example", true},
        {"DNS:*.good.example", true},
        {"DNS:good.example", false},
        {"DNS:smtp.good.example.evil.example", false},
        {"DNS:xsmtp.good.example", false},
        {"DNS:*.example", false},
        {"DNS:*.*.example", false},
        {"DNS:s*.good.example", false},
        {"DNS:smtp.*.example", false},
        {"DNS:*", false},
        {"DNS:*smtp.good.example", false},
        {"IP:127.0.0.1", false},
        {"email:smtp.good.example", false},
        {"URI:https://smtp.good.example/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client client;
        struct certificate certificate =
            certificate_make(&(struct certificate_wish){.name = "smtp.good.example",
                                                        .alt_names = cases[i].alt_names,
                                                        .to_day = 9,
                                                        .issuer = &tls_setting_authority});
        connect_to("smtp.good.example", &certificate, NULL, &client);
        if (cases[i].is_good)
            assert_string_equal(client.events, "CSD");
        else
            expect_refusal(&client, MES_CONN_CAUSE_NAME, ", not for smtp.good.example");
        certificate_free(&certificate);
    }
}

static void C06_faulty_certificates_are_refused(void **state)
{
    (void)state;
    struct certificate other = certificate_make(
        &(struct certificate_wish){.name = "Other Authority", .to_day = 10, .is_authority = 1});
    const struct {
        struct certificate_wish wish;
        enum mes_conn_cause cause;
        const char *text;
    } cases[] = {
        {{.name = "x", .alt_names = "DNS:other.example,DNS:*.b.example", .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_NAME,
         "is for other.example, *.b.example, not for localhost"},
        {{.name = "localhost", .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_NAME,
         "for no host (only its subject names localhost), not for localhost"},
        {{.name = "x", .cut_name = "localhost", .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_NAME,
         "is for localhost\\x00.evil.example, not for localhost"},
        {{.name = "x",
          .alt_names = "DNS:localhost",
          .from_day = -9,
          .to_day = -1,
          .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_EXPIRED,
         "localhost expired on 20"},
        {{.name = "x", .alt_names = "DNS:localhost", .from_day = 2, .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_NOT_YET_VALID,
         "only valid from 20"},
        {{.name = "x", .alt_names = "DNS:localhost"}, MES_CONN_CAUSE_SELF_SIGNED, "self-signed"},
        {{.name = "x", .alt_names = "DNS:localhost", .issuer = &other},
         MES_CONN_CAUSE_UNTRUSTED,
         "issued by Other Authority, which is not trusted"},
        {{.name = "x", .alt_names = "DNS:localhost", .usage = "clientAuth", .issuer = &tls_setting_authority},
         MES_CONN_CAUSE_CERTIFICATE,
         "certificate of localhost: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client client;
        struct certificate_wish wish = cases[i].wish;
        if (wish.to_day == 0)
            wish.to_day = 9;
        struct certificate certificate = certificate_make(&wish);
        connect_to("localhost", &certificate, NULL, &client);
        expect_refusal(&client, cases[i].cause, cases[i].text);
        certificate_free(&certificate);
    }
    certificate_free(&other);
}

/* A leaf for localhost below an intermediate with these wishes. */
static void connect_through(struct certificate_wish above_wish, bool shows_above, struct client *client_out)
{
    above_wish.name = "Intermediate";
    above_wish.to_day = 9;
    above_wish.issuer = &tls_setting_authority;
    struct certificate above = certificate_make(&above_wish);
    struct certificate leaf = certificate_make(
        &(struct certificate_wish){.name = "x", .alt_names = "DNS:localhost", .to_day = 9, .issuer = &above});
    connect_to("localhost", &leaf, shows_above ? &above : NULL, client_out);
    certificate_free(&leaf);
    certificate_free(&above);
}

static void C06_chains_are_followed(void **state)
{
    (void)state;
    struct client client;
    connect_through((struct certificate_wish){.is_authority = 1}, true, &client);
    assert_string_equal(client.events, "CSD");
    connect_through((struct certificate_wish){.is_authority = 1}, false, &client);
    expect_refusal(&client, MES_CONN_CAUSE_UNTRUSTED, "issued by Intermediate, which is not trusted");
    connect_through((struct certificate_wish){.is_authority = 0}, true, &client);
    expect_refusal(&client, MES_CONN_CAUSE_CERTIFICATE, "certificate of localhost: ");
    connect_through((struct certificate_wish){.is_authority = 1, .constraints = "permitted;DNS:a.example"},
                    true, &client);
    expect_refusal(&client, MES_CONN_CAUSE_CERTIFICATE, "certificate of localhost: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C06_names_are_matched_strictly),
        cmocka_unit_test(C06_faulty_certificates_are_refused),
        cmocka_unit_test(C06_chains_are_followed),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
