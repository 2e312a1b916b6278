/* A connection of the library under test, and what it reported. */
#ifndef TESTS_NET_CLIENT_H
#define TESTS_NET_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/conn.h"

struct client {
    struct mes_loop *loop;
    struct mes_conn *conn;
    struct mes_conn_options options;
    struct mes_address_list addresses;
    char events[256];    /* a letter for each: C S D(ata) d(rained) E(nd) T F; DATA only once in a row */
    struct mes_buf text; /* what was received; consumed at once unless is_lazy */
    bool is_lazy;
    unsigned free_at;                /* frees itself at these events, as bits */
    struct mes_conn_failure failure; /* of the last event */
    /* called after an event was noted, unless the connection is gone */
    void (*then)(struct client *client, enum mes_conn_event event);
    void *context;
    struct mes_clock clock; /* stands still, see client_stop_clock */
    int64_t now;
};

/* A loop of its own, 127.0.0.1, and "localhost" for the name; the rest of `options` may be changed before
 * client_open. */
void client_init(struct client *client, uint16_t port);
void client_fini(struct client *client);
void client_open(struct client *client);
/* The loop goes by `now` from here on, which the test turns. Before client_open. */
void client_stop_clock(struct client *client);
/* A few turns without waiting. */
void client_turn(struct client *client);
/* Forgets all that was reported, and the connection. */
void client_reset(struct client *client);
/* Turns the loop until the events end in a letter of `letters`; fails the test after 5 s. */
void client_run_until(struct client *client, const char *letters);
/* Turns the loop until the condition holds; fails the test after 5 s. */
void client_run_while(struct client *client, bool (*goes_on)(const struct client *client));
/* True until the client has received the answer to "EHLO me" from an echo. */
bool client_waits_for_echo(const struct client *client);
/* Neither data nor an end came. */
bool client_has_not_ended(const struct client *client);
void client_send(struct client *client, const char *text);
void client_add_address(struct client *client, const char *address);

#endif
