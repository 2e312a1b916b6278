/* The inside of the courier, for its own files alone. Store thread. */
#ifndef MES_QUEUE_COURIER_PARTS_H
#define MES_QUEUE_COURIER_PARTS_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/thread.h"
#include "queue/carrier.h"
#include "queue/mail.h"
#include "queue/warm.h"
#include "store/job.h"
#include "store/recipient.h"

enum {
    MES_COURIER_MOST_IN_FLIGHT = 1024,         /* mails with the carrier, all lanes together */
    MES_COURIER_MOST_IN_LANE = 768,            /* so that neither lane keeps the other out */
    MES_COURIER_MOST_BYTES = 48 * 1024 * 1024, /* of the compiled jobs that are with the carrier */
    MES_INTAKE_AT_ONCE_MOST = 4000,            /* rows that one transaction may add */
    MES_COURIER_REFUSALS_HOLD = 20,            /* content refusals in a row that hold a job */
};

/* What happened to one job in this transaction: one update at its end. */
struct mes_courier_change {
    struct mes_store_job_change change;
    char company[80];
    bool is_whole;    /* every row of the job has its last word: it is done */
    bool may_be_done; /* a row got its last word */
    bool is_refused;  /* too many refusals of the content in a row: a person looks */
    bool is_written;  /* followers hear of it after the commit; further news begin a new one */
    int64_t due_at;   /* the earliest retry that was added; 0: none */
};

/* Jobs whose mails were refused for their content, one after the other. */
struct mes_courier_refusals {
    int64_t job;
    unsigned count;
};

/* The wall clock, of which the last jump is remembered. */
struct mes_courier_clock {
    int64_t offset;     /* to the monotonic one */
    int64_t at, moved;  /* wall clock after the jump, and by how much; 0: none yet */
    bool is_mending;    /* times that may be years too late are being looked for … */
    int64_t mended_job; /* … behind this id */
};

struct mes_courier {
    struct mes_courier_options options;
    const struct mes_clock *clock;
    struct mes_mailbox *mailbox;
    struct mes_thread *thread;
    atomic_bool is_paused;
    atomic_bool is_nudged;
    atomic_bool has_new_schedules;
    atomic_bool cannot_write; /* a write failed, and no trial has succeeded since */
    _Atomic uint64_t turns;
    int64_t started_at; /* wall clock */
    struct mes_courier_clock watched;
    int64_t suspects; /* mails that the start found to have been under way in two crashes */

    struct mes_mailbox_item *backlog; /* taken out of the mailbox, for the next transaction */
    struct mes_courier_change *changes;
    size_t change_count, change_capacity;
    struct mes_queue_mail *leased; /* in this transaction: handed over after its commit */
    struct mes_queue_mail **leased_last;

    struct mes_warm warm;
    struct mes_queue_batch *batches; /* with the carrier */
    size_t in_flight[MES_LANE_COUNT];
    size_t bytes_in_flight;
    int64_t look_at[MES_LANE_COUNT];       /* wall clock: when something may be due; INT64_MAX: nothing is */
    char last_company[MES_LANE_COUNT][80]; /* the rotation stands behind it */
    int64_t next_token;
    struct mes_courier_refusals refusals[64];
    bool has_journal_news; /* the journal holds results that the database lacks */
    int64_t schedules_at;  /* wall clock: the next recurring job */
    int64_t retry_at;      /* monotonic: after a failure of the database */
    int64_t trial_at;      /* monotonic: whether it works again */
    unsigned idle_turns;   /* in a row */
    bool is_failing;       /* the last transaction could not be done, and people were told */
    bool is_broken;
};

/* changes.c: what is to be written about a job at the end of the transaction. NULL: out of memory. */
struct mes_courier_change *mes_courier_change(struct mes_courier *courier, int64_t job, const char *company);
/* Writes all of them; called by the courier before it commits, and before anyone reads a job's row. */
int mes_courier_flush(struct mes_courier *courier, struct mes_error *error) MES_MUST_USE;
/* Something of the lane may be due then. */
void mes_courier_look_at(struct mes_courier *courier, int lane, int64_t at);

/* intake_list.c: a job of so many rows is stored in slices. */
bool mes_intake_is_list(const struct mes_intake *intake);
void mes_intake_post_list(struct mes_courier *courier, struct mes_intake *intake);

/* batch.c: what mails of one lease share, and mails. */
struct mes_queue_batch *mes_queue_batch_new(struct mes_courier *courier, const struct mes_store_job *job,
                                            struct mes_compose_job *compiled);
/* Calls back what of the job is with the carrier and has not begun; `is_cancelled`: its dots are refused too.
 */
void mes_courier_recall(struct mes_courier *courier, int64_t job, bool is_cancelled);
/* Frees a batch that got no mail. */
void mes_queue_batch_drop(struct mes_courier *courier, struct mes_queue_batch *batch);
/* A mail of the batch with `1 + copies` rows, all open and queued, of row `number` on. NULL: out of memory.
 * It counts as in flight from now on. */
struct mes_queue_mail *mes_queue_mail_new(struct mes_courier *courier, struct mes_queue_batch *batch,
                                          size_t index, int64_t number);
/* Of a mail that was not handed over, or has come to its end; the batch goes with its last mail. */
void mes_queue_mail_free(struct mes_courier *courier, struct mes_queue_mail **mail);
/* Is there room for so many mails of the lane? */
size_t mes_courier_room(const struct mes_courier *courier, int lane);
/* Hands it over when the transaction is committed. */
void mes_courier_hand_later(struct mes_courier *courier, struct mes_queue_mail *mail);

/* lease.c: takes what is due, as far as there is room. */
int mes_courier_lease(struct mes_courier *courier, struct mes_error *error) MES_MUST_USE;

/* apply.c: writes an outcome into the database: attempts, rows, the job's counts, the end of the lease. One
 * that stands there already is left out: `*was_new_out` is false. A continued one goes by what `*was_new_out`
 * says about the one before. */
int mes_courier_apply(struct mes_courier *courier, const struct mes_outcome *outcome, bool *was_new_out,
                      struct mes_error *error) MES_MUST_USE;

/* expiry.c: a row for which something can still happen. */
bool mes_queue_row_is_open(const struct mes_store_recipient *row);
/* The mail of these rows (its `to`, then its copies) is given up without a further attempt. It is not leased.
 */
int mes_courier_expire(struct mes_courier *courier, const struct mes_store_job *job,
                       const struct mes_store_recipient *rows, struct mes_error *error) MES_MUST_USE;

/* recovery.c: what an earlier process left behind; before the thread starts. */
int mes_courier_recover(struct mes_courier *courier, struct mes_error *error) MES_MUST_USE;
/* The results that stand in the journal, into the database. */
int mes_courier_replay(struct mes_courier *courier, struct mes_error *error) MES_MUST_USE;

/* jump.c: before the thread starts; in each turn: was the clock set? */
void mes_courier_begin_clock(struct mes_courier *courier);
void mes_courier_watch_clock(struct mes_courier *courier);
/* A slice of the times that wait for a clock that was ahead, in the open transaction. */
int mes_courier_mend_times(struct mes_courier *courier, struct mes_error *error) MES_MUST_USE;
/* How long accounts were really ill of what the wall clock says for the time since then. */
int64_t mes_courier_true_ill_ms(const struct mes_courier *courier, int64_t since, int64_t ill_ms);

/* idle.c: a turn without work, outside a transaction. */
void mes_courier_be_idle(struct mes_courier *courier);

/* trial.c: the database could not be written. */
void mes_courier_cannot_write(struct mes_courier *courier);
/* Finds out whether it can again, when it is time to. Outside a transaction. */
void mes_courier_try_to_write(struct mes_courier *courier);

/* flight.c: the outcome of a command that the database could not take, into the journal. */
bool mes_flight_is_outcome(const struct mes_courier_command *command);
int mes_flight_journal(struct mes_courier *courier, struct mes_courier_command *command,
                       struct mes_error *error) MES_MUST_USE;
void mes_courier_alert(struct mes_courier *courier, const char *name, const char *detail);

#endif
