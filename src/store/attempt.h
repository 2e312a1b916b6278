/* Attempts: what every relay said to every try. Also the proof of what was sent, and the source of a job's
 * events. */
#ifndef MES_STORE_ATTEMPT_H
#define MES_STORE_ATTEMPT_H

#include "store/recipient.h"

struct mes_store_attempt {
    int64_t id; /* grows with every attempt, even when the clock is set back */
    int64_t job;
    int64_t number;
    int64_t at;
    const char *account;
    const char *step;   /* mes_step_name */
    const char *class_; /* mes_class_name; "" is success */
    int code;
    const char *enhanced;
    const char *reply;
    const char *advice_id;
    int64_t milliseconds;
    const char *sender; /* MAIL FROM */
    const char *tls;    /* version and cipher; "" in clear */
    const char *sha256; /* of the bytes, in hex; "" when none were sent */
    const char *message_id;
};

/* Gives the attempt its id. */
int mes_store_attempt_add(struct mes_store *store, struct mes_store_attempt *attempt,
                          struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. */
typedef bool mes_store_attempt_each(void *context, const struct mes_store_attempt *attempt);

/* Of one recipient, oldest first. */
int mes_store_attempt_of(struct mes_store_reader *reader, struct mes_store_row row,
                         mes_store_attempt_each *each, void *context, struct mes_error *error) MES_MUST_USE;

/* Of a job, in the order of their ids, from behind `after` on. */
struct mes_store_attempt_page {
    struct mes_store_ref job; /* nothing is listed when it is of another company */
    int64_t after;
    unsigned limit;
};
int mes_store_attempt_after(struct mes_store_reader *reader, const struct mes_store_attempt_page *page,
                            mes_store_attempt_each *each, void *context,
                            struct mes_error *error) MES_MUST_USE;

/* One mail that a relay took over. */
struct mes_store_proof {
    struct mes_store_attempt attempt;
    const char *company;
    const char *address;
    const char *subject;
    int kind;
    int64_t asked_by;
    int64_t created_at;
};
typedef bool mes_store_proof_each(void *context, const struct mes_store_proof *proof);

/* What was sent in a span of time, oldest first. */
struct mes_store_proof_page {
    const char *company; /* NULL: all */
    int64_t from, to;    /* 0: no bound; `to` is not in it */
    unsigned limit;
    int64_t cursor; /* as in struct mes_store_job_page */
};
int mes_store_attempt_proofs(struct mes_store_reader *reader, struct mes_store_proof_page *page,
                             mes_store_proof_each *each, void *context, struct mes_error *error) MES_MUST_USE;

#endif
