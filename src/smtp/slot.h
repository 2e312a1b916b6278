/* The place of one message in a session: how far it has come and what is known of each recipient. */
#ifndef MES_SMTP_SLOT_H
#define MES_SMTP_SLOT_H

#include "base/buf.h"
#include "smtp/body.h"
#include "smtp/message.h"
#include "smtp/reply.h"

enum mes_smtp_slot_state {
    MES_SMTP_SLOT_FREE,
    MES_SMTP_SLOT_QUEUED,
    MES_SMTP_SLOT_SENDING, /* the session's cursor has reached it */
    MES_SMTP_SLOT_DONE     /* every recipient has its outcome; to be told */
};

enum mes_smtp_permit {
    MES_SMTP_PERMIT_UNASKED,
    MES_SMTP_PERMIT_ASKED,
    MES_SMTP_PERMIT_GRANTED,
    MES_SMTP_PERMIT_REFUSED
};

struct mes_smtp_slot {
    enum mes_smtp_slot_state state;
    uint64_t turn; /* which is the oldest */
    const struct mes_smtp_message *message;
    struct mes_smtp_outcome *outcomes; /* of each recipient; kept for the next message */
    size_t *text_at;                   /* of each: where in `texts` its words begin; SIZE_MAX: undecided */
    size_t capacity;
    struct mes_buf texts;

    unsigned to_send; /* recipients that this transaction takes */
    unsigned next;    /* the recipient to be sent next */
    unsigned accepted;
    unsigned undecided; /* of all recipients */

    enum mes_smtp_permit permit;
    struct mes_smtp_body body;
    bool is_put; /* MAIL was written */
    enum mes_dsn dsn;
    bool is_mail_answered;
    bool is_by_x;   /* MAIL was written behind a dot that had no reply yet */
    bool is_by_b;   /* its body goes by BDAT */
    bool is_by_p;   /* more than MAIL was written before its reply */
    bool is_reused; /* the connection had carried a message before */
    bool has_taken; /* some RCPT was answered by 2xx, whatever had become of the transaction */
    bool is_repeat; /* what the relay says counts for nothing: it is sent again, more slowly */
    bool is_body_begun;
    bool is_chunk_refused;
    bool is_dot_put; /* the dot, or BDAT LAST */
    uint64_t dot_at; /* bytes put out in all before the dot */
    /* What MAIL or a chunk said when it was refused with BDAT LAST on its way: it counts for those whom RCPT
     * refuses too, and for all when LAST is refused. */
    struct mes_smtp_outcome refusal;
    size_t refusal_at; /* in `texts`; SIZE_MAX: none */
    int64_t begun_at;  /* when MAIL was put out; 0: not yet */
};

/* Takes no memory yet. */
void mes_smtp_slot_init(struct mes_smtp_slot *slot);
void mes_smtp_slot_fini(struct mes_smtp_slot *slot);

/* Takes a message: QUEUED, nothing known. False: out of memory, the slot stays free. */
bool mes_smtp_slot_take(struct mes_smtp_slot *slot, const struct mes_smtp_message *message,
                        unsigned most_recipients, uint64_t turn) MES_MUST_USE;
/* Back to QUEUED, as if nothing had been sent; the permit stays. */
void mes_smtp_slot_repeat(struct mes_smtp_slot *slot);

/* The one of that state that was taken first; NULL when there is none. */
struct mes_smtp_slot *mes_smtp_slot_oldest(struct mes_smtp_slot *slots, unsigned count,
                                           enum mes_smtp_slot_state state);

bool mes_smtp_slot_is_decided(const struct mes_smtp_slot *slot, unsigned recipient);
/* Gives the outcome to one recipient, or to all that have none. `reply` NULL unless the cause is REPLIED. */
void mes_smtp_slot_decide(struct mes_smtp_slot *slot, unsigned recipient, enum mes_step step,
                          enum mes_smtp_cause cause, const struct mes_smtp_reply *reply);
void mes_smtp_slot_decide_rest(struct mes_smtp_slot *slot, enum mes_step step, enum mes_smtp_cause cause,
                               const struct mes_smtp_reply *reply);

void mes_smtp_slot_hold_refusal(struct mes_smtp_slot *slot, enum mes_step step,
                                const struct mes_smtp_reply *reply);
/* Gives what is held to one recipient, or to all that are undecided. */
void mes_smtp_slot_refuse(struct mes_smtp_slot *slot, unsigned recipient);
void mes_smtp_slot_refuse_rest(struct mes_smtp_slot *slot);
/* The relay refused it as a whole and the session ends: what was to be repeated is QUEUED again, and what is
 * held counts before this reply. */
void mes_smtp_slot_end_refused(struct mes_smtp_slot *slot, enum mes_step step,
                               const struct mes_smtp_reply *reply);
/* Takes back what was decided of recipients, but for those that are left. */
void mes_smtp_slot_undecide(struct mes_smtp_slot *slot);

/* Was a byte of the dot, or of the line BDAT LAST, among the first `sent` bytes of the session? */
bool mes_smtp_slot_is_dot_written(const struct mes_smtp_slot *slot, uint64_t sent);
/* What became of it, texts in their final places. */
struct mes_smtp_result mes_smtp_slot_result(struct mes_smtp_slot *slot, uint64_t sent);

/* Appends enhanced code and text of a reply; the outcome's views are set without their data. */
void mes_smtp_outcome_set(struct mes_smtp_outcome *outcome, enum mes_step step, enum mes_smtp_cause cause,
                          const struct mes_smtp_reply *reply, struct mes_buf *texts);
/* Points the views to where the words stand now. */
void mes_smtp_outcome_resolve(struct mes_smtp_outcome *outcome, const struct mes_buf *texts, size_t at);

#endif
