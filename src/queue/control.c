#include "queue/control.h"

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "queue/courier_parts.h"

enum { MES_CONTROL_SLICE = 2000, MES_CONTROL_MEMORY = 1024 * 1024, MES_CONTROL_GOES_ON_MS = 60 * 1000 };

struct action {
    unsigned states; /* in which it may be done */
    int (*run)(struct mes_control *control, struct mes_store_job *job, struct mes_error *error);
    unsigned repeated_in; /* in which it is done already: no mistake, and nothing changes */
};

static struct mes_store *store_of(const struct mes_control *control)
{
    return control->courier->options.store;
}

static int64_t now_of(const struct mes_control *control)
{
    return mes_clock_wall(control->courier->clock);
}

/* ---- pause and hold ---- */

/* What is with the carrier and has not begun comes back: a slow relay would go on for an hour with it. */
static int stop(struct mes_control *control, const struct mes_store_job *job, enum mes_store_state state,
                struct mes_error *error)
{
    const struct mes_store_job_change change = {
        .id = job->id,
        .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT | MES_STORE_JOB_PAUSED_AT,
        .state = state,
        .paused_at = now_of(control),
    };
    mes_courier_recall(control->courier, job->id, false);
    return mes_store_job_change(store_of(control), &change, error);
}

static int run_pause(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    return stop(control, job, MES_STORE_PAUSED, error);
}

static int run_hold(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    return stop(control, job, MES_STORE_HELD, error);
}

/* It goes on where it was; a time that the caller named moves by as long as it stood still. */
static int run_resume(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    int64_t now = now_of(control);
    bool has_begun = job->cursor > 0;
    struct mes_store_job_change change = {
        .id = job->id,
        .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT | MES_STORE_JOB_PAUSED_AT,
        .state = has_begun ? MES_STORE_SENDING : MES_STORE_QUEUED,
        .next_at = job->send_at > now ? job->send_at : now,
    };
    if (!has_begun && job->send_at > now)
        change.state = MES_STORE_SCHEDULED;
    int code = mes_store_job_change(store_of(control), &change, error);
    if (code == 0 && job->expires_at > 0 && job->paused_at > 0 && now > job->paused_at)
        code = mes_store_job_extend(store_of(control), job->id, now - job->paused_at, error);
    if (code == 0)
        mes_courier_look_at(control->courier, job->lane, change.next_at);
    return code;
}

/* ---- cancel ---- */

static int add_counts(struct mes_control *control, const struct mes_store_job *job, struct mes_error *error)
{
    struct mes_courier_change *change = mes_courier_change(control->courier, job->id, job->company);
    if (change == NULL)
        return mes_fail_nomem(error);
    for (int i = 0; i < MES_STORE_STATUS_COUNT; i++) {
        change->change.counts[i] += control->slice.counts[i];
        control->total[i] += control->slice.counts[i];
        control->slice.counts[i] = 0;
    }
    change->may_be_done = true;
    return 0;
}

/* The time under which a cancelled job stands until its last slice: when the process ends before, the courier
 * finds it there and goes on. */
static int mark_cancelled(struct mes_control *control, const struct mes_store_job *job, bool is_end,
                          struct mes_error *error)
{
    const struct mes_store_job_change change = {
        .id = job->id,
        .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT,
        .state = MES_STORE_CANCELLED,
        .next_at = is_end ? 0 : now_of(control) + MES_CONTROL_GOES_ON_MS,
    };
    mes_courier_recall(control->courier, job->id, true);
    return mes_store_job_change(store_of(control), &change, error);
}

static int run_cancel(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    int code = mes_store_recipient_cancel(store_of(control), job, MES_CONTROL_SLICE, &control->slice, error);
    if (code == 0)
        code = mark_cancelled(control, job, control->slice.is_end, error);
    if (code == 0)
        code = add_counts(control, job, error);
    control->cancelled = control->total[MES_STORE_STATUS_CANCELLED];
    control->in_flight = control->slice.in_flight;
    return code;
}

/* ---- retry ---- */

static int run_retry(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    int64_t now = now_of(control);
    const struct mes_store_again again = {job, now, MES_CONTROL_SLICE};
    int code = mes_store_recipient_retry(store_of(control), &again, &control->slice, error);
    if (code == 0)
        code = add_counts(control, job, error);
    control->requeued = -control->total[MES_STORE_STATUS_FAILED];
    control->due_now = control->slice.due_now;
    /* With each slice: the process may end before the last one. */
    if (code != 0 || control->requeued + control->due_now == 0)
        return code;
    bool is_stopped = job->state == MES_STORE_PAUSED || job->state == MES_STORE_HELD;
    const struct mes_store_job_change change = {
        .id = job->id,
        .set = MES_STORE_JOB_DONE_AT | (is_stopped ? 0U : MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT),
        .state = MES_STORE_SENDING,
        .next_at = now,
    };
    code = mes_store_job_change(store_of(control), &change, error);
    mes_courier_look_at(control->courier, job->lane, now);
    return code;
}

/* ---- one recipient in doubt ---- */

static int refuse_resolve(const struct mes_store_recipient *row, struct mes_error *error)
{
    return mes_fail(error, MES_E_USAGE, MES_SAY_queue_not_in_doubt,
                    MES_ARGS(row->address, mes_store_status_name(row->status)));
}

static int resolve_row(struct mes_control *control, const struct mes_store_job *job,
                       struct mes_store_recipient *row, struct mes_error *error)
{
    int64_t now = now_of(control);
    int64_t lead = row->number - row->number % (job->copies + 1);
    struct mes_courier_change *change = mes_courier_change(control->courier, job->id, job->company);
    if (change == NULL)
        return mes_fail_nomem(error);
    change->change.counts[MES_STORE_STATUS_IN_DOUBT]--;
    change->may_be_done = true;
    row->due_at = 0;
    row->done_at = now;
    row->status = MES_STORE_STATUS_SENT;
    if (!control->was_delivered) {
        row->status = MES_STORE_STATUS_QUEUED;
        row->done_at = 0;
        row->progress = "";
        row->due_at = row->number == lead ? now : 0;
        change->due_at = now;
        change->change.set |= MES_STORE_JOB_DONE_AT | MES_STORE_JOB_STATE;
        change->change.state = job->state == MES_STORE_DONE ? MES_STORE_SENDING : job->state;
        change->may_be_done = false;
    }
    change->change.counts[row->status]++;
    int code = mes_store_recipient_set(store_of(control), row, error);
    if (code == 0 && !control->was_delivered && row->number != lead)
        code = mes_store_recipient_set_due(store_of(control), job->id, lead, now, error);
    return code;
}

static int run_resolve(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    struct mes_store_recipient row;
    struct mes_arena arena;
    const struct mes_store_row ref = {NULL, job->id, control->recipient};
    mes_arena_init(&arena, MES_CONTROL_MEMORY);
    int code = mes_store_recipient_load(mes_store_reads(store_of(control)), ref, &arena, &row, error);
    if (code == 0 && (row.status != MES_STORE_STATUS_IN_DOUBT || row.done_at == 0))
        code = refuse_resolve(&row, error);
    if (code == 0 && !control->was_delivered && job->is_content_gone)
        code = mes_fail(error, MES_E_USAGE, MES_SAY_store_content_gone, MES_NO_ARGS);
    if (code == 0)
        code = resolve_row(control, job, &row, error);
    mes_arena_fini(&arena);
    control->slice.is_end = true;
    return code;
}

/* ---- all of them ---- */

#define IN(state) (1U << MES_STORE_##state)
#define WAITING (IN(SCHEDULED) | IN(QUEUED) | IN(SENDING))
static const struct action actions[] = {
    [MES_CONTROL_PAUSE] = {.states = WAITING, .run = run_pause, .repeated_in = IN(PAUSED)},
    [MES_CONTROL_RESUME] = {.states = IN(PAUSED), .run = run_resume, .repeated_in = WAITING},
    [MES_CONTROL_HOLD] = {.states = WAITING | IN(PAUSED), .run = run_hold, .repeated_in = IN(HELD)},
    [MES_CONTROL_RELEASE] = {.states = IN(HELD), .run = run_resume, .repeated_in = WAITING},
    [MES_CONTROL_CANCEL] = {.states = WAITING | IN(PAUSED) | IN(HELD),
                            .run = run_cancel,
                            .repeated_in = IN(CANCELLED)},
    [MES_CONTROL_RETRY] = {.states = WAITING | IN(PAUSED) | IN(HELD) | IN(DONE), .run = run_retry},
    [MES_CONTROL_RESOLVE] = {.states = WAITING | IN(PAUSED) | IN(HELD) | IN(DONE) | IN(CANCELLED),
                             .run = run_resolve},
};

static int act(struct mes_control *control, struct mes_store_job *job, struct mes_error *error)
{
    const struct action *action = &actions[control->action];
    unsigned state = 1U << job->state;
    bool is_one_step = control->action != MES_CONTROL_CANCEL && control->action != MES_CONTROL_RETRY;
    bool is_half_done =
        control->action == MES_CONTROL_CANCEL && job->state == MES_STORE_CANCELLED && job->next_at != 0;
    if (control->has_begun || is_half_done || (action->states & state) != 0) {
        int code = action->run(control, job, error);
        control->has_begun = true;
        control->slice.is_end = control->slice.is_end || is_one_step;
        return code;
    }
    control->slice.is_end = true;
    if ((action->repeated_in & state) != 0)
        return 0;
    return mes_fail(error, MES_E_USAGE, MES_SAY_queue_wrong_state,
                    MES_ARGS(mes_store_state_name(job->state)));
}

static int run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_control *control = (struct mes_control *)command;
    const struct mes_store_ref ref = {control->company, control->job};
    struct mes_store_job job;
    struct mes_arena arena;
    mes_arena_init(&arena, MES_CONTROL_MEMORY);
    int code = mes_store_job_load(mes_store_reads(store), ref, &arena, &job, error);
    if (code == 0 && job.state == MES_STORE_RECEIVING)
        code = MES_E_NOT_FOUND;
    if (code == 0)
        code = act(control, &job, error);
    if (code == 0)
        code = mes_courier_flush(control->courier, error);
    mes_arena_fini(&arena);
    return code;
}

static void done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_control *control = (struct mes_control *)command;
    if (code == 0 && !control->slice.is_end) {
        mes_courier_post(control->courier, command); /* the next slice, in a transaction of its own */
        return;
    }
    control->code = code;
    control->on_done(control, error);
}

void mes_control_post(struct mes_courier *courier, struct mes_control *control)
{
    control->courier = courier;
    control->has_begun = false;
    control->slice = (struct mes_store_slice){0};
    for (int i = 0; i < MES_STORE_STATUS_COUNT; i++)
        control->total[i] = 0;
    control->cancelled = control->in_flight = control->requeued = control->due_now = 0;
    control->command.run = run;
    control->command.done = done;
    control->command.is_sure = false;
    control->command.looks_at_jobs = true;
    mes_courier_post(courier, &control->command);
}

static void forget(struct mes_control *control, const struct mes_error *error)
{
    (void)error;
    mes_free(control);
}

int mes_control_cancel_later(struct mes_courier *courier, int64_t job, struct mes_error *error)
{
    const struct mes_store_job_change change = {.id = job,
                                                .set = MES_STORE_JOB_NEXT_AT,
                                                .next_at =
                                                    mes_clock_wall(courier->clock) + MES_CONTROL_GOES_ON_MS};
    struct mes_control *control = mes_alloc(sizeof *control);
    if (control == NULL)
        return mes_fail_nomem(error);
    control->action = MES_CONTROL_CANCEL;
    control->job = job;
    control->on_done = forget;
    mes_control_post(courier, control);
    return mes_store_job_change(courier->options.store, &change, error);
}
