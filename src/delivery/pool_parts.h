/* The inside of a pool, for the files that make it up. */
#ifndef MES_DELIVERY_POOL_PARTS_H
#define MES_DELIVERY_POOL_PARTS_H

#include "base/host.h"
#include "delivery/dispatch_queue.h"
#include "delivery/link.h"
#include "delivery/pool.h"
#include "delivery/route.h"
#include "delivery/token.h"
#include "net/timer.h"
#include "smtp/scram_keys.h"

struct mes_pool_link {
    struct mes_pool_link *next;
    struct mes_pool *pool;
    struct mes_link *link;
    struct mes_secret *access; /* its copy of the token; NULL: it logs in otherwise */
    unsigned cuts_after_x;
};

struct mes_pool {
    struct mes_transport transport; /* first, so that the one is the other */
    unsigned magic;
    const struct mes_account_state *state;
    struct mes_loop *loop;
    struct mes_transport_events events;
    struct mes_tls *tls;
    struct mes_error tls_error;
    struct mes_smtp_options smtp;
    struct mes_smtp_scram_cache scram_cache; /* so that ten connections do not hash the password ten times */
    char ehlo_name[MES_HOST_NAME_SPACE];
    struct mes_timer *timer; /* work that must not happen inside a caller's call */
    struct mes_route_search *search;
    struct mes_route route;
    int64_t route_until;
    struct mes_pool_link *links;
    unsigned link_count;
    unsigned ready_count; /* links that got as far as taking mails */
    unsigned
        most_links; /* what the relay bore when it refused a further connection, and until when that counts */
    int64_t most_links_until;
    struct mes_pool_link *trial; /* the one connection on which X is tried, then B */
    unsigned x_cuts, b_cuts;
    struct mes_token_wait token_wait;
    bool has_renewed_token; /* the relay refused one, and no login has worked since */
    struct mes_dispatch_queue queue;
    bool is_closed; /* cancelled or draining: nothing is begun any more */
    bool is_draining;
};

/* The account cannot be reached or used: the first mail that waits learns why, the others are sent elsewhere.
 */
void mes_pool_charge(struct mes_pool *pool, const struct mes_verdict_input *facts,
                     const struct mes_evidence *evidence, int64_t started);
/* For some time no more connections than there are now. */
void mes_pool_want_no_more_links(struct mes_pool *pool);

/* Is there what a login needs? False: it will be there later, or the account is charged. */
bool mes_pool_has_access(struct mes_pool *pool);
/* Gives the link a token of its own: the one in force may be another one soon. */
int mes_pool_copy_access(struct mes_pool_link *mine, struct mes_smtp_options *smtp,
                         struct mes_error *error) MES_MUST_USE;
/* A link has not got as far as taking mails. True: because of its access token, and the next one is tried at
 * once. */
bool mes_pool_renews_access(struct mes_pool *pool, const struct mes_pool_link *mine,
                            const struct mes_link_end *end);

/* Wall clock, in milliseconds. */
int64_t mes_pool_wall_now(const struct mes_pool *pool);

/* There is something to do, after this turn. */
void mes_pool_plan(struct mes_pool *pool);

/* Mails are spread over the connections first; only then do they pile up in one. Those that would have to
 * wait in this one are left to the connections that are still to come. */
bool mes_pool_may_take(struct mes_pool *pool, const struct mes_pool_link *mine);
/* Until one connection has shown that the account works, there is only one: ten logins with a wrong password
 * at a time would lock it. */
bool mes_pool_may_open_link(const struct mes_pool *pool);
/* Gives the mails that wait to the links that take them. */
void mes_pool_offer_all(struct mes_pool *pool);

/* How the link's session begins. */
enum mes_smtp_relay mes_pool_relay_for(struct mes_pool_link *mine, struct mes_link *link);
/* A session found something out about the relay. */
void mes_pool_learn(struct mes_pool *pool, struct mes_link *link, enum mes_smtp_fact fact);

#endif
