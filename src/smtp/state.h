/* The inside of a session, for the files of this folder that make it up. */
#ifndef MES_SMTP_STATE_H
#define MES_SMTP_STATE_H

#include "base/buf.h"
#include "smtp/auth.h"
#include "smtp/body.h"
#include "smtp/ehlo.h"
#include "smtp/pipeline.h"
#include "smtp/reply.h"
#include "smtp/session.h"
#include "smtp/slot.h"

/* WAIT: nothing is sent until a reply says what. STAY: what an `on` returns when it changes nothing. */
enum mes_smtp_step {
#define STEP(name, send, on, report, wait, follow) MES_SMTP_STEP_##name,
#include "smtp/steps.def"
#undef STEP
    MES_SMTP_STEP_COUNT
};

enum {
    MES_SMTP_OUTPUT_FULL = 128 * 1024,                           /* with more waiting, nothing is added */
    MES_SMTP_OUTPUT_MOST = 2 * MES_SMTP_OUTPUT_FULL + 32 * 1024, /* with what is handed over; never reached */
    MES_SMTP_CHUNK_MOST = 64 * 1024,                             /* of a body behind one BDAT */
    MES_SMTP_FAR_MS = 20,   /* of a round trip, from which on B may be faster */
    MES_SMTP_QUIT_MS = 2000 /* the result is known: no long wait for politeness */
};

/* What one message took at a pace, where one followed the other. */
struct mes_smtp_meter {
    int64_t ms;
    int64_t messages;
};

struct mes_smtp_session {
    struct mes_smtp_options options;
    struct mes_smtp_callbacks callbacks;
    void *context;

    enum mes_smtp_step step; /* what is sent next; only session.c sets it */
    struct mes_smtp_ring ring;
    struct mes_smtp_slot *slots;
    unsigned slot_count;
    struct mes_smtp_slot *current; /* whose commands are being sent */

    struct mes_smtp_parser parser;
    struct mes_smtp_ehlo ehlo;
    struct mes_smtp_auth auth;
    bool is_secured;

    struct mes_buf chunk; /* of a body, before its BDAT is put out */
    struct mes_buf out;   /* what was put out, from `out_at` on not handed over yet */
    size_t out_at;
    uint64_t sent;        /* bytes handed over in all */
    struct mes_buf trace; /* the line that is being shown */

    int64_t reply_since;    /* when the front reply's clock started; -1: not running */
    int64_t progress_since; /* when output was last taken, or became waiting */
    int64_t grace_until;    /* of cancel; INT64_MAX: none */

    int64_t round_trip; /* the shortest of set-up; INT64_MAX: none was measured */
    int64_t done_at;    /* when a message got its last reply */
    struct mes_smtp_meter by_x, by_b;

    enum mes_smtp_relay relay;
    bool has_p_proved; /* a message went through by P */
    bool has_b_proved; /* BDAT was understood */
    bool is_x_off;     /* X was refused */
    bool is_b_off;     /* B was refused, or is slower */
    bool is_lock_step; /* P was refused */
    unsigned facts;    /* bits of enum mes_smtp_fact to be told */
    unsigned facts_told;

    bool is_open;         /* the relay has a transaction that neither a dot nor RSET has ended */
    bool is_bdat_refused; /* the last BDAT was; only the reply to RSET shows that its bytes were read */
    bool was_ready;       /* set-up is over */
    bool is_used;         /* a transaction was completed */
    bool is_room_told;
    bool is_quitting;
    bool is_closing; /* nothing more is put out; ends when no dot waits for its reply */
    bool is_running; /* inside run(): calls from callbacks only leave notes */
    bool is_over;    /* mes_smtp_end was called */
    bool is_ended_told;
    bool is_blameless;
    struct mes_smtp_outcome ended; /* texts stand in `ended_text` */
    struct mes_buf ended_text;
    uint64_t turn; /* grows with each message, to tell older from newer */
};

/* On the session's monotonic clock. */
int64_t mes_smtp_now(const struct mes_smtp_session *session);
/* Total bytes put out so far, handed over or not. */
uint64_t mes_smtp_put_total(const struct mes_smtp_session *session);
/* The buffer for a new command; `*start_out` is where its line begins. */
struct mes_buf *mes_smtp_put_begin(struct mes_smtp_session *session, size_t *start_out);
/* Ends the line, shows it, and puts it in the ring. False: nothing was written, because the line may not be,
 * or because memory is used up; then out.failed is set and the session ends. */
bool mes_smtp_put_end(struct mes_smtp_session *session, size_t start, enum mes_smtp_step step,
                      unsigned recipient) MES_MUST_USE;

/* The same for a BDAT line, which it ends, and the bytes behind it. */
bool mes_smtp_put_data(struct mes_smtp_session *session, size_t start, struct mes_str data,
                       enum mes_smtp_step step) MES_MUST_USE;

/* Sends what may be sent now and makes the callbacks that are due. What they call in turn only leaves notes,
 * which the loop in here then finds. */
void mes_smtp_run(struct mes_smtp_session *session);

/* Ends the session; `reply` may be NULL. Returns MES_SMTP_STEP_END for `return mes_smtp_end(…)`. */
enum mes_smtp_step mes_smtp_end(struct mes_smtp_session *session, enum mes_smtp_cause cause,
                                enum mes_step step, const struct mes_smtp_reply *reply);
/* The same between two commands, with a QUIT. */
enum mes_smtp_step mes_smtp_end_politely(struct mes_smtp_session *session, enum mes_smtp_cause cause,
                                         enum mes_step step, const struct mes_smtp_reply *reply);
/* Forgets and wipes what was not handed over. */
void mes_smtp_drop_output(struct mes_smtp_session *session);
/* Where the session stands: the reply that is waited for, else what was to be sent. */
enum mes_step mes_smtp_place(const struct mes_smtp_session *session);
/* The same for one message, of which something was put out. */
enum mes_step mes_smtp_place_of(const struct mes_smtp_session *session, const struct mes_smtp_slot *slot);
/* Makes one callback that is due; false when there is none. */
bool mes_smtp_tell(struct mes_smtp_session *session);
void mes_smtp_learn(struct mes_smtp_session *session, enum mes_smtp_fact fact);
/* What the relay offers must do for this message; if not, it is decided here and the session goes on. */
bool mes_smtp_is_fit(const struct mes_smtp_session *session, struct mes_smtp_slot *slot);
/* Ends the session: a reply that its command does not allow. */
enum mes_smtp_step mes_smtp_make_no_sense(struct mes_smtp_session *session,
                                          const struct mes_smtp_entry *entry);
/* The transaction is over and none of its commands waits for a reply. */
enum mes_smtp_step mes_smtp_conclude(struct mes_smtp_session *session, struct mes_smtp_slot *slot);
/* Nobody is left who could be given this message. */
bool mes_smtp_is_pointless(const struct mes_smtp_slot *slot);
/* For a pointless transaction whose DATA or BDAT LAST was not sent: waits at `step` until its replies are in.
 */
enum mes_smtp_step mes_smtp_give_up(struct mes_smtp_session *session, enum mes_smtp_step step);
/* No BDAT any more. */
void mes_smtp_stop_b(struct mes_smtp_session *session);
/* The same; and the message is sent again. */
void mes_smtp_give_up_b(struct mes_smtp_session *session, struct mes_smtp_slot *slot);
/* The message got its last reply. */
void mes_smtp_measure(struct mes_smtp_session *session, const struct mes_smtp_slot *slot);
/* How the step is called towards users. */
enum mes_step mes_smtp_reported(enum mes_smtp_step step);

#define SEND(name) enum mes_smtp_step mes_smtp_send_##name(struct mes_smtp_session *session)
#define ON(name)                                                                                             \
    enum mes_smtp_step mes_smtp_on_##name(struct mes_smtp_session *session,                                  \
                                          const struct mes_smtp_entry *entry,                                \
                                          const struct mes_smtp_reply *reply)
/* What steps.def names: setup.c has the steps before the first message, chunks.c those of BDAT, transaction.c
 * the others. Each returns the next step. */
ON(greeting);
SEND(ehlo);
ON(ehlo);
SEND(helo);
ON(helo);
SEND(starttls);
ON(starttls);
SEND(auth);
ON(auth);
SEND(work);
SEND(answer);
SEND(next);
SEND(rset);
ON(rset);
SEND(mail);
ON(mail);
SEND(rcpt);
ON(rcpt);
SEND(data);
ON(data);
SEND(probe);
ON(probe);
SEND(chunk);
ON(chunk);
ON(last);
SEND(body);
SEND(dot);
ON(dot);
SEND(lone_dot);
ON(lone_dot);
SEND(quit);

#endif
