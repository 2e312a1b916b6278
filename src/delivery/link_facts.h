/* What a session or a connection tells, in the words of the verdict. Pure functions. */
#ifndef MES_DELIVERY_LINK_FACTS_H
#define MES_DELIVERY_LINK_FACTS_H

#include "delivery/verdict.h"
#include "net/conn.h"
#include "net/resolve.h"
#include "smtp/message.h"

/* The facts of an outcome. `result` is that of its message, NULL for the end of a session. The texts are
 * borrowed from the outcome, or static. */
void mes_link_facts(const struct mes_smtp_outcome *outcome, const struct mes_smtp_result *result,
                    struct mes_verdict_input *facts_out);

/* Where the session only knows that the connection ended, the connection knows why. `was_silent`: the peer
 * never sent a byte. The text may be borrowed from `failure`. */
void mes_link_refine_facts(const struct mes_smtp_outcome *outcome, const struct mes_conn_failure *failure,
                           bool was_silent, unsigned port, struct mes_verdict_input *facts);

/* A connection that never came to be. */
void mes_link_conn_facts(const struct mes_conn_failure *failure, struct mes_verdict_input *facts_out);
/* A name that was not found. */
void mes_link_resolve_facts(const struct mes_resolve_result *result, struct mes_verdict_input *facts_out);

#endif
