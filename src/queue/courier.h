/* The courier: the one thread that writes the database. Whoever wants something written posts a command; the
 * commands that have come together share one transaction and one flush to the disk. Between commands the
 * courier leases due mails and hands them to the carrier on the loop thread. */
#ifndef MES_QUEUE_COURIER_H
#define MES_QUEUE_COURIER_H

#include "base/clock.h"
#include "base/mailbox.h"
#include "mes/error.h"

struct mes_carrier;
struct mes_courier;
struct mes_store_journal;
struct mes_log;
struct mes_store;

/* Belongs to the poster again when `done` is called, which may free it. */
struct mes_courier_command {
    struct mes_mailbox_item item; /* first */
    /* On the store thread, inside the transaction: reads and writes through `store`, at most a few
     * milliseconds. What it wrote is undone when it returns a code, and the commands beside it are not
     * touched. */
    int (*run)(struct mes_courier_command *command, struct mes_store *store,
               struct mes_error *error) MES_MUST_USE;
    /* On the store thread, after the commit, exactly once. 0: what was written survives a power cut. Else
     * what `run` returned, or the database's failure, and nothing of it was written. Must not block: it hands
     * the answer on and returns. */
    void (*done)(struct mes_courier_command *command, int code, const struct mes_error *error);
    /* `run` only fails when the database does: then no savepoint is needed, for the whole transaction goes.
     */
    bool is_sure;
    /* `run` looks at jobs: what this transaction has learned about them so far stands in their rows then. */
    bool looks_at_jobs;
};

/* A change of one recipient row, for webhooks; told inside the transaction that makes it. */
struct mes_queue_recipient_news {
    const char *company;
    int64_t job;
    int64_t number;
    const char *address;
    const char *status; /* "sent", "failed", "deferred", "in_doubt" */
    const char *account;
    int code;
    const char *enhanced;
    const char *reply;
    const char *advice_id;
};

enum mes_queue_job_news_kind { MES_QUEUE_JOB_ACCEPTED, MES_QUEUE_JOB_DONE, MES_QUEUE_JOB_HELD };

/* What the courier tells the rest of the service. All may be NULL; all are called on the store thread. */
struct mes_courier_listener {
    /* Inside the transaction, which fails when they fail. */
    int (*on_recipient)(void *context, struct mes_store *store, const struct mes_queue_recipient_news *news,
                        struct mes_error *error);
    int (*on_job)(void *context, struct mes_store *store, enum mes_queue_job_news_kind kind,
                  const char *company, int64_t job, struct mes_error *error);
    /* After a commit: these jobs have changed, for those who follow them. */
    void (*on_changed)(void *context, const int64_t *jobs, size_t count);
    /* Something that a person has to see to; `name` is the alert's ("job.held", "recipient.in_doubt",
     * "recipient.quarantined", "store.failed"), `detail` what it is about. */
    void (*on_alert)(void *context, const char *name, const char *detail);
    /* The database refused to go on after a failed flush: the process must end and read it anew. */
    void (*on_broken)(void *context, const struct mes_error *error);
    void *context;
};

/* Work of its own that the courier does when its time has come: recurring jobs. */
struct mes_courier_chore {
    /* On the store thread, inside a transaction, whenever the time that it named has come (first at the
     * start): does what is due by `now` and names the next time, INT64_MAX when there is none. NULL: no
     * chore. */
    int (*run)(void *context, struct mes_courier *courier, struct mes_store *store, int64_t now,
               int64_t *next_at_out, struct mes_error *error);
    void *context;
};

struct mes_courier_options {
    struct mes_store *store; /* open, of this epoch; the courier's thread alone uses it from now on */
    struct mes_store_journal *journal; /* where results go that the database cannot take; may be NULL */
    struct mes_carrier *carrier;       /* NULL: nothing is sent (tests) */
    struct mes_log *log;               /* may be NULL */
    const struct mes_clock *clock;     /* NULL: the machine's */
    const char *blob_folder;           /* of attachments; "" when there is none */
    bool was_crash; /* the process before ended by its own fault: what was under way may be the cause */
    struct mes_courier_listener listener;
    struct mes_courier_chore schedules;
};

/* Replays the journal, takes up what an earlier process left (leases, dots), then starts the thread. What
 * `options` points to must outlive it. */
int mes_courier_start(const struct mes_courier_options *options, struct mes_courier **courier_out,
                      struct mes_error *error) MES_MUST_USE;

/* Any thread. After mes_courier_stop has begun, `done` is called with MES_E_CANCELLED. */
void mes_courier_post(struct mes_courier *courier, struct mes_courier_command *command);

/* Something may have become due: an account woke, a mail was done with. Any thread, also the carrier's. */
void mes_courier_nudge(struct mes_courier *courier);

/* The job's content was changed: what is kept of it is of no use any more. Store thread, with the change. */
void mes_courier_forget(struct mes_courier *courier, int64_t job);

/* The chore's time may have changed: it runs in the next turn. Any thread. */
void mes_courier_look_at_schedules(struct mes_courier *courier);

/* No further mails are leased; commands still work. Any thread. */
void mes_courier_pause(struct mes_courier *courier);

/* A number that grows with every turn of the thread; one that stands still for long is stuck. Any thread. */
uint64_t mes_courier_turns(const struct mes_courier *courier);

/* False from a write that failed until one of the size of a mail succeeds, which is tried once a second. Any
 * thread. */
bool mes_courier_can_write(const struct mes_courier *courier);

/* Runs what was posted, commits, ends the thread. */
void mes_courier_stop(struct mes_courier **courier);

#endif
