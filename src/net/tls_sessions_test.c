/* Which connections may resume whose TLS session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_parts.h"
#include "tests/net/tls_setting.h"

static void connect_once(struct client *client)
{
    client_reset(client);
    client_open(client);
    client_run_until(client, "DFTE");
    assert_string_equal(client->events, "CSD");
}

/* Whoever trusts others, or everybody, or is another account: sessions belong to one set of settings. */
static void sessions_are_not_shared(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct tls_setting setting;
        struct mes_tls *first, *other, *unchecked;
        const struct mes_tls_options trusting = {.ca_file = tls_setting_authority_file};
        const struct mes_tls_options everybody = {.allow_invalid_certificate = true};
        SSL_CTX *context = tls_setting_server(&tls_setting_good);
        SSL_CTX_set_max_proto_version(context, versions[i]);
        tls_setting_init(&setting, context, tls_setting_echo, NULL);
        first = setting.tls;
        assert_int_equal(mes_tls_new(&trusting, &other, NULL), 0);
        assert_int_equal(mes_tls_new(&everybody, &unchecked, NULL), 0);
        connect_once(&setting.client);
        setting.client.options.tls = other;
        connect_once(&setting.client);
        assert_false(mes_conn_is_resumed(setting.client.conn));
        setting.client.options.tls = unchecked;
        connect_once(&setting.client);
        assert_false(mes_conn_is_resumed(setting.client.conn));
        setting.client.options.tls = first;
        connect_once(&setting.client);
        assert_true(mes_conn_is_resumed(setting.client.conn));
        mes_conn_free(&setting.client.conn);
        mes_tls_free(&other);
        mes_tls_free(&unchecked);
        tls_setting_fini(&setting);
    }
}

/* An account that took any certificate has a session of a server that it must not trust once it checks. */
static void a_session_from_before_checking_is_worth_nothing(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct mes_tls *checking;
    const struct mes_tls_options everybody = {.allow_invalid_certificate = true};
    const struct mes_tls_options trusting = {.ca_file = tls_setting_authority_file};
    struct certificate self =
        certificate_make(&(struct certificate_wish){.name = "x", .alt_names = "DNS:localhost", .to_day = 9});
    tls_setting_init(&setting, tls_setting_server(&self), tls_setting_echo, &everybody);
    connect_once(&setting.client);
    assert_int_equal(mes_tls_session_count(setting.tls), 1);
    assert_int_equal(mes_tls_new(&trusting, &checking, NULL), 0);
    setting.client.options.tls = checking;
    client_reset(&setting.client);
    client_open(&setting.client);
    client_run_until(&setting.client, "DFTE");
    assert_string_equal(setting.client.events, "CF");
    assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_SELF_SIGNED);
    mes_conn_free(&setting.client.conn);
    mes_tls_free(&checking);
    tls_setting_fini(&setting);
    certificate_free(&self);
}

/* Serves each connection with a context of its own, as a server that is started anew in between. */
static void echo_anew(struct peer_link *link)
{
    SSL_CTX **contexts = link->context;
    if (peer_start_tls(link, contexts[link->number]))
        peer_echo(link);
}

/* Such a server does not know the old ticket: a whole handshake, and its name is checked. */
static void a_forgotten_session_costs_a_whole_handshake(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct certificate other = certificate_make(&(struct certificate_wish){
        .name = "x", .alt_names = "DNS:other.example", .to_day = 9, .issuer = &tls_setting_authority});
    SSL_CTX *contexts[] = {tls_setting_server(&tls_setting_good), tls_setting_server(&tls_setting_good),
                           tls_setting_server(&other)};
    tls_setting_init(&setting, NULL, echo_anew, NULL);
    peer_stop(&setting.peer);
    setting.peer = peer_start(echo_anew, contexts);
    setting.client.options.port = peer_port(setting.peer);
    for (size_t i = 0; i < 2; i++) {
        connect_once(&setting.client);
        assert_false(mes_conn_is_resumed(setting.client.conn));
        assert_int_equal(mes_tls_session_count(setting.tls), 1);
    }
    client_reset(&setting.client);
    client_open(&setting.client);
    client_run_until(&setting.client, "DFTE");
    assert_string_equal(setting.client.events, "CF");
    assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_NAME);
    assert_int_equal(mes_tls_session_count(setting.tls), 0); /* what led to that is not kept */
    tls_setting_fini(&setting);
    for (size_t i = 0; i < 3; i++)
        SSL_CTX_free(contexts[i]);
    certificate_free(&other);
}

/* Postfix issues a ticket after a whole handshake alone. */
static void one_ticket_is_good_for_many_connections(void **state)
{
    (void)state;
    struct tls_setting setting;
    unsigned char keys[80] = "the same for both";
    SSL_CTX *giving = tls_setting_server(&tls_setting_good), *mean = tls_setting_server(&tls_setting_good);
    SSL_CTX *contexts[] = {giving, mean, mean, mean};
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(giving, keys, sizeof keys), 1);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(mean, keys, sizeof keys), 1);
    assert_int_equal(SSL_CTX_set_num_tickets(mean, 0), 1);
    tls_setting_init(&setting, NULL, echo_anew, NULL);
    peer_stop(&setting.peer);
    setting.peer = peer_start(echo_anew, contexts);
    setting.client.options.port = peer_port(setting.peer);
    for (size_t i = 0; i < 4; i++) {
        connect_once(&setting.client);
        assert_int_equal(mes_conn_is_resumed(setting.client.conn), i > 0);
        assert_int_equal(mes_tls_session_count(setting.tls), 1);
    }
    tls_setting_fini(&setting);
    SSL_CTX_free(giving);
    SSL_CTX_free(mean);
}

static void the_one_not_used_for_longest_gives_way(void **state)
{
    (void)state;
    struct mes_tls_sessions sessions = {0};
    char key[32];
    for (unsigned i = 0; i <= MES_TLS_SESSIONS; i++) {
        (void)snprintf(key, sizeof key, "host:%u", i);
        mes_tls_sessions_put(&sessions, key, SSL_SESSION_new());
        assert_non_null(mes_tls_sessions_get(&sessions, "host:0")); /* in use all the time */
    }
    assert_int_equal(sessions.count, MES_TLS_SESSIONS);
    assert_null(mes_tls_sessions_get(&sessions, "host:1"));
    assert_non_null(mes_tls_sessions_get(&sessions, "host:2"));
    assert_null(mes_tls_sessions_get(&sessions, "host"));
    mes_tls_sessions_fini(&sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_not_shared),
        cmocka_unit_test(a_session_from_before_checking_is_worth_nothing),
        cmocka_unit_test(a_forgotten_session_costs_a_whole_handshake),
        cmocka_unit_test(one_ticket_is_good_for_many_connections),
        cmocka_unit_test(the_one_not_used_for_longest_gives_way),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
