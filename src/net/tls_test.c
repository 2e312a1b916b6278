#include "net/tls.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/net/tls_setting.h"
#include "base/alloc.h"
#include "net/loop.h"

static char big[25 * 1024 * 1024];

static bool waits_for_echo(const struct client *client)
{
    return strstr(mes_buf_text(&client->text), "EHLO me\r\n") == NULL;
}

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
    client_run_while(&setting.client, waits_for_echo);
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

/* ---- versions, and peers that speak no TLS ---- */

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
    (void)read(link->descriptor, &byte, 1);
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

/* ---- STARTTLS ---- */

static void offer_starttls(struct peer_link *link)
{
    char line[100];
    peer_say(link, "220 hello\r\n");
    if (!peer_read_line(link, line, sizeof line))
        return;
    peer_say(link, "220 go ahead\r\n");
    tls_setting_echo(link);
}

/* Asks for TLS after the greeting and starts it after the answer. */
static void ask_for_tls(struct client *client, enum mes_conn_event event)
{
    if (event != MES_CONN_DATA)
        return;
    if (strcmp(mes_buf_text(&client->text), "220 hello\r\n") == 0)
        client_send(client, "STARTTLS\r\n");
    else if (!mes_conn_is_secured(client->conn))
        assert_int_equal(mes_conn_start_tls(client->conn, NULL), 0);
}

static bool waits_for_second_greeting(const struct client *client)
{
    return strcmp(mes_buf_text(&client->text), "220 hello\r\n220 go ahead\r\n220 hello\r\n") != 0;
}

static void starttls_upgrades_in_place(void **state)
{
    (void)state;
    struct tls_setting setting;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), offer_starttls, NULL);
    setting.client.options.is_tls_at_once = false;
    setting.client.then = ask_for_tls;
    client_open(&setting.client);
    client_run_while(&setting.client, waits_for_second_greeting);
    assert_string_equal(setting.client.events, "CDSD");
    client_send(&setting.client, "EHLO me\r\n");
    client_run_while(&setting.client, waits_for_echo);
    tls_setting_fini(&setting);
}

static const char reply_and_more[] = "220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n";
enum { REPLY = 14 };

struct split {
    size_t at;
    SSL_CTX *context;
};

static void inject(struct peer_link *link)
{
    const struct split *split = link->context;
    size_t size = sizeof reply_and_more - 1;
    char line[100];
    peer_say(link, "220 hello\r\n");
    if (!peer_read_line(link, line, sizeof line))
        return;
    peer_write(link, reply_and_more, split->at);
    usleep(500);
    peer_write(link, reply_and_more + split->at, size - split->at);
    (void)peer_start_tls(link, split->context);
    ERR_clear_error();
}

/* Takes exactly the reply and starts TLS, as the session does. */
static void take_reply(struct client *client, enum mes_conn_event event)
{
    size_t *taken = client->context;
    struct mes_str bytes = mes_conn_received(client->conn);
    if (event != MES_CONN_DATA)
        return;
    if (*taken == 0 && mes_str_eq(bytes, MES_STR("220 hello\r\n"))) {
        mes_conn_consume(client->conn, bytes.size);
        *taken = 1;
        client_send(client, "STARTTLS\r\n");
    } else if (*taken == 1 && bytes.size >= REPLY) {
        mes_conn_consume(client->conn, REPLY);
        *taken = 2;
        assert_int_equal(mes_conn_start_tls(client->conn, NULL), 0);
    }
}

static void C03_bytes_behind_the_reply_to_starttls_are_refused(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct split split = {.context = tls_setting_server(&tls_setting_good)};
    tls_setting_init(&setting, split.context, inject, NULL);
    peer_stop(&setting.peer);
    setting.peer = peer_start(inject, &split);
    setting.client.options.port = peer_port(setting.peer);
    setting.client.options.is_tls_at_once = false;
    setting.client.is_lazy = true;
    setting.client.then = take_reply;
    for (split.at = 1; split.at < sizeof reply_and_more; split.at++) {
        size_t taken = 0;
        client_reset(&setting.client);
        setting.client.context = &taken;
        client_open(&setting.client);
        client_run_until(&setting.client, "FSTE");
        assert_string_equal(setting.client.events, "CDF");
        assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_INJECTED);
        assert_int_equal(taken, 2);
        mes_conn_free(&setting.client.conn);
        peer_stop(&setting.peer);
        setting.peer = peer_start(inject, &split);
        setting.client.options.port = peer_port(setting.peer);
    }
    tls_setting_fini(&setting);
}

/* ---- our own certificate ---- */

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
        {{.ca_file = "/nowhere/ca.pem"}, MES_E_FILE, "/nowhere/ca.pem: No such file"},
        {{.ca_file = key}, MES_E_TLS, key},
        {{.ca_file = tls_setting_authority_file, .certificate_file = "/nowhere/own"},
         MES_E_FILE,
         "/nowhere/own: No such"},
        {{.certificate_file = certificate, .key_file = "/nowhere/key"}, MES_E_FILE, "/nowhere/key: No such"},
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

/* ---- sessions ---- */

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

/* ---- much, and little ---- */

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

static void send_big(struct client *client, enum mes_conn_event event)
{
    size_t *sent = client->context;
    if (event != MES_CONN_SECURED && event != MES_CONN_DRAINED)
        return;
    while (*sent < sizeof big && mes_conn_unsent(client->conn) == 0) {
        struct mes_str piece = mes_str_cut(mes_str_make(big, sizeof big), *sent, 200000);
        assert_int_equal(mes_conn_send(client->conn, piece, NULL), 0);
        *sent += piece.size;
    }
}

static void large_body_goes_out(void **state)
{
    (void)state;
    struct tls_setting setting;
    size_t sent = 0;
    swallowed = 0;
    to_swallow = sizeof big;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), tls_swallow, NULL);
    setting.client.then = send_big;
    setting.client.context = &sent;
    client_open(&setting.client);
    client_run_until(&setting.client, "D");
    assert_int_equal(mes_conn_unsent(setting.client.conn), 0);
    mes_conn_close(&setting.client.conn);
    tls_setting_fini(&setting);
    assert_int_equal(swallowed, sizeof big);
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
    assert_int_equal(mes_conn_send(setting.client.conn, mes_str_make(big, 10000), NULL), 0);
    assert_int_equal(mes_conn_send(setting.client.conn, mes_str_make(big, 16384), NULL), 0);
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
        peer_write(link, big + 1000 * i, 1000);
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
    mes_buf_init(&all, sizeof big);
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
    assert_memory_equal(all.data, big, all.size);
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

/* ---- without memory ---- */

static unsigned left_to_allow;
static bool was_refused;

static bool allow_some(size_t size)
{
    (void)size;
    if (left_to_allow == 0)
        was_refused = true;
    else
        left_to_allow--;
    return !was_refused;
}

static bool has_not_ended(const struct client *client)
{
    return strpbrk(client->events, "ETFD") == NULL;
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
        was_refused = false;
        left_to_allow = allowed++;
        mes_alloc_set_hook(allow_some);
        int code = mes_conn_open(client->loop, &client->options, &client->addresses, &client->conn, NULL);
        if (code == 0)
            client_run_while(client, has_not_ended);
        mes_alloc_set_hook(NULL);
        if (code == 0 && strchr(client->events, 'D') == NULL)
            assert_int_equal(client->failure.cause, MES_CONN_CAUSE_NO_MEMORY);
    } while (was_refused && allowed < 100);
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
    was_refused = false;
    left_to_allow = 0;
    mes_alloc_set_hook(allow_some);
    assert_int_equal(mes_tls_new(&options, &tls, &error), MES_E_NOMEM);
    mes_alloc_set_hook(NULL);
    assert_null(tls);
}

int main(void)
{
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)('a' + i % 26);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_name_is_accepted),
        cmocka_unit_test(names_are_compared_as_names_and_addresses_as_addresses),
        cmocka_unit_test(invalid_certificate_may_be_allowed),
        cmocka_unit_test(the_systems_authorities_do_not_trust_ours),
        cmocka_unit_test(C05_old_versions_are_refused),
        cmocka_unit_test(C05_peers_without_tls_are_told_apart),
        cmocka_unit_test(C05_silent_handshake_times_out),
        cmocka_unit_test(starttls_upgrades_in_place),
        cmocka_unit_test(C03_bytes_behind_the_reply_to_starttls_are_refused),
        cmocka_unit_test(own_certificate_is_shown),
        cmocka_unit_test(unusable_files_are_named),
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
