/* How an attempt gets out: SMTP is one way, and others have the same face. Loop thread. */
#ifndef MES_DELIVERY_TRANSPORT_H
#define MES_DELIVERY_TRANSPORT_H

#include <stdatomic.h>

#include "compose/job.h"
#include "delivery/account_state.h"
#include "delivery/mail.h"

/* How an attempt went, for who keeps proofs and transcripts. */
struct mes_evidence {
    const char *tls;             /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "none", "" before a connection was up */
    const char *sender;          /* of MAIL FROM, as it was sent; "" when it did not come to that */
    const unsigned char *sha256; /* 32 bytes: of the message as it was sent, before dot-stuffing. NULL unless
                                  * it was asked for and a byte of the final dot was put out */
    enum mes_dsn dsn;            /* what became of the notification that was wished for */
    struct mes_str transcript;   /* the attempt's lines and those of the login before, "> " or "< " in front,
                                  * '\n' behind, secrets hidden, the oldest left out where they are too many.
                                  * Empty unless it was asked for, and for what was accepted */
};

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
    bool wants_new_connection;  /* cut before the dot: a fresh connection is tried once */
    int64_t started;            /* monotonic: when the attempt's connection or its MAIL began */
    unsigned returns;           /* how often a session gave it back untouched */
    const atomic_bool *is_void; /* not wanted any more: returned untouched, if it still waits; may be NULL */
    bool is_doubted; /* was in doubt before: it does not ask for its permit while it waits, so that it
                      * is not so easily in doubt again */
    bool is_urgent;  /* goes before those that are not, where several wait for a connection */
    const struct mes_evidence *evidence; /* the transport's; valid inside on_outcome, NULL elsewhere */
};

/* What the transport tells. Never from inside `start` or `drain`; `permit`, `sift`, `cancel` and `free`
 * may tell. */
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
    /* Asks for `permit`, ahead of need: no byte of the mail's final dot leaves before. Once per attempt.
     * NULL: granted at once. */
    void (*on_want_permit)(void *context, struct mes_dispatch *dispatch);
    /* The permit was asked for or granted, and no byte of the dot was handed over, nor will be, or what was
     * handed over was refused as a command: what was written down about the dot does not hold. Comes before
     * the outcomes, on_done or on_returned. Not after a refusal. May be NULL. */
    void (*on_withdrawn)(void *context, struct mes_dispatch *dispatch);
    /* What was asked for by `drain` is done. The transport may be freed inside it. May be NULL. */
    void (*on_drained)(void *context, struct mes_transport *transport);
    /* The account's archiveBcc address was refused; the mail's own recipients are not touched. May be NULL.
     */
    void (*on_archive_refused)(void *context, struct mes_dispatch *dispatch,
                               const struct mes_verdict_input *facts);
    void *context;
    bool wants_digest;     /* evidence with sha256 */
    bool wants_transcript; /* evidence with a transcript: up to 64 KiB for each connection */
};

struct mes_transport {
    const struct mes_transport_face *face;
};

struct mes_transport_face {
    /* Takes the dispatch over and tries it as soon as a connection has room. */
    void (*start)(struct mes_transport *transport, struct mes_dispatch *dispatch);
    /* Answers on_want_permit, later and from outside any callback. Refused: the attempt ends as
     * MES_CAUSE_CANCELLED, for those recipients that the relay had not refused before; unanswered dots of
     * other mails are waited for, then the connection is closed without this one's dot. A dispatch that is
     * not under way here, or no longer, is ignored: the pointer is only compared. So a dispatch that is
     * freed or used again must not have a permit on its way. */
    void (*permit)(struct mes_transport *transport, struct mes_dispatch *dispatch, bool granted);
    /* What waits and is not wanted any more is returned now. NULL: nothing waits long. */
    void (*sift)(struct mes_transport *transport);
    /* Nothing new is begun: what waits is returned, what is under way goes on to its end, idle connections
     * say QUIT. Then on_drained, never from inside this call. What is started afterwards is returned. */
    void (*drain)(struct mes_transport *transport);
    /* Nothing new is begun: what waits is returned, outstanding replies get `grace_ms`. */
    void (*cancel)(struct mes_transport *transport, int64_t grace_ms);
    /* Ends everything; what it still holds has its outcome or is returned first. */
    void (*free)(struct mes_transport **transport);
};

#endif
