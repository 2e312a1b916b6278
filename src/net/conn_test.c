#include "net/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/client.h"
#include "tests/net/load.h"
#include "tests/net/peer.h"

static void bytes_go_and_come(void **state)
{
    (void)state;
    struct client client;
    char expected[32];
    struct peer *peer = peer_start(peer_echo, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    assert_string_equal(mes_conn_peer(client.conn), "");
    client_run_until(&client, "D");
    assert_string_equal(client.events, "CD");
    assert_string_equal(mes_buf_text(&client.text), "220 hello\r\n");
    snprintf(expected, sizeof expected, "127.0.0.1:%u", peer_port(peer));
    assert_string_equal(mes_conn_peer(client.conn), expected);
    client_send(&client, "EHLO me\r\n");
    assert_int_equal(mes_conn_unsent(client.conn), 0);
    client_run_while(&client, client_waits_for_echo);
    assert_int_equal(mes_conn_received_total(client.conn), 20);
    client_send(&client, "QUIT\r\n");
    client_run_until(&client, "E");
    assert_string_equal(client.events, "CDE");
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_CLOSED);
    assert_int_equal(client.failure.stage, MES_CONN_STAGE_READ);
    client_send(&client, "NOOP\r\n"); /* nothing happens any more */
    mes_loop_step(client.loop, 10);
    assert_string_equal(client.events, "CDE");
    client_fini(&client);
    peer_stop(&peer);
}

static void dribble(struct peer_link *link)
{
    for (int i = 0; i < 300; i++)
        peer_write(link, load_bytes + i, 1);
}

static void single_bytes_arrive(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(dribble, NULL);
    client_init(&client, peer_port(peer));
    client_open(&client);
    client_run_until(&client, "E");
    assert_int_equal(client.text.size, 300);
    assert_memory_equal(client.text.data, load_bytes, 300);
    client_fini(&client);
    peer_stop(&peer);
}

static void swallow(struct peer_link *link)
{
    *(size_t *)link->context = peer_read_all(link);
}

static void swallow_big(struct peer_link *link)
{
    *(size_t *)link->context = peer_swallow(link, LOAD_SIZE);
}

static void large_body_goes_out(void **state)
{
    (void)state;
    struct client client;
    size_t arrived = 0, sent = 0;
    struct peer *peer = peer_start(swallow_big, &arrived);
    client_init(&client, peer_port(peer));
    client.then = load_send;
    client.context = &sent;
    client_open(&client);
    client_run_until(&client, "D");
    assert_int_equal(mes_conn_unsent(client.conn), 0);
    mes_conn_close(&client.conn);
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(arrived, LOAD_SIZE);
}

static void flood(struct peer_link *link)
{
    peer_write(link, load_bytes, 1000000);
}

static bool is_not_full(const struct client *client)
{
    return mes_conn_received(client->conn).size < 4096;
}

static void reading_pauses_at_the_limit(void **state)
{
    (void)state;
    struct client client;
    struct mes_buf all;
    struct peer *peer = peer_start(flood, NULL);
    mes_buf_init(&all, LOAD_SIZE);
    client_init(&client, peer_port(peer));
    client.is_lazy = true;
    client.options.receive_limit = 4096;
    client_open(&client);
    client_run_until(&client, "D");
    client_run_while(&client, is_not_full);
    for (int i = 0; i < 5; i++)
        mes_loop_step(client.loop, 5);
    assert_int_equal(mes_conn_received(client.conn).size, 4096);
    for (int i = 0; i < 100000 && all.size < 1000000; i++) {
        struct mes_str bytes = mes_str_cut(mes_conn_received(client.conn), 0, 3000);
        mes_buf_add_str(&all, bytes);
        mes_conn_consume(client.conn, bytes.size);
        mes_loop_step(client.loop, 100);
    }
    client_run_until(&client, "E");
    assert_int_equal(all.size, 1000000);
    assert_memory_equal(all.data, load_bytes, all.size);
    mes_buf_fini(&all);
    client_fini(&client);
    peer_stop(&peer);
}

static void limit_of_unsent_bytes_holds(void **state)
{
    (void)state;
    struct client client;
    struct mes_error error;
    size_t arrived;
    struct peer *peer = peer_start(swallow, &arrived);
    client_init(&client, peer_port(peer));
    client.options.send_limit = 100;
    client_open(&client);
    assert_int_equal(mes_conn_send(client.conn, MES_STR("x"), &error), MES_E_USAGE);
    client_run_until(&client, "C");
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(load_bytes, 101), &error), MES_E_LIMIT);
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(load_bytes, 100), &error), 0);
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(arrived, 100);
}

static void fill(struct client *client)
{
    assert_int_equal(mes_conn_send(client->conn, mes_str_make(load_bytes, LOAD_SIZE), NULL), 0);
    client_turn(client);
    assert_true(mes_conn_unsent(client->conn) > 0);
}

/* Reads until the system under the client has taken more. */
static void let_progress(struct client *client, int descriptor)
{
    static char ignored[65536];
    size_t before = mes_conn_unsent(client->conn);
    for (int i = 0; i < 1000 && mes_conn_unsent(client->conn) == before; i++) {
        (void)recv(descriptor, ignored, sizeof ignored, MSG_DONTWAIT);
        mes_loop_step(client->loop, 0);
    }
    assert_true(mes_conn_unsent(client->conn) < before);
}

static void write_time_out_counts_from_the_last_progress(void **state)
{
    (void)state;
    struct client client;
    uint16_t port;
    int listener = peer_listen("127.0.0.1", &port);
    client_init(&client, port);
    client_stop_clock(&client);
    client.options.write_timeout_ms = 1000;
    client.options.send_limit = LOAD_SIZE;
    client_open(&client);
    client_run_until(&client, "C");
    int server = accept(listener, NULL, NULL);
    fill(&client);
    for (int i = 0; i < 3; i++) {
        client.now += 999;
        client_turn(&client);
        let_progress(&client, server);
    }
    assert_string_equal(client.events, "C");
    client.now += 999;
    client_turn(&client);
    assert_string_equal(client.events, "C");
    client.now += 1;
    client_turn(&client);
    assert_string_equal(client.events, "CT");
    assert_int_equal(client.failure.stage, MES_CONN_STAGE_WRITE);
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_TIMEOUT);
    client_fini(&client);
    close(server);
    close(listener);
}

static void idle_connection_has_no_time_out(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    client_init(&client, peer_port(peer));
    client_stop_clock(&client);
    client_open(&client);
    client_run_until(&client, "D");
    client_send(&client, "NOOP\r\n");
    client.now += 10000000;
    client_turn(&client);
    assert_string_equal(client.events, "CD");
    assert_int_equal(mes_loop_timeout_ms(client.loop), -1);
    client_fini(&client);
    peer_stop(&peer);
}

int main(void)
{
    load_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_and_come),
        cmocka_unit_test(single_bytes_arrive),
        cmocka_unit_test(large_body_goes_out),
        cmocka_unit_test(reading_pauses_at_the_limit),
        cmocka_unit_test(limit_of_unsent_bytes_holds),
        cmocka_unit_test(write_time_out_counts_from_the_last_progress),
        cmocka_unit_test(idle_connection_has_no_time_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
