#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *host;
    unsigned port;
    bool is_tls;
} good[] = {
    {"https://hook.example.com/a?b#c", "hook.example.com", 443, true},
    {"http://hook.example.com", "hook.example.com", 80, false},
    {"HTTP://Hook.Example.com:8080/", "Hook.Example.com", 8080, false},
    {"https://hook.example.com./", "hook.example.com", 443, true},
    {"https://[::1]:444/", "[::1]", 444, true},
    {"http://%31%32%37.0.0.1/", "127.0.0.1", 80, false},
};

static void what_can_be_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct mes_http_url url;
        assert_int_equal(mes_http_url_parse(good[i].text, &url, NULL), 0);
        assert_string_equal(url.host, good[i].host);
        assert_int_equal(url.port, good[i].port);
        assert_int_equal(url.is_tls, good[i].is_tls);
    }
}

static void what_cannot(void **state)
{
    static const char *const wrong[] = {"",
                                        "hook.example.com",
                                        "/etc/passwd",
                                        "file:///etc/passwd",
                                        "ftp://example.com/",
                                        "gopher://example.com/",
                                        "smtp://example.com/",
                                        "dict://example.com/",
                                        "https://",
                                        ("http://b\xc3\xbc"
                                         "cher.example/"),
                                        "https://user@example.com/",
                                        "https://user:secret@example.com/",
                                        "https://example.com:0/",
                                        "https://example.com:65536/",
                                        "https://exa mple.com/",
                                        "https://example.com/\r\nX: y",
                                        "https://example.com/\x7f",
                                        "javascript:alert(1)"};
    char longer[MES_HTTP_URL_LIMIT + 2];
    struct mes_http_url url;
    struct mes_error error;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (mes_http_url_parse(wrong[i], &url, &error) != MES_E_INPUT)
            fail_msg("%s was taken", wrong[i]);
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer, "https://e.com/", 14);
    assert_int_equal(mes_http_url_parse(longer, &url, &error), MES_E_INPUT);
    longer[sizeof longer - 2] = '\0';
    assert_int_equal(mes_http_url_parse(longer, &url, &error), 0);
}

static void secrets_are_not_shown(void **state)
{
    char out[MES_HTTP_URL_SHOWN], text[1000];
    struct mes_error error;
    (void)state;
    assert_string_equal(
        mes_http_url_shown("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary", out),
        "https://qyapi.weixin.qq.com/***");
    assert_string_equal(mes_http_url_shown("http://[::1]:8080/bot123:canary/send#canary", out),
                        "http://[::1]:8080/***");
    assert_string_equal(mes_http_url_shown("https://u:canary@example.com/", out), "***");
    assert_string_equal(mes_http_url_shown("canary", out), "***");
    struct mes_http_url url;
    assert_int_equal(mes_http_url_parse("https://u:canary@example.com/", &url, &error), MES_E_INPUT);
    assert_null(strstr(mes_error_text(&error, MES_EN, text, sizeof text), "canary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_called),
        cmocka_unit_test(what_cannot),
        cmocka_unit_test(secrets_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
