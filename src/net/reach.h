/* Makes the socket of a connection: straight to the server, or through a proxy. */
#ifndef MES_NET_REACH_H
#define MES_NET_REACH_H

#include "net/conn.h"

struct mes_reach;

struct mes_reach_options {
    const char *host; /* the server; must outlive it, like the proxy's texts and secret */
    uint16_t port;
    const struct mes_address_list *addresses; /* the server's, or the proxy's; copied */
    const struct mes_conn_proxy *proxy;       /* copied; NULL: none */
    /* `descriptor` is a socket on which the server speaks, now the caller's, and `peer` who it is connected
     * to ("192.0.2.1:25", the proxy if there is one); or -1 when every way has failed. Called once, from
     * mes_loop_step, and may free it. */
    void (*on_done)(void *context, int descriptor, const char *peer);
    void *context;
};

/* There is no deadline: free it when time is up. Where names are looked up here and the proxy cannot reach
 * one address of the server, the next one is asked for. */
int mes_reach_start(struct mes_loop *loop, const struct mes_reach_options *options,
                    struct mes_reach **reach_out, struct mes_error *error) MES_MUST_USE;
void mes_reach_free(struct mes_reach **reach);

/* Sets `failure` to what is known of each way that was tried; `cause` NONE: the one that says most, TIMEOUT
 * when time is up. */
void mes_reach_explain(const struct mes_reach *reach, enum mes_conn_cause cause,
                       struct mes_conn_failure *failure);

#endif
