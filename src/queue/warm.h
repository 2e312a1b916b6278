/* Jobs that were accepted a moment ago and still wait for their turn, as they were compiled to check them:
 * what is found here need not be read and compiled again. Bounded; the oldest give way. Store thread. */
#ifndef MES_QUEUE_WARM_H
#define MES_QUEUE_WARM_H

#include <stddef.h>
#include <stdint.h>

struct mes_compose_job;

enum { MES_WARM_JOBS = 2048, MES_WARM_BYTES = 16 * 1024 * 1024 };

struct mes_warm {
    struct {
        int64_t job;
        struct mes_compose_job *compiled;
    } jobs[MES_WARM_JOBS]; /* by the id's hash: a newer one takes the place of an older one */
    size_t bytes;
};

/* Takes a share of its own; does nothing when there is no room. All mails of the job are in `compiled`. */
void mes_warm_put(struct mes_warm *warm, int64_t job, struct mes_compose_job *compiled);
/* The share, which is the caller's from now on; NULL when it is not there. */
struct mes_compose_job *mes_warm_take(struct mes_warm *warm, int64_t job);
void mes_warm_fini(struct mes_warm *warm);

#endif
