#include "net/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/net/tls_setting.h"

/* Connects as `host` to a server with this certificate and those above it, up to NULL; `trusted` is the file
 * of the authorities. */
static void connect_with(const char *host, const struct certificate *const *chain, const char *trusted,
                         struct client *client_out)
{
    struct tls_setting setting;
    const struct mes_tls_options options = {.ca_file = trusted};
    SSL_CTX *context = tls_setting_server(chain[0]);
    for (size_t i = 1; chain[i] != NULL; i++)
        assert_int_equal(SSL_CTX_add1_chain_cert(context, chain[i]->x509), 1);
    tls_setting_init(&setting, context, tls_setting_echo, &options);
    setting.client.options.host = host;
    client_open(&setting.client);
    client_run_until(&setting.client, "FDTE");
    if (strchr(setting.client.events, 'F') != NULL)
        assert_int_equal(mes_tls_session_count(setting.tls), 0);
    *client_out = setting.client;
    tls_setting_fini(&setting);
}

static void connect_to(const char *host, const struct certificate *certificate,
                       const struct certificate *above, struct client *client_out)
{
    connect_with(host, (const struct certificate *const[]){certificate, above, NULL},
                 tls_setting_authority_file, client_out);
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
        {"DNS:smtp.good.example.", false},
        {"DNS:smtp..good.example", false},
        {"DNS:.good.example", false},
        {"DNS:*smtp*.good.example", false},
        {"DNS:xn--*.good.example", false},
        {"RID:1.2.3.4", false},
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

/* One host, one name in the certificate. */
static void C06_each_kind_of_host_has_its_kind_of_name(void **state)
{
    (void)state;
    static const struct {
        const char *host, *alt_names;
        bool is_good;
    } cases[] = {
        {"127.0.0.1", "IP:127.0.0.1", true},
        {"127.0.0.1", "IP:127.0.0.2", false},
        {"127.0.0.1", "DNS:127.0.0.1", false},
        {"127.0.0.1", "DNS:*.0.0.1", false},
        {"::1", "IP:::1", true},
        {"[::1]", "IP:::1", true},
        {"::1", "IP:127.0.0.1", false},
        {"::ffff:127.0.0.1", "IP:127.0.0.1", false},
        {"smtp.good.example.", "DNS:smtp.good.example", true}, /* a name from the root */
        {"xn--fsqu00a.example", "DNS:xn--fsqu00a.example", true},
        {"XN--FSQU00A.example", "DNS:xn--fsqu00a.example", true},
        {"smtp.xn--fsqu00a.example", "DNS:*.xn--fsqu00a.example", true},
        {"xn--fsqu00a.good.example", "DNS:*.good.example", true},
        {"xn--fsqu00a.good.example", "DNS:xn--*.good.example", false},
        {"a.b.good.example", "DNS:*.good.example", false},
        {"good.example", "DNS:*.good.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client client;
        struct certificate certificate = certificate_make(&(struct certificate_wish){
            .name = "x", .alt_names = cases[i].alt_names, .to_day = 9, .issuer = &tls_setting_authority});
        connect_to(cases[i].host, &certificate, NULL, &client);
        if (cases[i].is_good && strcmp(client.events, "CSD") != 0)
            fail_msg("%s is not found in %s: %s", cases[i].host, cases[i].alt_names, client.failure.text);
        if (!cases[i].is_good)
            expect_refusal(&client, MES_CONN_CAUSE_NAME, ", not for ");
        certificate_free(&certificate);
    }
}

static void C06_the_first_five_names_are_told(void **state)
{
    (void)state;
    struct client client;
    struct certificate certificate = certificate_make(&(struct certificate_wish){
        .name = "x",
        .alt_names =
            "DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:x@y,DNS:b.example,DNS:c.example,DNS:d.example",
        .to_day = 9,
        .issuer = &tls_setting_authority});
    connect_to("localhost", &certificate, NULL, &client);
    expect_refusal(&client, MES_CONN_CAUSE_NAME,
                   "the certificate is for a.example, 192.0.2.1, 2001:db8::1, b.example, c.example, ..., not "
                   "for localhost");
    certificate_free(&certificate);
}

/* A leaf for localhost, below at most two others: what is wrong with whom, and what is said. */
struct chain_case {
    const char *what;
    struct certificate_wish leaf, above, top;
    enum mes_conn_cause cause; /* NONE: it is taken */
    const char *text;
};

enum { AUTHORITY = 1 }; /* for the wishes that are given and otherwise empty */

static const struct chain_case chain_cases[] = {
    {.what = "a good leaf"},
    {.what = "a leaf with all that it may have",
     .leaf = {.basic = "critical,CA:FALSE",
              .key_usage = "critical,digitalSignature",
              .usage = "serverAuth,clientAuth"}},
    {.what = "a leaf of RSA 2048", .leaf = {.rsa_bits = 2048}},
    {.what = "a leaf that is an authority itself", .leaf = {.is_authority = 1}},
    {.what = "one above", .above = {.is_authority = AUTHORITY}},
    {.what = "two above", .above = {.is_authority = AUTHORITY}, .top = {.is_authority = AUTHORITY}},
    {.what = "a path as long as it may be", .above = {.basic = "critical,CA:TRUE,pathlen:0"}},
    {.what = "constraints that fit",
     .above = {.is_authority = AUTHORITY, .constraints = "permitted;DNS:localhost"}},
    {.what = "constraints that exclude others",
     .above = {.is_authority = AUTHORITY, .constraints = "excluded;DNS:example"}},
    {.what = "expired",
     .leaf = {.from_day = -9, .to_day = -1},
     .cause = MES_CONN_CAUSE_EXPIRED,
     .text = "the certificate of localhost expired on 20"},
    {.what = "not yet valid",
     .leaf = {.from_day = 2},
     .cause = MES_CONN_CAUSE_NOT_YET_VALID,
     .text = "the certificate of localhost is only valid from 20"},
    {.what = "expired above",
     .above = {.is_authority = AUTHORITY, .from_day = -9, .to_day = -1},
     .cause = MES_CONN_CAUSE_EXPIRED,
     .text = "expired on 20"},
    {.what = "not yet valid above",
     .above = {.is_authority = AUTHORITY, .from_day = 2},
     .cause = MES_CONN_CAUSE_NOT_YET_VALID,
     .text = "is only valid from 20"},
    {.what = "no authority above",
     .above = {.basic = "critical,CA:FALSE"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "invalid CA certificate"},
    {.what = "above without constraints at all",
     .above = {.key_usage = "digitalSignature"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "invalid CA certificate"},
    {.what = "above may not sign",
     .above = {.is_authority = AUTHORITY, .key_usage = "critical,digitalSignature"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "certificate of localhost: "},
    {.what = "the path is too long",
     .above = {.is_authority = AUTHORITY},
     .top = {.basic = "critical,CA:TRUE,pathlen:0"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "path length constraint exceeded"},
    {.what = "above is for others",
     .above = {.is_authority = AUTHORITY, .usage = "clientAuth"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "certificate of localhost: "},
    {.what = "constraints forbid it",
     .above = {.is_authority = AUTHORITY, .constraints = "excluded;DNS:localhost"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "excluded subtree violation"},
    {.what = "constraints permit others",
     .above = {.is_authority = AUTHORITY, .constraints = "permitted;DNS:a.example"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "permitted subtree violation"},
    {.what = "for clients",
     .leaf = {.usage = "clientAuth"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unsuitable certificate purpose"},
    {.what = "for mail content",
     .leaf = {.usage = "emailProtection"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unsuitable certificate purpose"},
    {.what = "for anything, which is not for servers",
     .leaf = {.usage = "anyExtendedKeyUsage"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unsuitable certificate purpose"},
    {.what = "a key that may only sign certificates",
     .leaf = {.key_usage = "critical,keyCertSign"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unsuitable certificate purpose"},
    {.what = "a critical extension that nobody knows",
     .leaf = {.has_unknown = 1},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unhandled critical extension"},
    {.what = "the same above",
     .above = {.is_authority = AUTHORITY, .has_unknown = 1},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "unhandled critical extension"},
    {.what = "a weak key",
     .leaf = {.rsa_bits = 1024},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "EE certificate key too weak"},
    {.what = "a weak key above",
     .above = {.is_authority = AUTHORITY, .rsa_bits = 1024},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "CA certificate key too weak"},
    {.what = "a key that anybody can break above",
     .above = {.is_authority = AUTHORITY, .rsa_bits = 512},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "CA certificate key too weak"},
    {.what = "signed by SHA-1",
     .leaf = {.digest = "SHA1"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "CA signature digest algorithm too weak"},
    {.what = "signed by SHA-1 above",
     .above = {.is_authority = AUTHORITY, .digest = "SHA1"},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "CA signature digest algorithm too weak"},
    {.what = "forged",
     .leaf = {.is_forged = 1},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "certificate signature failure"},
    {.what = "forged above",
     .above = {.is_authority = AUTHORITY, .is_forged = 1},
     .cause = MES_CONN_CAUSE_CERTIFICATE,
     .text = "certificate signature failure"},
};

static bool is_wished(const struct certificate_wish *wish)
{
    return wish->is_authority || wish->basic != NULL || wish->key_usage != NULL;
}

static struct certificate make_one(struct certificate_wish wish, const char *name,
                                   const struct certificate *issuer)
{
    wish.name = name;
    wish.issuer = issuer;
    if (wish.to_day == 0)
        wish.to_day = 9;
    return certificate_make(&wish);
}

static void check_chain(const struct chain_case *chain)
{
    struct client client;
    struct certificate top = {0}, above = {0};
    const struct certificate *issuer = &tls_setting_authority;
    struct certificate_wish leaf_wish = chain->leaf;
    if (is_wished(&chain->top)) {
        top = make_one(chain->top, "Top", issuer);
        issuer = &top;
    }
    if (is_wished(&chain->above)) {
        above = make_one(chain->above, "Intermediate", issuer);
        issuer = &above;
    }
    leaf_wish.alt_names = "DNS:localhost";
    struct certificate leaf = make_one(leaf_wish, "x", issuer);
    connect_with("localhost",
                 (const struct certificate *const[]){&leaf, above.x509 != NULL ? &above : NULL,
                                                     top.x509 != NULL ? &top : NULL, NULL},
                 tls_setting_authority_file, &client);
    if (chain->cause != MES_CONN_CAUSE_NONE)
        expect_refusal(&client, chain->cause, chain->text);
    else if (strcmp(client.events, "CSD") != 0)
        fail_msg("%s: not taken: %s", chain->what, client.failure.text);
    certificate_free(&leaf);
    certificate_free(&above);
    certificate_free(&top);
}

static void C06_chains_are_followed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chain_cases / sizeof chain_cases[0]; i++)
        check_chain(&chain_cases[i]);
}

/* Who is trusted: nobody but the authorities that are named, and never halfway up a chain. */
static void C06_trust_begins_at_the_authority(void **state)
{
    (void)state;
    char self_file[32], above_file[32];
    struct client client;
    struct certificate self = make_one((struct certificate_wish){.alt_names = "DNS:localhost"}, "self", NULL);
    struct certificate above =
        make_one((struct certificate_wish){.is_authority = 1}, "Intermediate", &tls_setting_authority);
    struct certificate leaf = make_one((struct certificate_wish){.alt_names = "DNS:localhost"}, "x", &above);
    struct certificate twin =
        make_one((struct certificate_wish){.is_authority = 1}, "Test Authority", NULL); /* the same name */
    struct certificate false_leaf =
        make_one((struct certificate_wish){.alt_names = "DNS:localhost"}, "x", &twin);
    certificate_write_pem(&self, self_file);
    certificate_write_pem(&above, above_file);
    const struct {
        const struct certificate *chain[3];
        const char *trusted;
        enum mes_conn_cause cause;
        const char *text;
    } cases[] = {
        {{&self}, tls_setting_authority_file, MES_CONN_CAUSE_SELF_SIGNED, "localhost is self-signed"},
        {{&self}, self_file, MES_CONN_CAUSE_NONE, ""},
        {{&leaf},
         tls_setting_authority_file,
         MES_CONN_CAUSE_UNTRUSTED,
         "issued by Intermediate, which is not trusted"},
        {{&leaf, &above}, tls_setting_authority_file, MES_CONN_CAUSE_NONE, ""},
        {{&leaf}, above_file, MES_CONN_CAUSE_UNTRUSTED, "issued by Test Authority, which is not trusted"},
        {{&false_leaf}, tls_setting_authority_file, MES_CONN_CAUSE_CERTIFICATE, "signature failure"},
        {{&false_leaf, &twin},
         self_file,
         MES_CONN_CAUSE_UNTRUSTED,
         "issued by Test Authority, which is not trusted"},
        {{&leaf, &above}, NULL, MES_CONN_CAUSE_UNTRUSTED, "which is not trusted"}, /* the system's */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        connect_with("localhost", cases[i].chain, cases[i].trusted, &client);
        if (cases[i].cause == MES_CONN_CAUSE_NONE)
            assert_string_equal(client.events, "CSD");
        else
            expect_refusal(&client, cases[i].cause, cases[i].text);
    }
    unlink(self_file);
    unlink(above_file);
    certificate_free(&false_leaf);
    certificate_free(&twin);
    certificate_free(&leaf);
    certificate_free(&above);
    certificate_free(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C06_names_are_matched_strictly),
        cmocka_unit_test(C06_faulty_certificates_are_refused),
        cmocka_unit_test(C06_each_kind_of_host_has_its_kind_of_name),
        cmocka_unit_test(C06_the_first_five_names_are_told),
        cmocka_unit_test(C06_chains_are_followed),
        cmocka_unit_test(C06_trust_begins_at_the_authority),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
