/* The recipients of jobs: one row an address. A mail's `to` (the lead) carries its queue state; the rows of
 * its cc and bcc stand behind it. Fresh rows, those never leased, are in no index, so that adding a million
 * is cheap; they are found by the job's cursor. */
#ifndef MES_STORE_RECIPIENT_H
#define MES_STORE_RECIPIENT_H

#include "store/job.h"

/* Texts: "" for none. */
struct mes_store_recipient {
    int64_t job;
    int64_t number;
    const char *address;
    const char *name;
    const char *variables;   /* a JSON object */
    const char *attachments; /* a JSON list */
    enum mes_store_status status;
    int64_t due_at;      /* lead: when it is to be tried again; 0: not waiting for a time */
    int64_t attempts;    /* how often it was tried */
    const char *account; /* this and what follows: of the last attempt */
    int code;
    const char *enhanced;
    const char *reply;
    const char *advice_id;
    const char *dsn; /* mes_dsn_name */
    const char *message_id;
    const char *progress; /* the router's memory */
    int64_t done_at;
};

/* Stores a fresh row: job, number, address, name, variables and attachments. */
int mes_store_recipient_add(struct mes_store *store, const struct mes_store_recipient *recipient,
                            struct mes_error *error) MES_MUST_USE;

/* Rows of a job as a caller of the API names them. */
struct mes_store_row {
    const char *company; /* NULL: any */
    int64_t job;
    int64_t number;
};
/* Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_recipient_load(struct mes_store_reader *reader, struct mes_store_row row,
                             struct mes_arena *arena, struct mes_store_recipient *recipient_out,
                             struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. */
typedef bool mes_store_recipient_each(void *context, const struct mes_store_recipient *recipient);

/* Rows `from` up to and without `to`, in order, whatever their status: mails with their cc and bcc. */
struct mes_store_range {
    int64_t job;
    int64_t from;
    int64_t to;
};
int mes_store_recipient_range(struct mes_store_reader *reader, struct mes_store_range range,
                              mes_store_recipient_each *each, void *context,
                              struct mes_error *error) MES_MUST_USE;

/* The leads of a job whose `due_at` has come, the earliest first. */
struct mes_store_retry {
    int64_t job;
    int64_t now;
    unsigned limit;
};
int mes_store_recipient_due(struct mes_store_reader *reader, struct mes_store_retry retry,
                            mes_store_recipient_each *each, void *context,
                            struct mes_error *error) MES_MUST_USE;
/* The earliest `due_at` of a job, 0 when none of its rows waits for a time. */
int mes_store_recipient_next_due(struct mes_store_reader *reader, int64_t job, int64_t *due_at_out,
                                 struct mes_error *error) MES_MUST_USE;

/* Writes what became of a row: everything from `status` on. MES_E_NOT_FOUND. */
int mes_store_recipient_set(struct mes_store *store, const struct mes_store_recipient *recipient,
                            struct mes_error *error) MES_MUST_USE;
/* A lease takes rows out of the index of retries (0); a mail that no account may take goes back (a time).
 * Nothing else of the row changes. */
int mes_store_recipient_set_due(struct mes_store *store, int64_t job, int64_t number, int64_t due_at,
                                struct mes_error *error) MES_MUST_USE;

/* What is done to a whole job is done in slices of at most `most` rows, each of which may be a transaction of
 * its own. Begin with a slice that is all zero, go on with the same one until is_end. */
struct mes_store_slice {
    int64_t from; /* private: where the next slice begins */
    int stage;    /* private */
    bool is_end;
    int64_t counts[MES_STORE_STATUS_COUNT]; /* this slice's differences, for mes_store_job_change */
    int64_t in_flight; /* cancel, of all slices: rows left alone because their mail is leased */
    int64_t due_now;   /* retry, of all slices: deferred mails that became due */
};

/* Cancels all that waits (queued, deferred). Rows in doubt stay in doubt and are not sent again; those of
 * mails that are in flight stay as they are. Give the job the state CANCELLED with the first slice: that
 * keeps the rest from being leased. */
int mes_store_recipient_cancel(struct mes_store *store, const struct mes_store_job *job, unsigned most,
                               struct mes_store_slice *slice, struct mes_error *error) MES_MUST_USE;

/* Failed rows are queued again, due at `now`, with no attempts counted and nothing remembered; deferred ones
 * become due at `now`. Not those of mails in flight. counts[QUEUED] tells how many were failed.
 * MES_E_USAGE: the content was removed for its age. */
struct mes_store_again {
    const struct mes_store_job *job;
    int64_t now;
    unsigned most;
};
int mes_store_recipient_retry(struct mes_store *store, const struct mes_store_again *again,
                              struct mes_store_slice *slice, struct mes_error *error) MES_MUST_USE;

/* A page of a job's recipients, by number. */
struct mes_store_recipient_page {
    struct mes_store_ref job; /* MES_E_NOT_FOUND: no such job of that company */
    unsigned statuses;        /* 1 << status of those wanted; 0: all */
    struct mes_str text;      /* in the address, whatever the case of ASCII letters; empty: all */
    unsigned limit;
    int64_t cursor; /* as in struct mes_store_job_page */
};
int mes_store_recipient_list(struct mes_store_reader *reader, struct mes_store_recipient_page *page,
                             mes_store_recipient_each *each, void *context,
                             struct mes_error *error) MES_MUST_USE;

#endif
