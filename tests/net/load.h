/* A large body, and a client that sends it. */
#ifndef TESTS_NET_LOAD_H
#define TESTS_NET_LOAD_H

#include "client.h"

enum { LOAD_SIZE = 25 * 1024 * 1024 };

extern char load_bytes[LOAD_SIZE];
void load_init(void);

/* For `then` of a client whose context is a size_t, 0: sends all in pieces of `load_piece`, going on at each
 * DRAINED. */
extern size_t load_piece;
void load_send(struct client *client, enum mes_conn_event event);

#endif
