/* One account while mails are sent: its settings, its health and its limits. */
#ifndef MES_DELIVERY_ACCOUNT_STATE_H
#define MES_DELIVERY_ACCOUNT_STATE_H

#include "account/account.h"
#include "delivery/health.h"
#include "delivery/limit.h"

struct mes_transport;
struct mes_zone;

struct mes_account_state {
    const struct mes_account *settings;
    const struct mes_memory *memory;
    struct mes_transport *transport;
    struct mes_zone *zone; /* of quotaReset; NULL when it is rolling */
    struct mes_health health;
    struct mes_limit limit;
    struct mes_limit_rules rules;
    enum mes_class rest_class; /* of the failure that made it rest */
};

/* Takes up what the memory knows. The transport stays NULL. */
int mes_account_state_init(struct mes_account_state *state, const struct mes_account *settings,
                           const struct mes_memory *memory, struct mes_error *error) MES_MUST_USE;
void mes_account_state_fini(struct mes_account_state *state);

/* 0: a mail with `recipients` envelope recipients may be given to it now. Else when to ask again (wall clock;
 * INT64_MAX: not before its settings change). `is_resting_out`: because of its health, not of a limit. */
int64_t mes_account_state_ready_at(const struct mes_account_state *state, uint32_t recipients, bool is_bulk,
                                   int64_t now, bool *is_resting_out);

/* A mail was given to it. Returns whether this is the probe of an account that was ill. */
bool mes_account_state_begin(struct mes_account_state *state, uint32_t recipients, int64_t now);

/* What a verdict says about the account itself: its rest, what was learned. `value` as mes_limit_learn has
 * it. */
void mes_account_state_judge(struct mes_account_state *state, const struct mes_verdict *verdict,
                             bool was_probe, uint32_t value, int64_t now);
/* The relay accepted `accepted` of the `taken` recipients that begin counted. */
void mes_account_state_end(struct mes_account_state *state, bool was_probe, uint32_t taken, uint32_t accepted,
                           int64_t taken_at, int64_t now);

/* The recipients that one transaction may have: settings, provider row or what was learned; 0: no limit. */
uint32_t mes_account_state_most_recipients(const struct mes_account_state *state, int64_t now);
/* The connections that may be open at a time; at least 1. */
uint32_t mes_account_state_most_connections(const struct mes_account_state *state, int64_t now);

#endif
