/* The inside of the carrier, for its own files alone. Loop thread. */
#ifndef MES_QUEUE_CARRIER_PARTS_H
#define MES_QUEUE_CARRIER_PARTS_H

#include <stdatomic.h>

#include "base/thread.h"
#include "net/inbox.h"
#include "net/loop.h"
#include "net/timer.h"
#include "queue/carrier.h"
#include "queue/fleet.h"
#include "queue/mail.h"

struct mes_carrier {
    struct mes_loop *loop;
    struct mes_courier *courier;
    struct mes_log *log;
    struct mes_carrier_listener listener;
    struct mes_memory memory;
    struct mes_tokens *tokens;
    struct mes_inbox *mails;    /* leased ones, from the courier */
    struct mes_inbox *dots;     /* the courier's answers */
    struct mes_inbox *requests; /* of other threads */
    struct mes_timer *timer;    /* something to do after this turn, or a paced mail is due */
    struct mes_timer *deadline; /* of the drain */
    struct mes_fleet *fleets;
    struct mes_mutex fleets_mutex; /* the list is changed here and read by the courier */
    struct mes_carrier_probe *probes;
    struct mes_queue_mail *ready; /* want an account now, in their order */
    struct mes_queue_mail **ready_last;
    struct mes_queue_mail *paced;             /* want one as soon as it has room */
    _Atomic size_t held;                      /* mails that are here */
    struct mes_carrier_request clock_request; /* the clock was set */
    atomic_bool is_clock_asked;               /* it is on its way */
    bool is_draining;
    void (*on_drained)(void *context);
    void *drained_context;
};

/* carrier.c: the mail wants an account, at the end of this turn. */
void mes_carrier_make_ready(struct mes_carrier *carrier, struct mes_queue_mail *mail);

/* The list that serves the company: its own, else the general one; NULL when there is none. */
struct mes_fleet *mes_carrier_fleet(const struct mes_carrier *carrier, const char *company);

/* route.c: gives the mail to an account, lets it wait, or ends its pass. */
void mes_carrier_route(struct mes_carrier *carrier, struct mes_queue_mail *mail);

/* The account that the mail's list names first for it. */
size_t mes_carrier_first_candidate(const struct mes_queue_mail *mail);

/* permits.c: dots that are written down before they are written out. */
void mes_carrier_want_permit(struct mes_carrier *carrier, struct mes_queue_mail *mail);
void mes_carrier_withdraw(struct mes_carrier *carrier, struct mes_queue_mail *mail);
/* The courier answered. */
void mes_carrier_on_dot(void *carrier, struct mes_mailbox_item *item);
/* No dot of the mail stands in the database, nor is one on its way: it may go to another account, or end. */
bool mes_carrier_is_dot_clear(const struct mes_queue_mail *mail);

/* settle.c: turns what delivery knows into an outcome and posts it; the mail is the courier's from then on.
 */
void mes_carrier_settle(struct mes_carrier *carrier, struct mes_queue_mail *mail);
/* Nothing was tried for it in this pass: it waits until `due_at` (wall clock). */
void mes_carrier_put_back(struct mes_carrier *carrier, struct mes_queue_mail *mail, int64_t due_at);
/* Keeps what the attempt that has just been noted for recipient `number` has to show. */
void mes_carrier_keep_evidence(struct mes_carrier *carrier, struct mes_queue_mail *mail, size_t number);

/* accounts.c: compares an account's health before and after, and tells the listener. */
struct mes_carrier_health {
    bool is_resting;
    bool is_alarmed;
};
struct mes_carrier_health mes_carrier_health_of(const struct mes_fleet *fleet, size_t account);
void mes_carrier_tell_health(struct mes_carrier *carrier, struct mes_fleet *fleet, size_t account,
                             struct mes_carrier_health before);
/* The account took a mail. */
void mes_carrier_note_sent(struct mes_carrier *carrier, const struct mes_queue_mail *mail, size_t account);
/* checks.c */
void mes_carrier_cancel_checks(struct mes_carrier *carrier);

/* captures.c */
struct mes_captured;
void mes_carrier_on_captured(void *carrier, struct mes_transport *transport, struct mes_dispatch *dispatch,
                             const struct mes_captured *mail);

/* After anything that may have opened or closed a gate. */
void mes_carrier_update_gates(struct mes_carrier *carrier, struct mes_fleet *fleet);

#endif
