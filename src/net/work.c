#include "net/work.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop_parts.h"

struct mes_work {
    uv_work_t request; /* first: its callbacks find the work by it */
    uv_sem_t ran;
    struct mes_work_options options;
    struct mes_work **owner; /* the caller's pointer; NULL: finished by it */
};

static void run(uv_work_t *request)
{
    struct mes_work *work = (struct mes_work *)request;
    work->options.run(work->options.context);
    uv_sem_post(&work->ran);
}

/* Also when the caller has waited for it: then nobody is told. */
static void have_run(uv_work_t *request, int status)
{
    struct mes_work *work = (struct mes_work *)request;
    struct mes_work_options options = work->options;
    struct mes_work **owner = work->owner;
    (void)status;
    uv_sem_destroy(&work->ran);
    mes_free(work);
    if (owner == NULL)
        return;
    *owner = NULL;
    options.on_done(options.context);
}

int mes_work_start(struct mes_loop *loop, const struct mes_work_options *options, struct mes_work **work_out,
                   struct mes_error *error)
{
    struct mes_work *work = mes_alloc(sizeof *work);
    *work_out = NULL;
    if (work == NULL)
        return mes_fail_nomem(error);
    work->options = *options;
    work->owner = work_out;
    int status = uv_sem_init(&work->ran, 0);
    if (status == 0 && (status = uv_queue_work(mes_loop_uv(loop), &work->request, run, have_run)) != 0)
        uv_sem_destroy(&work->ran);
    if (status != 0) {
        mes_free(work);
        return mes_fail_system(error, "uv_queue_work", -status);
    }
    *work_out = work;
    return 0;
}

void mes_work_finish(struct mes_work **work_place)
{
    struct mes_work *work = *work_place;
    if (work == NULL)
        return;
    *work_place = NULL;
    work->owner = NULL;
    /* What no thread has begun yet is done here. */
    if (uv_cancel((uv_req_t *)&work->request) == 0)
        work->options.run(work->options.context);
    else
        uv_sem_wait(&work->ran);
}
