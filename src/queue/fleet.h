/* The accounts of one list while mails go out through them: their health, limits and transports. Loop thread,
 * but for the gate. */
#ifndef MES_QUEUE_FLEET_H
#define MES_QUEUE_FLEET_H

#include <stdatomic.h>

#include "delivery/failover.h"
#include "delivery/router.h"
#include "queue/intake.h"
#include "queue/mail.h"
#include "queue/roster.h"

struct mes_captured;
struct mes_loop;
struct mes_tokens;

/* When the list can take mail of a lane again. Written by the loop thread, read by the courier, which leases
 * nothing that could not be sent anyway. */
struct mes_fleet_gate {
    _Atomic int64_t until; /* wall clock; 0: open; INT64_MAX: until settings change or a person wakes one */
    /* The last time in which it was closed because every account was ill; `ill_until` INT64_MAX: it still is.
     */
    _Atomic int64_t ill_since, ill_until;
};

/* Memory of one list: its keys carry the company's name. */
struct mes_fleet_memory {
    char company[80];
    struct mes_memory below;
};

struct mes_fleet {
    struct mes_fleet *next;
    char company[80];          /* whose own list it is; "" the general one */
    struct mes_roster *roster; /* keeps the list */
    const struct mes_account_list *list;
    struct mes_fleet_memory prefixed;
    struct mes_memory memory;
    struct mes_account_state *accounts;
    int64_t *checked_at; /* of each account: its last login without a mail; 0: none */
    size_t count;
    struct mes_failover failover;
    struct mes_fleet_gate gates[MES_LANE_COUNT];
    size_t in_flight; /* mails that hold on to it */
    bool is_retired;  /* a newer list has taken its place */
    bool was_all_down;
    bool *is_proved; /* accounts that took a mail since the list was opened */
    bool is_first_proved;
    size_t missed; /* 1 + the account for which another one stands in, for the news; 0: none */
};

/* What a fleet needs of the carrier; borrowed during the call, but for loop, memory and tokens. */
struct mes_fleet_host {
    struct mes_loop *loop;
    const struct mes_memory *memory;
    struct mes_tokens *tokens;
    const struct mes_transport_events *events; /* its context is the carrier */
    void (*on_captured)(void *context, struct mes_transport *transport, struct mes_dispatch *dispatch,
                        const struct mes_captured *mail);
};

/* Opens the transport of every account of `entry`, a list of `roster`, which is held from now on. */
int mes_fleet_new(struct mes_roster *roster, const struct mes_roster_entry *entry,
                  const struct mes_fleet_host *host, struct mes_fleet **fleet_out,
                  struct mes_error *error) MES_MUST_USE;
/* No mail may be with it. */
void mes_fleet_free(struct mes_fleet **fleet);

/* The number of the account called `name`; SIZE_MAX when there is none. */
size_t mes_fleet_find(const struct mes_fleet *fleet, const char *name);

/* Which accounts the mail may use at all: one flag each, in the mail's arena. False: out of memory, or none
 * is allowed (`*has_any_out`). */
bool *mes_fleet_candidates(const struct mes_fleet *fleet, const struct mes_queue_mail *mail,
                           struct mes_arena *arena, bool *has_any_out);

/* What is asked of the accounts. */
struct mes_fleet_question {
    const bool *is_candidate; /* a flag each; NULL: all that take the lane */
    uint32_t recipients;
    enum mes_queue_lane lane;
    int64_t now;
};
/* 0: one of them can take it now. Else when the first one can. `is_illness_out`: what they wait for is an
 * illness and not only a quota. */
int64_t mes_fleet_ready_at(const struct mes_fleet *fleet, const struct mes_fleet_question *question,
                           bool *is_illness_out);

/* Works the gates out anew. True: one has opened. */
bool mes_fleet_update_gates(struct mes_fleet *fleet, int64_t now);

#endif
