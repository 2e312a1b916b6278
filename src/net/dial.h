/* Connects to the first of several addresses that answers (RFC 8305). */
#ifndef MES_NET_DIAL_H
#define MES_NET_DIAL_H

#include "net/conn.h"

struct mes_dial;

enum { MES_DIAL_NEXT_MS = 250 }; /* RFC 8305 section 5: Connection Attempt Delay */

struct mes_dial_options {
    const struct mes_address_list *addresses;
    uint16_t port;
    /* `descriptor` is the connected socket, now the caller's, and `address` whose it is; or -1 when every
     * address has failed. Called once, from mes_loop_step, and may free the dial. */
    void (*on_done)(void *context, int descriptor, const struct mes_address *address);
    void *context;
};

/* Addresses that are known to be dead (see paths.h) come last, and one whose time for that is over does not
 * keep the next one waiting. What is found out is noted for later dials on this loop: who failed, and who had
 * not answered when one that was begun later did. There is no deadline: free it when time is up. */
int mes_dial_start(struct mes_loop *loop, const struct mes_dial_options *options, struct mes_dial **dial_out,
                   struct mes_error *error) MES_MUST_USE;
void mes_dial_free(struct mes_dial **dial);

/* Sets `failure` to what is known of each address, in the order in which they were tried; `cause` NONE: the
 * one that says most. */
void mes_dial_explain(const struct mes_dial *dial, enum mes_conn_cause cause,
                      struct mes_conn_failure *failure);

#endif
