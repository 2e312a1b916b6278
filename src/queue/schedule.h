/* Jobs that come again and again: which schedules are due, what becomes of them, when the next is due. Store
 * thread, inside the courier's transaction: the job and the schedule's next time are committed together, so
 * each time of a schedule makes one job at most, whatever happens in between.
 *
 * A time is late when it is found more than MES_SCHEDULE_GRACE_MS after it passed: the service was down, or
 * the clock was put forward. However many times were missed, they are one occurrence, for the first of them,
 * and the schedule's late policy says what becomes of it: one job (MES_LATE_SEND), nothing (MES_LATE_SKIP),
 * or one job that waits for a person (MES_LATE_HOLD). The log says how many there were.
 *
 * A clock that is put back makes nothing fire twice: a schedule waits until the time that it was waiting for.
 * Only when its last time lies more than MES_SCHEDULE_WRONG_MS in the future was the clock plainly wrong
 * then, and the schedule begins anew from now (mes_schedule_mend). */
#ifndef MES_QUEUE_SCHEDULE_H
#define MES_QUEUE_SCHEDULE_H

#include "queue/intake.h"
#include "store/schedule.h"

struct mes_log;

enum {
    MES_SCHEDULE_GRACE_MS = 5 * 60 * 1000,
    MES_SCHEDULE_WRONG_MS = 7 * 24 * 60 * 60 * 1000,
    MES_SCHEDULE_MISSED_MOST = 1000, /* counted no further */
    MES_SCHEDULE_AT_ONCE = 20        /* schedules in one transaction */
};

/* A time of a schedule that is to become a job. */
struct mes_schedule_occurrence {
    const struct mes_store_schedule *schedule;
    int64_t at;      /* the job's send_at */
    unsigned missed; /* how many later times have passed too */
    bool is_held;    /* the job's is_held */
};

struct mes_schedule_host {
    /* Makes the job and puts its id into `*job_out`, by writing through `store`; what it wrote is undone when
     * it fails. MES_E_INPUT, MES_E_CONFIG, MES_E_NOT_FOUND, MES_E_LIMIT: what the schedule sends cannot be
     * sent (any more): this time is lost, and a person is told. Any other code ends the transaction. */
    int (*make)(void *context, struct mes_store *store, const struct mes_schedule_occurrence *occurrence,
                int64_t *job_out, struct mes_error *error);
    /* For a person: "schedule.late", "schedule.failed", "job.held"; `detail` is the schedule's id or the
     * job's. May be NULL. */
    void (*on_alert)(void *context, const char *name, const char *detail);
    void *context;
    struct mes_log *log; /* may be NULL */
};

/* Makes what is due by `now`, at most MES_SCHEDULE_AT_ONCE jobs. `*look_at_out` is when to call it again:
 * `now` when there is more, INT64_MAX when there is no schedule. Errors are the database's or make's. */
int mes_schedule_run_due(struct mes_store *store, const struct mes_schedule_host *host, int64_t now,
                         int64_t *look_at_out, struct mes_error *error) MES_MUST_USE;

/* Frees schedules of what a clock that ran wrong has done to them. At the start, and every hour or so; before
 * mes_schedule_run_due, which then has to be called. */
int mes_schedule_mend(struct mes_store *store, int64_t now, struct mes_error *error) MES_MUST_USE;

/* When a schedule fires, for whoever makes one or shows it. */
struct mes_schedule_plan {
    const char *expression; /* as queue/cron.h reads it */
    const char *zone;       /* a name; "" is UTC */
    int64_t after;          /* only after this */
    int64_t until;          /* not after this; 0: for ever */
};

/* The first time, 0 when there is none: a schedule's next_at when it is made, changed or resumed.
 * MES_E_INPUT, MES_E_NOT_FOUND (the zone): the plan cannot be read. Reads the zone's file. */
int mes_schedule_first(const struct mes_schedule_plan *plan, int64_t *next_at_out,
                       struct mes_error *error) MES_MUST_USE;
/* The first `most` times, in order; `*count_out` is how many there are. */
int mes_schedule_times(const struct mes_schedule_plan *plan, size_t most, int64_t *times_out,
                       size_t *count_out, struct mes_error *error) MES_MUST_USE;

#endif
