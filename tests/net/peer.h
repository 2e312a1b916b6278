/* A server in a thread of the test, which does what its script says with each connection. */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct peer;

/* One accepted connection; every wait in it ends after 5 s. */
struct peer_link {
    int descriptor;
    SSL *ssl;        /* once peer_start_tls succeeded */
    unsigned number; /* 0 for the first connection */
    void *context;
};

/* A listening socket on `address` and a free port, which is returned. */
int peer_listen(const char *address, uint16_t *port_out);

/* Runs `script` for each connection, one after the other; the connection is closed in order behind it. */
struct peer *peer_start(void (*script)(struct peer_link *link), void *context);
/* The same with so many connections at a time, each in a thread of its own. */
struct peer *peer_start_many(void (*script)(struct peer_link *link), void *context, unsigned connections);
uint16_t peer_port(const struct peer *peer);
/* Waits for the script to return. */
void peer_stop(struct peer **peer);

void peer_write(struct peer_link *link, const char *data, size_t size);
void peer_say(struct peer_link *link, const char *text);
/* Reads up to LF, which is cut off with the CR before it; false at the end. */
bool peer_read_line(struct peer_link *link, char *line, size_t size);
/* Reads so many bytes; false when there are not as many. */
bool peer_read_bytes(struct peer_link *link, char *data, size_t size);
/* Reads until the end, returns how much came. */
size_t peer_read_all(struct peer_link *link);
/* Reads so many bytes, says "250 done", and waits for the end; returns how much came. */
size_t peer_swallow(struct peer_link *link, size_t size);
/* Waits until the other side ends. */
void peer_wait_end(struct peer_link *link);
bool peer_start_tls(struct peer_link *link, SSL_CTX *context);
/* The connection will be closed with a RST. */
void peer_reset(struct peer_link *link);

/* A script: greets and sends back each line until QUIT. */
void peer_echo(struct peer_link *link);

#endif
