/* What is said to a proxy until the way to the relay is open: SOCKS 5 (RFC 1928, RFC 1929) and HTTP CONNECT
 * (RFC 9110 section 9.3.6). No I/O: bytes in, bytes out. */
#ifndef MES_NET_PROXY_H
#define MES_NET_PROXY_H

#include "base/buf.h"
#include "base/secret.h"
#include "net/address.h"

enum mes_proxy_kind { MES_PROXY_SOCKS5, MES_PROXY_HTTP };

enum mes_proxy_state { MES_PROXY_UNDER_WAY, MES_PROXY_OPEN, MES_PROXY_FAILED };

/* Why it failed: each is one that a person is given different advice for. */
enum mes_proxy_cause {
    MES_PROXY_CAUSE_NONE,
    MES_PROXY_CAUSE_LOGIN,    /* it wants a login, or refuses the one it got */
    MES_PROXY_CAUSE_REFUSED,  /* its rules forbid the way, or it cannot do what was asked */
    MES_PROXY_CAUSE_RELAY,    /* it could not reach the relay */
    MES_PROXY_CAUSE_NO_PROXY, /* what came is no answer of such a proxy */
    MES_PROXY_CAUSE_NO_MEMORY /* ours */
};

enum { MES_PROXY_LOGIN_MOST = 255 }; /* RFC 1929; the same for HTTP */

struct mes_proxy_options {
    enum mes_proxy_kind kind;
    const char *user;                  /* "": no login; texts and secret must outlive the conversation */
    const struct mes_secret *password; /* NULL: empty */
    const char *host;                  /* the relay: a name of at most 253 bytes, or an address */
    const struct mes_address *address; /* SOCKS: looked up here; NULL: the proxy looks `host` up */
    uint16_t port;
};

struct mes_proxy {
    enum mes_proxy_state state;
    enum mes_proxy_cause cause; /* with FAILED, as the next */
    const char *reason;         /* English, never a byte of what came, which may repeat the password */
    struct mes_buf out;         /* to be sent now; may hold the password */
    struct mes_proxy_options options;
    int step;
    size_t wanted;     /* SOCKS: bytes of the answer that is waited for */
    size_t lines;      /* HTTP: of the answer so far */
    unsigned status;   /* HTTP, 0: its line has not come */
    struct mes_buf in; /* the answer so far; HTTP: the line */
    char reason_space[48];
};

/* Writes the first bytes to `out`. What cannot be asked for (a login that is too long, a name that is too
 * long or holds control characters) is FAILED at once, as REFUSED. */
void mes_proxy_init(struct mes_proxy *proxy, const struct mes_proxy_options *options);
/* Wipes what held the password. */
void mes_proxy_fini(struct mes_proxy *proxy);

/* Takes what came, but nothing while `out` is to be sent, and never a byte of what the relay sends behind the
 * proxy's last; returns how much was taken. Answers are limited to 255 bytes (SOCKS), and to
 * 100 lines of 4 KiB (HTTP): more is NO_PROXY. */
size_t mes_proxy_receive(struct mes_proxy *proxy, struct mes_str bytes);

/* Was the proxy already asked for the way, rather than for the login? Then silence means that the relay
 * cannot be reached. */
bool mes_proxy_was_asked(const struct mes_proxy *proxy);

#endif
