/* How much waits, kept up to date with every change of a job, so that nobody has to count. Private to this
 * folder. */
#ifndef MES_STORE_DEPTH_H
#define MES_STORE_DEPTH_H

#include "store/job.h"

enum {
    MES_STORE_DEPTH_STATES = MES_STORE_SENDING + 1,
    MES_STORE_DEPTH_SAVED = 4,
    MES_STORE_DEPTH_NO_JOB = -1
};

/* Of the jobs in one state that is not over. */
struct mes_store_depth_row {
    int64_t jobs, queued, deferred, in_doubt;
};

/* What has changed in this transaction; embedded in the store. */
struct mes_store_depth_change {
    struct mes_store_depth_row rows[MES_STORE_DEPTH_STATES];
    struct mes_store_depth_row saved[MES_STORE_DEPTH_SAVED]
                                    [MES_STORE_DEPTH_STATES]; /* at each open savepoint */
    size_t save_count;
};

/* Fills the empty table; the only look at all jobs. */
#define MES_STORE_DEPTH_COUNT                                                                                \
    "INSERT INTO depth (state, jobs, queued, deferred, in_doubt)"                                            \
    " SELECT state, COUNT(*), SUM(queued), SUM(deferred), SUM(in_doubt) FROM job WHERE state < 6 GROUP BY "  \
    "state;"

/* A job as it counts. */
struct mes_store_depth_job {
    int64_t state;
    int64_t counts[MES_STORE_STATUS_COUNT]; /* of those that wait */
};
/* As it is in the database; one that is missing has the state MES_STORE_DEPTH_NO_JOB. */
int mes_store_depth_look(struct mes_store *store, int64_t id, struct mes_store_depth_job *job_out,
                         struct mes_error *error) MES_MUST_USE;
/* A job like this is there (1) or no longer (-1). Those that are over, or not there, do not count. */
void mes_store_depth_note(struct mes_store *store, const struct mes_store_depth_job *job, int sign);
/* Writes what has changed: before the commit. */
int mes_store_depth_flush(struct mes_store *store, struct mes_error *error) MES_MUST_USE;
/* Counts anew, after jobs were changed without a word to these functions. */
int mes_store_depth_recount(struct mes_store *store, struct mes_error *error) MES_MUST_USE;

#endif
