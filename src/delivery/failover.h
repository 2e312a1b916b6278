/* What follows from an attempt: for the recipient, for the mail and for the account. Loop thread. */
#ifndef MES_DELIVERY_FAILOVER_H
#define MES_DELIVERY_FAILOVER_H

#include "delivery/account_state.h"
#include "delivery/transport.h"

/* One recipient's outcome of the dispatch, which went through `account`. The verdict decides; here its
 * consequences are drawn: the attempt is noted, the account rests or recovers. `failover_any` as in
 * globalConfig.failoverOn. 0, or MES_E_NOMEM. */
int mes_failover_outcome(struct mes_account_state *account, struct mes_dispatch *dispatch, size_t number,
                         const struct mes_verdict_input *facts, unsigned connections, bool failover_any,
                         const struct mes_clock *clock) MES_MUST_USE;

/* All outcomes of the dispatch were told, or it was returned untouched. */
void mes_failover_end(struct mes_account_state *account, struct mes_dispatch *dispatch,
                      const struct mes_clock *clock);

#endif
