/* Jobs: what one POST /messages makes. One hot row each; the content stands elsewhere. */
#ifndef MES_STORE_JOB_H
#define MES_STORE_JOB_H

#include "base/arena.h"
#include "store/store.h"

/* Numbers as the database has them: never renumber. */
enum mes_store_state {
    MES_STORE_RECEIVING, /* a bulk call that has not ended; never leased, never shown */
    MES_STORE_SCHEDULED,
    MES_STORE_PAUSED,
    MES_STORE_HELD,
    MES_STORE_QUEUED, /* from here on in no index of states: most jobs are, and pass through */
    MES_STORE_SENDING,
    MES_STORE_DONE,
    MES_STORE_CANCELLED,
    MES_STORE_STATE_COUNT
};

enum mes_store_status {
    MES_STORE_STATUS_QUEUED,
    MES_STORE_STATUS_SENT,
    MES_STORE_STATUS_CANCELLED,
    MES_STORE_STATUS_FAILED, /* this and the next two: in an index, for people look for them */
    MES_STORE_STATUS_DEFERRED,
    MES_STORE_STATUS_IN_DOUBT,
    MES_STORE_STATUS_COUNT
};

/* "queued", "in_doubt" …: static. Parsing is exact; false for anything else. */
const char *mes_store_state_name(enum mes_store_state state);
const char *mes_store_status_name(enum mes_store_status status);
bool mes_store_state_parse(struct mes_str name, enum mes_store_state *state_out) MES_MUST_USE;
bool mes_store_status_parse(struct mes_str name, enum mes_store_status *status_out) MES_MUST_USE;

enum { MES_STORE_PRIORITY_MOST = 9 };

/* All but the content. `kind`, `lane`, `on_doubt` and `late_policy` are numbers of queue/intake.h. */
struct mes_store_job {
    int64_t id;
    const char *company; /* "" general */
    enum mes_store_state state;
    int kind;
    int lane;
    int priority;        /* 0 to MES_STORE_PRIORITY_MOST, the higher one first */
    const char *account; /* this one alone; "" any */
    int on_doubt;
    int late_policy;
    int64_t created_at;
    int64_t send_at;
    int64_t expires_at; /* 0: the usual time of trying */
    const char *quiet_hours;
    const char *zone;
    int64_t keep_days; /* of the content; 0: the setting's */
    int64_t asked_by;
    int64_t schedule_id;
    const char *subject; /* for lists */
    int64_t copies;      /* cc and bcc of each mail: row n belongs to mail n / (1 + copies) */
    int64_t mails;
    int64_t cursor;  /* the first mail that was never leased; it and those behind it are fresh */
    int64_t next_at; /* when it is to be looked at; 0: nothing to lease */
    int64_t counts[MES_STORE_STATUS_COUNT]; /* recipient rows by status */
    int64_t content_refusals;
    int64_t done_at;
    int64_t paused_at;    /* since when it is paused or held; 0: it is not */
    bool is_content_gone; /* by its age: nothing of it can be sent again */
};

/* Stores a job as it is. */
int mes_store_job_add(struct mes_store *store, const struct mes_store_job *job,
                      struct mes_error *error) MES_MUST_USE;
/* Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_job_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                       struct mes_store_job *job_out, struct mes_error *error) MES_MUST_USE;

/* Which members of a change count. */
enum {
    MES_STORE_JOB_STATE = 1,
    MES_STORE_JOB_CURSOR = 2,
    MES_STORE_JOB_NEXT_AT = 4, /* 0 takes it out of the index of those that are due */
    MES_STORE_JOB_DONE_AT = 8,
    MES_STORE_JOB_PAUSED_AT = 16
};

/* Everything that happened to a job since the last change, in one update. */
struct mes_store_job_change {
    int64_t id;
    unsigned set;
    enum mes_store_state state;
    int64_t cursor;
    int64_t next_at;
    int64_t done_at;
    int64_t paused_at;
    int64_t counts[MES_STORE_STATUS_COUNT]; /* added to the job's; may be negative */
    int64_t content_refusals;               /* added */
};
/* MES_E_NOT_FOUND: no such job. */
int mes_store_job_change(struct mes_store *store, const struct mes_store_job_change *change,
                         struct mes_error *error) MES_MUST_USE;

/* What a caller may change while none of it was sent: priority, account, on_doubt, late_policy, send_at,
 * expires_at, quiet_hours, zone, keep_days, subject, copies, mails and the counts are taken over.
 * MES_E_NOT_FOUND. */
int mes_store_job_replace(struct mes_store *store, const struct mes_store_job *job,
                          struct mes_error *error) MES_MUST_USE;
/* A pause does not use up the time of trying: adds to `expires_at` where there is one. */
int mes_store_job_extend(struct mes_store *store, int64_t id, int64_t milliseconds,
                         struct mes_error *error) MES_MUST_USE;
/* A slice of the jobs, of which each that waits for a retry later than `latest` is due at `now` instead: the
 * clock that its time was made with was ahead. What was asked for at a time keeps it. */
struct mes_store_job_mending {
    int64_t now, latest;
    int64_t after; /* in and out: the last job that was looked at */
    unsigned limit;
    bool is_end; /* out */
};
int mes_store_job_mend_times(struct mes_store *store, struct mes_store_job_mending *mending,
                             struct mes_error *error) MES_MUST_USE;

/* Everything of a job, at most `most` rows in one call: `is_gone_out` says whether that was all. For a bulk
 * call that was broken off, and for the sweep. */
int mes_store_job_remove(struct mes_store *store, int64_t id, unsigned most, bool *is_gone_out,
                         struct mes_error *error) MES_MUST_USE;

/* Called for each row, with texts that are valid during the call; false ends the list. Must not write, nor
 * call what called it. */
typedef bool mes_store_job_each(void *context, const struct mes_store_job *job);

struct mes_store_job_due {
    int lane;
    const char *company;
    int64_t now;
    unsigned limit;
};
/* Jobs to be looked at now: by priority, then by next_at. */
int mes_store_job_next(struct mes_store_reader *reader, const struct mes_store_job_due *due,
                       mes_store_job_each *each, void *context, struct mes_error *error) MES_MUST_USE;

/* The companies that have something to lease, now or later, and the earliest next_at of each. One step in an
 * index per company, however many jobs wait. For the courier's rotation and its timer. */
typedef bool mes_store_job_company_each(void *context, const char *company, int64_t next_at);
int mes_store_job_companies(struct mes_store_reader *reader, int lane, mes_store_job_company_each *each,
                            void *context, struct mes_error *error) MES_MUST_USE;

/* Jobs in a state, oldest first, from `after` (an id) on: held ones, those of a bulk call (RECEIVING) … */
struct mes_store_job_in {
    enum mes_store_state state; /* below QUEUED: the others are in no index */
    int64_t after;
    unsigned limit;
};
int mes_store_job_in_state(struct mes_store_reader *reader, const struct mes_store_job_in *in,
                           mes_store_job_each *each, void *context, struct mes_error *error) MES_MUST_USE;

/* A page of the list that people see, newest first. */
struct mes_store_job_page {
    const char *company; /* NULL: all */
    unsigned states;     /* 1 << state of those wanted; 0: all but RECEIVING */
    int kind;            /* -1: all */
    int64_t schedule_id; /* 0: all */
    int64_t from, to;    /* created_at; 0: no bound; `to` is not in it */
    struct mes_str text; /* in the subject, whatever the case of ASCII letters; empty: all */
    unsigned limit;
    /* In: 0, or the `cursor` that the page before gave. Out: 0 when there are no more. The work for a page is
     * bounded too: with a filter that finds little a page may be short or empty, and the cursor says go on.
     */
    int64_t cursor;
};
int mes_store_job_list(struct mes_store_reader *reader, struct mes_store_job_page *page,
                       mes_store_job_each *each, void *context, struct mes_error *error) MES_MUST_USE;

#endif
