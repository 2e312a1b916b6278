#include "net/resolve.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/memory.h"

/* ---- a name server: what it answers is told by the first label of the name ---- */

struct names {
    int descriptor, listener; /* UDP and TCP */
    char servers[32];
    pthread_t thread;
    atomic_bool is_stopped;
    atomic_uint questions;
};

enum { TYPE_A = 1, TYPE_AAAA = 28, NXDOMAIN = 3, SERVFAIL = 2, REFUSED = 5 };

struct packet {
    unsigned char data[1500];
    size_t size;
};

static void add_number(struct packet *packet, unsigned value, int bytes)
{
    while (bytes-- > 0)
        packet->data[packet->size++] = (unsigned char)(value >> (8 * bytes));
}

/* One address; the last byte is its number. */
static void add_answer(struct packet *packet, unsigned type, unsigned number)
{
    static const unsigned char v6[15] = {0x20, 0x01, 0x0d, 0xb8};
    static const unsigned char v4[3] = {192, 0, 2};
    add_number(packet, 0xc00c, 2); /* the name of the question */
    add_number(packet, type, 2);
    add_number(packet, 1, 2);
    add_number(packet, 60, 4);
    add_number(packet, type == TYPE_A ? 4 : 16, 2);
    memcpy(packet->data + packet->size, type == TYPE_A ? v4 : v6, type == TYPE_A ? 3 : 15);
    packet->size += type == TYPE_A ? 3 : 15;
    add_number(packet, number, 1);
}

static unsigned count_of(const char *label, unsigned type, bool is_tcp)
{
    if (strcmp(label, "many") == 0)
        return is_tcp ? 40 : 0;
    if (strcmp(label, "both") == 0)
        return 3;
    return (strcmp(label, "four") == 0) == (type == TYPE_A) && strcmp(label, "none") != 0 ? 1 : 0;
}

/* Turns the question into its answer; false: silence. */
static bool answer(struct packet *packet, bool is_tcp)
{
    char label[64] = "";
    size_t end = 12;
    memcpy(label, packet->data + 13, packet->data[12]);
    while (packet->data[end] != 0)
        end += packet->data[end] + 1U;
    unsigned type = packet->data[end + 2];
    unsigned code = strcmp(label, "missing") == 0   ? NXDOMAIN
                    : strcmp(label, "broken") == 0  ? SERVFAIL
                    : strcmp(label, "refused") == 0 ? REFUSED
                                                    : 0;
    unsigned count = code == 0 ? count_of(label, type, is_tcp) : 0;
    packet->size = end + 5; /* no additional records */
    bool is_cut = !is_tcp && strcmp(label, "many") == 0;
    packet->data[2] = is_cut ? 0x83 : 0x81;
    packet->data[3] = (unsigned char)(0x80 | code);
    memset(packet->data + 6, 0, 6);
    packet->data[7] = (unsigned char)count;
    for (unsigned i = 1; i <= count; i++)
        add_answer(packet, type, i);
    return strcmp(label, "silent") != 0;
}

static void answer_datagram(struct names *names)
{
    struct packet packet;
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(names->descriptor, packet.data, 600, 0, (struct sockaddr *)&from, &size);
    atomic_fetch_add(&names->questions, 1);
    if (got > 16 && answer(&packet, false))
        (void)sendto(names->descriptor, packet.data, packet.size, 0, (struct sockaddr *)&from, size);
}

/* Each message has its size in front; both questions may come through one connection. */
static void answer_connection(struct names *names)
{
    struct timeval wait = {.tv_sec = 2};
    unsigned char size[2];
    int descriptor = accept(names->listener, NULL, NULL);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    while (recv(descriptor, size, 2, MSG_WAITALL) == 2) {
        struct packet packet = {.size = 256U * size[0] + size[1]};
        if (packet.size > 600 ||
            recv(descriptor, packet.data, packet.size, MSG_WAITALL) != (ssize_t)packet.size)
            break;
        (void)answer(&packet, true);
        size[0] = (unsigned char)(packet.size >> 8);
        size[1] = (unsigned char)packet.size;
        (void)send(descriptor, size, 2, MSG_NOSIGNAL | MSG_MORE);
        (void)send(descriptor, packet.data, packet.size, MSG_NOSIGNAL);
    }
    close(descriptor);
}

static void *serve_names(void *context)
{
    struct names *names = context;
    while (!atomic_load(&names->is_stopped)) {
        struct pollfd poll_for[2] = {{.fd = names->descriptor, .events = POLLIN},
                                     {.fd = names->listener, .events = POLLIN}};
        if (poll(poll_for, 2, 20) <= 0)
            continue;
        if (poll_for[0].revents != 0)
            answer_datagram(names);
        if (poll_for[1].revents != 0)
            answer_connection(names);
    }
    return NULL;
}

/* The same port for both; false when the one that the system chose for UDP is taken for TCP. */
static bool bind_names(struct names *names)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    names->descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    names->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(names->descriptor, (struct sockaddr *)&name, sizeof name) == 0 &&
        getsockname(names->descriptor, (struct sockaddr *)&name, &size) == 0 &&
        bind(names->listener, (struct sockaddr *)&name, sizeof name) == 0 &&
        listen(names->listener, 5) == 0) {
        snprintf(names->servers, sizeof names->servers, "127.0.0.1:%u", ntohs(name.sin_port));
        return true;
    }
    close(names->descriptor);
    close(names->listener);
    return false;
}

static void start_names(struct names *names)
{
    int tries = 0;
    while (!bind_names(names))
        assert_true(++tries < 20);
    atomic_init(&names->is_stopped, false);
    atomic_init(&names->questions, 0);
    assert_int_equal(pthread_create(&names->thread, NULL, serve_names, names), 0);
}

static void stop_names(struct names *names)
{
    atomic_store(&names->is_stopped, true);
    pthread_join(names->thread, NULL);
    close(names->descriptor);
    close(names->listener);
}

/* ---- lookups ---- */

struct lookup {
    struct mes_loop *loop;
    struct mes_resolve *resolve;
    struct mes_resolve_result result;
    unsigned calls;
};

static void done(void *context, const struct mes_resolve_result *result)
{
    struct lookup *lookup = context;
    assert_null(lookup->resolve);
    lookup->result = *result;
    lookup->calls++;
}

static void start(struct lookup *lookup, const char *host, const char *servers)
{
    const struct mes_resolve_options options = {
        .host = host, .timeout_ms = 5000, .servers = servers, .on_done = done, .context = lookup};
    struct mes_error error;
    lookup->calls = 0;
    assert_int_equal(mes_resolve_start(lookup->loop, &options, &lookup->resolve, &error), 0);
    assert_int_equal(lookup->calls, 0);
}

static void look_up(struct lookup *lookup, const char *host, const char *servers)
{
    start(lookup, host, servers);
    for (int i = 0; i < 50 && lookup->calls == 0; i++)
        mes_loop_step(lookup->loop, 100);
    assert_int_equal(lookup->calls, 1);
}

static void expect_addresses(const struct lookup *lookup, const char *const *texts, size_t count)
{
    char text[MES_ADDRESS_TEXT];
    assert_int_equal(lookup->result.cause, MES_RESOLVE_OK);
    assert_string_equal(lookup->result.text, "");
    assert_int_equal(lookup->result.addresses.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(mes_address_text(&lookup->result.addresses.items[i], 0, text), texts[i]);
}

#define EXPECT(lookup, ...)                                                                                  \
    expect_addresses((lookup), (const char *const[]){__VA_ARGS__},                                           \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void literals_need_no_server(void **state)
{
    (void)state;
    struct lookup lookup = {0};
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "192.0.2.7", "127.0.0.1:1");
    EXPECT(&lookup, "192.0.2.7");
    look_up(&lookup, "2001:db8::7", "127.0.0.1:1");
    EXPECT(&lookup, "2001:db8::7");
    look_up(&lookup, "[2001:db8::7]", "127.0.0.1:1");
    EXPECT(&lookup, "2001:db8::7");
    mes_loop_free(&lookup.loop);
}

static void the_hosts_file_is_read(void **state)
{
    (void)state;
    struct lookup lookup = {0};
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "localhost", "127.0.0.1:1");
    assert_int_equal(lookup.result.cause, MES_RESOLVE_OK);
    assert_true(lookup.result.addresses.count >= 1);
    mes_loop_free(&lookup.loop);
}

static void C12_answers_and_refusals_are_told_apart(void **state)
{
    (void)state;
    struct names names;
    struct lookup lookup = {0};
    start_names(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "four.test.example", names.servers);
    EXPECT(&lookup, "192.0.2.1");
    look_up(&lookup, "six.test.example", names.servers);
    EXPECT(&lookup, "2001:db8::1");
    look_up(&lookup, "both.test.example", names.servers);
    EXPECT(&lookup, "2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3", "192.0.2.3");
    look_up(&lookup, "many.test.example", names.servers);
    assert_int_equal(lookup.result.addresses.count, MES_ADDRESS_COUNT);
    static const struct {
        const char *host;
        enum mes_resolve_cause cause;
    } cases[] = {{"missing.test.example.", MES_RESOLVE_NOT_FOUND},
                 {"none.test.example.", MES_RESOLVE_NO_ADDRESS},
                 {"broken.test.example.", MES_RESOLVE_SERVER},
                 {"refused.test.example.", MES_RESOLVE_SERVER}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        look_up(&lookup, cases[i].host, names.servers);
        assert_int_equal(lookup.result.cause, cases[i].cause);
        assert_int_equal(lookup.result.addresses.count, 0);
        assert_memory_equal(lookup.result.text, cases[i].host, strlen(cases[i].host));
    }
    mes_loop_free(&lookup.loop);
    stop_names(&names);
}

static int64_t turned_by_hand(void *context)
{
    return *(int64_t *)context;
}

static void C12_silence_times_out(void **state)
{
    (void)state;
    struct names names;
    struct lookup lookup = {0};
    int64_t now = 0;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    start_names(&names);
    assert_int_equal(mes_loop_new(&clock, &lookup.loop, NULL), 0);
    start(&lookup, "silent.test.example", names.servers);
    for (int i = 0; i < 200 && atomic_load(&names.questions) < 2; i++)
        mes_loop_step(lookup.loop, 5);
    now = 4999;
    mes_loop_step(lookup.loop, 0);
    assert_int_equal(lookup.calls, 0);
    now = 5000;
    mes_loop_step(lookup.loop, 0);
    assert_int_equal(lookup.calls, 1);
    assert_int_equal(lookup.result.cause, MES_RESOLVE_TIMEOUT);
    mes_loop_free(&lookup.loop);
    stop_names(&names);
}

static void a_lookup_may_be_cancelled_at_any_time(void **state)
{
    (void)state;
    struct names names;
    struct lookup lookup = {0};
    start_names(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    for (int turns = 0; turns < 5; turns++) {
        start(&lookup, turns % 2 == 0 ? "both.test.example" : "192.0.2.1", names.servers);
        for (int i = 0; i < turns && lookup.calls == 0; i++)
            mes_loop_step(lookup.loop, 5);
        unsigned calls = lookup.calls;
        mes_resolve_cancel(&lookup.resolve);
        assert_null(lookup.resolve);
        mes_loop_step(lookup.loop, 0);
        assert_int_equal(lookup.calls, calls);
    }
    mes_loop_free(&lookup.loop);
    stop_names(&names);
}

static void nothing_leaks_without_memory(void **state)
{
    (void)state;
    struct names names;
    struct lookup lookup = {0};
    unsigned allowed = 0;
    start_names(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    const struct mes_resolve_options options = {.host = "both.test.example",
                                                .timeout_ms = 50,
                                                .servers = names.servers,
                                                .on_done = done,
                                                .context = &lookup};
    do {
        memory_allow(allowed++);
        int code = mes_resolve_start(lookup.loop, &options, &lookup.resolve, NULL);
        lookup.calls = 0;
        for (int i = 0; i < 50 && code == 0 && lookup.calls == 0; i++)
            mes_loop_step(lookup.loop, 20);
        memory_allow_all();
        assert_true(code == MES_E_NOMEM || lookup.calls == 1);
    } while (memory_was_refused() && allowed < 50);
    assert_in_range(allowed, 4, 49);
    assert_int_equal(lookup.result.cause, MES_RESOLVE_OK);
    mes_loop_free(&lookup.loop);
    stop_names(&names);
}

/* ---- addresses ---- */

static void addresses_are_parsed_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {{"127.0.0.1", "127.0.0.1:25"},
                 {"::1", "[::1]:25"},
                 {"[2001:DB8:0::1]", "[2001:db8::1]:25"},
                 {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:25"},
                 {"fe80::1%1", "[fe80::1%1]:25"},
                 {"[127.0.0.1]", NULL},
                 {"127.1", NULL},
                 {"127.0.0.1 ", NULL},
                 {"", NULL},
                 {"[]", NULL},
                 {"[::1", NULL},
                 {"fe80::1%", NULL},
                 {"localhost", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_address address, again;
        char text[MES_ADDRESS_TEXT];
        assert_int_equal(mes_address_parse(cases[i].text, &address), cases[i].shown != NULL);
        if (cases[i].shown == NULL)
            continue;
        assert_string_equal(mes_address_text(&address, 25, text), cases[i].shown);
        assert_true(mes_address_parse(mes_address_text(&address, 0, text), &again));
        assert_true(mes_address_equal(&address, &again));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_need_no_server),
        cmocka_unit_test(the_hosts_file_is_read),
        cmocka_unit_test(C12_answers_and_refusals_are_told_apart),
        cmocka_unit_test(C12_silence_times_out),
        cmocka_unit_test(a_lookup_may_be_cancelled_at_any_time),
        cmocka_unit_test(nothing_leaks_without_memory),
        cmocka_unit_test(addresses_are_parsed_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
