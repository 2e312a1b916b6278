#include "net/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal) literal, sizeof(literal) - 1

/* A conversation: what the proxy sends, and what stands in `out` behind it. */
struct turn {
    const char *answer;
    size_t answer_size;
    const char *said;
    size_t said_size;
};

static struct mes_proxy_options socks = {
    .kind = MES_PROXY_SOCKS5, .host = "relay.example", .port = 587, .user = ""};
static struct mes_proxy_options http = {
    .kind = MES_PROXY_HTTP, .host = "relay.example", .port = 587, .user = ""};

static void expect_said(struct mes_proxy *proxy, const char *bytes, size_t size)
{
    assert_int_equal(proxy->out.size, size);
    if (size > 0)
        assert_memory_equal(proxy->out.data, bytes, size);
    mes_buf_clear(&proxy->out);
}

/* Answers in pieces of `piece` bytes, each in memory of its own, so that reading past it is noticed. Returns
 * how much was taken. */
static size_t answer(struct mes_proxy *proxy, const char *bytes, size_t size, size_t piece)
{
    size_t all = 0;
    while (all < size && proxy->state == MES_PROXY_UNDER_WAY) {
        size_t part = size - all < piece ? size - all : piece;
        char *copy = malloc(part);
        assert_non_null(copy);
        memcpy(copy, bytes + all, part);
        mes_buf_clear(&proxy->out); /* it was sent */
        size_t taken = mes_proxy_receive(proxy, mes_str_make(copy, part));
        free(copy);
        assert_true(taken == part || proxy->state != MES_PROXY_UNDER_WAY || proxy->out.size > 0);
        all += taken;
    }
    return all;
}

static void expect_failure(const struct mes_proxy_options *options, const char *bytes, size_t size,
                           enum mes_proxy_cause cause)
{
    for (size_t piece = 1; piece <= size; piece++) {
        struct mes_proxy proxy;
        mes_proxy_init(&proxy, options);
        (void)answer(&proxy, bytes, size, piece);
        assert_int_equal(proxy.state, MES_PROXY_FAILED);
        assert_int_equal(proxy.cause, cause);
        assert_true(proxy.reason[0] != '\0');
        mes_proxy_fini(&proxy);
    }
}

/* ---- SOCKS 5 ---- */

static void a_name_is_left_to_the_proxy(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 12; piece++) {
        struct mes_proxy proxy;
        mes_proxy_init(&proxy, &socks);
        expect_said(&proxy, BYTES("\5\1\0"));
        assert_false(mes_proxy_was_asked(&proxy));
        assert_int_equal(answer(&proxy, BYTES("\5\0"), piece), 2);
        expect_said(&proxy, BYTES("\5\1\0\3\15relay.example\2\113"));
        assert_true(mes_proxy_was_asked(&proxy));
        /* The relay's greeting behind the reply is not the proxy's. */
        assert_int_equal(answer(&proxy,
                                BYTES("\5\0\0\1\177\0\0\1\4\70"
                                      "220 hello\r\n"),
                                piece),
                         10);
        assert_int_equal(proxy.state, MES_PROXY_OPEN);
        expect_said(&proxy, "", 0);
        mes_proxy_fini(&proxy);
    }
}

static void replies_end_where_their_address_ends(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        size_t size, taken;
    } cases[] = {{BYTES("\5\0\0\1\1\2\3\4\0\31x"), 10},
                 {BYTES("\5\0\0\4"
                        "0123456789abcdef"
                        "\0\31x"),
                  22},
                 {BYTES("\5\0\0\3\5proxy\0\31x"), 12},
                 {BYTES("\5\0\0\3\0\0\31x"), 7}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece <= cases[i].size; piece++) {
            struct mes_proxy proxy;
            mes_proxy_init(&proxy, &socks);
            (void)answer(&proxy, BYTES("\5\0"), 2);
            assert_int_equal(answer(&proxy, cases[i].reply, cases[i].size, piece), cases[i].taken);
            assert_int_equal(proxy.state, MES_PROXY_OPEN);
            mes_proxy_fini(&proxy);
        }
    struct mes_proxy proxy;
    char longest[5 + 255 + 2] = "\5\0\0\3\377";
    mes_proxy_init(&proxy, &socks);
    (void)answer(&proxy, BYTES("\5\0"), 2);
    assert_int_equal(answer(&proxy, longest, sizeof longest - 1, 100), sizeof longest - 1);
    assert_int_equal(proxy.state, MES_PROXY_UNDER_WAY);
    assert_int_equal(answer(&proxy, "\0", 1, 1), 1);
    assert_int_equal(proxy.state, MES_PROXY_OPEN);
    mes_proxy_fini(&proxy);
}

static void nothing_is_taken_before_the_question_is_sent(void **state)
{
    (void)state;
    struct mes_proxy proxy;
    mes_proxy_init(&proxy, &socks);
    assert_int_equal(mes_proxy_receive(&proxy, MES_STR("\5\0")), 0);
    mes_buf_clear(&proxy.out);
    assert_int_equal(mes_proxy_receive(&proxy, MES_STR("\5\0\5\0\0\1\0\0\0\0\0\0")), 2);
    assert_int_equal(proxy.state, MES_PROXY_UNDER_WAY);
    assert_true(proxy.out.size > 0);
    mes_proxy_fini(&proxy);
}

static void an_address_is_told(void **state)
{
    (void)state;
    struct mes_address address;
    struct mes_proxy_options options = socks;
    struct mes_proxy proxy;
    assert_true(mes_address_parse("192.0.2.7", &address));
    options.address = &address;
    mes_proxy_init(&proxy, &options);
    mes_buf_clear(&proxy.out);
    (void)answer(&proxy, BYTES("\5\0"), 2);
    expect_said(&proxy, BYTES("\5\1\0\1\300\0\2\7\2\113"));
    mes_proxy_fini(&proxy);
    /* An address written as the host goes as an address too. */
    options = socks;
    options.host = "2001:db8::7";
    mes_proxy_init(&proxy, &options);
    mes_buf_clear(&proxy.out);
    (void)answer(&proxy, BYTES("\5\0"), 2);
    expect_said(&proxy, BYTES("\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7\2\113"));
    mes_proxy_fini(&proxy);
}

static void socks_logs_in(void **state)
{
    (void)state;
    struct mes_proxy_options options = socks;
    struct mes_secret *password = mes_secret_new(MES_STR("p\xc3\xa4:ss"));
    struct mes_proxy proxy;
    options.user = "wong";
    options.password = password;
    mes_proxy_init(&proxy, &options);
    expect_said(&proxy, BYTES("\5\2\0\2"));
    (void)answer(&proxy, BYTES("\5\2"), 1);
    expect_said(&proxy, BYTES("\1\4wong\6p\xc3\xa4:ss"));
    assert_false(mes_proxy_was_asked(&proxy));
    (void)answer(&proxy, BYTES("\1\0"), 1);
    assert_true(mes_proxy_was_asked(&proxy));
    expect_said(&proxy, BYTES("\5\1\0\3\15relay.example\2\113"));
    mes_proxy_fini(&proxy);
    /* A proxy that wants none gets none. */
    mes_proxy_init(&proxy, &options);
    mes_buf_clear(&proxy.out);
    (void)answer(&proxy, BYTES("\5\0"), 2);
    expect_said(&proxy, BYTES("\5\1\0\3\15relay.example\2\113"));
    mes_proxy_fini(&proxy);
    expect_failure(&options, BYTES("\5\2\1\1"), MES_PROXY_CAUSE_LOGIN);
    expect_failure(&options, BYTES("\5\2\1\377"), MES_PROXY_CAUSE_LOGIN);
    expect_failure(&options, BYTES("\5\2\5\0"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&options, BYTES("\5\377"), MES_PROXY_CAUSE_LOGIN);
    mes_secret_free(&password);
}

static void socks_refusals_are_told_apart(void **state)
{
    (void)state;
    expect_failure(&socks, BYTES("\5\377"), MES_PROXY_CAUSE_LOGIN);
    expect_failure(&socks, BYTES("\5\2"), MES_PROXY_CAUSE_NO_PROXY); /* was not offered */
    expect_failure(&socks, BYTES("\5\1"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&socks, BYTES("\4\0"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&socks, BYTES("HTTP/1.1 400 Bad"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&socks, BYTES("220 relay.example"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&socks, BYTES("\5\0\4\0"), MES_PROXY_CAUSE_NO_PROXY);
    expect_failure(&socks, BYTES("\5\0\5\0\0\2\0"), MES_PROXY_CAUSE_NO_PROXY); /* no such kind of address */
    static const enum mes_proxy_cause causes[] = {
        [1] = MES_PROXY_CAUSE_RELAY,   [2] = MES_PROXY_CAUSE_REFUSED, [3] = MES_PROXY_CAUSE_RELAY,
        [4] = MES_PROXY_CAUSE_RELAY,   [5] = MES_PROXY_CAUSE_RELAY,   [6] = MES_PROXY_CAUSE_RELAY,
        [7] = MES_PROXY_CAUSE_REFUSED, [8] = MES_PROXY_CAUSE_RELAY};
    for (unsigned reply = 1; reply < 256; reply++) {
        const char bytes[] = {5, 0, 5, (char)reply};
        expect_failure(&socks, bytes, sizeof bytes, reply <= 8 ? causes[reply] : MES_PROXY_CAUSE_NO_PROXY);
    }
}

/* ---- HTTP ---- */

static void http_is_asked_to_connect(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 204 Fine\r\nVia: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 lone line ends\nA: b\n\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        for (size_t piece = 1; piece < 100; piece++) {
            struct mes_proxy proxy;
            char bytes[200];
            size_t size = strlen(answers[i]);
            memcpy(bytes, answers[i], size);
            memcpy(bytes + size, "220 hello\r\n", 11);
            mes_proxy_init(&proxy, &http);
            assert_true(mes_proxy_was_asked(&proxy));
            expect_said(&proxy,
                        BYTES("CONNECT relay.example:587 HTTP/1.1\r\nHost: relay.example:587\r\n\r\n"));
            assert_int_equal(answer(&proxy, bytes, size + 11, piece), size);
            assert_int_equal(proxy.state, MES_PROXY_OPEN);
            mes_proxy_fini(&proxy);
        }
}

static void http_logs_in(void **state)
{
    (void)state;
    struct mes_proxy_options options = http;
    struct mes_secret *password = mes_secret_new(MES_STR("open sesame"));
    struct mes_proxy proxy;
    options.user = "Aladdin";
    options.password = password;
    options.host = "2001:db8::7";
    mes_proxy_init(&proxy, &options);
    /* The example of RFC 7617 section 2. */
    expect_said(&proxy, BYTES("CONNECT [2001:db8::7]:587 HTTP/1.1\r\nHost: [2001:db8::7]:587\r\n"
                              "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
    mes_proxy_fini(&proxy);
    mes_secret_free(&password);
}

static void http_refusals_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum mes_proxy_cause cause;
    } cases[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
         MES_PROXY_CAUSE_LOGIN},
        {"HTTP/1.1 403 Forbidden\r\n\r\n<html>", MES_PROXY_CAUSE_REFUSED},
        {"HTTP/1.1 401 x\r\n\r\n", MES_PROXY_CAUSE_LOGIN},
        {"HTTP/1.1 302 x\r\nLocation: /\r\n\r\n", MES_PROXY_CAUSE_REFUSED},
        {"HTTP/1.1 500 x\r\n\r\n", MES_PROXY_CAUSE_RELAY},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", MES_PROXY_CAUSE_RELAY},
        {"HTTP/1.1 503 x\r\n\r\n", MES_PROXY_CAUSE_RELAY},
        {"HTTP/1.0 504 x\r\n\r\n", MES_PROXY_CAUSE_RELAY},
        {"HTTP/2 200\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.1 2000 x\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.1 20\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.1  200\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.1 600 x\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.1 099 x\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"HTTP/1.x 200 x\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"\r\nHTTP/1.1 200 x\r\n\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"220 relay.example ESMTP\r\n", MES_PROXY_CAUSE_NO_PROXY},
        {"\5\377", MES_PROXY_CAUSE_NO_PROXY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_failure(&http, cases[i].answer, strlen(cases[i].answer), cases[i].cause);
}

static void http_answers_have_limits(void **state)
{
    (void)state;
    struct mes_proxy proxy;
    char line[4097];
    memset(line, 'a', sizeof line);
    mes_proxy_init(&proxy, &http);
    (void)answer(&proxy, BYTES("HTTP/1.1 200 x\r\n"), 100);
    assert_int_equal(answer(&proxy, line, 4096, 5000), 4096);
    assert_int_equal(proxy.state, MES_PROXY_UNDER_WAY);
    (void)answer(&proxy, line, 1, 1);
    assert_int_equal(proxy.state, MES_PROXY_FAILED);
    assert_int_equal(proxy.cause, MES_PROXY_CAUSE_NO_PROXY);
    mes_proxy_fini(&proxy);
    mes_proxy_init(&proxy, &http);
    for (int i = 0; i < 50; i++)
        (void)answer(&proxy, BYTES("HTTP/1.1 100 x\r\n\r\n"), 100);
    assert_int_equal(proxy.state, MES_PROXY_UNDER_WAY);
    (void)answer(&proxy, BYTES("HTTP/1.1 200 x\r\n"), 100);
    assert_int_equal(proxy.cause, MES_PROXY_CAUSE_NO_PROXY);
    mes_proxy_fini(&proxy);
}

/* ---- both ---- */

static void what_cannot_be_asked_for_is_refused(void **state)
{
    (void)state;
    char text[257];
    struct mes_proxy proxy;
    memset(text, 'a', sizeof text);
    text[256] = '\0';
    struct mes_secret *password = mes_secret_new(mes_str_of(text));
    const struct mes_proxy_options cases[] = {
        {.kind = MES_PROXY_SOCKS5, .host = "x", .user = text},
        {.kind = MES_PROXY_SOCKS5, .host = "x", .user = "u", .password = password},
        {.kind = MES_PROXY_SOCKS5, .host = text, .user = ""},
        {.kind = MES_PROXY_HTTP, .host = "", .user = ""},
        {.kind = MES_PROXY_HTTP, .host = "x\r\nA: b", .user = ""},
        {.kind = MES_PROXY_HTTP, .host = "x y", .user = ""},
        {.kind = MES_PROXY_HTTP, .host = "x", .user = "u:v"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mes_proxy_init(&proxy, &cases[i]);
        assert_int_equal(proxy.state, MES_PROXY_FAILED);
        assert_int_equal(proxy.cause, MES_PROXY_CAUSE_REFUSED);
        assert_int_equal(proxy.out.size, 0);
        mes_proxy_fini(&proxy);
    }
    mes_secret_free(&password);
    /* The longest that can. */
    struct mes_proxy_options longest = http;
    text[255] = '\0';
    password = mes_secret_new(mes_str_of(text));
    longest.user = text;
    longest.password = password;
    mes_proxy_init(&proxy, &longest);
    assert_int_equal(proxy.state, MES_PROXY_UNDER_WAY);
    mes_proxy_fini(&proxy);
    mes_secret_free(&password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_left_to_the_proxy),
        cmocka_unit_test(replies_end_where_their_address_ends),
        cmocka_unit_test(nothing_is_taken_before_the_question_is_sent),
        cmocka_unit_test(an_address_is_told),
        cmocka_unit_test(socks_logs_in),
        cmocka_unit_test(socks_refusals_are_told_apart),
        cmocka_unit_test(http_is_asked_to_connect),
        cmocka_unit_test(http_logs_in),
        cmocka_unit_test(http_refusals_are_told_apart),
        cmocka_unit_test(http_answers_have_limits),
        cmocka_unit_test(what_cannot_be_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
