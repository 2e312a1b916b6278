/* Which mails go next: the lanes and the companies take turns, and within a company the jobs do. A share of
 * each job is leased, compiled and handed to the carrier. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/zone.h"
#include "compose/stored.h"
#include "queue/control.h"
#include "queue/courier_parts.h"
#include "queue/quiet.h"
#include "queue/retry.h"
#include "store/content.h"
#include "store/flight.h"
#include "store/recipient.h"

enum {
    MES_LEASE_SHARE = 64,      /* mails of one job before the next one has its turn */
    MES_LEASE_JOBS = 64,       /* of one company in one round */
    MES_LEASE_COMPANIES = 256, /* looked at in one round */
    MES_LEASE_MS = 4,          /* of one lane in one transaction, or one job where that takes longer */
    MES_LEASE_MEMORY = 64 * 1024 * 1024,
    MES_LEASE_DOCUMENT = 64 * 1024 * 1024,
};

/* One round of one lane. */
struct round {
    struct mes_courier *courier;
    int lane;
    int64_t now;
    int64_t until; /* monotonic: then the next transaction goes on */
    size_t room;
    struct mes_arena arena; /* companies */
    const char *companies[MES_LEASE_COMPANIES];
    size_t company_count;
    int64_t next_look; /* when something more may be due */
};

/* The mails of one job in one round. */
struct share {
    struct round *round;
    struct mes_arena arena;
    struct mes_store_job *job;
    struct mes_store_recipient *rows; /* whole mails, lead first */
    size_t row_count, row_capacity;
    size_t fresh_mails;
    struct mes_queue_batch *batch;
    bool is_whole_compiled; /* every mail of the job is in what was compiled, at its own number */
};

static void look_again(struct round *round, int64_t at)
{
    if (at > 0 && at < round->next_look)
        round->next_look = at;
}

static bool has_room(const struct round *round)
{
    return round->room > 0 && mes_clock_monotonic(round->courier->clock) < round->until;
}

/* ---- rows ---- */

static bool keep_row(void *context, const struct mes_store_recipient *row)
{
    struct share *share = context;
    if (share->row_count == share->row_capacity)
        return false;
    struct mes_store_recipient *kept = &share->rows[share->row_count];
    *kept = *row;
    kept->address = mes_arena_copy(&share->arena, mes_str_of(row->address));
    kept->name = mes_arena_copy(&share->arena, mes_str_of(row->name));
    kept->variables = mes_arena_copy(&share->arena, mes_str_of(row->variables));
    kept->attachments = mes_arena_copy(&share->arena, mes_str_of(row->attachments));
    kept->progress = mes_arena_copy(&share->arena, mes_str_of(row->progress));
    if (kept->address == NULL || kept->name == NULL || kept->variables == NULL || kept->attachments == NULL ||
        kept->progress == NULL)
        return false;
    share->row_count++;
    return true;
}

static int load_range(struct share *share, int64_t first_mail, int64_t mails, struct mes_error *error)
{
    int64_t rows = share->job->copies + 1;
    const struct mes_store_range range = {share->job->id, first_mail * rows, (first_mail + mails) * rows};
    struct mes_store_reader *reader = mes_store_reads(share->round->courier->options.store);
    return mes_store_recipient_range(reader, range, keep_row, share, error);
}

struct leads {
    int64_t numbers[MES_LEASE_SHARE];
    size_t count;
};

static bool keep_lead(void *context, const struct mes_store_recipient *row)
{
    struct leads *leads = context;
    leads->numbers[leads->count++] = row->number;
    return leads->count < MES_LEASE_SHARE;
}

/* Retries first: they are the older ones. */
static int load_rows(struct share *share, size_t mails, struct mes_error *error)
{
    struct mes_store_reader *reader = mes_store_reads(share->round->courier->options.store);
    struct leads leads = {.count = 0};
    const struct mes_store_retry retry = {share->job->id, share->round->now, (unsigned)mails};
    bool has_retries = share->job->cursor > 0;
    int code = has_retries ? mes_store_recipient_due(reader, retry, keep_lead, &leads, error) : 0;
    for (size_t i = 0; i < leads.count && code == 0; i++)
        code = load_range(share, leads.numbers[i] / (share->job->copies + 1), 1, error);
    int64_t left = share->job->mails - share->job->cursor;
    share->fresh_mails = mails - leads.count;
    if ((int64_t)share->fresh_mails > left)
        share->fresh_mails = left > 0 ? (size_t)left : 0;
    if (code == 0 && share->fresh_mails > 0)
        code = load_range(share, share->job->cursor, (int64_t)share->fresh_mails, error);
    return code;
}

/* ---- compiling ---- */

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int add_leads(struct share *share, struct mes_compose_stored *stored, struct mes_error *error)
{
    size_t step = (size_t)share->job->copies + 1;
    int code = 0;
    for (size_t i = 0; i < share->row_count && code == 0; i += step) {
        const struct mes_store_recipient *row = &share->rows[i];
        const struct mes_compose_addressee addressee = {
            .number = (uint64_t)row->number / step,
            .address = row->address,
            .name = or_null(row->name),
            .variables = or_null(row->variables),
            .attachments = or_null(row->attachments),
        };
        code = mes_compose_stored_add(stored, &addressee, error);
    }
    return code;
}

static int compile(struct share *share, struct mes_compose_job **compiled_out, struct mes_error *error)
{
    struct mes_courier *courier = share->round->courier;
    struct mes_compose_stored *stored = NULL;
    struct mes_buf document;
    const struct mes_store_ref ref = {NULL, share->job->id};
    mes_buf_init(&document, MES_LEASE_DOCUMENT);
    int code = mes_store_content_load(mes_store_reads(courier->options.store), ref, &document, error);
    if (code == 0)
        code = mes_compose_stored_read(mes_buf_str(&document), courier->options.blob_folder, &stored, error);
    if (code == 0)
        code = add_leads(share, stored, error);
    if (code == 0)
        code = mes_compose_job_new(stored->message, &stored->options, compiled_out, error);
    mes_compose_stored_free(&stored);
    mes_buf_fini(&document);
    return code;
}

/* ---- mails ---- */

/* What is remembered about the mail, with the time that it has waited for this lease. */
static void recall(const struct share *share, const struct mes_store_recipient *lead,
                   struct mes_progress *progress_out)
{
    const struct round *round = share->round;
    const struct mes_store_job *job = share->job;
    mes_progress_parse(lead->progress, progress_out);
    int64_t since = progress_out->counts_from > 0 ? lead->due_at : job->send_at;
    const struct mes_retry_waiting waiting = {
        .since = since,
        .now = round->now,
        .ill_ms = mes_courier_true_ill_ms(
            round->courier, since,
            mes_carrier_ill_ms(round->courier->options.carrier, job->company, round->lane, since)),
    };
    mes_retry_note_waiting(progress_out, &waiting);
}

static int lease_mail(struct share *share, size_t index, struct mes_error *error)
{
    struct mes_courier *courier = share->round->courier;
    size_t step = (size_t)share->job->copies + 1;
    const struct mes_store_recipient *rows = &share->rows[index * step];
    size_t compiled_index = share->is_whole_compiled ? (size_t)rows[0].number / step : index;
    struct mes_queue_mail *mail = mes_queue_mail_new(courier, share->batch, compiled_index, rows[0].number);
    if (mail == NULL)
        return mes_fail_nomem(error);
    mes_courier_hand_later(courier, mail);
    recall(share, &rows[0], &mail->progress);
    for (size_t i = 0; i < step; i++) {
        mail->rows[i].is_open = mes_queue_row_is_open(&rows[i]);
        mail->rows[i].status = rows[i].status;
        mail->rows[i].attempts = rows[i].attempts;
    }
    const struct mes_store_flight flight = {.job = share->job->id,
                                            .number = mail->number,
                                            .token = mail->token,
                                            .account = "",
                                            .since = share->round->now,
                                            .crashes = mail->progress.crashes};
    int code = mes_store_flight_add(courier->options.store, &flight, error);
    if (code == 0 && rows[0].due_at != 0)
        code = mes_store_recipient_set_due(courier->options.store, share->job->id, mail->number, 0, error);
    return code;
}

/* ---- a job's turn ---- */

/* What is left of the job afterwards: now again at the end of the row, at its next retry, or nothing. */
static int move_on(struct share *share, int64_t wait_until, struct mes_error *error)
{
    struct mes_courier *courier = share->round->courier;
    struct mes_store_job *job = share->job;
    int64_t due = 0;
    struct mes_store_job_change change = {
        .id = job->id,
        .set = MES_STORE_JOB_CURSOR | MES_STORE_JOB_NEXT_AT,
        .cursor = job->cursor + (int64_t)share->fresh_mails,
    };
    int code = 0;
    if (job->cursor > 0) /* else none of its mails was ever tried */
        code = mes_store_recipient_next_due(mes_store_reads(courier->options.store), job->id, &due, error);
    change.next_at = change.cursor < job->mails ? share->round->now : due;
    if (change.next_at != 0 && change.next_at < share->round->now)
        change.next_at = share->round->now;
    if (wait_until > 0)
        change.next_at = wait_until;
    if (share->row_count > 0 && job->state != MES_STORE_SENDING) {
        change.set |= MES_STORE_JOB_STATE;
        change.state = MES_STORE_SENDING;
    }
    look_again(share->round, change.next_at);
    return code == 0 ? mes_store_job_change(courier->options.store, &change, error) : code;
}

/* Content that cannot be read any more must not keep the others waiting: the job is held for a person. */
static int hold_unreadable(struct share *share, const struct mes_error *why, struct mes_error *error)
{
    char id[MES_ID_SPACE];
    struct mes_courier *courier = share->round->courier;
    const struct mes_store_job_change change = {
        .id = share->job->id, .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT, .state = MES_STORE_HELD};
    mes_log(courier->options.log, MES_LOG_ERROR, "job.unreadable",
            MES_LOG_TEXT("job", mes_id_text(id, share->job->id)), MES_LOG_NUMBER("code", why->code));
    mes_courier_alert(courier, "job.held", id);
    return mes_store_job_change(courier->options.store, &change, error);
}

static int lease_rows(struct share *share, struct mes_error *error)
{
    struct mes_courier *courier = share->round->courier;
    struct mes_compose_job *compiled;
    struct mes_error why = {0};
    compiled = mes_warm_take(&courier->warm, share->job->id);
    share->is_whole_compiled = compiled != NULL;
    int code = compiled != NULL ? 0 : compile(share, &compiled, &why);
    if (code == MES_E_NOMEM)
        return mes_fail_nomem(error);
    if (code != 0) {
        share->fresh_mails = share->row_count = 0;
        return hold_unreadable(share, &why, error);
    }
    share->batch = mes_queue_batch_new(courier, share->job, compiled);
    mes_compose_job_release(&compiled);
    if (share->batch == NULL)
        return mes_fail_nomem(error);
    size_t mails = share->row_count / ((size_t)share->job->copies + 1);
    for (size_t i = 0; i < mails && code == 0; i++)
        code = lease_mail(share, i, error);
    mes_queue_batch_drop(courier, share->batch);
    share->round->room -= mails < share->round->room ? mails : share->round->room;
    return code == 0 ? move_on(share, 0, error) : code;
}

/* Nothing is sent in the quiet hours of whoever asked for it. 0: now. */
static int64_t quiet_until(struct round *round, const struct mes_store_job *job)
{
    struct mes_quiet quiet;
    struct mes_zone *zone = NULL;
    int64_t until = 0;
    if (job->quiet_hours[0] == '\0' || job->zone[0] == '\0' ||
        mes_quiet_parse(mes_str_of(job->quiet_hours), &quiet, NULL) != 0 ||
        mes_zone_load(job->zone, &zone, NULL) != 0)
        return 0;
    until = mes_quiet_next(&quiet, zone, round->now);
    mes_zone_free(&zone);
    return until > round->now ? until : 0;
}

/* A time that passed while the service was down: what the job's late policy says. */
static int settle_late(struct share *share, bool *is_settled_out, struct mes_error *error)
{
    struct mes_courier *courier = share->round->courier;
    const struct mes_store_job *job = share->job;
    bool is_late = job->state == MES_STORE_SCHEDULED && job->send_at < courier->started_at &&
                   job->late_policy != MES_LATE_SEND;
    struct mes_store_job_change change = {
        .id = job->id, .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT, .state = MES_STORE_HELD};
    *is_settled_out = is_late;
    if (!is_late)
        return 0;
    if (job->late_policy == MES_LATE_HOLD) {
        char id[MES_ID_SPACE];
        mes_courier_alert(courier, "job.held", mes_id_text(id, job->id));
        return mes_store_job_change(courier->options.store, &change, error);
    }
    return mes_control_cancel_later(courier, job->id, error);
}

/* ---- too late ---- */

/* Ends the mails whose deadline has passed; the others stay in the share. */
static int drop_expired(struct share *share, struct mes_error *error)
{
    size_t step = (size_t)share->job->copies + 1, kept = 0;
    int code = 0;
    for (size_t i = 0; i < share->row_count && code == 0; i += step) {
        struct mes_progress progress;
        recall(share, &share->rows[i], &progress);
        if (mes_retry_deadline(&progress, share->job->expires_at) <= share->round->now) {
            code = mes_courier_expire(share->round->courier, share->job, &share->rows[i], error);
            continue;
        }
        for (size_t k = 0; k < step; k++)
            share->rows[kept++] = share->rows[i + k];
    }
    share->row_count = kept;
    return code;
}

static int lease_job(struct share *share, struct mes_error *error)
{
    struct round *round = share->round;
    bool is_settled = false;
    int64_t quiet = quiet_until(round, share->job);
    size_t mails = round->room < MES_LEASE_SHARE ? round->room : MES_LEASE_SHARE;
    if (share->job->state == MES_STORE_CANCELLED) /* an earlier process ended in the middle of it */
        return mes_control_cancel_later(round->courier, share->job->id, error);
    int code = settle_late(share, &is_settled, error);
    if (code != 0 || is_settled)
        return code;
    if (quiet > 0)
        return move_on(share, quiet, error);
    share->row_capacity = mails * ((size_t)share->job->copies + 1);
    share->rows = mes_arena_alloc(&share->arena, (share->row_capacity + 1) * sizeof *share->rows);
    if (share->rows == NULL)
        return mes_fail_nomem(error);
    code = load_rows(share, mails, error);
    if (code == 0)
        code = drop_expired(share, error);
    if (code == 0 && share->row_count == 0)
        return move_on(share, 0, error);
    return code == 0 ? lease_rows(share, error) : code;
}

/* ---- the round ---- */

struct due_jobs {
    struct mes_arena *arena;
    struct mes_store_job jobs[MES_LEASE_JOBS];
    size_t count;
};

static bool keep_job(void *context, const struct mes_store_job *job)
{
    struct due_jobs *due = context;
    struct mes_store_job *kept = &due->jobs[due->count];
    *kept = *job;
    kept->company = mes_arena_copy(due->arena, mes_str_of(job->company));
    kept->account = mes_arena_copy(due->arena, mes_str_of(job->account));
    kept->subject = mes_arena_copy(due->arena, mes_str_of(job->subject));
    kept->quiet_hours = mes_arena_copy(due->arena, mes_str_of(job->quiet_hours));
    kept->zone = mes_arena_copy(due->arena, mes_str_of(job->zone));
    if (kept->company == NULL || kept->account == NULL || kept->subject == NULL ||
        kept->quiet_hours == NULL || kept->zone == NULL)
        return false;
    return ++due->count < MES_LEASE_JOBS;
}

static int lease_company(struct round *round, const char *company, struct mes_error *error)
{
    struct mes_courier *courier = round->courier;
    struct mes_arena arena;
    struct due_jobs due = {.arena = &arena};
    const struct mes_store_job_due wanted = {round->lane, company, round->now, MES_LEASE_JOBS};
    mes_arena_init(&arena, MES_LEASE_MEMORY);
    int code = mes_store_job_next(mes_store_reads(courier->options.store), &wanted, keep_job, &due, error);
    size_t served = 0;
    for (; served < due.count && code == 0 && (served == 0 || has_room(round)); served++) {
        struct share share = {.round = round, .job = &due.jobs[served]};
        mes_arena_init(&share.arena, MES_LEASE_MEMORY);
        code = lease_job(&share, error);
        mes_arena_fini(&share.arena);
    }
    if (due.count == MES_LEASE_JOBS || served < due.count || !has_room(round))
        look_again(round, round->now);
    mes_arena_fini(&arena);
    return code;
}

static bool keep_company(void *context, const char *company, int64_t next_at)
{
    struct round *round = context;
    int64_t gate = mes_carrier_gate(round->courier->options.carrier, company, round->lane);
    int64_t at = gate > next_at ? gate : next_at;
    if (at > round->now) {
        look_again(round, at);
        return true;
    }
    round->companies[round->company_count] = mes_arena_copy(&round->arena, mes_str_of(company));
    if (round->companies[round->company_count] == NULL)
        return false;
    return ++round->company_count < MES_LEASE_COMPANIES;
}

/* The first company behind the one that was served last. */
static size_t first_in_turn(const struct round *round)
{
    for (size_t i = 0; i < round->company_count; i++)
        if (strcmp(round->companies[i], round->courier->last_company[round->lane]) > 0)
            return i;
    return 0;
}

static int lease_lane(struct mes_courier *courier, int lane, int64_t now, struct mes_error *error)
{
    struct round round = {.courier = courier,
                          .lane = lane,
                          .now = now,
                          .until = mes_clock_monotonic(courier->clock) + MES_LEASE_MS,
                          .room = mes_courier_room(courier, lane),
                          .next_look = INT64_MAX};
    if (round.room == 0)
        return 0; /* a mail that comes back makes room, and the courier looks again */
    mes_arena_init(&round.arena, MES_LEASE_MEMORY);
    int code =
        mes_store_job_companies(mes_store_reads(courier->options.store), lane, keep_company, &round, error);
    size_t first = first_in_turn(&round);
    for (size_t i = 0; i < round.company_count && code == 0; i++) {
        const char *company = round.companies[(first + i) % round.company_count];
        if (i > 0 && !has_room(&round)) {
            look_again(&round, now);
            break;
        }
        code = lease_company(&round, company, error);
        (void)snprintf(courier->last_company[lane], sizeof courier->last_company[lane], "%s", company);
    }
    mes_arena_fini(&round.arena);
    /* What else the companies that were served have to do later is only seen from where this round ends. */
    if (round.company_count > 0)
        look_again(&round, now);
    courier->look_at[lane] = round.next_look;
    return code;
}

int mes_courier_lease(struct mes_courier *courier, struct mes_error *error)
{
    int64_t now = mes_clock_wall(courier->clock);
    int code = 0;
    for (int lane = 0; lane < MES_LANE_COUNT && code == 0; lane++)
        if (courier->look_at[lane] <= now)
            code = lease_lane(courier, lane, now, error);
    return code;
}
