#include "http/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/net/web.h"

struct fixture {
    struct web *web;
    char url[100];
    struct mes_http_answer answer;
    struct mes_error error;
    struct mes_buf taken;
    unsigned asked;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.web = web_start()};
    mes_buf_init(&fixture.taken, 1000);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    web_stop(&fixture->web);
    mes_http_answer_fini(&fixture->answer);
    mes_buf_fini(&fixture->taken);
    return 0;
}

static const char *url(struct fixture *fixture, const char *path)
{
    (void)snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%u%s", web_port(fixture->web), path);
    return fixture->url;
}

static int ask(struct fixture *fixture, struct mes_http_call call, const char *path)
{
    call.url = url(fixture, path);
    call.context = fixture;
    mes_http_answer_fini(&fixture->answer);
    return mes_http_call(&call, &fixture->answer, &fixture->error);
}

static void a_plain_question(void **state)
{
    struct fixture *fixture = *state;
    char request[1000];
    static const char *const headers[] = {"Authorization: Bearer abc", "Accept: text/plain", NULL};
    assert_int_equal(ask(fixture, (struct mes_http_call){.headers = headers}, "/ok?x=y"), 0);
    assert_int_equal(fixture->answer.status, 200);
    assert_string_equal(fixture->answer.content_type, "text/plain");
    assert_string_equal(mes_buf_text(&fixture->answer.body), "fine");
    assert_int_equal(fixture->answer.retry_after_s, 0);
    (void)web_newest(fixture->web, request, sizeof request);
    assert_ptr_equal(strstr(request, "GET /ok?x=y HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, "\r\nAuthorization: Bearer abc\r\n"));
    assert_null(strstr(request, "Content-"));
}

static void answers_of_any_status_are_data(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "DELETE"}, "/status/429"), 0);
    assert_int_equal(fixture->answer.status, 429);
    assert_int_equal(fixture->answer.retry_after_s, 7);
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "GET"}, "/redirect"), 0);
    assert_int_equal(fixture->answer.status, 302);
    assert_int_equal(web_requests(fixture->web), 2);
}

static void an_empty_post_says_that_it_is_empty(void **state)
{
    struct fixture *fixture = *state;
    char request[1000];
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "POST"}, "/ok"), 0);
    (void)web_newest(fixture->web, request, sizeof request);
    assert_non_null(strstr(request, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(request, "Content-Type"));
}

static void on_sent(void *context, uint64_t sent, uint64_t total)
{
    (void)context;
    assert_in_range(sent, 0, total);
    assert_int_equal(total, 100 * 1000 + 8);
}

static void a_body_is_streamed_from_a_file(void **state)
{
    struct fixture *fixture = *state;
    char path[] = "/tmp/mes-call-XXXXXX";
    char *content = malloc(100 * 1000);
    int descriptor = mkstemp(path);
    memset(content, 'c', 100 * 1000);
    assert_int_equal(write(descriptor, content, 100 * 1000), 100 * 1000);
    (void)close(descriptor);
    const struct mes_http_call call = {.method = "POST",
                                       .body = MES_STR("head\n"),
                                       .body_file = path,
                                       .body_end = MES_STR("end"),
                                       .on_sent = on_sent};
    assert_int_equal(ask(fixture, call, "/echo"), 0);
    struct mes_str body = mes_buf_str(&fixture->answer.body);
    assert_int_equal(body.size, 100 * 1000 + 8);
    assert_memory_equal(body.data, "head\nccc", 8);
    assert_memory_equal(body.data + body.size - 5, "ccend", 5);
    (void)unlink(path);
    assert_int_equal(ask(fixture, call, "/echo"), MES_E_FILE);
    free(content);
}

static bool on_answer(void *context, struct mes_str piece)
{
    struct fixture *fixture = context;
    mes_buf_add_str(&fixture->taken, piece);
    return fixture->taken.failed == 0;
}

static void an_answer_is_taken_piece_by_piece(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(ask(fixture, (struct mes_http_call){.on_answer = on_answer}, "/ok"), 0);
    assert_string_equal(mes_buf_text(&fixture->taken), "fine");
    assert_int_equal(fixture->answer.body.size, 0);
    assert_int_equal(ask(fixture, (struct mes_http_call){.on_answer = on_answer}, "/status/404"), 0);
    assert_string_equal(mes_buf_text(&fixture->answer.body), "told");
    assert_string_equal(mes_buf_text(&fixture->taken), "fine");
    assert_int_equal(ask(fixture, (struct mes_http_call){.on_answer = on_answer}, "/endless"),
                     MES_E_CANCELLED);
}

static bool is_ended(void *context)
{
    struct fixture *fixture = context;
    return ++fixture->asked > 1 && web_requests(fixture->web) > 0;
}

static void a_call_can_be_ended(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(ask(fixture, (struct mes_http_call){.is_ended = is_ended}, "/hang"), MES_E_CANCELLED);
}

static void what_goes_wrong_is_said(void **state)
{
    struct fixture *fixture = *state;
    char text[1000];
    assert_int_equal(ask(fixture, (struct mes_http_call){.answer_limit = 1000}, "/endless"), MES_E_LIMIT);
    assert_int_equal(ask(fixture, (struct mes_http_call){.timeout_ms = 50}, "/hang"), MES_E_SYSTEM);
    assert_non_null(strstr(mes_error_text(&fixture->error, MES_EN, text, sizeof text), "too long"));
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "GET"}, "/cut"), MES_E_SYSTEM);
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "GET"}, "/noise"), MES_E_SYSTEM);
    (void)snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:1/canary");
    const struct mes_http_call nobody = {.url = fixture->url};
    assert_int_equal(mes_http_call(&nobody, &fixture->answer, &fixture->error), MES_E_SYSTEM);
    (void)mes_error_text(&fixture->error, MES_EN, text, sizeof text);
    assert_ptr_equal(strstr(text, "Nobody answers at http://127.0.0.1:1/***"), text);
    const struct mes_http_call strange = {.url = "file:///etc/passwd"};
    assert_int_equal(mes_http_call(&strange, &fixture->answer, &fixture->error), MES_E_INPUT);
}

static void the_environment_has_no_say(void **state)
{
    struct fixture *fixture = *state;
    (void)setenv("http_proxy", "http://127.0.0.1:1/", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
    assert_int_equal(ask(fixture, (struct mes_http_call){.method = "GET"}, "/ok"), 0);
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_question),
        TEST(answers_of_any_status_are_data),
        TEST(an_empty_post_says_that_it_is_empty),
        TEST(a_body_is_streamed_from_a_file),
        TEST(an_answer_is_taken_piece_by_piece),
        TEST(a_call_can_be_ended),
        TEST(what_goes_wrong_is_said),
        TEST(the_environment_has_no_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
