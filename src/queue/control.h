/* What people do with jobs that are in the queue: pause, resume, cancel, retry, hold, release, resolve. */
#ifndef MES_QUEUE_CONTROL_H
#define MES_QUEUE_CONTROL_H

#include "queue/courier.h"
#include "store/recipient.h"

enum mes_control_action {
    MES_CONTROL_PAUSE,   /* nothing more of it is begun; what is under way runs to its end */
    MES_CONTROL_RESUME,  /* the deadline moves by as long as it was paused */
    MES_CONTROL_HOLD,    /* as pause; for content that someone has to look at */
    MES_CONTROL_RELEASE, /* from a hold */
    MES_CONTROL_CANCEL, /* waiting ones at once, leased ones at their permit; a written dot runs to its end */
    MES_CONTROL_RETRY,  /* failed ones are queued again, deferred ones become due now */
    MES_CONTROL_RESOLVE /* one recipient in doubt: was it delivered or is it to be sent again? */
};

struct mes_control {
    struct mes_courier_command command; /* first; filled by mes_control_post */
    enum mes_control_action action;
    const char *company; /* of the caller; NULL: any */
    int64_t job;
    int64_t recipient;  /* RESOLVE: the row's number */
    bool was_delivered; /* RESOLVE: true: it counts as sent; false: it is sent again */
    void (*on_done)(struct mes_control *control, const struct mes_error *error); /* store thread, once */
    void *context;

    /* Valid in on_done. 0; MES_E_NOT_FOUND: no such job (or recipient) of that company; MES_E_USAGE: not in
     * its present state, `error` says which; else the database's failure. */
    int code;
    int64_t cancelled; /* CANCEL: rows that are cancelled now */
    int64_t in_flight; /* CANCEL: rows whose dot may be written, which end as what they become */
    int64_t requeued;  /* RETRY: failed ones queued again */
    int64_t due_now;   /* RETRY: deferred ones that became due */

    struct mes_courier *courier; /* private, like all that follows */
    struct mes_store_slice slice;
    int64_t total[MES_STORE_STATUS_COUNT];
    bool has_begun;
};

/* Any thread; the control is the courier's until on_done. */
void mes_control_post(struct mes_courier *courier, struct mes_control *control);

/* Cancels a job whose answer nobody waits for. Store thread. */
int mes_control_cancel_later(struct mes_courier *courier, int64_t job, struct mes_error *error) MES_MUST_USE;

#endif
