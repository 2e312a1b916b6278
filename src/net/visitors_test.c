#include "net/visitors.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct mes_visitors *visitors;
static uint16_t port;

static int set_up(void **state)
{
    (void)state;
    return mes_visitors_open(&visitors, &port, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    mes_visitors_close(&visitors);
    return 0;
}

static int visit(const char *text)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(descriptor, text, strlen(text), 0), (ssize_t)strlen(text));
    return descriptor;
}

static void assert_hears(int descriptor, const char *expected)
{
    char text[100] = "";
    size_t size = 0;
    for (ssize_t got; (got = recv(descriptor, text + size, sizeof text - 1 - size, 0)) > 0;)
        size += (size_t)got;
    assert_string_equal(text, expected);
    (void)close(descriptor);
}

static void who_says_something_is_answered_past_the_silent(void **state)
{
    struct mes_str head;
    (void)state;
    int silent = visit(""), slow = visit("GET /slow"), quick = visit("GET /quick\r\n\r\n");
    assert_true(mes_visitors_next(visitors, 5000, &head));
    assert_true(mes_str_eq(head, MES_STR("GET /quick\r\n\r\n")));
    mes_visitors_answer(visitors, MES_STR("to the quick"));
    assert_hears(quick, "to the quick");
    assert_int_equal(send(slow, "\r\n\r\n", 4, 0), 4);
    assert_true(mes_visitors_next(visitors, 5000, &head));
    assert_true(mes_str_eq(head, MES_STR("GET /slow\r\n\r\n")));
    mes_visitors_answer(visitors, MES_STR("to the slow"));
    assert_hears(slow, "to the slow");
    assert_false(mes_visitors_next(visitors, 20, &head));
    (void)close(silent);
}

static void too_many_and_too_much_are_shown_out(void **state)
{
    static char much[MES_VISITOR_HEAD + 1];
    struct mes_str head;
    int silent[MES_VISITORS_MOST + 4];
    (void)state;
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        silent[i] = visit("GET");
        assert_false(mes_visitors_next(visitors, 2, &head)); /* comes in */
    }
    memset(much, 'a', sizeof much - 1);
    int loud = visit(much);
    int last = visit("GET /last\r\n\r\n");
    assert_true(mes_visitors_next(visitors, 5000, &head));
    mes_visitors_answer(visitors, MES_STR("welcome"));
    assert_hears(last, "welcome");
    assert_false(mes_visitors_next(visitors, 20, &head));
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        (void)close(silent[i]);
    (void)close(loud);
}

static void nobody_else_is_let_in(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
    assert_int_not_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_says_something_is_answered_past_the_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_and_too_much_are_shown_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_is_let_in, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
