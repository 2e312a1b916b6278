/* One message on its way: its mails are begun as there is room, and its report grows as they end. Loop
 * thread. */
#ifndef MES_DELIVERY_JOB_H
#define MES_DELIVERY_JOB_H

#include "delivery/failover.h"
#include "delivery/router.h"
#include "delivery/transport.h"
#include "mes/sender.h"

struct mes_job;

/* What the sender lends its jobs. */
struct mes_job_host {
    struct mes_failover failover; /* with the accounts and the clock */
    size_t account_count;
    bool is_bulk;
    int64_t retry_for_ms;
    void (*on_result)(void *context, const struct mes_result *result); /* may be NULL */
    void *context;
};

/* Takes `compiled` and `is_candidate` (one flag for each account, mes_free) over, also when it fails. `host`
 * must outlive the job. NULL: out of memory. */
struct mes_job *mes_job_new(const struct mes_job_host *host, struct mes_compose_job *compiled,
                            bool *is_candidate) MES_MUST_USE;
/* None of its dispatches may be with a transport any more. */
void mes_job_free(struct mes_job **job);

/* Begins mails, gives them to accounts, draws conclusions from what came back: all that can be done now.
 * Returns the monotonic time at which there will be more to do, INT64_MAX when that depends on the transports
 * alone. */
int64_t mes_job_work(struct mes_job *job);

/* Nothing new is begun; what is not with a transport is given up. */
void mes_job_cancel(struct mes_job *job);

/* Every recipient has its result. */
bool mes_job_is_done(const struct mes_job *job);
/* The report, which is the caller's from now on; NULL when memory ran out. */
struct mes_report *mes_job_take_report(struct mes_job *job);

/* What a transport told about a dispatch of this job: noted; the next account is chosen by mes_job_work. */
void mes_job_on_outcome(struct mes_dispatch *dispatch, size_t number, const struct mes_verdict_input *facts);
void mes_job_on_done(struct mes_dispatch *dispatch);
void mes_job_on_returned(struct mes_dispatch *dispatch);

#endif
