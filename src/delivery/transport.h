/* How an attempt gets out: SMTP is one way, and others have the same face. Loop thread. */
#ifndef MES_DELIVERY_TRANSPORT_H
#define MES_DELIVERY_TRANSPORT_H

#include "compose/job.h"
#include "delivery/account_state.h"
#include "delivery/mail.h"

/* One attempt: the open recipients of a mail, given to one account. Belongs to the sender. */
struct mes_dispatch {
    struct mes_dispatch *next; /* for whoever holds it: the transport's queue, then the sender's */
    struct mes_delivery_mail *mail;
    const struct mes_compose_job *job;
    void *owner; /* the sender's: which job it is */
    size_t account;
    struct mes_identity identity;
    bool from_is_own; /* From is the account's fromMailAddress, not a wished one */
    struct mes_account_taking use;
    bool wants_new_connection; /* cut before the dot: a fresh connection is tried once */
    int64_t started;           /* monotonic: when the attempt's connection or its MAIL began */
    unsigned returns;          /* how often a session gave it back untouched */
};

/* What the transport tells. Never from inside `start`. */
struct mes_transport_events {
    /* What became of recipient `number` of the mail; what the transport cannot know (`provider`,
     * `from_is_own`, `failover_any`) is still to be filled in. */
    void (*on_outcome)(void *context, struct mes_dispatch *dispatch, size_t number,
                       const struct mes_verdict_input *facts);
    /* All its outcomes were told; the transport has let go of it. */
    void (*on_done)(void *context, struct mes_dispatch *dispatch);
    /* Nothing was tried for it: the account should be asked again, or another one. */
    void (*on_returned)(void *context, struct mes_dispatch *dispatch);
    /* A line of the conversation; may be NULL. */
    void (*on_trace)(void *context, const char *account, char direction, struct mes_str line);
    void *context;
};

struct mes_transport {
    const struct mes_transport_face *face;
};

struct mes_transport_face {
    /* Takes the dispatch over and tries it as soon as a connection has room. */
    void (*start)(struct mes_transport *transport, struct mes_dispatch *dispatch);
    /* Nothing new is begun: what waits is returned, outstanding replies get `grace_ms`. */
    void (*cancel)(struct mes_transport *transport, int64_t grace_ms);
    /* Ends everything; what it still holds has its outcome or is returned first. */
    void (*free)(struct mes_transport **transport);
};

#endif
