/* What became of a mail that the carrier had: the one form in which results reach the database, directly or
 * by way of the outcome journal. */
#ifndef MES_QUEUE_OUTCOME_H
#define MES_QUEUE_OUTCOME_H

#include "base/arena.h"
#include "base/buf.h"
#include "queue/courier.h"
#include "store/job.h"

/* One try through one account, as the attempts table has it. Texts are never NULL. */
struct mes_outcome_attempt {
    bool is_passed_over; /* no try: the account rested or its quota was used up, and another one was tried */
    int64_t at;          /* wall clock, when it ended */
    const char *account;
    const char *step;
    const char *class_;
    int code;
    const char *enhanced;
    const char *reply;
    const char *advice_id;
    const char *dsn; /* mes_dsn_name */
    int64_t milliseconds;
    const char *sender; /* MAIL FROM as it was sent; "" when it did not come to that */
    const char *tls;    /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "none", or "" when it is not known */
    const char *digest; /* SHA-256 of the message's bytes in hex; "" when it was not sent */
};

struct mes_outcome_row {
    int64_t number;
    const char *address;
    enum mes_store_status before;
    int64_t attempts_before;      /* -1: not known here */
    enum mes_store_status status; /* QUEUED: untouched, or never tried: it waits until `due_at` */
    bool is_final;                /* nothing more is done for it by itself */
    const struct mes_outcome_attempt *attempts; /* oldest first */
    size_t attempt_count;
};

struct mes_outcome {
    int64_t job;
    const char *company;
    int64_t number; /* of the lead row */
    int64_t token;  /* of the lease */
    bool is_whole;  /* the job has no other mail, and every row its last word */
    const char *message_id;
    const char *progress;      /* see progress.h */
    bool has_new_progress;     /* it is to be kept though nothing was tried */
    int64_t due_at;            /* of the rows that are not final; 0: there are none */
    bool resets_content;       /* one was sent: the row of content refusals is broken */
    unsigned content_refusals; /* rows that this mail failed for its content */
    const char *transcript;    /* of the last failed attempt; "" when there is none */
    const char *transcript_account;
    const struct mes_outcome_row *rows;
    size_t row_count;
    bool is_continued; /* from the journal: a further row of the outcome before */
};

/* The last one that was no passing over, which the row shows as its own; NULL when there is none. */
const struct mes_outcome_attempt *mes_outcome_last_try(const struct mes_outcome_row *row);
/* How many were no passing over. */
int64_t mes_outcome_tries(const struct mes_outcome_row *row);

/* Appends row `index` of it as a JSON object for the journal: short enough for a record of it, so without the
 * transcript, with the last try alone, and with long replies cut. */
void mes_outcome_write(const struct mes_outcome *outcome, size_t index, struct mes_buf *out);
/* An outcome of one row. Texts and row are the arena's. MES_E_CORRUPT: this is no outcome. */
int mes_outcome_read(struct mes_str text, struct mes_arena *arena, struct mes_outcome *outcome_out,
                     struct mes_error *error) MES_MUST_USE;

#endif
