#include "net/dial.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop_parts.h"
#include "tests/net/client.h"
#include "tests/net/peer.h"

static uint16_t unused_port(const char *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size = sizeof name;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(inet_pton(AF_INET, address, &name.sin_addr), 1);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&name, &size), 0);
    close(descriptor);
    return ntohs(name.sin_port);
}

static void B01_refused_names_each_address(void **state)
{
    (void)state;
    struct client client;
    char expected[200];
    uint16_t port = unused_port("127.0.0.1");
    client_init(&client, port);
    client_add_address(&client, "::1");
    client_open(&client);
    client_run_until(&client, "F");
    assert_string_equal(client.events, "F");
    assert_int_equal(client.failure.stage, MES_CONN_STAGE_CONNECT);
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_REFUSED);
    snprintf(expected, sizeof expected, "127.0.0.1:%u: Connection refused; [::1]:%u: ", port, port);
    assert_memory_equal(client.failure.text, expected, strlen(expected));
    client_fini(&client);
}

static void C14_dead_address_is_passed_over(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    client_init(&client, peer_port(peer));
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.9"); /* nobody listens there */
    client_add_address(&client, "127.0.0.1");
    client_open(&client);
    client_run_until(&client, "D");
    assert_memory_equal(mes_conn_peer(client.conn), "127.0.0.1:", 10);
    client_fini(&client);
    peer_stop(&peer);
}

/* A listener whose queue is full: the system drops what comes, like a firewall. */
struct black_hole {
    int listener;
    int fillers[4];
};

static void open_black_hole(struct black_hole *hole, const char *address, uint16_t port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &name.sin_addr), 1);
    hole->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(hole->listener, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(hole->listener, 0), 0);
    for (int i = 0; i < 4; i++) {
        hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(hole->fillers[i], (struct sockaddr *)&name, sizeof name);
    }
    struct pollfd last = {.fd = hole->fillers[3], .events = POLLOUT};
    assert_int_equal(poll(&last, 1, 50), 0);
}

static void close_black_hole(struct black_hole *hole)
{
    for (int i = 0; i < 4; i++)
        close(hole->fillers[i]);
    close(hole->listener);
}

static void C13_next_address_is_tried_after_250_ms(void **state)
{
    (void)state;
    struct client client;
    struct black_hole hole;
    struct peer *peer = peer_start(peer_echo, NULL);
    open_black_hole(&hole, "127.0.0.9", peer_port(peer));
    client_init(&client, peer_port(peer));
    client_stop_clock(&client);
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.9");
    client_add_address(&client, "127.0.0.1");
    client_open(&client);
    client_turn(&client);
    client.now += 249;
    client_turn(&client);
    usleep(1000);
    client_turn(&client);
    assert_string_equal(client.events, "");
    client.now += 1;
    client_run_until(&client, "CD");
    assert_memory_equal(mes_conn_peer(client.conn), "127.0.0.1:", 10);
    client_fini(&client);
    close_black_hole(&hole);
    peer_stop(&peer);
}

/* Opens the connection and lets time pass until it is made; returns how much that was. */
static int64_t milliseconds_to_connect(struct client *client)
{
    int64_t began = client->now;
    client_open(client);
    for (int i = 0; i < 100 && strchr(client->events, 'C') == NULL; i++) {
        for (int turns = 0; turns < 5; turns++)
            mes_loop_step(client->loop, 2);
        if (strchr(client->events, 'C') == NULL)
            client->now += 50;
    }
    client_run_until(client, "D");
    assert_memory_equal(mes_conn_peer(client->conn), "127.0.0.1:", 10);
    client_send(client, "QUIT\r\n");
    client_run_until(client, "E");
    client_reset(client);
    return client->now - began;
}

static void C13_a_dead_address_costs_250_ms_once(void **state)
{
    (void)state;
    struct client client;
    struct black_hole hole;
    struct peer *peer = peer_start(peer_echo, NULL);
    open_black_hole(&hole, "127.0.0.9", peer_port(peer));
    client_init(&client, peer_port(peer));
    client_stop_clock(&client);
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.9");
    client_add_address(&client, "127.0.0.1");
    assert_int_equal(milliseconds_to_connect(&client), MES_DIAL_NEXT_MS);
    for (int i = 0; i < 10; i++)
        assert_int_equal(milliseconds_to_connect(&client), 0);
    /* Its time is over: it is tried again, beside the other one. */
    client.now += (int64_t)60 * 60 * 1000;
    assert_int_equal(milliseconds_to_connect(&client), 0);
    assert_int_equal(milliseconds_to_connect(&client), 0);
    client_fini(&client);
    close_black_hole(&hole);
    peer_stop(&peer);
}

static void C14_a_mended_address_is_used_again(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(peer_echo, NULL);
    client_init(&client, peer_port(peer));
    client_stop_clock(&client);
    struct mes_paths *paths = mes_loop_paths(client.loop);
    client_add_address(&client, "127.0.0.9"); /* nobody listens there */
    const struct mes_address *first = &client.addresses.items[0];
    mes_paths_note_failure(paths, first, peer_port(peer), client.now);
    (void)milliseconds_to_connect(&client);
    assert_int_equal(mes_paths_ask(paths, first, peer_port(peer), client.now), MES_PATH_GOOD);
    assert_int_equal(mes_paths_ask(paths, &client.addresses.items[1], peer_port(peer), client.now),
                     MES_PATH_DEAD);
    client_fini(&client);
    peer_stop(&peer);
}

static void B02_silent_address_times_out(void **state)
{
    (void)state;
    struct client client;
    struct black_hole hole;
    uint16_t port = unused_port("127.0.0.9");
    open_black_hole(&hole, "127.0.0.9", port);
    client_init(&client, port);
    client_stop_clock(&client);
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.8");
    client_add_address(&client, "127.0.0.9");
    client.options.connect_timeout_ms = 3000;
    client_open(&client);
    client_turn(&client);
    client.now += 2999;
    client_turn(&client);
    assert_string_equal(client.events, "");
    client.now += 1;
    client_turn(&client);
    assert_string_equal(client.events, "T");
    assert_int_equal(client.failure.stage, MES_CONN_STAGE_CONNECT);
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_TIMEOUT);
    assert_non_null(strstr(client.failure.text, "127.0.0.8"));
    assert_non_null(strstr(client.failure.text, "Connection refused; 127.0.0.9"));
    assert_non_null(strstr(client.failure.text, "no answer"));
    client_fini(&client);
    close_black_hole(&hole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(B01_refused_names_each_address),
        cmocka_unit_test(C14_dead_address_is_passed_over),
        cmocka_unit_test(C13_next_address_is_tried_after_250_ms),
        cmocka_unit_test(C13_a_dead_address_costs_250_ms_once),
        cmocka_unit_test(C14_a_mended_address_is_used_again),
        cmocka_unit_test(B02_silent_address_times_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
