/* One SMTP session, client side, without any I/O: bytes in, bytes out, time and TLS told from outside. */
#ifndef MES_SMTP_SESSION_H
#define MES_SMTP_SESSION_H

#include "base/clock.h"
#include "base/secret.h"
#include "mes/error.h"
#include "smtp/mechanism.h"
#include "smtp/message.h"

struct mes_smtp_session;
struct mes_smtp_scram_cache;

enum mes_smtp_tls {
    MES_SMTP_TLS_NONE,
    MES_SMTP_TLS_AT_ONCE,       /* before the greeting */
    MES_SMTP_TLS_STARTTLS,      /* required */
    MES_SMTP_TLS_WHERE_OFFERED, /* STARTTLS if the relay has it; never in clear with a password */
};

enum { MES_SMTP_DEPTH_MOST = 64 };

/* How far commands run ahead of replies where PIPELINING is offered. */
enum mes_smtp_pace {
    MES_SMTP_PACE_AUTO, /* by P, by X once the relay is known to bear it, by B where it is far and that is
                         * faster: see mes_smtp_session_set_relay */
    MES_SMTP_PACE_OFF,  /* lock-step */
    MES_SMTP_PACE_P,    /* MAIL, RCPT and DATA of a message in one group */
    MES_SMTP_PACE_X,    /* body, dot and the next message's MAIL, RCPT and DATA in one group */
    MES_SMTP_PACE_B     /* several messages by BDAT in one group, where CHUNKING is offered; else as X */
};

/* What is remembered about this relay. Only MES_SMTP_PACE_AUTO listens to it, but for B_REFUSED. */
enum mes_smtp_relay {
    MES_SMTP_RELAY_UNKNOWN,   /* the first message by P, then X is tried */
    MES_SMTP_RELAY_X,         /* X works: from the first message on, and B may be tried */
    MES_SMTP_RELAY_B,         /* B works and is faster than X; still only used where the relay is far */
    MES_SMTP_RELAY_B_SLOW,    /* X works, B is no faster, or is being tried on another connection */
    MES_SMTP_RELAY_B_REFUSED, /* X works, BDAT was refused */
    MES_SMTP_RELAY_P,         /* X refused, or being tried on another connection */
    MES_SMTP_RELAY_LOCK_STEP  /* offers PIPELINING and cannot do it */
};

/* What was found out about the relay; each is told once a session. */
enum mes_smtp_fact {
    MES_SMTP_FACT_P_WORKS,
    MES_SMTP_FACT_X_WORKS,
    MES_SMTP_FACT_X_REFUSED, /* 503 or silence in answer to a MAIL sent by X */
    MES_SMTP_FACT_X_CUT,     /* 421 or a cut after an X write: count it, twice means P */
    MES_SMTP_FACT_B_WORKS,
    MES_SMTP_FACT_B_SLOW,    /* measured: a message takes no less time than by X */
    MES_SMTP_FACT_B_REFUSED, /* BDAT is not understood, or a MAIL sent behind it */
    MES_SMTP_FACT_B_CUT,     /* 421 or a cut with BDAT LAST unanswered: count it, twice means X */
    MES_SMTP_FACT_P_BROKEN   /* offers PIPELINING and chokes on it: lock-step from now on */
};

/* Texts and secrets are borrowed and must outlive the session. */
struct mes_smtp_options {
    struct mes_str host; /* the relay, as configured, and its port: OAUTHBEARER names them; empty: not said */
    unsigned port;
    struct mes_str ehlo_name;
    enum mes_smtp_tls tls;
    struct mes_str user;             /* empty: no AUTH */
    const struct mes_secret *secret; /* the password; NULL or empty: none */
    /* An access token of OAuth 2.0, read when AUTH begins; NULL or empty: none. With one, the mechanisms that
     * show it stand before all others. */
    const struct mes_secret *token;
    enum mes_smtp_mechanism mechanism; /* AUTO: the best that is offered */
    bool is_certificate_unchecked;     /* nothing that requires TLS may go over it */
    enum mes_smtp_mechanism minimum;   /* a password is not shown to a weaker one; AUTO: any will do */
    struct mes_smtp_scram_cache
        *scram_cache;     /* of this password, shared by the account's sessions; NULL: none */
    struct mes_str nonce; /* SCRAM's, for tests; empty: a random one each time */
    bool plaintext_auth;  /* the account allows AUTH without TLS */
    enum mes_smtp_pace pace;
    int64_t greeting_ms;           /* TLS handshake and greeting, each */
    int64_t read_ms;               /* every other reply but the last one */
    int64_t write_ms;              /* without progress */
    int64_t final_ms;              /* the reply to the dot */
    unsigned most_recipients;      /* of a transaction; 0: no limit */
    unsigned depth;                /* messages it holds at most, up to MES_SMTP_DEPTH_MOST; below 2: 2 */
    unsigned ahead;                /* how many of them may wait, with their permits asked for, behind the one
                                    * that is being sent; used with on_want_permit alone */
    const struct mes_clock *clock; /* NULL: the machine's */
};

/* All may be NULL but on_done. Called from within the functions below, on the thread of their caller. A
 * callback may call submit, permit, quit, cancel and set_relay, nothing else. */
struct mes_smtp_callbacks {
    /* Greeting, TLS and AUTH are done, or room came: a message may be submitted now or later. With X, and
     * where permits are asked ahead, that is while the message before is still under way. */
    void (*on_ready)(void *context, struct mes_smtp_session *session);
    /* Asks for mes_smtp_session_permit, ahead of need, as soon as the message is submitted: no byte of its
     * final dot is put out before. NULL: granted at once. */
    void (*on_want_permit)(void *context, struct mes_smtp_session *session,
                           const struct mes_smtp_message *message);
    /* The permit was asked for and the dot was never handed over, nor will be; or the relay refused BDAT
     * itself, and the message is to be sent again. Comes right before on_done. */
    void (*on_withdrawn)(void *context, struct mes_smtp_session *session,
                         const struct mes_smtp_message *message);
    /* Exactly once for each submitted message. The session has forgotten it already. */
    void (*on_done)(void *context, struct mes_smtp_session *session, const struct mes_smtp_result *result);
    void (*on_learned)(void *context, struct mes_smtp_session *session, enum mes_smtp_fact fact);
    /* The last callback, after every on_done. `blameless`: an idle connection was closed, QUIT, cancel, or
     * the relay refused X; nothing that speaks against the account. */
    void (*on_ended)(void *context, struct mes_smtp_session *session, const struct mes_smtp_outcome *outcome,
                     bool blameless);
    /* '>' sent, '<' received, '*' remark; one line without its end; secrets as "***", bodies as a number of
     * bytes. */
    void (*on_trace)(void *context, struct mes_smtp_session *session, char direction, struct mes_str line);
};

/* The connection is up (its TLS is not). With MES_SMTP_TLS_AT_ONCE it wants TLS first. NULL: out of memory.
 */
struct mes_smtp_session *mes_smtp_session_new(const struct mes_smtp_options *options,
                                              const struct mes_smtp_callbacks *callbacks,
                                              void *context) MES_MUST_USE;
/* Makes no callbacks: end it first (closed or cancel) when messages are under way. */
void mes_smtp_session_free(struct mes_smtp_session **session);

/* --- What came from outside --- */

/* Bytes from the peer, all of which are used. What was handed to the socket before they came must have been
 * told by mes_smtp_session_sent. */
void mes_smtp_session_received(struct mes_smtp_session *session, struct mes_str bytes);
/* What ties a login to this TLS ("tls-exporter" or "tls-unique" and its bytes, at most 64): told before
 * `secured`. Without it no mechanism with -PLUS is used. */
void mes_smtp_session_bind(struct mes_smtp_session *session, struct mes_str type, struct mes_str bytes);
/* TLS is up. */
void mes_smtp_session_secured(struct mes_smtp_session *session);
/* The peer closed or reset the connection, or TLS failed. */
void mes_smtp_session_closed(struct mes_smtp_session *session);
/* Time has passed: call it when mes_smtp_session_deadline is reached. That is at once, again and again, while
 * a password is being hashed: each call works for some milliseconds. */
void mes_smtp_session_tick(struct mes_smtp_session *session);

/* --- What the host wants --- */

/* There is room for one more message now. */
bool mes_smtp_session_has_room(const struct mes_smtp_session *session);
/* Takes the message (there must be room). MES_E_NOMEM: it was not taken. */
int mes_smtp_session_submit(struct mes_smtp_session *session,
                            const struct mes_smtp_message *message) MES_MUST_USE;
/* Answers on_want_permit, then or later. Refused: the message ends as CANCELLED. If any of it had been put
 * out by DATA, unanswered dots are waited for and the connection is closed without its dot; another message
 * that waited behind it ends as NOT_TRIED. By BDAT a RSET does. Unknown messages are ignored. */
void mes_smtp_session_permit(struct mes_smtp_session *session, const struct mes_smtp_message *message,
                             bool granted);
/* A source that said MES_PULL_LATER has more. */
void mes_smtp_session_body_ready(struct mes_smtp_session *session);
/* Says QUIT once nothing is under way; no message is taken any more. */
void mes_smtp_session_quit(struct mes_smtp_session *session);
/* Gives back what was submitted and not begun: it ends as NOT_TRIED. */
void mes_smtp_session_recall(struct mes_smtp_session *session);
/* Nothing more is put out. A written dot gets `grace_ms` for its reply, everything else ends as CANCELLED. */
void mes_smtp_session_cancel(struct mes_smtp_session *session, int64_t grace_ms);
/* What is remembered about the relay with these keywords. Best called in the first on_ready. */
void mes_smtp_session_set_relay(struct mes_smtp_session *session, enum mes_smtp_relay relay);

/* --- What the session wants --- */

/* Bytes to be written: one group in one piece. Valid until the next call that changes the session. */
struct mes_str mes_smtp_session_output(const struct mes_smtp_session *session);
/* The first `size` bytes of the output were handed to the socket (or may have been). */
void mes_smtp_session_sent(struct mes_smtp_session *session, size_t size);
/* Start TLS now, then tell `secured`; bytes read but not yet handed in must be handed in first. */
bool mes_smtp_session_wants_tls(const struct mes_smtp_session *session);
/* It is over: write what output still holds (a QUIT) without waiting, then close. */
bool mes_smtp_session_wants_close(const struct mes_smtp_session *session);
/* On the monotonic clock; INT64_MAX when it waits for nothing. */
int64_t mes_smtp_session_deadline(const struct mes_smtp_session *session);

/* --- What is known --- */

/* How many messages can be on their way at once at the pace of now; what it holds above that waits. */
unsigned mes_smtp_session_flow(const struct mes_smtp_session *session);
/* The way of logging in that was used, or tried last; AUTO before AUTH and without a login. */
enum mes_smtp_mechanism mes_smtp_session_mechanism(const struct mes_smtp_session *session);
/* The relay's EHLO keywords without their arguments, sorted, one blank between: the key of the relay memory.
 * Empty before EHLO and after HELO. */
struct mes_str mes_smtp_session_keywords(const struct mes_smtp_session *session);
/* The relay's announced SIZE, 0 when it named none. */
uint64_t mes_smtp_session_size_limit(const struct mes_smtp_session *session);

#endif
