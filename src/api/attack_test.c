/* Requests that no honest client sends. */
#include "api/echo_test.h"
#include "base/process.h"

static const struct mes_api_route rows[] = {ECHO_ROWS};
static const struct mes_api_routes routes = {rows, sizeof rows / sizeof *rows};

static struct rig rig;
static _Atomic int64_t ahead_ms;

static int64_t turned_clock(void *context)
{
    (void)context;
    return mes_clock_monotonic(mes_clock_system()) + atomic_load(&ahead_ms);
}

static int64_t wall_clock(void *context)
{
    (void)context;
    return mes_clock_wall(mes_clock_system());
}

static int begin(void **state)
{
    static const struct mes_clock clock = {turned_clock, wall_clock, NULL};
    (void)state;
    rig_open(&rig);
    rig.options.routes = &routes;
    rig.services.clock = &clock;
    rig_serve(&rig);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void expect(const char *request, size_t size, unsigned status)
{
    unsigned got = rig_status(&rig, request, size);
    if (got != status)
        print_error("%s\n", request);
    assert_int_equal(got, status);
}

#define EXPECT(request, status) expect(request, sizeof(request) - 1, status)

static void F16_lengths_that_contradict_each_other(void **state)
{
    static const char smuggled[] =
        "POST /echo/a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\nGET /echo/smuggled HTTP/1.1\r\n" HEAD "\r\n";
    (void)state;
    char *answer = rig_talk(&rig, smuggled, sizeof smuggled - 1);
    assert_int_equal(rig_status_of(answer), 400);
    assert_null(strstr(answer, "smuggled"));
    assert_non_null(strstr(answer, "Connection: close"));
    mes_free(answer);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3, 3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: +3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 0x3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 99999999999999999999\r\n\r\nabc", 413);
}

static void F16_transfer_codings(void **state)
{
    (void)state;
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 501);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           501);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
           400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding:\x0B chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nabc",
           413);
}

static void F16_header_lines(void **state)
{
    (void)state;
    EXPECT("GET /echo/a HTTP/1.1\r\nConnection: close\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "Host: b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A : b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X(A: b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD ": b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD ":\r\nX-A: b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\r\n\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\r\n folded\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\n" HEAD "\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\0c\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\rc\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\x7F\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A:\tb \xE4\xBD\xA0\r\nX-B:\r\n\r\n", 200);
    EXPECT("GET /echo/a HTTP/2.0\r\n" HEAD "\r\n", 505);
}

static void F15_bodies_without_end(void **state)
{
    static const char head[] = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[65536 + 9];
    struct mes_buf in;
    (void)state;
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    int client = rig_connect(&rig);
    assert_true(rig_send(client, head, sizeof head - 1));
    unsigned sent = 0;
    while (sent < 2000 && rig_send(client, chunk, sizeof chunk))
        sent++;
    assert_true(sent > 64 && sent < 2000); /* 4 MiB are taken, then it is cut after a while */
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    (void)rig_read_until(client, &in, "\r\n\r\n");
    close(client);
    mes_buf_fini(&in);
    EXPECT("POST /count HTTP/1.1\r\n" HEAD "Content-Length: 5000000\r\n\r\n", 413);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 9000000\r\n\r\n", 413);
}

/* The client sees the refusal while it is still sending. */
static void F15_refused_while_it_comes(void **state)
{
    static const char head[] = "POST /echo/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[65536 + 9];
    struct mes_buf in;
    (void)state;
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    int client = rig_connect(&rig);
    assert_true(rig_send(client, head, sizeof head - 1));
    for (unsigned sent = 0; sent <= 8 * 16; sent++)
        assert_true(rig_send(client, chunk, sizeof chunk));
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    assert_true(rig_read_until(client, &in, "\"errors\":"));
    assert_int_equal(rig_status_of(in.data), 413);
    close(client);
    mes_buf_fini(&in);
}

static void F15_compressed_bodies_are_not_unpacked(void **state)
{
    (void)state;
    EXPECT(
        "POST /json HTTP/1.1\r\n" HEAD
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1F\x8B\x08",
        415);
}

static void expect_long(const char *before, char filler, size_t count, const char *after, unsigned status)
{
    struct mes_buf request;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, before);
    for (size_t i = 0; i < count; i++)
        mes_buf_add_char(&request, filler);
    mes_buf_add_text(&request, after);
    assert_int_equal(rig_status(&rig, request.data, request.size), status);
    mes_buf_fini(&request);
}

static void F18_odd_requests(void **state)
{
    (void)state;
    expect_long("GET /echo/", 'a', 1000000, " HTTP/1.1\r\n" HEAD "\r\n", 414);
    expect_long("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: ", 'a', 100000, "\r\n\r\n", 431);
    EXPECT("TRACE /echo/a HTTP/1.1\r\n" HEAD "\r\n", 405);
    EXPECT("CONNECT a:80 HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("PUT /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 0\r\n\r\n", 405);
    EXPECT("OPTIONS * HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", 417);
    EXPECT("GET /echo/a%00b HTTP/1.1\r\n" HEAD "\r\n", 200); /* as it stands, not cut at the NUL */
    EXPECT("GET /echo/a%2Fb HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("GET /echo/%FF HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("GET /echo/a?b=1 HTTP/1.1\r\n" HEAD "\r\n", 400);
    EXPECT("GET /echo/a b HTTP/1.1\r\n" HEAD "\r\n", 0);
}

static void F18_ten_thousand_fields(void **state)
{
    struct mes_buf request;
    (void)state;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, "GET /echo/a HTTP/1.1\r\n" HEAD);
    for (int i = 0; i < 10000; i++)
        mes_buf_add_format(&request, "X-%d: a\r\n", i);
    mes_buf_add_text(&request, "\r\n");
    assert_int_equal(rig_status(&rig, request.data, request.size), 431);
    mes_buf_fini(&request);
}

static void F18_expect_continue(void **state)
{
    static const char head[] =
        "POST /echo/a HTTP/1.1\r\n" HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    struct mes_buf in;
    (void)state;
    int client = rig_connect(&rig);
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    assert_true(rig_send(client, head, sizeof head - 1));
    assert_true(rig_read_until(client, &in, "100 Continue\r\n\r\n"));
    assert_true(rig_send(client, "abc", 3));
    assert_true(rig_read_until(client, &in, "\"size\":3"));
    close(client);
    mes_buf_fini(&in);
}

/* What is beyond our limit and below libmicrohttpd's gets an answer of our own. */
static void F18_a_long_header_is_answered_as_everything_else(void **state)
{
    struct mes_buf request;
    (void)state;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, "GET /echo/a HTTP/1.1\r\n" HEAD);
    mes_buf_add_text(&request, "X-A: ");
    while (request.size < 20 * 1024)
        mes_buf_add_char(&request, 'a');
    mes_buf_add_text(&request, "\r\n\r\n");
    char *answer = rig_talk(&rig, request.data, request.size);
    assert_int_equal(rig_status_of(answer), 431);
    assert_non_null(strstr(answer, "application/problem+json"));
    assert_non_null(strstr(answer, "urn:mailenhance:problem:header-too-large"));
    mes_free(answer);
    mes_buf_fini(&request);
    expect_long("GET /echo/", 'a', 10 * 1024, " HTTP/1.1\r\n" HEAD "\r\n", 414);
}

/* A thousand headers and a thousand bodies that stop in the middle, and answers that nobody reads: the others
 * are served all the same. */
static void F17_slow_clients(void **state)
{
    static const char *const beginnings[] = {
        "GET /echo/a HTTP/1.1\r\nHos",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
        "GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    static int slow[2200];
    (void)state;
    mes_process_raise_limits();
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        const char *bytes = beginnings[i < 2000 ? i % 2 : 2];
        slow[i] = rig_connect(&rig);
        assert_true(rig_send(slow[i], bytes, strlen(bytes)));
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(rig_ask_status(&rig, "GET /echo/a", "", NULL), 200);
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        close(slow[i]);
}

/* Looks for so long. */
static bool is_cut(int client, int milliseconds)
{
    struct pollfd poll_for = {.fd = client, .events = POLLIN};
    char byte;
    return poll(&poll_for, 1, milliseconds) == 1 && recv(client, &byte, 1, 0) <= 0;
}

/* A client whose header has been read for certain. */
static int begin_body(const char *path)
{
    struct mes_buf text;
    int client = rig_connect(&rig);
    mes_buf_init(&text, RIG_ANSWER_LIMIT);
    mes_buf_add_format(
        &text, "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
        path);
    assert_true(rig_send(client, text.data, text.size));
    mes_buf_fini(&text);
    mes_buf_init(&text, RIG_ANSWER_LIMIT);
    assert_true(rig_read_until(client, &text, "100 Continue\r\n\r\n"));
    mes_buf_fini(&text);
    return client;
}

static void send_and_wait(int client, const char *bytes, size_t size)
{
    size_t before = atomic_load(&counted);
    assert_true(rig_send(client, bytes, size));
    while (atomic_load(&counted) < before + size)
        assert_int_equal(rig_ask_status(&rig, "GET /echo/a", "", NULL), 200);
}

/* The clock is put forward while every byte comes in time for the idle time-out: what does not come to an end
 * in its time is cut off, what goes on fast enough is not. */
static void F17_what_trickles_has_an_end(void **state)
{
    static const char head[] = "GET /echo/a HTTP/1.1\r\nHost: a\r\nX-A: ";
    static char kilobytes[40000];
    (void)state;
    int slow = begin_body("/echo/a"), fast = begin_body("/count");
    atomic_fetch_add(&ahead_ms, 29000);
    assert_true(rig_send(slow, "a", 1));
    send_and_wait(fast, kilobytes, sizeof kilobytes);
    atomic_fetch_add(&ahead_ms, 2000);
    assert_true(is_cut(slow, RIG_WAIT_MS));
    send_and_wait(fast, kilobytes, sizeof kilobytes);
    close(fast);
    close(slow);
    slow = rig_connect(&rig);
    assert_true(rig_send(slow, head, sizeof head - 1));
    for (int turn = 0; turn < 100 && !is_cut(slow, 100); turn++) {
        atomic_fetch_add(&ahead_ms, 10000);
        (void)rig_send(slow, "a", 1);
    }
    assert_true(is_cut(slow, 0));
    close(slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F15_bodies_without_end),
        cmocka_unit_test(F15_compressed_bodies_are_not_unpacked),
        cmocka_unit_test(F15_refused_while_it_comes),
        cmocka_unit_test(F16_header_lines),
        cmocka_unit_test(F16_lengths_that_contradict_each_other),
        cmocka_unit_test(F16_transfer_codings),
        cmocka_unit_test(F17_slow_clients),
        cmocka_unit_test(F17_what_trickles_has_an_end),
        cmocka_unit_test(F18_a_long_header_is_answered_as_everything_else),
        cmocka_unit_test(F18_expect_continue),
        cmocka_unit_test(F18_odd_requests),
        cmocka_unit_test(F18_ten_thousand_fields),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
