/* Where a connection of an account goes: to its relay, or to its proxy, which is told where the relay is. */
#ifndef MES_DELIVERY_ROUTE_H
#define MES_DELIVERY_ROUTE_H

#include "account/account.h"
#include "delivery/verdict.h"
#include "net/conn.h"

/* Its texts and secret are the account's. */
struct mes_route {
    struct mes_address_list addresses; /* to connect to */
    bool has_proxy;
    struct mes_conn_proxy proxy;
};

struct mes_route_search;

struct mes_route_options {
    const struct mes_account *account; /* must outlive the search and the route */
    /* Once, from mes_loop_step; `facts` is NULL, or says why not, and then there is no route. Both are valid
     * during the call. */
    void (*on_done)(void *context, const struct mes_route *route, const struct mes_verdict_input *facts);
    void *context;
};

/* Looks up the relay, or the proxy and, unless that does so itself, the relay. `*search_out` is set to NULL
 * before on_done is called; so it must stay valid until then. */
int mes_route_find(struct mes_loop *loop, const struct mes_route_options *options,
                   struct mes_route_search **search_out, struct mes_error *error) MES_MUST_USE;
/* Ends it without a call. A NULL inside is accepted. */
void mes_route_cancel(struct mes_route_search **search);

#endif
