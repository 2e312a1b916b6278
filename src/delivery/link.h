/* One connection to a relay: a net connection and an SMTP session, made to work together. */
#ifndef MES_DELIVERY_LINK_H
#define MES_DELIVERY_LINK_H

#include "delivery/transport.h"
#include "net/conn.h"
#include "smtp/session.h"

struct mes_link;

/* How a link ended. */
struct mes_link_end {
    struct mes_verdict_input facts;      /* valid during the call, as the next */
    const struct mes_evidence *evidence; /* of a connection that never carried a mail */
    bool is_blameless; /* idle and closed, QUIT, cancelled: nothing that speaks against the account */
    bool was_ready;    /* it had got as far as taking mails */
    int64_t opened_at; /* on the loop's clock */
    enum mes_smtp_mechanism mechanism; /* as mes_smtp_session_mechanism */
};

/* The relay refused an access token: the next one may do. */
bool mes_link_end_is_token_refused(const struct mes_link_end *end);

/* None of them may call the link, free it or open another one; only its session may be asked and told. */
struct mes_link_events {
    /* Asks for a mail to send, and how many recipients a transaction may have now (0: no limit). NULL: none
     * now, mes_link_offer says when there is one. */
    struct mes_dispatch *(*on_wants_mail)(void *context, struct mes_link *link,
                                          unsigned *most_recipients_out);
    /* Greeting, TLS and login are done: once. */
    void (*on_ready)(void *context, struct mes_link *link);
    void (*on_learned)(void *context, struct mes_link *link, enum mes_smtp_fact fact);
    /* As the transport's: NULL grants at once. */
    void (*on_want_permit)(void *context, struct mes_link *link, struct mes_dispatch *dispatch);
    void (*on_withdrawn)(void *context, struct mes_link *link, struct mes_dispatch *dispatch);
    void (*on_outcome)(void *context, struct mes_link *link, struct mes_dispatch *dispatch, size_t number,
                       const struct mes_verdict_input *facts);
    void (*on_done)(void *context, struct mes_link *link, struct mes_dispatch *dispatch);
    /* As the transport's; may be NULL. */
    void (*on_archive_refused)(void *context, struct mes_link *link, struct mes_dispatch *dispatch,
                               const struct mes_verdict_input *facts);
    /* The session had ended before anything was sent for it. */
    void (*on_returned)(void *context, struct mes_link *link, struct mes_dispatch *dispatch);
    /* The last call; the link frees itself after it. */
    void (*on_ended)(void *context, struct mes_link *link, const struct mes_link_end *end);
    void (*on_trace)(void *context, char direction, struct mes_str line); /* may be NULL */
    void *context;
};

struct mes_link_options {
    struct mes_loop *loop;
    struct mes_conn_options conn; /* but event and context */
    struct mes_smtp_options smtp; /* its texts and secret are borrowed, as long as the link */
    const struct mes_address_list *addresses;
    unsigned most_mails;                 /* then QUIT; 0: no limit */
    int64_t most_message_bytes;          /* of the account; 0: no limit */
    int idle_ms;                         /* without a mail, then QUIT */
    const char *archive_bcc;             /* an envelope recipient of every mail; "" none */
    bool wants_digest, wants_transcript; /* as the transport's */
};

/* Events come from mes_loop_step and from the calls below. */
int mes_link_new(const struct mes_link_options *options, const struct mes_link_events *events,
                 struct mes_link **link_out, struct mes_error *error) MES_MUST_USE;
/* Ends it at once with all its events, on_ended too; an idle session says QUIT and does not wait for the
 * answer. */
void mes_link_abort(struct mes_link *link);
/* There are mails: it asks for them if it has room. May end it. */
void mes_link_offer(struct mes_link *link);
/* Answers on_want_permit. False: the dispatch is not under way here, and nothing was done. May end it. */
bool mes_link_permit(struct mes_link *link, const struct mes_dispatch *dispatch, bool granted);
/* No further mail is taken; what was begun goes on to its end, what was not is returned, then QUIT. May end
 * it. */
void mes_link_drain(struct mes_link *link);
/* Nothing new is begun; a written dot gets `grace_ms` for its reply. May end it. */
void mes_link_cancel(struct mes_link *link, int64_t grace_ms);

struct mes_smtp_session *mes_link_session(struct mes_link *link); /* NULL before it is connected */
bool mes_link_is_ready(const struct mes_link *link);
/* It would take a mail now. */
bool mes_link_takes(const struct mes_link *link);
/* The mails it has, and how many of them can be on their way at once; the others wait in it. */
unsigned mes_link_held(const struct mes_link *link);
unsigned mes_link_flow(const struct mes_link *link);
/* Some mail has come to its end here. */
bool mes_link_has_carried(const struct mes_link *link);

#endif
