/* What follows from an attempt: for the recipient, for the mail and for the account. Loop thread. */
#ifndef MES_DELIVERY_FAILOVER_H
#define MES_DELIVERY_FAILOVER_H

#include "delivery/account_state.h"
#include "delivery/transport.h"

struct mes_failover {
    struct mes_account_state *accounts; /* by the number that dispatches carry */
    const struct mes_clock *clock;
    bool any; /* globalConfig.failoverOn = "any" */
};

/* One recipient's outcome of the dispatch. The verdict decides; here its consequences are drawn: the attempt
 * is noted, the account rests or recovers. 0, or MES_E_NOMEM. */
int mes_failover_outcome(const struct mes_failover *failover, struct mes_dispatch *dispatch, size_t number,
                         const struct mes_verdict_input *facts) MES_MUST_USE;

/* All outcomes of the dispatch were told, or it was returned untouched. */
void mes_failover_end(const struct mes_failover *failover, struct mes_dispatch *dispatch);

#endif
