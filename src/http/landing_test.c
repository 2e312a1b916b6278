#include "http/landing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_request_is_taken_apart(void **state)
{
    static const char *const rows[][3] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "/", ""},
        {"GET /?code=a%20b&state=c HTTP/1.1\r\n\r\n", "/", "code=a%20b&state=c"},
        {"GET /favicon.ico? HTTP/1.0\r\n\r\n", "/favicon.ico", ""},
    };
    static const char *const wrong[] = {"",
                                        "\r\n\r\n",
                                        "GET",
                                        "GET /",
                                        "GET / HTTP/2\r\n",
                                        "POST / HTTP/1.1\r\n",
                                        "get / HTTP/1.1\r\n",
                                        "GET http://x/ HTTP/1.1\r\n",
                                        "GET  / HTTP/1.1\r\n",
                                        "GET / HTTP/1.1 \r\n",
                                        "GET /\x01 HTTP/1.1\r\n",
                                        "GET /\xc3\xa9 HTTP/1.1\r\n",
                                        "\x16\x03\x01\x02"};
    struct mes_str path, query;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(mes_http_landing_parse(mes_str_of(rows[i][0]), &path, &query));
        assert_true(mes_str_eq(path, mes_str_of(rows[i][1])));
        assert_true(mes_str_eq(query, mes_str_of(rows[i][2])));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (mes_http_landing_parse(mes_str_of(wrong[i]), &path, &query))
            fail_msg("taken: %s", wrong[i]);
}

static void a_page_shows_text_and_nothing_else(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 10000);
    mes_http_landing_page(&out, "200 OK", "en", "a < b & <script>");
    const char *page = mes_buf_text(&out);
    assert_true(mes_str_starts(mes_str_of(page), MES_STR("HTTP/1.1 200 OK\r\n")));
    assert_non_null(strstr(page, "<p>a &lt; b &amp; &lt;script></p>"));
    assert_null(strstr(page, "<script"));
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_page_shows_text_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
