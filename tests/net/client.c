#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/loop.h"

static void on_event(void *context, struct mes_conn *conn, enum mes_conn_event event)
{
    static const char letters[] = "CSDdETF";
    struct client *client = context;
    size_t count = strlen(client->events);
    if (count + 1 < sizeof client->events &&
        (event != MES_CONN_DATA || count == 0 || client->events[count - 1] != 'D'))
        client->events[count] = letters[event];
    client->failure = *mes_conn_failure(conn);
    if (!client->is_lazy) {
        struct mes_str bytes = mes_conn_received(conn);
        mes_buf_add_str(&client->text, bytes);
        mes_conn_consume(conn, bytes.size);
    }
    if ((client->free_at & (1U << event)) != 0)
        mes_conn_free(&client->conn);
    else if (client->then != NULL)
        client->then(client, event);
}

void client_init(struct client *client, uint16_t port)
{
    *client = (struct client){
        .options = {.host = "localhost", .port = port, .on_event = on_event, .context = client}};
    assert_int_equal(mes_loop_new(NULL, &client->loop, NULL), 0);
    mes_buf_init(&client->text, 64 * 1024 * 1024);
    client_add_address(client, "127.0.0.1");
}

void client_fini(struct client *client)
{
    mes_conn_free(&client->conn);
    mes_loop_free(&client->loop);
    mes_buf_fini(&client->text);
}

void client_open(struct client *client)
{
    struct mes_error error;
    assert_int_equal(mes_conn_open(client->loop, &client->options, &client->addresses, &client->conn, &error),
                     0);
}

void client_reset(struct client *client)
{
    mes_conn_free(&client->conn);
    memset(client->events, 0, sizeof client->events);
    mes_buf_clear(&client->text);
}

void client_run_while(struct client *client, bool (*goes_on)(const struct client *client))
{
    int64_t end = mes_clock_monotonic(mes_clock_system()) + 5000;
    while (goes_on(client)) {
        mes_loop_step(client->loop, 100);
        if (mes_clock_monotonic(mes_clock_system()) > end)
            fail_msg("nothing happened after the events \"%s\"", client->events);
    }
}

void client_run_until(struct client *client, const char *letters)
{
    int64_t end = mes_clock_monotonic(mes_clock_system()) + 5000;
    while (client->events[0] == '\0' || strchr(letters, client->events[strlen(client->events) - 1]) == NULL) {
        mes_loop_step(client->loop, 100);
        if (mes_clock_monotonic(mes_clock_system()) > end)
            fail_msg("waiting for one of \"%s\", but the events were \"%s\"", letters, client->events);
    }
}

static int64_t turned_by_hand(void *context)
{
    return ((const struct client *)context)->now;
}

void client_stop_clock(struct client *client)
{
    mes_loop_free(&client->loop);
    client->clock = (struct mes_clock){turned_by_hand, turned_by_hand, client};
    assert_int_equal(mes_loop_new(&client->clock, &client->loop, NULL), 0);
}

void client_turn(struct client *client)
{
    for (int i = 0; i < 5; i++)
        mes_loop_step(client->loop, 0);
}

bool client_waits_for_echo(const struct client *client)
{
    return strstr(mes_buf_text(&client->text), "EHLO me\r\n") == NULL;
}

bool client_has_not_ended(const struct client *client)
{
    return strpbrk(client->events, "ETFD") == NULL;
}

void client_send(struct client *client, const char *text)
{
    struct mes_error error;
    assert_int_equal(mes_conn_send(client->conn, mes_str_of(text), &error), 0);
}

void client_add_address(struct client *client, const char *text)
{
    struct mes_address address;
    assert_true(mes_address_parse(text, &address));
    assert_true(mes_address_list_add(&client->addresses, &address));
}
