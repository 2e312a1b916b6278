/* The library's face against a small relay in a thread of its own: waiting, from a foreign loop, and with
 * memory that runs out at every place in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mes/mes.h"

struct relay {
    int listener;
    unsigned port;
    pthread_t thread;
    unsigned mails; /* read after the thread has ended */
};

static bool reply(int socket, const char *text)
{
    return send(socket, text, strlen(text), MSG_NOSIGNAL) >= 0;
}

/* One line at a time is enough for a relay that nobody measures. */
static void converse(struct relay *relay, FILE *in, int socket)
{
    char line[2048];
    bool in_body = false;
    reply(socket, "220 relay ready\r\n");
    while (fgets(line, sizeof line, in) != NULL) {
        if (in_body && strcmp(line, ".\r\n") != 0)
            continue;
        if (in_body) {
            in_body = false;
            relay->mails++;
            reply(socket, "250 2.0.0 taken\r\n");
        } else if (strncmp(line, "EHLO", 4) == 0) {
            reply(socket, "250-relay\r\n250 PIPELINING\r\n");
        } else if (strncmp(line, "DATA", 4) == 0) {
            in_body = true;
            reply(socket, "354 go on\r\n");
        } else if (strncmp(line, "QUIT", 4) == 0) {
            reply(socket, "221 bye\r\n");
            return;
        } else {
            reply(socket, "250 2.1.0 ok\r\n");
        }
    }
}

/* Ends when its listener is shut down. */
static void *serve(void *context)
{
    struct relay *relay = context;
    for (int socket = accept(relay->listener, NULL, NULL); socket >= 0;
         socket = accept(relay->listener, NULL, NULL)) {
        FILE *in = fdopen(socket, "r");
        converse(relay, in, socket);
        fclose(in);
    }
    return NULL;
}

/* Connections are made to it, and nobody accepts them. */
static void open_silent(struct relay *relay)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *relay = (struct relay){.listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(relay->listener, 16), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
}

static void open_relay(struct relay *relay)
{
    open_silent(relay);
    assert_int_equal(pthread_create(&relay->thread, NULL, serve, relay), 0);
}

static void close_relay(struct relay *relay)
{
    shutdown(relay->listener, SHUT_RDWR);
    pthread_join(relay->thread, NULL);
    close(relay->listener);
}

static struct mes_account_list *load(unsigned port)
{
    char path[] = "/tmp/mes-sender-test-XXXXXX";
    struct mes_account_list *list = NULL;
    struct mes_error error;
    FILE *file = fdopen(mkstemp(path), "w");
    fprintf(file,
            "[{\"name\":\"dead\",\"senderServerHost\":\"127.0.0.1\",\"senderServerHostPort\":1,"
            "\"fromMailAddress\":\"a@one.test\"},"
            "{\"name\":\"alive\",\"senderServerHost\":\"127.0.0.1\",\"senderServerHostPort\":%u,"
            "\"fromMailAddress\":\"b@two.test\",\"maxConnections\":1}]",
            port);
    fclose(file);
    assert_int_equal(mes_account_list_load(path, NULL, NULL, NULL, &list, &error), 0);
    unlink(path);
    return list;
}

/* NULL when memory ran out. */
static struct mes_message *make_message(void)
{
    struct mes_error error;
    struct mes_message *message = mes_message_new();
    if (message == NULL)
        return NULL;
    if (mes_message_add_recipient(message, MES_ROLE_TO, "wong@example.hk", "黃先生", &error) != 0 ||
        mes_message_add_recipient(message, MES_ROLE_TO, "chan@example.hk", NULL, &error) != 0 ||
        mes_message_set_html(message, "<p>你好 <b>世界</b></p>", &error) != 0 ||
        mes_message_attach_bytes(message, "abc", 3, "價目表.txt", NULL, &error) != 0)
        mes_message_free(&message);
    return message;
}

static void expect_sent(const struct mes_report *report)
{
    assert_int_equal(mes_report_count(report), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct mes_result *result = mes_report_result(report, i);
        assert_string_equal(mes_status_name(result->status), "sent");
        assert_string_equal(result->attempts[result->attempt_count - 1].account, "alive");
    }
}

static void a_send_waits_for_every_result(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    assert_int_equal(mes_send(sender, message, &report, &error), 0);
    expect_sent(report);
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    close_relay(&relay);
    assert_int_equal(relay.mails, 2);
}

static void keep(void *context, struct mes_report *report)
{
    struct mes_report **kept = context;
    *kept = report;
}

static void a_foreign_loop_steps_it(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    assert_int_equal(mes_submit(sender, message, keep, &report, &error), 0);
    mes_message_free(&message);
    for (int turns = 0; turns < 1000 && report == NULL; turns++) {
        struct pollfd wait = {.fd = mes_sender_fd(sender), .events = POLLIN};
        poll(&wait, 1, mes_sender_timeout_ms(sender));
        (void)mes_sender_step(sender);
    }
    assert_non_null(report);
    expect_sent(report);
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_account_list_free(&list);
    close_relay(&relay);
}

static void *wake_it(void *context)
{
    mes_sender_wake(context);
    return NULL;
}

/* With a limit of -1 it would hang if a wake got lost. */
static void a_thread_of_its_own_waits_for_work(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    pthread_t other;
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    assert_false(mes_sender_wait(sender, 0));
    assert_int_equal(pthread_create(&other, NULL, wake_it, sender), 0);
    assert_false(mes_sender_wait(sender, -1));
    pthread_join(other, NULL);
    assert_int_equal(mes_submit(sender, message, keep, &report, &error), 0);
    while (mes_sender_wait(sender, -1))
        assert_null(report);
    assert_non_null(report);
    expect_sent(report);
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    close_relay(&relay);
}

struct chain {
    struct mes_sender *sender;
    const struct mes_message *message;
    unsigned left, sent;
};

static void submit_next(void *context, struct mes_report *report)
{
    struct chain *chain = context;
    struct mes_error error;
    expect_sent(report);
    mes_report_free(&report);
    chain->sent++;
    if (--chain->left > 0)
        assert_int_equal(mes_submit(chain->sender, chain->message, submit_next, chain, &error), 0);
}

static void a_callback_may_submit(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct chain chain = {.left = 3};
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    chain.message = message;
    assert_int_equal(mes_sender_new(list, NULL, &chain.sender, &error), 0);
    assert_int_equal(mes_submit(chain.sender, message, submit_next, &chain, &error), 0);
    while (mes_sender_wait(chain.sender, -1))
        continue;
    assert_int_equal(chain.sent, 3);
    mes_sender_free(&chain.sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    close_relay(&relay);
}

static void expect_deferred(struct mes_report *report)
{
    assert_non_null(report);
    assert_int_equal(mes_report_count(report), 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mes_report_result(report, i)->status, MES_STATUS_DEFERRED);
    mes_report_free(&report);
}

static void a_withdrawn_message_leaves_others_alone(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *reports[2] = {NULL, NULL};
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mes_submit(sender, message, keep, &reports[i], &error), 0);
    assert_false(mes_sender_withdraw(sender, &relay));
    assert_true(mes_sender_withdraw(sender, &reports[0]));
    while (mes_sender_wait(sender, -1))
        continue;
    assert_false(mes_sender_withdraw(sender, &reports[0]));
    expect_deferred(reports[0]);
    expect_sent(reports[1]);
    mes_report_free(&reports[1]);
    mes_sender_free(&sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    close_relay(&relay);
    assert_int_equal(relay.mails, 2);
}

/* The greeting would be waited for for a minute. */
static void what_waits_for_a_connection_can_be_withdrawn(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    (void)state;
    open_silent(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    assert_int_equal(mes_submit(sender, message, keep, &report, &error), 0);
    for (int i = 0; i < 20; i++)
        assert_true(mes_sender_wait(sender, 10));
    assert_true(mes_sender_withdraw(sender, &report));
    while (mes_sender_wait(sender, -1))
        continue;
    expect_deferred(report);
    mes_sender_free(&sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    close(relay.listener);
}

/* What languages use that know no C layout. */
static void errors_and_attempts_need_no_layout(void **state)
{
    struct mes_error *error = mes_error_new();
    struct mes_account_list *list = NULL;
    const struct mes_attempt attempts[2] = {{.code = 535}, {.code = 250}};
    const struct mes_result result = {.attempts = attempts, .attempt_count = 2};
    char text[256];
    (void)state;
    assert_non_null(error);
    assert_string_equal(mes_error_text(error, MES_EN, text, sizeof text), "");
    assert_int_equal(mes_account_list_load("/nowhere.json", NULL, NULL, NULL, &list, error), MES_E_NOT_FOUND);
    assert_non_null(strstr(mes_error_text(error, MES_EN, text, sizeof text), "/nowhere.json"));
    mes_error_free(&error);
    assert_null(error);
    mes_error_free(&error);
    assert_int_equal(mes_result_attempt(&result, 1)->code, 250);
    assert_null(mes_result_attempt(&result, 2));
}

static void freeing_ends_what_is_under_way(void **state)
{
    struct relay relay;
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    struct mes_message *message = make_message();
    assert_int_equal(mes_sender_new(list, NULL, &sender, &error), 0);
    assert_int_equal(mes_submit(sender, message, keep, &report, &error), 0);
    mes_message_free(&message);
    mes_sender_free(&sender);
    assert_non_null(report);
    assert_int_equal(mes_report_count(report), 2);
    assert_int_equal(mes_report_result(report, 0)->status, MES_STATUS_DEFERRED);
    mes_report_free(&report);
    mes_account_list_free(&list);
    close_relay(&relay);
}

static long allowed; /* allocations until one fails; below 0: none does */

static bool count_down(size_t size)
{
    (void)size;
    return allowed < 0 || allowed-- > 0;
}

/* True when everything was sent. Whatever failed must have said so, and left nothing behind (LeakSanitizer
 * sees). */
static bool send_with_little_memory(const struct mes_account_list *list)
{
    struct mes_error error = {0};
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    struct mes_message *message = make_message();
    bool was_sent = false;
    if (message != NULL && mes_sender_new(list, NULL, &sender, &error) == 0) {
        if (mes_send(sender, message, &report, &error) == 0)
            was_sent = mes_report_result(report, 0)->status == MES_STATUS_SENT &&
                       mes_report_result(report, 1)->status == MES_STATUS_SENT;
        else
            assert_int_equal(error.code, MES_E_NOMEM);
    }
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_message_free(&message);
    return was_sent;
}

static void memory_may_run_out_anywhere(void **state)
{
    struct relay relay;
    long tries = 0;
    bool was_sent = false;
    (void)state;
    open_relay(&relay);
    struct mes_account_list *list = load(relay.port);
    for (; tries < 2000 && !was_sent; tries++) {
        allowed = tries;
        mes_alloc_set_hook(count_down);
        (void)send_with_little_memory(list);
        was_sent = allowed >= 0; /* it never got as far as the failing allocation */
        mes_alloc_set_hook(NULL);
    }
    assert_true(was_sent);
    assert_true(tries > 50);
    allowed = -1;
    mes_account_list_free(&list);
    close_relay(&relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_send_waits_for_every_result),
        cmocka_unit_test(a_foreign_loop_steps_it),
        cmocka_unit_test(a_thread_of_its_own_waits_for_work),
        cmocka_unit_test(a_callback_may_submit),
        cmocka_unit_test(a_withdrawn_message_leaves_others_alone),
        cmocka_unit_test(what_waits_for_a_connection_can_be_withdrawn),
        cmocka_unit_test(errors_and_attempts_need_no_layout),
        cmocka_unit_test(freeing_ends_what_is_under_way),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
