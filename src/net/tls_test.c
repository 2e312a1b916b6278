#include "net/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "net/timer.h"
#include "tests/net/load.h"
#include "tests/net/memory.h"
#include "tests/net/tls_setting.h"

static void right_name_is_accepted(void **state)
{
    (void)state;
    struct tls_setting setting;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_setting_echo, NULL);
    client_open(&setting.client);
    client_run_until(&setting.client, "D");
    assert_string_equal(setting.client.events, "CSD");
    assert_string_equal(mes_buf_text(&setting.client.text), "220 hello\r\n");
    assert_true(mes_conn_is_secured(setting.client.conn));
    assert_string_equal(mes_conn_tls_text(setting.client.conn), "TLSv1.3 TLS_AES_256_GCM_SHA384");
    client_send(&setting.client, "EHLO me\r\n");
    client_run_while(&setting.client, client_waits_for_echo);
    client_send(&setting.client, "QUIT\r\n");
    client_run_until(&setting.client, "E");
    assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_CLOSED);
    tls_setting_fini(&setting);
}

static void names_are_compared_as_names_and_addresses_as_addresses(void **state)
{
    (void)state;
    struct tls_setting setting;
    static const struct {
        const char *host;
        char end;
    } cases[] = {
        {"localhost.", 'D'}, {"LOCALHOST", 'D'}, {"127.0.0.1", 'D'}, {"127.0.0.2", 'F'}, {"[::1]", 'F'}};
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_setting_echo, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client_reset(&setting.client);
        setting.client.options.host = cases[i].host;
        client_open(&setting.client);
        client_run_until(&setting.client, "DFT");
        assert_int_equal(setting.client.events[strlen(setting.client.events) - 1], cases[i].end);
        if (cases[i].end == 'F')
            assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_NAME);
    }
    tls_setting_fini(&setting);
}

static void invalid_certificate_may_be_allowed(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct certificate expired =
        certificate_make(&(struct certificate_wish){.name = "nobody", .from_day = -9, .to_day = -1});
    tls_setting_init(&setting, tls_setting_server(&expired), tls_setting_echo,
                     &(struct mes_tls_options){.allow_invalid_certificate = true});
    client_open(&setting.client);
    client_run_until(&setting.client, "DFT");
    assert_string_equal(setting.client.events, "CSD");
    tls_setting_fini(&setting);
    certificate_free(&expired);
}

static void the_systems_authorities_do_not_trust_ours(void **state)
{
    (void)state;
    struct tls_setting setting;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_setting_echo,
                     &(struct mes_tls_options){0});
    client_open(&setting.client);
    client_run_until(&setting.client, "DFT");
    assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_UNTRUSTED);
    tls_setting_fini(&setting);
}

static void C05_old_versions_are_refused(void **state)
{
    (void)state;
    static const struct {
        int server;
        enum mes_tls_version client;
        bool is_good;
    } cases[] = {{TLS1_1_VERSION, MES_TLS_1_2, false},
                 {TLS1_2_VERSION, MES_TLS_1_2, true},
                 {TLS1_2_VERSION, MES_TLS_1_3, false},
                 {TLS1_3_VERSION, MES_TLS_1_3, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_setting setting;
        SSL_CTX *context = tls_setting_server(&tls_setting_good);
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, cases[i].server);
        tls_setting_init(&setting, context, tls_setting_echo,
                         &(struct mes_tls_options){.ca_file = tls_setting_authority_file,
                                                   .minimum_version = cases[i].client});
        client_open(&setting.client);
        client_run_until(&setting.client, "DFT");
        assert_string_equal(setting.client.events, cases[i].is_good ? "CSD" : "CF");
        if (!cases[i].is_good)
            assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_TLS_VERSION);
        tls_setting_fini(&setting);
    }
}

static void greet_in_clear(struct peer_link *link)
{
    peer_say(link, "220 mail.example ESMTP\r\n");
    peer_wait_end(link);
}

static void end_at_once(struct peer_link *link)
{
    (void)link;
}

static void end_within_handshake(struct peer_link *link)
{
    char byte;
    assert_int_equal(read(link->descriptor, &byte, 1), 1);
    peer_write(link, "\x16\x03\x03\x00\x7a", 5);
}

static void send_rubbish(struct peer_link *link)
{
    peer_write(link, "\x16\x03\x03\x00\x05rubbish and more of it", 27);
    peer_wait_end(link);
}

static void C05_peers_without_tls_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        void (*script)(struct peer_link *link);
        enum mes_conn_cause cause, or_cause;
    } cases[] = {{greet_in_clear, MES_CONN_CAUSE_PLAIN_PEER, MES_CONN_CAUSE_PLAIN_PEER},
                 {end_at_once, MES_CONN_CAUSE_CLOSED, MES_CONN_CAUSE_RESET},
                 {end_within_handshake, MES_CONN_CAUSE_CLOSED, MES_CONN_CAUSE_RESET},
                 {send_rubbish, MES_CONN_CAUSE_TLS, MES_CONN_CAUSE_TLS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_setting setting;
        tls_setting_init(&setting, NULL, cases[i].script, NULL);
        client_open(&setting.client);
        client_run_until(&setting.client, "FDTE");
        assert_string_equal(setting.client.events, "CF");
        assert_int_equal(setting.client.failure.stage, MES_CONN_STAGE_TLS);
        if (setting.client.failure.cause != cases[i].or_cause)
            assert_int_equal(setting.client.failure.cause, cases[i].cause);
        tls_setting_fini(&setting);
    }
}

static void say_nothing(struct peer_link *link)
{
    peer_wait_end(link);
}

static void C05_silent_handshake_times_out(void **state)
{
    (void)state;
    struct tls_setting setting;
    tls_setting_init(&setting, NULL, say_nothing, NULL);
    setting.client.options.tls_timeout_ms = 50;
    client_open(&setting.client);
    client_run_until(&setting.client, "TFDE");
    assert_string_equal(setting.client.events, "CT");
    assert_int_equal(setting.client.failure.stage, MES_CONN_STAGE_TLS);
    assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_TIMEOUT);
    tls_setting_fini(&setting);
}

/* TLS 1.2: the server asks for a new handshake behind its greeting, and goes on whatever becomes of that. */
static void ask_for_renegotiation(struct peer_link *link)
{
    if (!peer_start_tls(link, link->context))
        return;
    peer_say(link, "220 hello\r\n");
    (void)SSL_renegotiate(link->ssl);
    (void)SSL_do_handshake(link->ssl); /* only sends the request */
    peer_swallow(link, 1);
}

static void C05_renegotiation_is_refused(void **state)
{
    (void)state;
    struct tls_setting setting;
    SSL_CTX *context = tls_setting_server(&tls_setting_good);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    tls_setting_init(&setting, context, ask_for_renegotiation, NULL);
    client_open(&setting.client);
    client_run_until(&setting.client, "EFT");
    assert_memory_equal(setting.client.events, "CSD", 3);
    assert_int_equal(setting.client.failure.stage, MES_CONN_STAGE_READ);
    tls_setting_fini(&setting);
}

/* TLS 1.3: new keys without end, and never a byte of payload. */
static void update_keys_for_ever(struct peer_link *link)
{
    if (!peer_start_tls(link, link->context))
        return;
    peer_say(link, "220 hello\r\n");
    while (SSL_key_update(link->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(link->ssl) == 1)
        continue;
}

static void ring(void *context)
{
    ++*(unsigned *)context;
}

static void C05_endless_key_updates_do_not_hold_the_loop(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct mes_timer *timer;
    unsigned rings = 0;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), update_keys_for_ever, NULL);
    assert_int_equal(mes_timer_new(setting.client.loop, ring, &rings, &timer, NULL), 0);
    client_open(&setting.client);
    client_run_until(&setting.client, "D");
    for (unsigned wanted = 1; wanted <= 20; wanted++) {
        mes_timer_start(timer, 1); /* the session's own deadlines are timers like this one */
        for (int i = 0; i < 1000 && rings < wanted; i++)
            mes_loop_step(setting.client.loop, 10);
        assert_int_equal(rings, wanted);
    }
    assert_string_equal(setting.client.events, "CSD");
    assert_int_equal(mes_conn_received_total(setting.client.conn), 11);
    mes_conn_free(&setting.client.conn);
    mes_timer_free(&timer);
    tls_setting_fini(&setting);
}

static void connect_once(struct client *client)
{
    client_reset(client);
    client_open(client);
    client_run_until(client, "DFTE");
    assert_string_equal(client->events, "CSD");
}

static void second_connection_resumes(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct tls_setting setting;
        SSL_CTX *context = tls_setting_server(&tls_setting_good);
        SSL_CTX_set_max_proto_version(context, versions[i]);
        tls_setting_init(&setting, context, tls_setting_echo, NULL);
        connect_once(&setting.client);
        assert_false(mes_conn_is_resumed(setting.client.conn));
        assert_int_equal(mes_tls_session_count(setting.tls), 1);
        mes_conn_close(&setting.client.conn);
        connect_once(&setting.client);
        assert_true(mes_conn_is_resumed(setting.client.conn));
        mes_conn_free(&setting.client.conn); /* cut, not closed: the session stays good */
        connect_once(&setting.client);
        assert_true(mes_conn_is_resumed(setting.client.conn));
        setting.client.options.host = "127.0.0.1"; /* another name: nothing to resume */
        connect_once(&setting.client);
        assert_false(mes_conn_is_resumed(setting.client.conn));
        tls_setting_fini(&setting);
    }
}

static size_t to_swallow, swallowed, records;

static void count_record(int is_written, int version, int type, const void *data, size_t size, SSL *ssl,
                         void *context)
{
    (void)version;
    (void)ssl;
    (void)context;
    if (!is_written && type == SSL3_RT_INNER_CONTENT_TYPE && size == 1 && *(const char *)data == 23)
        records++;
}

static void tls_swallow(struct peer_link *link)
{
    if (!peer_start_tls(link, link->context))
        return;
    swallowed = peer_swallow(link, to_swallow);
}

static void large_body_goes_out(void **state)
{
    (void)state;
    struct tls_setting setting;
    size_t sent = 0;
    swallowed = 0;
    to_swallow = LOAD_SIZE;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_swallow, NULL);
    setting.client.then = load_send;
    setting.client.context = &sent;
    client_open(&setting.client);
    client_run_until(&setting.client, "D");
    assert_int_equal(mes_conn_unsent(setting.client.conn), 0);
    mes_conn_close(&setting.client.conn);
    tls_setting_fini(&setting);
    assert_int_equal(swallowed, LOAD_SIZE);
}

static void one_group_is_one_record(void **state)
{
    (void)state;
    struct tls_setting setting;
    SSL_CTX *context = tls_setting_server(&tls_setting_good);
    SSL_CTX_set_msg_callback(context, count_record);
    swallowed = records = 0;
    to_swallow = 26384;
    tls_setting_init(&setting, context, tls_swallow, NULL);
    client_open(&setting.client);
    client_run_until(&setting.client, "S");
    assert_int_equal(mes_conn_send(setting.client.conn, mes_str_make(load_bytes, 10000), NULL), 0);
    assert_int_equal(mes_conn_send(setting.client.conn, mes_str_make(load_bytes, 16384), NULL), 0);
    client_run_until(&setting.client, "D");
    mes_conn_close(&setting.client.conn);
    tls_setting_fini(&setting);
    assert_int_equal(swallowed, 26384);
    assert_int_equal(records, 2);
}

static void tls_flood(struct peer_link *link)
{
    if (!peer_start_tls(link, link->context))
        return;
    for (size_t i = 0; i < 1000; i++)
        peer_write(link, load_bytes + 1000 * i, 1000);
}

static bool is_not_full(const struct client *client)
{
    return mes_conn_received(client->conn).size < 4096;
}

/* What OpenSSL holds makes no socket readable: consuming must bring it. */
static void reading_pauses_at_the_limit(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct client *client = &setting.client;
    struct mes_buf all;
    mes_buf_init(&all, LOAD_SIZE);
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_flood, NULL);
    client->is_lazy = true;
    client->options.receive_limit = 4096;
    client_open(client);
    client_run_until(client, "D");
    client_run_while(client, is_not_full);
    mes_loop_step(client->loop, 5);
    assert_int_equal(mes_conn_received(client->conn).size, 4096);
    for (int i = 0; i < 100000 && all.size < 1000000; i++) {
        struct mes_str bytes = mes_conn_received(client->conn);
        mes_buf_add_str(&all, bytes);
        mes_conn_consume(client->conn, bytes.size);
        mes_loop_step(client->loop, 1000);
    }
    assert_int_equal(all.size, 1000000);
    assert_memory_equal(all.data, load_bytes, all.size);
    mes_buf_fini(&all);
    tls_setting_fini(&setting);
}

static void connection_may_be_freed_inside_each_event(void **state)
{
    (void)state;
    static const struct {
        enum mes_conn_event event;
        const char *events;
    } cases[] = {{MES_CONN_CONNECTED, "C"}, {MES_CONN_SECURED, "CS"}, {MES_CONN_DATA, "CSD"}};
    struct tls_setting setting;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_setting_echo, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client_reset(&setting.client);
        setting.client.free_at = 1U << cases[i].event;
        client_open(&setting.client);
        client_run_until(&setting.client, cases[i].events + strlen(cases[i].events) - 1);
        assert_null(setting.client.conn);
        mes_loop_step(setting.client.loop, 0);
        assert_string_equal(setting.client.events, cases[i].events);
    }
    tls_setting_fini(&setting);
}

static void connection_ends_cleanly_without_memory(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct client *client = &setting.client;
    unsigned allowed = 0;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_setting_echo, NULL);
    client->is_lazy = true;
    do {
        client_reset(client);
        memory_allow(allowed++);
        int code = mes_conn_open(client->loop, &client->options, &client->addresses, &client->conn, NULL);
        if (code == 0)
            client_run_while(client, client_has_not_ended);
        memory_allow_all();
        if (code == 0 && strchr(client->events, 'D') == NULL)
            assert_int_equal(client->failure.cause, MES_CONN_CAUSE_NO_MEMORY);
    } while (memory_was_refused() && allowed < 100);
    assert_in_range(allowed, 7, 50);
    assert_string_equal(client->events, "CSD");
    tls_setting_fini(&setting);
}

static void context_needs_memory(void **state)
{
    (void)state;
    struct mes_tls *tls;
    struct mes_error error;
    const struct mes_tls_options options = {.ca_file = tls_setting_authority_file};
    memory_allow(0);
    assert_int_equal(mes_tls_new(&options, &tls, &error), MES_E_NOMEM);
    memory_allow_all();
    assert_null(tls);
}

int main(void)
{
    load_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_name_is_accepted),
        cmocka_unit_test(names_are_compared_as_names_and_addresses_as_addresses),
        cmocka_unit_test(invalid_certificate_may_be_allowed),
        cmocka_unit_test(the_systems_authorities_do_not_trust_ours),
        cmocka_unit_test(C05_old_versions_are_refused),
        cmocka_unit_test(C05_peers_without_tls_are_told_apart),
        cmocka_unit_test(C05_silent_handshake_times_out),
        cmocka_unit_test(C05_renegotiation_is_refused),
        cmocka_unit_test(C05_endless_key_updates_do_not_hold_the_loop),
        cmocka_unit_test(second_connection_resumes),
        cmocka_unit_test(large_body_goes_out),
        cmocka_unit_test(one_group_is_one_record),
        cmocka_unit_test(reading_pauses_at_the_limit),
        cmocka_unit_test(connection_may_be_freed_inside_each_event),
        cmocka_unit_test(connection_ends_cleanly_without_memory),
        cmocka_unit_test(context_needs_memory),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
