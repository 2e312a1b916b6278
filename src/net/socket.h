/* The bare socket below a connection, with or without TLS. */
#ifndef MES_NET_SOCKET_H
#define MES_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mes_socket {
    int descriptor;      /* non-blocking */
    int error;           /* the errno value of what failed; 0 */
    bool is_drained;     /* the system has no more bytes in this turn */
    bool is_ended;       /* the peer sends no more */
    size_t budget;       /* how many more bytes are read in this turn */
    uint64_t sent;       /* shows progress where TLS cannot: inside a record */
    uint64_t received;   /* since mes_socket_watch_first */
    unsigned char first; /* the first byte of those */
};

enum { MES_SOCKET_AGAIN = -1, MES_SOCKET_FAILED = -2, MES_SOCKET_TURN = 256 * 1024 };

/* A socket for what opens its connections itself (libcurl); not inherited by other programs. -1: none to be
 * had. */
int mes_socket_new(int family, int type, int protocol);

/* The descriptor is readable: another MES_SOCKET_TURN bytes may be read. */
void mes_socket_begin_turn(struct mes_socket *socket);
/* Counts received bytes anew. */
void mes_socket_watch_first(struct mes_socket *socket);

/* Bytes read; 0 at the end of the stream; AGAIN when nothing is there; FAILED with `error` set. A read that
 * does not fill `size` spares the next one, which would find nothing. */
ssize_t mes_socket_receive(struct mes_socket *socket, void *data, size_t size);
/* Bytes taken by the system; AGAIN or FAILED. Never a signal. */
ssize_t mes_socket_send(struct mes_socket *socket, const void *data, size_t size);

/* Asks the system to acknowledge at once what was received, which it forgets after a while: a peer that waits
 * for the acknowledgement of half a reply (Nagle) would cost 40 ms. */
void mes_socket_acknowledge(const struct mes_socket *socket);

/* Ends the connection in both directions: whoever has the socket finds its end, and closes it. */
void mes_socket_cut(int descriptor);
/* Nothing more is sent, and the peer sees that end; what it sends can still be read. */
void mes_socket_end_sending(int descriptor);

/* Does the system hold bytes that nobody has read? */
bool mes_socket_has_waiting(const struct mes_socket *socket);

/* Throws away what the system holds: a socket that is closed with unread bytes cuts the connection by RST,
 * and what the peer has not read yet is lost. */
void mes_socket_discard(const struct mes_socket *socket);

#endif
