/* What a session is given to send, and what it tells about it. */
#ifndef MES_SMTP_MESSAGE_H
#define MES_SMTP_MESSAGE_H

#include "base/source.h"
#include "base/str.h"
#include "mes/report.h"

struct mes_smtp_recipient {
    struct mes_str address; /* without angle brackets; its domain as A-label unless the message is SMTPUTF8 */
    struct mes_str notify;  /* RFC 3461 NOTIFY: "SUCCESS,FAILURE", "NEVER"; empty: not asked for */
    struct mes_str original; /* ORCPT address (plain, not xtext); empty: none */
};

enum mes_smtp_return { MES_SMTP_RETURN_UNSAID, MES_SMTP_RETURN_FULL, MES_SMTP_RETURN_HEADERS };

/* One transaction: envelope and body. Belongs to the caller and stays unchanged until on_done. What asks for
 * DSN is left out where the relay does not offer it. */
struct mes_smtp_message {
    struct mes_str sender; /* without angle brackets; empty gives MAIL FROM:<> */
    const struct mes_smtp_recipient *recipients;
    size_t count;
    struct mes_source *source;       /* the message with its header; line ends of any kind, no dot-stuffing */
    bool needs_8bitmime;             /* the body has bytes above 127 */
    bool needs_smtputf8;             /* an address or header has bytes above 127 */
    bool requires_tls;               /* RFC 8689: only by relays that keep it to verified TLS */
    enum mes_smtp_return dsn_return; /* RET= */
    struct mes_str envelope_id;      /* ENVID (plain, not xtext); empty: none */
    bool asks_late;                  /* its permit is not asked for while it waits for its turn */
    void *context;                   /* the caller's */
};

/* How it ended. smtp/causes.def has the sentence of each. */
enum mes_smtp_cause {
#define CAUSE(name, sentence) MES_SMTP_##name,
#include "smtp/causes.def"
#undef CAUSE
    MES_SMTP_CAUSE_COUNT
};

struct mes_smtp_outcome {
    enum mes_step step;
    enum mes_smtp_cause cause;
    int code;                /* 0 unless the cause is REPLIED */
    struct mes_str enhanced; /* "5.7.8"; empty when there was none or its class contradicted the code */
    struct mes_str text;     /* the reply's text without the codes, raw bytes in any charset, lines joined by
                              * '\n', at most MES_SMTP_TEXT_MOST bytes */
    bool by_token;           /* AUTH had shown an access token, not a password */
};

enum { MES_SMTP_TEXT_MOST = 1024 };

/* What became of a message. Valid during the callback. */
struct mes_smtp_result {
    const struct mes_smtp_message *message;
    const struct mes_smtp_outcome *outcomes; /* one for each recipient, in their order */
    unsigned accepted;                       /* recipients that RCPT accepted */
    /* A byte of the final dot, or of the line BDAT LAST, was handed to the socket. Then only an outcome with
     * step DOT (or BODY) and cause REPLIED is certain; every other one whose recipient had been accepted is
     * in doubt. */
    bool dot_written;
    enum mes_dsn dsn; /* of what the message asked for, once MAIL was written */
    int64_t begun_at; /* when its MAIL was put out, on the session's monotonic clock; 0: never */
};

/* A sentence of i18n that says what `cause` means. */
int mes_smtp_cause_sentence(enum mes_smtp_cause cause);

#endif
