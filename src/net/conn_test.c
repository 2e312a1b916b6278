#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/net/client.h"
#include "../../tests/net/peer.h"
#include "base/alloc.h"
#include "net/loop.h"

static char big[25 * 1024 * 1024];

static int64_t turned_by_hand(void *context)
{
    return *(int64_t *)context;
}

/* ---- talking ---- */

static void greet_and_echo(struct peer_link *link)
{
    char line[100];
    peer_say(link, "220 hello\r\n");
    while (peer_read_line(link, line, sizeof line) && strcmp(line, "QUIT") != 0) {
        peer_say(link, line);
        peer_say(link, "\r\n");
    }
}

static bool waits_for_echo(const struct client *client)
{
    return strstr(mes_buf_text(&client->text), "EHLO me\r\n") == NULL;
}

static void bytes_go_and_come(void **state)
{
    (void)state;
    struct client client;
    char expected[32];
    struct peer *peer = peer_start(greet_and_echo, NULL);
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
    client_run_while(&client, waits_for_echo);
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
        peer_write(link, big + i, 1);
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
    assert_memory_equal(client.text.data, big, 300);
    client_fini(&client);
    peer_stop(&peer);
}

static void swallow(struct peer_link *link)
{
    *(size_t *)link->context = peer_read_all(link);
}

static void swallow_big(struct peer_link *link)
{
    *(size_t *)link->context = peer_swallow(link, sizeof big);
}

/* Sends `big` in pieces of 60,000, going on at each DRAINED. */
static void send_big(struct client *client, enum mes_conn_event event)
{
    size_t *sent = client->context;
    if (event != MES_CONN_CONNECTED && event != MES_CONN_DRAINED)
        return;
    while (*sent < sizeof big && mes_conn_unsent(client->conn) == 0) {
        struct mes_str piece = mes_str_cut(mes_str_make(big, sizeof big), *sent, 60000);
        assert_int_equal(mes_conn_send(client->conn, piece, NULL), 0);
        *sent += piece.size;
    }
}

static void large_body_goes_out(void **state)
{
    (void)state;
    struct client client;
    size_t arrived = 0, sent = 0;
    struct peer *peer = peer_start(swallow_big, &arrived);
    client_init(&client, peer_port(peer));
    client.then = send_big;
    client.context = &sent;
    client_open(&client);
    client_run_until(&client, "D");
    assert_int_equal(mes_conn_unsent(client.conn), 0);
    mes_conn_close(&client.conn);
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(arrived, sizeof big);
}

static void flood(struct peer_link *link)
{
    peer_write(link, big, 1000000);
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
    mes_buf_init(&all, sizeof big);
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
    assert_memory_equal(all.data, big, all.size);
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
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(big, 101), &error), MES_E_LIMIT);
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(big, 100), &error), 0);
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(arrived, 100);
}

/* ---- endings ---- */

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

/* ---- several addresses ---- */

static void C14_dead_address_is_passed_over(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(greet_and_echo, NULL);
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

static void use_clock(struct client *client, const struct mes_clock *clock)
{
    mes_loop_free(&client->loop);
    assert_int_equal(mes_loop_new(clock, &client->loop, NULL), 0);
}

static void turn_often(struct client *client)
{
    for (int i = 0; i < 5; i++)
        mes_loop_step(client->loop, 0);
}

static void C13_next_address_is_tried_after_250_ms(void **state)
{
    (void)state;
    struct client client;
    struct black_hole hole;
    int64_t now = 0;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    struct peer *peer = peer_start(greet_and_echo, NULL);
    open_black_hole(&hole, "127.0.0.9", peer_port(peer));
    client_init(&client, peer_port(peer));
    use_clock(&client, &clock);
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.9");
    client_add_address(&client, "127.0.0.1");
    client_open(&client);
    turn_often(&client);
    now += 249;
    turn_often(&client);
    usleep(1000);
    turn_often(&client);
    assert_string_equal(client.events, "");
    now += 1;
    client_run_until(&client, "CD");
    assert_memory_equal(mes_conn_peer(client.conn), "127.0.0.1:", 10);
    client_fini(&client);
    close_black_hole(&hole);
    peer_stop(&peer);
}

static void B02_silent_address_times_out(void **state)
{
    (void)state;
    struct client client;
    struct black_hole hole;
    int64_t now = 0;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    uint16_t port = unused_port("127.0.0.9");
    open_black_hole(&hole, "127.0.0.9", port);
    client_init(&client, port);
    use_clock(&client, &clock);
    client.addresses.count = 0;
    client_add_address(&client, "127.0.0.8");
    client_add_address(&client, "127.0.0.9");
    client.options.connect_timeout_ms = 3000;
    client_open(&client);
    turn_often(&client);
    now += 2999;
    turn_often(&client);
    assert_string_equal(client.events, "");
    now += 1;
    turn_often(&client);
    assert_string_equal(client.events, "T");
    assert_int_equal(client.failure.stage, MES_CONN_STAGE_CONNECT);
    assert_int_equal(client.failure.cause, MES_CONN_CAUSE_TIMEOUT);
    assert_non_null(strstr(client.failure.text, "127.0.0.8"));
    assert_non_null(strstr(client.failure.text, "Connection refused; 127.0.0.9"));
    assert_non_null(strstr(client.failure.text, "no answer"));
    client_fini(&client);
    close_black_hole(&hole);
}

/* ---- a peer that stops reading ---- */

static int listen_here(uint16_t *port_out)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &size), 0);
    *port_out = ntohs(name.sin_port);
    return listener;
}

static void fill(struct client *client)
{
    assert_int_equal(mes_conn_send(client->conn, mes_str_make(big, sizeof big), NULL), 0);
    turn_often(client);
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
    int64_t now = 0;
    uint16_t port;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    int listener = listen_here(&port);
    client_init(&client, port);
    use_clock(&client, &clock);
    client.options.write_timeout_ms = 1000;
    client.options.send_limit = sizeof big;
    client_open(&client);
    client_run_until(&client, "C");
    int server = accept(listener, NULL, NULL);
    fill(&client);
    for (int i = 0; i < 3; i++) {
        now += 999;
        turn_often(&client);
        let_progress(&client, server);
    }
    assert_string_equal(client.events, "C");
    now += 999;
    turn_often(&client);
    assert_string_equal(client.events, "C");
    now += 1;
    turn_often(&client);
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
    int64_t now = 0;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    struct peer *peer = peer_start(greet_and_echo, NULL);
    client_init(&client, peer_port(peer));
    use_clock(&client, &clock);
    client_open(&client);
    client_run_until(&client, "D");
    client_send(&client, "NOOP\r\n");
    now += 10000000;
    turn_often(&client);
    assert_string_equal(client.events, "CD");
    assert_int_equal(mes_loop_timeout_ms(client.loop), -1);
    client_fini(&client);
    peer_stop(&peer);
}

/* ---- freeing ---- */

static void connection_may_be_freed_inside_each_event(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(greet_and_echo, NULL);
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
        turn_often(&client);
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

static void connection_may_be_freed_inside_drained(void **state)
{
    (void)state;
    struct client client;
    size_t arrived = 0;
    struct peer *peer = peer_start(swallow, &arrived);
    client_init(&client, peer_port(peer));
    client.free_at = 1U << MES_CONN_DRAINED;
    client.options.send_limit = sizeof big;
    client_open(&client);
    client_run_until(&client, "C");
    assert_int_equal(mes_conn_send(client.conn, mes_str_make(big, sizeof big), NULL), 0);
    client_run_until(&client, "d");
    assert_null(client.conn);
    client_fini(&client);
    peer_stop(&peer);
    assert_int_equal(arrived, sizeof big);
}

static void connection_may_be_freed_at_any_time(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(greet_and_echo, NULL);
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

/* Opens and talks; each allocation from `allowed` on fails. */
static void talk_without_memory(struct client *client, unsigned allowed)
{
    struct mes_error error = {0};
    client_reset(client);
    client->is_lazy = true; /* the client's own buffer needs no memory then */
    was_refused = false;
    left_to_allow = allowed;
    mes_alloc_set_hook(allow_some);
    int code = mes_conn_open(client->loop, &client->options, &client->addresses, &client->conn, &error);
    if (code == 0)
        client_run_while(client, has_not_ended);
    mes_alloc_set_hook(NULL);
    if (code != 0) {
        assert_int_equal(code, MES_E_NOMEM);
        assert_int_equal(error.code, MES_E_NOMEM);
        assert_null(client->conn);
    } else if (was_refused) {
        assert_int_equal(client->failure.cause, MES_CONN_CAUSE_NO_MEMORY);
    }
}

static void connection_ends_cleanly_without_memory(void **state)
{
    (void)state;
    struct client client;
    struct peer *peer = peer_start(greet_and_echo, NULL);
    unsigned allowed = 0;
    client_init(&client, peer_port(peer));
    do
        talk_without_memory(&client, allowed++);
    while (was_refused && allowed < 100);
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
    int code = 0, listener = listen_here(&port);
    client_init(&client, port);
    client_open(&client);
    client_run_until(&client, "C");
    was_refused = false;
    left_to_allow = 0;
    mes_alloc_set_hook(allow_some);
    for (int i = 0; i < 100 && code == 0; i++)
        code = mes_conn_send(client.conn, mes_str_make(big, 1000000), &error);
    mes_alloc_set_hook(NULL);
    assert_int_equal(code, MES_E_NOMEM);
    client_fini(&client);
    close(listener);
}

int main(void)
{
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)('a' + i % 26);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_and_come),
        cmocka_unit_test(single_bytes_arrive),
        cmocka_unit_test(large_body_goes_out),
        cmocka_unit_test(reading_pauses_at_the_limit),
        cmocka_unit_test(limit_of_unsent_bytes_holds),
        cmocka_unit_test(B01_reset_is_reported),
        cmocka_unit_test(reply_before_a_cut_is_not_lost_to_a_failing_write),
        cmocka_unit_test(B01_refused_names_each_address),
        cmocka_unit_test(C14_dead_address_is_passed_over),
        cmocka_unit_test(C13_next_address_is_tried_after_250_ms),
        cmocka_unit_test(B02_silent_address_times_out),
        cmocka_unit_test(write_time_out_counts_from_the_last_progress),
        cmocka_unit_test(idle_connection_has_no_time_out),
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
