/* One mail: one `to` address with its cc and bcc, on its way through the accounts. */
#ifndef MES_DELIVERY_MAIL_H
#define MES_DELIVERY_MAIL_H

#include "base/arena.h"
#include "delivery/report.h"
#include "delivery/verdict.h"

/* An attempt as one recipient saw it; linked, oldest first. */
struct mes_delivery_attempt {
    struct mes_delivery_attempt *next;
    struct mes_attempt shown;
};

/* What the present pass over the accounts still has to do for a recipient. */
enum mes_delivery_fate {
    MES_FATE_OPEN,    /* wants an account */
    MES_FATE_WAITING, /* deferred in this pass */
    MES_FATE_FINAL    /* `status` is the last word */
};

struct mes_delivery_recipient {
    const char *address; /* as RCPT TO wants it; belongs to the compose job */
    enum mes_role role;
    enum mes_delivery_fate fate;
    enum mes_status status;
    enum mes_class last_class; /* of the last attempt that was not `config`; else `config` */
    unsigned content_refusals;
    unsigned attempt_count;
    enum mes_dsn dsn; /* of the last attempt */
    struct mes_delivery_attempt *first;
    struct mes_delivery_attempt *last;
};

struct mes_delivery_mail {
    struct mes_arena arena;
    size_t index; /* of its `to` in the message */
    const char *message_id;
    struct mes_delivery_recipient *recipients;
    size_t recipient_count;
    uint64_t *tried; /* a bit for each account: had its chance in this pass */
    size_t tried_words;
    bool had_fresh_connection;  /* a cut was already answered with a new connection */
    size_t keeps_account;       /* greylisted there, so tried there again first; SIZE_MAX: none */
    int retry_seconds;          /* the wait that a reply named; 0: none */
    unsigned transient_answers; /* at the account it keeps to */
    int64_t first_transient_at; /* wall clock */
    unsigned passes;            /* how many have ended */
};

/* `account_count` bits of memory for the tried ones. 0 or MES_E_NOMEM. */
int mes_delivery_mail_init(struct mes_delivery_mail *mail, size_t index, const char *message_id,
                           size_t recipient_count, size_t account_count) MES_MUST_USE;
/* Frees what init took. */
void mes_delivery_mail_fini(struct mes_delivery_mail *mail);

/* The account had its chance in this pass. */
bool mes_delivery_mail_has_tried(const struct mes_delivery_mail *mail, size_t account);
void mes_delivery_mail_set_tried(struct mes_delivery_mail *mail, size_t account);

/* How many recipients still want an account in this pass. */
size_t mes_delivery_mail_open_count(const struct mes_delivery_mail *mail);
/* Every recipient has its last word. */
bool mes_delivery_mail_is_final(const struct mes_delivery_mail *mail);

/* Adds a copy of `attempt` to the recipient's list and draws the consequence of `verdict` for it: its fate,
 * and for the mail which account it keeps to. `account` is the number of the account that was tried. 0, or
 * MES_E_NOMEM: then the list lacks the attempt, but its consequence stands. */
int mes_delivery_mail_note(struct mes_delivery_mail *mail, struct mes_delivery_recipient *recipient,
                           size_t account, const struct mes_attempt *attempt,
                           const struct mes_verdict *verdict) MES_MUST_USE;

/* No account is left for this pass: what is still open becomes deferred or failed by its last class. */
void mes_delivery_mail_end_pass(struct mes_delivery_mail *mail);
/* What was deferred is open again; every account may be tried again. */
void mes_delivery_mail_begin_pass(struct mes_delivery_mail *mail);
/* Nothing more is tried: what is not final becomes deferred. */
void mes_delivery_mail_give_up(struct mes_delivery_mail *mail);

/* Adds one result per recipient to the report and calls `on_result` (may be NULL) for each. */
int mes_delivery_mail_report(const struct mes_delivery_mail *mail, struct mes_report *report,
                             void (*on_result)(void *context, const struct mes_result *result),
                             void *context) MES_MUST_USE;

#endif
