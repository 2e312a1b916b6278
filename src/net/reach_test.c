/* Through a proxy: one peer is the proxy first and then the relay behind it. */
#include "net/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/memory.h"
#include "tests/net/tls_setting.h"

/* What the proxy answers, by the number of its connection; the last one is for all that follow. */
struct proxy_script {
    const char *replies[4];
    void (*relay)(struct peer_link *link); /* behind a reply 0 */
    SSL_CTX *context;
    unsigned connections;
    char targets[4][32]; /* the bytes behind "5 1 0" */
};

/* With the last reply 0 in one piece with the relay's first words, as a proxy on the same machine does. */
static void socks(struct peer_link *link)
{
    static const char opened[] = "\5\0\0\1\177\0\0\1\0\1";
    struct proxy_script *script = link->context;
    char bytes[64] = "";
    unsigned number = link->number < 3 ? link->number : 3;
    while (number > 0 && script->replies[number] == NULL)
        number--;
    script->connections++;
    (void)recv(link->descriptor, bytes, 3, MSG_WAITALL);
    peer_write(link, "\5\0", 2);
    (void)recv(link->descriptor, bytes, 4, MSG_WAITALL);
    size_t size = bytes[3] == 1 ? 4 : 16;
    if (bytes[3] == 3) {
        (void)recv(link->descriptor, bytes + 4, 1, MSG_WAITALL);
        size = (unsigned char)bytes[4];
    }
    (void)recv(link->descriptor, script->targets[link->number & 3], size, MSG_WAITALL);
    (void)recv(link->descriptor, bytes, 2, MSG_WAITALL);
    if (script->replies[number][0] != 0) {
        peer_write(link, "\5", 1);
        peer_write(link, script->replies[number], 1);
        return;
    }
    if (script->relay == peer_echo) {
        char first[64];
        memcpy(first, opened, 10);
        memcpy(first + 10, "220 early\r\n", 11);
        peer_write(link, first, 21);
    } else {
        peer_write(link, opened, 10);
    }
    link->context = script->context;
    script->relay(link);
}

static void init(struct client *client, struct mes_conn_proxy *proxy, const struct peer *peer)
{
    client_init(client, 587);
    *proxy = (struct mes_conn_proxy){
        .kind = MES_PROXY_SOCKS5, .host = "proxy.example", .user = "", .port = peer_port(peer)};
    client->options.proxy = proxy;
}

static void the_relay_speaks_through_the_proxy(void **state)
{
    (void)state;
    struct client client;
    struct mes_conn_proxy proxy;
    struct proxy_script script = {.replies = {"\0"}, .relay = peer_echo};
    struct peer *peer = peer_start(socks, &script);
    init(&client, &proxy, peer);
    client.options.host = "relay.example";
    client_open(&client);
    client_run_until(&client, "D");
    assert_string_equal(client.events, "CD");
    client_send(&client, "QUIT\r\n");
    client_run_until(&client, "E");
    assert_string_equal(mes_buf_text(&client.text), "220 early\r\n220 hello\r\n");
    /* What was said to the proxy does not count: silence on the relay's side must be noticed. */
    assert_int_equal(mes_conn_received_total(client.conn), 22);
    assert_string_equal(script.targets[0], "relay.example");
    client_fini(&client);
    peer_stop(&peer);
}

static void C06_tls_in_the_tunnel_is_the_relays(void **state)
{
    (void)state;
    static const struct {
        const char *host, *events;
    } cases[] = {{"localhost", "CSD"}, {"relay.example", "CF"}, {"proxy.example", "CF"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_setting setting;
        struct mes_conn_proxy proxy;
        struct proxy_script script = {.replies = {"\0"}, .relay = tls_setting_echo};
        SSL_CTX *context = tls_setting_server(&tls_setting_good);
        script.context = context;
        tls_setting_init(&setting, context, socks, NULL);
        peer_stop(&setting.peer);
        setting.peer = peer_start(socks, &script);
        struct client *client = &setting.client;
        proxy = (struct mes_conn_proxy){
            .kind = MES_PROXY_SOCKS5, .host = "proxy.example", .user = "", .port = peer_port(setting.peer)};
        client->options.proxy = &proxy;
        client->options.host = cases[i].host;
        client_open(client);
        client_run_until(client, "DF");
        assert_string_equal(client->events, cases[i].events);
        if (cases[i].events[1] == 'F') {
            assert_int_equal(client->failure.stage, MES_CONN_STAGE_CERTIFICATE);
            assert_int_equal(client->failure.cause, MES_CONN_CAUSE_NAME);
        }
        tls_setting_fini(&setting);
    }
}

static void C14_the_relays_next_address_is_asked_for(void **state)
{
    (void)state;
    struct client client;
    struct mes_conn_proxy proxy;
    struct proxy_script script = {.replies = {"\10", "\4", "\0"}, .relay = peer_echo};
    struct peer *peer = peer_start(socks, &script);
    init(&client, &proxy, peer);
    static const char *const targets[] = {"2001:db8::1", "192.0.2.1", "192.0.2.2"};
    for (size_t i = 0; i < 3; i++) {
        struct mes_address address;
        assert_true(mes_address_parse(targets[i], &address));
        assert_true(mes_address_list_add(&proxy.targets, &address));
    }
    client_open(&client);
    client_run_until(&client, "D");
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(script.connections, 3);
    assert_memory_equal(script.targets[0], "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_memory_equal(script.targets[1], "\300\0\2\1", 4);
    assert_memory_equal(script.targets[2], "\300\0\2\2", 4);
}

static void expect_failure(const struct client *client, enum mes_conn_cause cause, const char *text)
{
    assert_string_equal(client->events, "F");
    assert_int_equal(client->failure.stage, MES_CONN_STAGE_PROXY);
    assert_int_equal(client->failure.cause, cause);
    if (strstr(client->failure.text, text) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", client->failure.text, text);
}

static void refusals_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum mes_conn_cause cause;
        const char *text;
        unsigned connections;
    } cases[] = {
        {"\2", MES_CONN_CAUSE_PROXY_REFUSED, "its rules do not allow the connection", 1},
        {"\5", MES_CONN_CAUSE_PROXY_RELAY, "the relay refused its connection", 2},
        {"\11", MES_CONN_CAUSE_NO_PROXY, "no answer of a SOCKS 5 proxy", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client client;
        struct mes_conn_proxy proxy;
        struct proxy_script script = {.replies = {cases[i].reply}, .relay = peer_echo};
        struct peer *peer = peer_start(socks, &script);
        init(&client, &proxy, peer);
        proxy.targets = client.addresses;
        assert_true(mes_address_list_add(&proxy.targets, &client.addresses.items[0]));
        client_open(&client);
        client_run_until(&client, "F");
        expect_failure(&client, cases[i].cause, cases[i].text);
        assert_memory_equal(client.failure.text, "the proxy 127.0.0.1:", 20);
        client_fini(&client);
        peer_stop(&peer);
        assert_int_equal(script.connections, cases[i].connections);
    }
}

static void hang_up(struct peer_link *link)
{
    char byte;
    (void)recv(link->descriptor, &byte, 1, 0);
    if (link->context != NULL)
        peer_reset(link);
}

static void a_proxy_that_hangs_up_has_refused(void **state)
{
    (void)state;
    for (int resets = 0; resets < 2; resets++) {
        struct client client;
        struct mes_conn_proxy proxy;
        struct peer *peer = peer_start(hang_up, resets ? &resets : NULL);
        init(&client, &proxy, peer);
        client_open(&client);
        client_run_until(&client, "F");
        expect_failure(&client, MES_CONN_CAUSE_PROXY_REFUSED, "it ended the connection");
        client_fini(&client);
        peer_stop(&peer);
    }
}

static void a_dead_proxy_is_named(void **state)
{
    (void)state;
    struct client client;
    struct mes_conn_proxy proxy;
    struct peer *peer = peer_start(peer_echo, NULL);
    init(&client, &proxy, peer);
    peer_stop(&peer);
    client_open(&client);
    client_run_until(&client, "F");
    expect_failure(&client, MES_CONN_CAUSE_REFUSED, "the proxy proxy.example: 127.0.0.1:");
    client_fini(&client);
}

static void say_nothing(struct peer_link *link)
{
    if (link->context != NULL) {
        char bytes[3];
        (void)recv(link->descriptor, bytes, 3, MSG_WAITALL);
        peer_write(link, "\5\0", 2);
    }
    peer_wait_end(link);
}

/* One deadline for all of it, dialing and talking: each stage does not begin anew. */
static void B02_a_silent_proxy_times_out(void **state)
{
    (void)state;
    for (int answers = 0; answers < 2; answers++) {
        struct client client;
        struct mes_conn_proxy proxy;
        struct peer *peer = peer_start(say_nothing, answers ? &answers : NULL);
        init(&client, &proxy, peer);
        client_stop_clock(&client);
        client.options.connect_timeout_ms = 3000;
        client_open(&client);
        for (int i = 0; i < 20; i++)
            mes_loop_step(client.loop, 5);
        client.now += 2999;
        client_turn(&client);
        assert_string_equal(client.events, "");
        client.now += 1;
        client_turn(&client);
        assert_string_equal(client.events, "T");
        assert_int_equal(client.failure.stage, MES_CONN_STAGE_PROXY);
        assert_int_equal(client.failure.cause, answers ? MES_CONN_CAUSE_PROXY_RELAY : MES_CONN_CAUSE_TIMEOUT);
        client_fini(&client);
        peer_stop(&peer);
    }
}

static void what_cannot_be_asked_fails_in_order(void **state)
{
    (void)state;
    struct client client;
    struct mes_conn_proxy proxy;
    char user[300];
    struct peer *peer = peer_start(say_nothing, NULL);
    memset(user, 'u', sizeof user - 1);
    user[sizeof user - 1] = '\0';
    init(&client, &proxy, peer);
    proxy.user = user;
    client_open(&client);
    client_run_until(&client, "F");
    expect_failure(&client, MES_CONN_CAUSE_PROXY_REFUSED, "too long");
    client_fini(&client);
    peer_stop(&peer);
}

static bool has_not_ended(const struct client *client)
{
    return strpbrk(client->events, "DFT") == NULL;
}

static void nothing_leaks_without_memory(void **state)
{
    (void)state;
    struct client client;
    struct mes_conn_proxy proxy;
    struct proxy_script script = {.replies = {"\0"}, .relay = peer_echo};
    struct peer *peer = peer_start(socks, &script);
    unsigned allowed = 0;
    init(&client, &proxy, peer);
    client.options.host = "relay.example";
    client.is_lazy = true;
    do {
        client_reset(&client);
        memory_allow(allowed++);
        int code = mes_conn_open(client.loop, &client.options, &client.addresses, &client.conn, NULL);
        if (code == 0)
            client_run_while(&client, has_not_ended);
        memory_allow_all();
        assert_true(code == 0 || code == MES_E_NOMEM);
        if (code == 0 && strchr(client.events, 'D') == NULL)
            assert_int_equal(client.failure.cause, MES_CONN_CAUSE_NO_MEMORY);
    } while (memory_was_refused() && allowed < 100);
    assert_in_range(allowed, 10, 50);
    assert_string_equal(client.events, "CD");
    client_fini(&client);
    peer_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_speaks_through_the_proxy),
        cmocka_unit_test(C06_tls_in_the_tunnel_is_the_relays),
        cmocka_unit_test(C14_the_relays_next_address_is_asked_for),
        cmocka_unit_test(refusals_are_told),
        cmocka_unit_test(a_proxy_that_hangs_up_has_refused),
        cmocka_unit_test(a_dead_proxy_is_named),
        cmocka_unit_test(B02_a_silent_proxy_times_out),
        cmocka_unit_test(what_cannot_be_asked_fails_in_order),
        cmocka_unit_test(nothing_leaks_without_memory),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
