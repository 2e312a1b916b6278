/* Looks up the addresses of a host without waiting. */
#ifndef MES_NET_RESOLVE_H
#define MES_NET_RESOLVE_H

#include "mes/error.h"
#include "net/address.h"

struct mes_loop;
struct mes_resolve;

enum mes_resolve_cause {
    MES_RESOLVE_OK,
    MES_RESOLVE_NOT_FOUND,  /* the name does not exist */
    MES_RESOLVE_NO_ADDRESS, /* it exists but has neither IPv4 nor IPv6 address */
    MES_RESOLVE_TIMEOUT,
    MES_RESOLVE_SERVER, /* the name servers refused, failed or could not be reached */
    MES_RESOLVE_NO_MEMORY
};

enum { MES_RESOLVE_TEXT = 256 };

struct mes_resolve_result {
    enum mes_resolve_cause cause;
    struct mes_address_list addresses; /* at most 16, IPv6 and IPv4 in turn; empty unless cause is OK */
    char text[MES_RESOLVE_TEXT];       /* why not, in English; "" when OK */
};

struct mes_resolve_options {
    const char *host;    /* a name or a literal address */
    int timeout_ms;      /* for the whole (and at most 50 ms more); 0: 10 s */
    const char *servers; /* "192.0.2.1:53,…"; NULL: the system's */
    void (*on_done)(void *context, const struct mes_resolve_result *result);
    void *context;
};

/* Begins a lookup of IPv6 and IPv4 addresses, in /etc/hosts first. Literals are answered too. on_done is
 * called once, from mes_loop_step, never from here, after `*resolve_out` was set to NULL: it then needs no
 * free. So `resolve_out` must stay valid until then. */
int mes_resolve_start(struct mes_loop *loop, const struct mes_resolve_options *options,
                      struct mes_resolve **resolve_out, struct mes_error *error) MES_MUST_USE;
/* Ends a lookup without a call. A NULL inside is accepted. */
void mes_resolve_cancel(struct mes_resolve **resolve);

#endif
