/* The setting `proxy`: socks5://[USER[:PASSWORD]@]HOST:PORT, and the same with socks5h:// and http://. */
#ifndef MES_ACCOUNT_PROXY_H
#define MES_ACCOUNT_PROXY_H

#include "base/arena.h"
#include "base/secret.h"

enum mes_account_proxy_kind {
    MES_ACCOUNT_PROXY_NONE,
    MES_ACCOUNT_PROXY_SOCKS5,  /* the relay's name is looked up here */
    MES_ACCOUNT_PROXY_SOCKS5H, /* the proxy looks it up */
    MES_ACCOUNT_PROXY_HTTP     /* CONNECT; the proxy looks it up */
};

/* All zero: none. Texts are never NULL otherwise. */
struct mes_account_proxy {
    enum mes_account_proxy_kind kind;
    const char *host;            /* a name, or an address without brackets */
    const char *user;            /* "": no login */
    struct mes_secret *password; /* only until loading is done: proxyPassword has it then */
    int port;
};

/* User and password may hold %XX; texts are in the arena, the password is the caller's. MES_E_CONFIG for
 * anything else (an unknown scheme, no port, a path, control characters, a user or password over 255 bytes,
 * a colon in the user of http), MES_E_NOMEM; then `proxy_out` is all zero. */
int mes_account_proxy_parse(struct mes_str text, struct mes_arena *arena,
                            struct mes_account_proxy *proxy_out) MES_MUST_USE;

/* Does a password stand in the text? Also in one that is wrong otherwise. */
bool mes_account_proxy_has_password(struct mes_str text);

/* Appends it for people, without a password: "socks5://user@proxy.example:1080"; nothing for none. */
void mes_account_proxy_show(const struct mes_account_proxy *proxy, struct mes_buf *out);

#endif
