/* Jobs change with every result of their mails. The changes of one transaction are added up and written once
 * for each job. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "queue/courier_parts.h"
#include "store/flight.h"
#include "store/recipient.h"

enum { MES_CHANGES_FIRST = 64 };

static struct mes_courier_change *find(struct mes_courier *courier, int64_t job)
{
    /* Results come job by job, so the newest one is it nearly always. */
    for (size_t i = courier->change_count; i-- > 0;)
        if (courier->changes[i].change.id == job && !courier->changes[i].is_written)
            return &courier->changes[i];
    return NULL;
}

static bool make_room(struct mes_courier *courier)
{
    size_t capacity = courier->change_capacity == 0 ? MES_CHANGES_FIRST : courier->change_capacity * 2;
    if (courier->change_count < courier->change_capacity)
        return true;
    struct mes_courier_change *grown = mes_realloc(courier->changes, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    courier->changes = grown;
    courier->change_capacity = capacity;
    return true;
}

struct mes_courier_change *mes_courier_change(struct mes_courier *courier, int64_t job, const char *company)
{
    struct mes_courier_change *change = find(courier, job);
    if (change != NULL)
        return change;
    if (!make_room(courier))
        return NULL;
    change = &courier->changes[courier->change_count++];
    *change = (struct mes_courier_change){.change.id = job};
    (void)snprintf(change->company, sizeof change->company, "%s", company);
    return change;
}

void mes_courier_look_at(struct mes_courier *courier, int lane, int64_t at)
{
    if (at > 0 && at < courier->look_at[lane])
        courier->look_at[lane] = at;
}

static int tell_done(struct mes_courier *courier, const struct mes_courier_change *change,
                     struct mes_error *error)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    if (listener->on_job == NULL)
        return 0;
    return listener->on_job(listener->context, courier->options.store, MES_QUEUE_JOB_DONE, change->company,
                            change->change.id, error);
}

/* The job as it stands now, with the change in it. */
static int load(struct mes_courier *courier, int64_t id, struct mes_arena *arena, struct mes_store_job *job,
                struct mes_error *error)
{
    const struct mes_store_ref ref = {NULL, id};
    return mes_store_job_load(mes_store_reads(courier->options.store), ref, arena, job, error);
}

/* Is there nothing left to send, nor anything under way? */
static int is_done(struct mes_courier *courier, const struct mes_store_job *job, bool *is_done_out,
                   struct mes_error *error)
{
    struct mes_store_reader *reader = mes_store_reads(courier->options.store);
    struct mes_store_flight_counts flights = {0};
    int64_t next_due = 0;
    *is_done_out = false;
    if (job->counts[MES_STORE_STATUS_QUEUED] > 0 || job->counts[MES_STORE_STATUS_DEFERRED] > 0 ||
        job->done_at != 0)
        return 0;
    int code = mes_store_recipient_next_due(reader, job->id, &next_due, error);
    if (code == 0 && next_due == 0)
        code = mes_store_flight_count(reader, job->id, &flights, error);
    *is_done_out = code == 0 && next_due == 0 && flights.leased + flights.dots == 0;
    return code;
}

/* Where nothing more is to be sent there is nothing to hold. */
static bool may_be_held(const struct mes_store_job *job)
{
    return job->state == MES_STORE_QUEUED || job->state == MES_STORE_SENDING ||
           job->state == MES_STORE_PAUSED;
}

static int hold(struct mes_courier *courier, const struct mes_courier_change *change,
                struct mes_store_job_change *next, struct mes_error *error)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    char id[MES_ID_SPACE];
    next->set |= MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT;
    next->state = MES_STORE_HELD;
    next->next_at = 0;
    mes_courier_recall(courier, next->id, false);
    mes_courier_alert(courier, "job.held", mes_id_text(id, next->id));
    if (listener->on_job == NULL)
        return 0;
    return listener->on_job(listener->context, courier->options.store, MES_QUEUE_JOB_HELD, change->company,
                            next->id, error);
}

static void note_retry(struct mes_courier *courier, const struct mes_courier_change *change,
                       const struct mes_store_job *job, struct mes_store_job_change *next)
{
    bool is_running = job->state == MES_STORE_QUEUED || job->state == MES_STORE_SENDING;
    if (change->due_at == 0 || !is_running || (job->next_at != 0 && job->next_at <= change->due_at))
        return;
    next->set |= MES_STORE_JOB_NEXT_AT;
    next->next_at = change->due_at;
    mes_courier_look_at(courier, job->lane, change->due_at);
}

static int finish(struct mes_courier *courier, const struct mes_courier_change *change,
                  const struct mes_store_job *job, struct mes_store_job_change *next, struct mes_error *error)
{
    next->set |= MES_STORE_JOB_NEXT_AT | MES_STORE_JOB_DONE_AT;
    next->next_at = 0;
    next->done_at = mes_clock_wall(courier->clock);
    if (job->state != MES_STORE_CANCELLED) {
        next->set |= MES_STORE_JOB_STATE;
        next->state = MES_STORE_DONE;
    }
    return tell_done(courier, change, error);
}

/* A retry was added, the last row got its word, or too many were refused: the job's own row has to be looked
 * at. */
static int follow_up(struct mes_courier *courier, struct mes_courier_change *change, struct mes_arena *arena,
                     struct mes_error *error)
{
    struct mes_store_job job;
    struct mes_store_job_change next = {.id = change->change.id};
    bool done = false;
    int code = load(courier, next.id, arena, &job, error);
    if (code != 0)
        return code == MES_E_NOT_FOUND ? 0 : code;
    note_retry(courier, change, &job, &next);
    if (change->may_be_done)
        code = is_done(courier, &job, &done, error);
    if (code == 0 && done)
        code = finish(courier, change, &job, &next, error);
    else if (code == 0 && change->is_refused && may_be_held(&job))
        code = hold(courier, change, &next, error);
    return code == 0 && next.set != 0 ? mes_store_job_change(courier->options.store, &next, error) : code;
}

static int write(struct mes_courier *courier, struct mes_courier_change *change, struct mes_arena *arena,
                 struct mes_error *error)
{
    struct mes_store_job_change *own = &change->change;
    if (change->is_whole) {
        own->set |= MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT | MES_STORE_JOB_DONE_AT;
        own->state = MES_STORE_DONE;
        own->next_at = 0;
        own->done_at = mes_clock_wall(courier->clock);
    }
    int code = mes_store_job_change(courier->options.store, own, error);
    if (code == MES_E_NOT_FOUND)
        return 0; /* its rows were swept away meanwhile */
    if (code != 0)
        return code;
    if (change->is_whole)
        return tell_done(courier, change, error);
    bool needs_look = change->due_at > 0 || change->may_be_done || change->is_refused;
    return needs_look ? follow_up(courier, change, arena, error) : 0;
}

int mes_courier_flush(struct mes_courier *courier, struct mes_error *error)
{
    int code = 0;
    for (size_t i = 0; i < courier->change_count && code == 0; i++) {
        struct mes_courier_change *change = &courier->changes[i];
        struct mes_arena arena;
        if (change->is_written)
            continue;
        mes_arena_init(&arena, 1024 * 1024);
        code = write(courier, change, &arena, error);
        mes_arena_fini(&arena);
        /* Followers hear of it after the commit; a further change in this transaction begins anew. */
        change->is_written = true;
    }
    return code;
}
