#include "queue/warm.h"

#include "compose/job.h"

/* Ids count in their lower bits, so neighbours get places of their own. */
static size_t place_of(int64_t job)
{
    return (size_t)((uint64_t)job ^ ((uint64_t)job >> 20)) % MES_WARM_JOBS;
}

static void forget(struct mes_warm *warm, size_t place)
{
    if (warm->jobs[place].compiled == NULL)
        return;
    warm->bytes -= mes_compose_job_size(warm->jobs[place].compiled);
    mes_compose_job_release(&warm->jobs[place].compiled);
}

void mes_warm_put(struct mes_warm *warm, int64_t job, struct mes_compose_job *compiled)
{
    size_t place = place_of(job), size = mes_compose_job_size(compiled);
    forget(warm, place);
    if (size > MES_WARM_BYTES - warm->bytes)
        return;
    warm->jobs[place].job = job;
    warm->jobs[place].compiled = mes_compose_job_share(compiled);
    warm->bytes += size;
}

struct mes_compose_job *mes_warm_take(struct mes_warm *warm, int64_t job)
{
    size_t place = place_of(job);
    struct mes_compose_job *compiled = warm->jobs[place].compiled;
    if (compiled == NULL || warm->jobs[place].job != job)
        return NULL;
    warm->bytes -= mes_compose_job_size(compiled);
    warm->jobs[place].compiled = NULL;
    return compiled;
}

void mes_warm_fini(struct mes_warm *warm)
{
    for (size_t place = 0; place < MES_WARM_JOBS; place++)
        forget(warm, place);
}
