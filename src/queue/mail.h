/* A mail under way: leased by the courier, brought out by the carrier, written down by the courier again. It
 * is made and freed on the store thread; in between it belongs to the loop thread, but for its commands while
 * they are posted. */
#ifndef MES_QUEUE_MAIL_H
#define MES_QUEUE_MAIL_H

#include "delivery/mail.h"
#include "delivery/transport.h"
#include "queue/courier.h"
#include "queue/intake.h"
#include "queue/outcome.h"
#include "queue/progress.h"

struct mes_fleet;

/* What the mails of one lease share. Made, counted and freed on the store thread; the loop thread reads it.
 */
struct mes_queue_batch {
    struct mes_queue_batch *next;   /* the courier's list of all */
    struct mes_queue_batch **place; /* of the pointer to it */
    unsigned users;                 /* mails */
    atomic_bool is_recalled;        /* set by the courier: what has not begun comes back */
    atomic_bool is_cancelled;       /* … and is not sent any more, dots are refused */
    size_t size;                    /* bytes of `compiled` */
    int64_t job;
    char *company;
    char *account; /* this one alone; "" any */
    char *subject; /* for lists */
    enum mes_queue_lane lane;
    enum mes_queue_doubt on_doubt;
    int64_t expires_at; /* 0: the usual deadline */
    size_t copies;
    int64_t mails; /* of the whole job */
    struct mes_compose_job *compiled;
};

/* A row of the mail: the `to`, or one of its cc and bcc, in the order of the compiled job. */
struct mes_queue_row {
    int64_t number;
    bool is_open; /* still to be sent; else it has its last word from before */
    enum mes_store_status status;
    int64_t attempts; /* that were made before */
};

/* How a written-ahead dot stands. Only the loop thread changes it. */
struct mes_queue_dot {
    struct mes_courier_command command; /* first: stores or withdraws it */
    struct mes_mailbox_item answer;     /* posted back to the carrier */
    const char *account;                /* it goes out through this one */
    bool is_wanted;                     /* by the session */
    bool is_stored;
    bool is_posted;    /* the command is with the courier */
    bool stores;       /* what the posted command does */
    bool is_refused;   /* the courier's answer: not to be written, because … */
    bool is_cancelled; /* … the job was cancelled; else the lease is void or the database cannot take it */
    bool is_awaited;   /* the mail goes on as soon as no dot stands for it any more */
};

/* What an attempt has to show beside what delivery keeps of it. */
struct mes_queue_evidence {
    struct mes_queue_evidence *next;
    const struct mes_delivery_attempt *attempt;
    int64_t at;
    const char *sender, *tls, *digest, *transcript;
    enum mes_dsn dsn;
};

struct mes_queue_mail {
    struct mes_mailbox_item item; /* first: on its way to the carrier */
    struct mes_queue_mail *next;  /* for whoever holds it */
    struct mes_courier *courier;
    struct mes_queue_batch *batch;
    int64_t number;       /* of the lead row */
    int64_t token;        /* of the lease */
    int64_t clock_offset; /* at the lease, see jump.h */
    struct mes_progress progress;
    struct mes_queue_row *rows;
    size_t row_count;

    /* The carrier's: */
    struct mes_fleet *fleet;
    struct mes_delivery_mail delivery; /* its `index` in the compiled job is set by the courier */
    bool *candidates;                  /* which accounts of the fleet it may use */
    bool has_candidate;
    struct mes_dispatch dispatch;
    int64_t again; /* monotonic: of one that waits for its account's pace */
    struct mes_queue_dot dot;
    bool has_tried; /* an account was really used in this pass */
    struct mes_queue_evidence *evidence;

    /* The result on its way to the courier: */
    struct mes_courier_command command;
    struct mes_outcome outcome;
    struct mes_arena arena; /* of the outcome's texts */
};

#endif
