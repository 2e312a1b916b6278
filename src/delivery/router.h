/* Which account takes a mail now: the list's order, minus those that had their chance, rest, or are over a
 * limit. */
#ifndef MES_DELIVERY_ROUTER_H
#define MES_DELIVERY_ROUTER_H

#include "delivery/account_state.h"
#include "delivery/mail.h"

struct mes_router {
    struct mes_account_state *accounts; /* in the order of the list */
    size_t count;
    const bool *is_candidate; /* for each account: may this job use it at all? */
    bool is_bulk;
};

enum mes_route_kind {
    MES_ROUTE_ACCOUNT, /* `account` takes it */
    MES_ROUTE_WAIT,    /* an account is only paced or being probed: ask again at `again` */
    MES_ROUTE_NONE     /* no account is left for this pass */
};

struct mes_route {
    enum mes_route_kind kind;
    size_t account;
    int64_t again; /* wall clock */
};

/* Accounts that are passed over because they rest or their quota is used up are noted in the mail as attempts
 * of step `limit`. A pace of at most a minute is waited for by bulk; a single mail rather takes the next
 * account. A probe that is under way is waited for when no other account takes the mail, or when it is the
 * one that the mail keeps to. `now` is the wall clock. 0, or MES_E_NOMEM. */
int mes_router_choose(const struct mes_router *router, struct mes_delivery_mail *mail, int64_t now,
                      struct mes_route *route_out) MES_MUST_USE;

/* May a job use the account? Bulk never goes out on an account kept for transactional mail, nor the other way
 * round; a From that the message requires must be allowed there. */
bool mes_router_is_candidate(const struct mes_account *account, bool is_bulk, const char *required_from);

#endif
