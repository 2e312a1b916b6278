/* One connection to a server: connecting, TLS, sending and receiving, reported as seven events. */
#ifndef MES_NET_CONN_H
#define MES_NET_CONN_H

#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"
#include "net/address.h"
#include "net/proxy.h"

struct mes_conn;
struct mes_loop;
struct mes_tls;

enum mes_conn_event {
    MES_CONN_CONNECTED, /* may send; with TLS at once this comes before SECURED and says nothing about it */
    MES_CONN_SECURED,   /* TLS is up and the certificate is good */
    MES_CONN_DATA,      /* more bytes were received */
    MES_CONN_DRAINED,   /* everything was handed to the system, after a send that could not do so at once */
    MES_CONN_CLOSED,    /* the peer ended the connection; all it sent was reported before */
    MES_CONN_TIMEOUT,   /* connecting, TLS or writing took too long */
    MES_CONN_FAILED     /* anything else that ends a connection */
};

/* What was under way when the connection ended. */
enum mes_conn_stage {
    MES_CONN_STAGE_NONE,
    MES_CONN_STAGE_CONNECT,
    MES_CONN_STAGE_PROXY,       /* connecting to the proxy, and until it has opened the way */
    MES_CONN_STAGE_TLS,         /* the handshake */
    MES_CONN_STAGE_CERTIFICATE, /* the handshake, because of the peer's certificate */
    MES_CONN_STAGE_READ,
    MES_CONN_STAGE_WRITE
};

/* Why. Each row is one that a person is given different advice for. */
enum mes_conn_cause {
    MES_CONN_CAUSE_NONE,
    MES_CONN_CAUSE_REFUSED,       /* nobody listens at that port */
    MES_CONN_CAUSE_UNREACHABLE,   /* no way to host or net */
    MES_CONN_CAUSE_TIMEOUT,       /* no progress in the time given */
    MES_CONN_CAUSE_RESET,         /* the peer cut the connection */
    MES_CONN_CAUSE_CLOSED,        /* the peer ended the connection in order */
    MES_CONN_CAUSE_PROXY_LOGIN,   /* the proxy wants a login, or refuses the one it got */
    MES_CONN_CAUSE_PROXY_REFUSED, /* the proxy does not let us through */
    MES_CONN_CAUSE_PROXY_RELAY,   /* the proxy cannot reach the server */
    MES_CONN_CAUSE_NO_PROXY,      /* what answers is no proxy of the kind that was expected */
    MES_CONN_CAUSE_INJECTED,    /* bytes in clear behind the reply to STARTTLS: an attack, or a broken peer */
    MES_CONN_CAUSE_PLAIN_PEER,  /* the peer speaks plain text where TLS was expected */
    MES_CONN_CAUSE_TLS_VERSION, /* no version of TLS in common */
    MES_CONN_CAUSE_TLS,         /* any other failure of TLS */
    MES_CONN_CAUSE_CLIENT_CERTIFICATE, /* the peer wants a certificate of ours, or refuses the one it got */
    MES_CONN_CAUSE_NAME,               /* the certificate is for another name */
    MES_CONN_CAUSE_EXPIRED,
    MES_CONN_CAUSE_NOT_YET_VALID,
    MES_CONN_CAUSE_SELF_SIGNED, /* the certificate vouches for itself */
    MES_CONN_CAUSE_UNTRUSTED,   /* issued by an authority that is not trusted here */
    MES_CONN_CAUSE_CERTIFICATE, /* any other fault of the certificate */
    MES_CONN_CAUSE_NO_MEMORY,
    MES_CONN_CAUSE_SYSTEM /* any other error of the operating system */
};

enum { MES_CONN_TEXT = 512 };

struct mes_conn_failure {
    enum mes_conn_stage stage;
    enum mes_conn_cause cause;
    int system_error;         /* an errno value, or 0 */
    char text[MES_CONN_TEXT]; /* English, one line: what happened, which addresses were tried */
};

/* A proxy between us and the server. */
struct mes_conn_proxy {
    enum mes_proxy_kind kind;
    const char *host; /* for texts; it and the next two must outlive the connection */
    const char *user; /* "": no login */
    const struct mes_secret *password;
    uint16_t port;
    struct mes_address_list targets; /* of the server, tried in turn; empty: the proxy looks it up */
};

struct mes_conn_options {
    const char *host; /* as configured: for SNI, the certificate's name, resumption and texts */
    uint16_t port;
    const struct mes_conn_proxy *proxy; /* NULL: none. Else `addresses` are the proxy's. Copied. */
    struct mes_tls *tls;                /* NULL: TLS cannot be started */
    bool is_tls_at_once;                /* else by mes_conn_start_tls, or never */
    int connect_timeout_ms; /* for all addresses together, and the proxy; 0: 60 s, as the next two */
    int tls_timeout_ms;     /* for the handshake */
    int write_timeout_ms;   /* for each progress of a write, not for the whole */
    size_t receive_limit;   /* reading pauses when this many bytes wait for the caller; 0: 64 KiB */
    size_t send_limit;      /* more unsent bytes than this are refused; 0: 1 MiB */
    void (*on_event)(void *context, struct mes_conn *conn, enum mes_conn_event event);
    void *context;
};

/* Begins to connect, to each address in turn (RFC 8305: a new attempt every 250 ms, or as soon as the last
 * one failed; the first that answers is taken); then, if there is a proxy, asks it for the way to the server:
 * TLS and all that follows are the server's own. Everything is copied but `tls` and the proxy's texts, which
 * must outlive the connection.
 *
 * on_event is only called from mes_loop_step, never from inside a call of the caller's, and may free the
 * connection and start others. After CLOSED, TIMEOUT or FAILED there are no more events: what remains is to
 * free it.
 *
 * The codes that the calls below return say that the caller or the machine is at fault (no memory, limit);
 * what the network or the peer does comes as an event. */
int mes_conn_open(struct mes_loop *loop, const struct mes_conn_options *options,
                  const struct mes_address_list *addresses, struct mes_conn **conn_out,
                  struct mes_error *error) MES_MUST_USE;

/* Ends it at once: unsent bytes are lost. Any time, also inside an event. */
void mes_conn_free(struct mes_conn **conn);
/* Frees it politely: what is unsent goes out if the system takes it now, and under TLS a close_notify. Never
 * waits and makes no more events. */
void mes_conn_close(struct mes_conn **conn);

/* Hands the bytes to the system at once as far as it takes them (under TLS as one record while they fit into
 * one), keeps a copy of the rest and sends that when the peer reads on; then comes DRAINED. When all went out
 * at once (mes_conn_unsent is 0) there is no DRAINED. Allowed from CONNECTED on, but not while TLS is set up.
 * Fails with MES_E_USAGE before and while, with MES_E_LIMIT above send_limit (both: nothing was sent), and
 * with MES_E_NOMEM: then the connection must be freed, as part of the bytes may be gone. After the end it
 * does nothing. */
int mes_conn_send(struct mes_conn *conn, struct mes_str bytes, struct mes_error *error) MES_MUST_USE;
/* Bytes that the system has not taken yet. */
size_t mes_conn_unsent(const struct mes_conn *conn);

/* What was received and not yet consumed; valid until the next call on this connection or the end of the
 * event. */
struct mes_str mes_conn_received(const struct mes_conn *conn);
/* Takes `size` bytes off the front. Reading goes on if it was paused. */
void mes_conn_consume(struct mes_conn *conn, size_t size);

/* Begins TLS on the open connection (RFC 3207) once everything received was consumed and everything was sent:
 * SECURED follows, or FAILED. Any byte that came in clear and waits, here or in the system, is an injection:
 * FAILED with MES_CONN_CAUSE_INJECTED. Fails with MES_E_NOMEM; then the connection must be freed. */
int mes_conn_start_tls(struct mes_conn *conn, struct mes_error *error) MES_MUST_USE;

/* Why it ended: for CLOSED, TIMEOUT and FAILED, valid as long as the connection. */
const struct mes_conn_failure *mes_conn_failure(const struct mes_conn *conn);

/* How many bytes of payload ever came. 0 on a plain connection that is silent for long: the peer may be
 * waiting for TLS (port 465 spoken to in clear). */
uint64_t mes_conn_received_total(const struct mes_conn *conn);
bool mes_conn_is_secured(const struct mes_conn *conn);
/* Was a TLS session of an earlier connection resumed? */
bool mes_conn_is_resumed(const struct mes_conn *conn);
/* "192.0.2.1:25", the proxy if there is one; "" before CONNECTED. */
const char *mes_conn_peer(const struct mes_conn *conn);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384", "" before SECURED. */
const char *mes_conn_tls_text(const struct mes_conn *conn);

/* What ties a login to the TLS that it runs in (RFC 5056). */
enum { MES_CONN_BINDING = 64 };

struct mes_conn_binding {
    const char *type; /* "tls-exporter" (RFC 9266), before TLS 1.3 "tls-unique" (RFC 5929) */
    unsigned char bytes[MES_CONN_BINDING];
    size_t size;
};

/* From SECURED on. False: there is none, as with a TLS 1.2 without the extended master secret, in which
 * another's connection could have the same (RFC 7627). */
bool mes_conn_binding(const struct mes_conn *conn, struct mes_conn_binding *binding_out);

#endif
