#include "net/conn.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/net/tls_setting.h"

static void offer_starttls(struct peer_link *link)
{
    char line[100];
    peer_say(link, "220 hello\r\n");
    if (!peer_read_line(link, line, sizeof line))
        return;
    peer_say(link, "220 go ahead\r\n");
    tls_setting_echo(link);
}

/* Asks for TLS after the greeting and starts it after the answer. */
static void ask_for_tls(struct client *client, enum mes_conn_event event)
{
    if (event != MES_CONN_DATA)
        return;
    if (strcmp(mes_buf_text(&client->text), "220 hello\r\n") == 0)
        client_send(client, "STARTTLS\r\n");
    else if (!mes_conn_is_secured(client->conn))
        assert_int_equal(mes_conn_start_tls(client->conn, NULL), 0);
}

static bool waits_for_second_greeting(const struct client *client)
{
    return strcmp(mes_buf_text(&client->text), "220 hello\r\n220 go ahead\r\n220 hello\r\n") != 0;
}

static void starttls_upgrades_in_place(void **state)
{
    (void)state;
    struct tls_setting setting;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), offer_starttls, NULL);
    setting.client.options.is_tls_at_once = false;
    setting.client.then = ask_for_tls;
    client_open(&setting.client);
    client_run_while(&setting.client, waits_for_second_greeting);
    assert_string_equal(setting.client.events, "CDSD");
    client_send(&setting.client, "EHLO me\r\n");
    client_run_while(&setting.client, client_waits_for_echo);
    tls_setting_fini(&setting);
}

static const char reply_and_more[] = "220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n";
enum { REPLY = 14 };

struct split {
    size_t at;
    SSL_CTX *context;
};

static void inject(struct peer_link *link)
{
    const struct split *split = link->context;
    size_t size = sizeof reply_and_more - 1;
    char line[100];
    peer_say(link, "220 hello\r\n");
    if (!peer_read_line(link, line, sizeof line))
        return;
    peer_write(link, reply_and_more, split->at);
    usleep(500);
    peer_write(link, reply_and_more + split->at, size - split->at);
    (void)peer_start_tls(link, split->context);
    ERR_clear_error();
}

/* Takes exactly the reply and starts TLS, as the session does. */
static void take_reply(struct client *client, enum mes_conn_event event)
{
    size_t *taken = client->context;
    struct mes_str bytes = mes_conn_received(client->conn);
    if (event != MES_CONN_DATA)
        return;
    if (*taken == 0 && mes_str_eq(bytes, MES_STR("220 hello\r\n"))) {
        mes_conn_consume(client->conn, bytes.size);
        *taken = 1;
        client_send(client, "STARTTLS\r\n");
    } else if (*taken == 1 && bytes.size >= REPLY) {
        mes_conn_consume(client->conn, REPLY);
        *taken = 2;
        assert_int_equal(mes_conn_start_tls(client->conn, NULL), 0);
    }
}

static void C03_bytes_behind_the_reply_to_starttls_are_refused(void **state)
{
    (void)state;
    struct tls_setting setting;
    struct split split = {.context = tls_setting_server(&tls_setting_good)};
    tls_setting_init(&setting, split.context, inject, NULL);
    peer_stop(&setting.peer);
    setting.peer = peer_start(inject, &split);
    setting.client.options.port = peer_port(setting.peer);
    setting.client.options.is_tls_at_once = false;
    setting.client.is_lazy = true;
    setting.client.then = take_reply;
    for (split.at = 1; split.at < sizeof reply_and_more; split.at++) {
        size_t taken = 0;
        client_reset(&setting.client);
        setting.client.context = &taken;
        client_open(&setting.client);
        client_run_until(&setting.client, "FSTE");
        assert_string_equal(setting.client.events, "CDF");
        assert_int_equal(setting.client.failure.cause, MES_CONN_CAUSE_INJECTED);
        assert_int_equal(taken, 2);
        mes_conn_free(&setting.client.conn);
        peer_stop(&setting.peer);
        setting.peer = peer_start(inject, &split);
        setting.client.options.port = peer_port(setting.peer);
    }
    tls_setting_fini(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starttls_upgrades_in_place),
        cmocka_unit_test(C03_bytes_behind_the_reply_to_starttls_are_refused),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
