/* One account while mails are sent: its settings, its health and its limits. */
#ifndef MES_DELIVERY_ACCOUNT_STATE_H
#define MES_DELIVERY_ACCOUNT_STATE_H

#include "account/account.h"
#include "delivery/health.h"
#include "delivery/limit.h"

struct mes_token;
struct mes_tokens;
struct mes_transport;
struct mes_zone;

struct mes_account_state {
    const struct mes_account *settings;
    const struct mes_memory *memory;
    struct mes_transport *transport;
    struct mes_token *token; /* that it logs in with; NULL: by password, or not at all */
    struct mes_zone *zone;   /* of quotaReset; NULL when it is rolling */
    struct mes_health health;
    struct mes_limit limit;
    struct mes_limit_rules rules;
    enum mes_class rest_class; /* of the failure that made it rest */
};

/* Takes up what the memory knows. Transport and token stay NULL. */
int mes_account_state_init(struct mes_account_state *state, const struct mes_account *settings,
                           const struct mes_memory *memory, struct mes_error *error) MES_MUST_USE;
/* Where its settings say that it logs in by an access token: one of `tokens`, which must outlive it. */
int mes_account_state_take_token(struct mes_account_state *state, struct mes_tokens *tokens,
                                 struct mes_error *error) MES_MUST_USE;
void mes_account_state_fini(struct mes_account_state *state);

/* Writes its health down, as that of the settings in force. */
void mes_account_state_keep_health(struct mes_account_state *state);

/* 0: a mail with `recipients` envelope recipients may be given to it now. Else when to ask again (wall clock;
 * INT64_MAX: not before its settings change). `is_resting_out`: because of its health, not of a limit. */
int64_t mes_account_state_ready_at(const struct mes_account_state *state, uint32_t recipients, bool is_bulk,
                                   int64_t now, bool *is_resting_out);

/* What one mail takes of an account. */
struct mes_account_taking {
    bool is_probe;     /* of an account that was ill */
    bool is_judged;    /* what the mail says about the account was taken account of */
    uint32_t taken;    /* recipients counted against its limits */
    uint32_t accepted; /* of these, sent or in doubt: the relay may count them */
    int64_t taken_at;  /* wall clock */
};

/* A mail was given to it. */
struct mes_account_taking mes_account_state_begin(struct mes_account_state *state, uint32_t recipients,
                                                  int64_t now);

/* What a verdict says about the account itself: its rest, what was learned. `value` as mes_limit_learn has
 * it. Many recipients of one mail hear the same: it counts once. */
void mes_account_state_judge(struct mes_account_state *state, struct mes_account_taking *use,
                             const struct mes_verdict *verdict, uint32_t value, int64_t now);
/* The mail is through with the account: gives back what the relay never accepted. */
void mes_account_state_end(struct mes_account_state *state, const struct mes_account_taking *use,
                           int64_t now);

/* The recipients that one transaction may have: settings, provider row or what was learned; 0: no limit. */
uint32_t mes_account_state_most_recipients(const struct mes_account_state *state, int64_t now);
/* The connections that may be open at a time; at least 1. */
uint32_t mes_account_state_most_connections(const struct mes_account_state *state, int64_t now);

#endif
