#include "net/conn.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/client.h"
#include "tests/net/load.h"
#include "tests/net/memory.h"
#include "tests/net/peer.h"

static void say_and_reset(struct peer_link *link)
{
    char line[10];
    peer_say(link, "421 too many\r\n");
    (void)peer_read_line(link, line, sizeof line);
    peer_reset(link);
}

static void B01_reset_is_reported(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(say_and_reset, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    client_run_until(&client, "D");
    client_send(&client, "\n");
    client_run_until(&client, "F");
    assert_string_equal(client.events, "CDF");
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_RESET);
    assert_int_equal(client.failure.system_error, ECONNRESET);
    client_fini(&client);
    peer_stop(&peer);
}

static void say_goodbye_at_once(struct peer_link *link)
{
    peer_say(link, "421 too many connections\r\n");
    peer_reset(link);
    shutdown(link->descriptor, SHUT_WR);
}

/* Would also end the test by SIGPIPE if the library raised it. */
static void reply_before_a_cut_is_not_lost_to_a_failing_write(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(say_goodbye_at_once, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    client_run_until(&client, "C");
    peer_stop(&peer); /* the reset has come */
    client_send(&client, "EHLO me\r\n");
    client_send(&client, "EHLO me\r\n");
    client_run_until(&client, "EF");
    assert_string_equal(mes_buf_text(&client.text), "421 too many connections\r\n");
    assert_int_equal(client.events[1], 'D');
    client_fini(&client);
}

static void say_and_cut(struct peer_link *link)
{
    peer_say(link, "421 too many\r\n");
    peer_reset(link);
}

/* Data and error are reported at once then: reading the one must not hide the other. */
static void reset_behind_data_is_seen(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(say_and_cut, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    client_run_until(&client, "C");
    peer_stop(&peer); /* both have come */
    client_run_until(&client, "EF");
    assert_memory_equal(client.events, "CD", 2);
    assert_string_equal(mes_buf_text(&client.text), "421 too many\r\n");
    client_fini(&client);
}

/* The cut comes before the client has looked at its new connection. */
static void reply_of_a_peer_that_cuts_at_once_is_read(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(say_and_cut, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    mes_loop_step(client.loop, 0); /* only begins to connect */
    peer_stop(&peer);
    client_run_until(&client, "EF");
    assert_memory_equal(client.events, "CD", 2);
    assert_string_equal(mes_buf_text(&client.text), "421 too many\r\n");
    client_fini(&client);
}

static void connection_may_be_freed_inside_each_event(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    static const struct {
        enum mes_conn_event event;
        const char *events;
    } cases[] = {{MES_CONN_CONNECTED, "C"}, {MES_CONN_DATA, "CD"}};
    client_init(&client, peer_port(peer));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client_reset(&client);
        client.free_at = 1U << cases[i].event;
        client_open(&client);
        client_run_until(&client, cases[i].events + strlen(cases[i].events) - 1);
        assert_null(client.conn);
        client_turn(&client);
        assert_string_equal(client.events, cases[i].events);
    }
    client_fini(&client);
    peer_stop(&peer);
}

static void say_and_end(struct peer_link *link)
{
    peer_say(link, "421 bye\r\n");
}

static void connection_may_be_freed_inside_its_end(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(say_and_end, NULL);
    client_init(&client, peer_port(peer));
    client.free_at = 1U << MES_CONN_CLOSED;
    client_open(&client);
    client_run_until(&client, "E");
    assert_null(client.conn);
    uint16_t port = peer_port(peer);
    peer_stop(&peer);
    client_reset(&client);
    client.options.port = port; /* nobody listens there now */
    client.free_at = 1U << MES_CONN_FAILED;
    client_open(&client);
    client_run_until(&client, "F");
    assert_null(client.conn);
    client_fini(&client);
}

/* Reads what is there by now; 0 at the end. */
static size_t read_some(int descriptor)
{
    static char ignored[65536];
    size_t total = 0;
    ssize_t count;
    while ((count = recv(descriptor, ignored, sizeof ignored, MSG_DONTWAIT)) > 0)
        total += (size_t)count;
    return total;
}

static void connection_may_be_freed_inside_drained(void **state)
{
    (void)state;
    struct client client;
    uint16_t port;
    size_t arrived = 0;
    int listener = peer_listen("127.0.0.1", &port);
    client_init(&client, port);
    client.free_at = 1U << MES_CONN_DRAINED;
    client.options.send_limit = LOAD_SIZE;
    client_open(&client);
    client_run_until(&client, "C");
    int server = accept(listener, NULL, NULL);
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(load_bytes, LOAD_SIZE), NULL), 0);
    assert_true(mes_conn_unsent(client.conn) > 0); /* nobody reads yet, so that DRAINED is due */
    for (int i = 0; i < 100000 && client.conn != NULL; i++) {
        arrived += read_some(server);
        mes_loop_step(client.loop, 0);
    }
    assert_null(client.conn);
    assert_string_equal(client.events, "Cd");
    arrived += read_some(server);
    assert_int_equal(arrived, LOAD_SIZE);
    client_fini(&client);
    close(server);
    close(listener);
}

static void connection_may_be_freed_at_any_time(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    client_init(&client, peer_port(peer));
    for (int steps = 0; steps < 6; steps++) {
        client_reset(&client);
        client_open(&client);
        for (int i = 0; i < steps; i++)
            mes_loop_step(client.loop, 5);
        mes_conn_free(&client.conn);
        assert_null(client.conn);
        mes_conn_close(&client.conn); /* nothing */
    }
    client_fini(&client);
    peer_stop(&peer);
}

static void unusable_targets_are_refused(void **state)
{
    (void)state;
    struct client client;
    struct mes_error error;
    client_init(&client, 1);
    client.options.host = "";
    assert_int_equal(mes_conn_open(client.loop, &client.options, &client.addresses, &client.conn, &error),
                     MES_E_USAGE);
    client.options.host = "localhost";
    client.addresses.count = 0;
    assert_int_equal(mes_conn_open(client.loop, &client.options, &client.addresses, &client.conn, &error),
                     MES_E_USAGE);
    assert_null(client.conn);
    client_fini(&client);
}

/* Opens and talks; each allocation from `allowed` on fails. */
static void talk_without_memory(struct client *client, unsigned allowed)
{
    struct mes_error error = {0};
    client_reset(client);
    client->is_lazy = true; /* the client's own buffer needs no memory then */
    memory_allow(allowed);
    int code = mes_conn_open(client->loop, &client->options, &client->addresses, &client->conn, &error);
    if (code == 0)
        client_run_while(client, client_has_not_ended);
    memory_allow_all();
    if (code != 0) {
        assert_int_equal(code, MES_E_NOMEM);
        assert_int_equal(error.code, MES_E_NOMEM);
        assert_null(client->conn);
    } else if (memory_was_refused()) {
        assert_int_equal(client->failure.cause, MES_CONN_CAUSE_NO_MEMORY);
    }
}

static void connection_ends_cleanly_without_memory(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    unsigned allowed = 0;
    client_init(&client, peer_port(peer));
    do
        talk_without_memory(&client, allowed++);
    while (memory_was_refused() && allowed < 100);
    assert_in_range(allowed, 6, 50);
    assert_string_equal(client.events, "CD");
    client_fini(&client);
    peer_stop(&peer);
}

static void sending_fails_without_memory(void **state)
{
    (void)state;
    struct client client;
    struct mes_error error;
    uint16_t port;
    int code = 0, listener = peer_listen("127.0.0.1", &port);
    client_init(&client, port);
    client_open(&client);
    client_run_until(&client, "C");
    memory_allow(0);
    for (int i = 0; i < 100 && code == 0; i++)
        code = mes_conn_send(client.conn, mes_str_make(load_bytes, 1000000), &error);
    memory_allow_all();
    assert_int_equal(code, MES_E_NOMEM);
    client_fini(&client);
    close(listener);
}

int main(void)
{
    load_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(B01_reset_is_reported),
        cmocka_unit_test(reply_before_a_cut_is_not_lost_to_a_failing_write),
        cmocka_unit_test(reset_behind_data_is_seen),
        cmocka_unit_test(reply_of_a_peer_that_cuts_at_once_is_read),
        cmocka_unit_test(connection_may_be_freed_inside_each_event),
        cmocka_unit_test(connection_may_be_freed_inside_its_end),
        cmocka_unit_test(connection_may_be_freed_inside_drained),
        cmocka_unit_test(connection_may_be_freed_at_any_time),
        cmocka_unit_test(unusable_targets_are_refused),
        cmocka_unit_test(connection_ends_cleanly_without_memory),
        cmocka_unit_test(sending_fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
