/* The inside of a link, for the files that make it up. */
#ifndef MES_DELIVERY_LINK_PARTS_H
#define MES_DELIVERY_LINK_PARTS_H

#include "delivery/link.h"
#include "delivery/link_slot.h"
#include "delivery/link_transcript.h"

enum {
    MES_LINK_MAGIC = 0x4c494e4b,
    MES_LINK_GROUPS = 32 /* written in one turn */
};

struct mes_link {
    unsigned magic;
    struct mes_link_options options;
    struct mes_link_events events;
    struct mes_conn *conn;
    struct mes_smtp_session *session;
    struct mes_timer *timer;
    int64_t timer_due; /* INT64_MAX: not running */
    int64_t opened_at;
    int64_t idle_since;
    unsigned mails;   /* taken in all */
    unsigned held;    /* and not over */
    unsigned carried; /* came to their end */
    size_t untold;    /* bytes of the session's output that the connection still holds */
    bool is_ready;
    bool has_begun_tls;
    bool is_quitting;
    bool is_over; /* on_ended was called; destroyed as soon as the session has returned */
    bool is_cancelled;
    struct mes_link_slot *slots;
    unsigned slot_count;                   /* as many as the session holds */
    struct mes_link_transcript transcript; /* empty unless it is wanted */
};

/* Gives the session as many mails as it has room for; QUIT when the link has carried enough. */
void mes_link_take_mails(struct mes_link *link);
/* No mail is taken any more; those under way go on to their end. */
void mes_link_quit(struct mes_link *link);
/* What became of a message: its outcomes are told. */
void mes_link_mail_done(struct mes_link *link, const struct mes_smtp_result *result);
/* No mail is under way. */
bool mes_link_is_idle(const struct mes_link *link);
/* "TLSv1.3 …", "none"; "" before there is a connection. */
const char *mes_link_tls(const struct mes_link *link);
/* Where the session only knows that the connection ended, the connection knows why. */
void mes_link_refine(struct mes_link *link, const struct mes_smtp_outcome *outcome,
                     struct mes_verdict_input *facts);

#endif
