/* The SMTP transport of one account: as many connections as it may have, reused, and the mails that wait for
 * one. */
#ifndef MES_DELIVERY_POOL_H
#define MES_DELIVERY_POOL_H

#include "delivery/account_state.h"
#include "delivery/transport.h"
#include "net/loop.h"

/* Reads the account's certificate files; what cannot be read is no error here but the outcome of every
 * attempt, so that the next account is used. `state` and `loop` must outlive it. */
int mes_pool_new(const struct mes_account_state *state, struct mes_loop *loop,
                 const struct mes_transport_events *events, struct mes_transport **transport_out,
                 struct mes_error *error) MES_MUST_USE;

#endif
