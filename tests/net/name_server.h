/* A name server in a thread of the test: the first label of a name tells how it is answered. */
#ifndef TESTS_NET_NAME_SERVER_H
#define TESTS_NET_NAME_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

/* UDP and TCP, on the same port; a second UDP socket for who answers in its place. */
struct name_server {
    int descriptor, stranger, listener;
    char servers[32]; /* "127.0.0.1:12345" */
    pthread_t thread;
    atomic_bool is_stopped;
    atomic_uint questions; /* by UDP */
};

/* Known labels:
 *   four six both none       one A, one AAAA, three of each, nothing
 *   many thousand            by UDP truncated, by TCP 40 or 1000 of each
 *   missing broken refused   NXDOMAIN, SERVFAIL, REFUSED
 *   silent six-silent        no answer at all, or none for AAAA; else as `four`
 *   six-broken               SERVFAIL for AAAA; else as `four`
 *   loopback                 127.0.0.1
 *   alias loop               an alias of an address; aliases of each other
 *   cut short garbage        truncated by UDP, closed by TCP; a record that ends too soon; no DNS
 *   size                     an A record of three bytes
 *   endless                  a name that points to itself
 *   forged-id forged-name forged-port   a false answer (192.0.2.66) with another id, for another question or
 *                            from another port goes before the true one
 *   stranger                 the record is for another name than the one asked for */
void name_server_start(struct name_server *names);
void name_server_stop(struct name_server *names);

#endif
