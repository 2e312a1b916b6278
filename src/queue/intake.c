#include "queue/intake.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "compose/job.h"
#include "queue/courier_parts.h"
#include "store/blob.h"
#include "store/content.h"
#include "store/flight.h"
#include "store/idempotency.h"
#include "store/recipient.h"

enum {
    MES_INTAKE_AT_ONCE = 16, /* mails of a job that may leave without being read again */
    MES_INTAKE_MEMORY = 16 * 1024 * 1024,
};

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- the idempotency key ---- */

static bool has_key(const struct mes_intake_key *key)
{
    return key != NULL && key->name != NULL && key->name[0] != '\0';
}

static struct mes_store_idempotency key_row(const struct mes_intake_head *head,
                                            const struct mes_intake_key *key, bool is_open)
{
    struct mes_store_idempotency row = {
        .company = text_or_empty(head->company),
        .asked_by = head->asked_by,
        .name = key->name,
        .job = head->id,
        .status = key->status,
        .answer = key->answer,
        .at = head->created_at,
        .is_open = is_open,
    };
    memcpy(row.digest, key->digest, sizeof row.digest);
    return row;
}

/* What is known about the key. */
struct known {
    struct mes_arena arena;
    struct mes_store_idempotency row;
    enum mes_intake_result result; /* ACCEPTED: nothing */
};

static int look_up(struct mes_store *store, const struct mes_intake_head *head,
                   const struct mes_intake_key *key, struct known *known, struct mes_error *error)
{
    known->result = MES_INTAKE_ACCEPTED;
    mes_arena_init(&known->arena, MES_INTAKE_MEMORY);
    if (!has_key(key))
        return 0;
    known->row = key_row(head, key, false);
    int code = mes_store_idempotency_find(mes_store_reads(store), &known->row, &known->arena, error);
    if (code == MES_E_NOT_FOUND)
        return 0;
    if (code != 0)
        return code;
    if (known->row.is_open)
        known->result = MES_INTAKE_BUSY;
    else if (memcmp(known->row.digest, key->digest, sizeof known->row.digest) == 0)
        known->result = MES_INTAKE_REPEATED;
    else
        known->result = MES_INTAKE_CONFLICT;
    return 0;
}

/* ---- rows ---- */

static struct mes_store_job job_row(const struct mes_intake_head *head, int64_t mails)
{
    struct mes_store_job job = {
        .id = head->id,
        .company = text_or_empty(head->company),
        .state = MES_STORE_QUEUED,
        .kind = (int)head->kind,
        .lane = (int)head->lane,
        .priority = head->priority,
        .account = text_or_empty(head->account),
        .on_doubt = (int)head->on_doubt,
        .late_policy = (int)head->late,
        .created_at = head->created_at,
        .send_at = head->send_at,
        .expires_at = head->expires_at,
        .quiet_hours = text_or_empty(head->quiet_hours),
        .zone = text_or_empty(head->zone),
        .keep_days = head->keep_days,
        .asked_by = head->asked_by,
        .schedule_id = head->schedule_id,
        .subject = text_or_empty(head->subject),
        .copies = (int64_t)head->copies,
        .mails = mails,
        .next_at = head->send_at,
    };
    job.counts[MES_STORE_STATUS_QUEUED] = mails * (job.copies + 1);
    if (head->send_at > head->created_at)
        job.state = MES_STORE_SCHEDULED;
    if (head->is_held) {
        job.state = MES_STORE_HELD;
        job.next_at = 0;
    }
    return job;
}

struct rows {
    int64_t job;
    const struct mes_intake_recipient *recipients;
    size_t count;
    int64_t first_number;
};

static int add_rows(struct mes_store *store, const struct rows *rows, struct mes_error *error)
{
    int code = 0;
    for (size_t i = 0; i < rows->count && code == 0; i++) {
        const struct mes_store_recipient row = {
            .job = rows->job,
            .number = rows->first_number + (int64_t)i,
            .address = rows->recipients[i].address,
            .name = rows->recipients[i].name,
            .variables = rows->recipients[i].variables,
            .attachments = rows->recipients[i].attachments,
        };
        code = mes_store_recipient_add(store, &row, error);
    }
    return code;
}

static int tell_accepted(struct mes_courier *courier, const struct mes_intake_head *head,
                         struct mes_error *error)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    if (listener->on_job == NULL)
        return 0;
    return listener->on_job(listener->context, courier->options.store, MES_QUEUE_JOB_ACCEPTED,
                            text_or_empty(head->company), head->id, error);
}

/* ---- the fast way ---- */

/* May its mails go to the carrier without being leased from the database later? Only where nobody has waited
 * longer. */
static bool may_leave_now(const struct mes_courier *courier, const struct mes_intake *intake,
                          const struct mes_store_job *job)
{
    if (intake->compiled == NULL || courier->options.carrier == NULL || atomic_load(&courier->is_paused))
        return false;
    if (job->state != MES_STORE_QUEUED || job->mails > MES_INTAKE_AT_ONCE || job->quiet_hours[0] != '\0')
        return false;
    if (courier->look_at[job->lane] <= job->created_at ||
        mes_courier_room(courier, job->lane) < (size_t)job->mails)
        return false;
    return mes_carrier_gate(courier->options.carrier, job->company, job->lane) == 0;
}

static int fly(struct mes_courier *courier, struct mes_intake *intake, const struct mes_store_job *job,
               struct mes_error *error)
{
    struct mes_queue_batch *batch = mes_queue_batch_new(courier, job, intake->compiled);
    int code = batch != NULL ? 0 : mes_fail_nomem(error);
    for (int64_t i = 0; i < job->mails && code == 0; i++) {
        struct mes_queue_mail *mail = mes_queue_mail_new(courier, batch, (size_t)i, i * (job->copies + 1));
        if (mail == NULL) {
            code = mes_fail_nomem(error);
            break;
        }
        mail->progress.counts_from = job->send_at;
        mail->next = intake->parcel;
        intake->parcel = mail;
        const struct mes_store_flight flight = {.job = job->id,
                                                .number = mail->number,
                                                .token = mail->token,
                                                .account = "",
                                                .since = job->created_at};
        code = mes_store_flight_add(courier->options.store, &flight, error);
    }
    if (batch != NULL)
        mes_queue_batch_drop(courier, batch);
    return code;
}

/* The mails belong to the transaction that is about to be committed. */
static void hand_over(struct mes_courier *courier, struct mes_intake *intake)
{
    while (intake->parcel != NULL) {
        struct mes_queue_mail *mail = intake->parcel;
        intake->parcel = mail->next;
        mes_courier_hand_later(courier, mail);
    }
}

static void drop_parcel(struct mes_courier *courier, struct mes_intake *intake)
{
    while (intake->parcel != NULL) {
        struct mes_queue_mail *mail = intake->parcel;
        intake->parcel = mail->next;
        mes_queue_mail_free(courier, &mail);
    }
}

/* Not before its accounts can take mail: when the gate opens earlier, the carrier says so. */
static int64_t when_to_look(const struct mes_courier *courier, const struct mes_store_job *job)
{
    int64_t gate = courier->options.carrier != NULL && job->next_at != 0
                       ? mes_carrier_gate(courier->options.carrier, job->company, job->lane)
                       : 0;
    return gate > job->next_at ? gate : job->next_at;
}

/* ---- one whole job ---- */

/* It will have its turn in a moment. */
static bool is_soon(const struct mes_intake *intake, const struct mes_store_job *job)
{
    return intake->compiled != NULL && job->state == MES_STORE_QUEUED && job->mails <= MES_INTAKE_AT_ONCE;
}

static int store_job(struct mes_courier *courier, struct mes_intake *intake, struct mes_error *error)
{
    struct mes_store *store = courier->options.store;
    const struct mes_intake_head *head = &intake->head;
    struct mes_store_job job = job_row(head, (int64_t)(intake->recipient_count / (head->copies + 1)));
    const struct rows rows = {job.id, intake->recipients, intake->recipient_count, 0};
    bool flies = may_leave_now(courier, intake, &job);
    if (flies) {
        job.state = MES_STORE_SENDING;
        job.cursor = job.mails;
        job.next_at = 0;
    }
    int code = mes_store_job_add(store, &job, error);
    if (code == 0)
        code = mes_store_content_put(store, job.id, head->document, error);
    if (code == 0)
        code = add_rows(store, &rows, error);
    if (code == 0 && head->blob_count > 0)
        code = mes_store_blob_use(store, job.id, head->blobs, head->blob_count, error);
    if (code == 0 && has_key(&intake->key)) {
        const struct mes_store_idempotency row = key_row(head, &intake->key, false);
        code = mes_store_idempotency_add(store, &row, error);
    }
    if (code == 0)
        code = tell_accepted(courier, head, error);
    if (code == 0 && flies)
        code = fly(courier, intake, &job, error);
    if (code == 0 && !flies && is_soon(intake, &job))
        mes_warm_put(&courier->warm, job.id, intake->compiled);
    if (code == 0)
        mes_courier_look_at(courier, job.lane, when_to_look(courier, &job));
    return code;
}

static int keep_answer(char **text, int *status_out, struct mes_str *answer_out,
                       const struct mes_store_idempotency *row, struct mes_error *error)
{
    *text = mes_copy(row->answer.data, row->answer.size);
    *status_out = row->status;
    *answer_out = mes_str_make(*text, row->answer.size);
    return *text != NULL ? 0 : mes_fail_nomem(error);
}

static int run_intake(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_intake *intake = (struct mes_intake *)command;
    struct known known;
    int code = look_up(store, &intake->head, &intake->key, &known, error);
    intake->result = known.result;
    if (code == 0 && intake->result == MES_INTAKE_REPEATED)
        code =
            keep_answer(&intake->known_text, &intake->known_status, &intake->known_answer, &known.row, error);
    if (code == 0 && intake->result == MES_INTAKE_ACCEPTED)
        code = store_job(intake->courier, intake, error);
    if (code == 0)
        hand_over(intake->courier, intake);
    else
        drop_parcel(intake->courier, intake);
    mes_arena_fini(&known.arena);
    return code;
}

static void intake_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_intake *intake = (struct mes_intake *)command;
    char *known = intake->known_text;
    intake->on_done(intake, code == 0 ? intake->result : MES_INTAKE_FAILED, error);
    mes_free(known);
}

void mes_intake_post(struct mes_courier *courier, struct mes_intake *intake)
{
    if (mes_intake_is_list(intake)) {
        mes_intake_post_list(courier, intake);
        return;
    }
    intake->courier = courier;
    intake->parcel = NULL;
    intake->known_text = NULL;
    intake->command.run = run_intake;
    intake->command.done = intake_done;
    intake->command.is_sure = false;
    mes_courier_post(courier, &intake->command);
}

int mes_intake_run(struct mes_courier *courier, struct mes_intake *intake, enum mes_intake_result *result_out,
                   struct mes_error *error)
{
    intake->courier = courier;
    intake->parcel = NULL;
    intake->known_text = NULL;
    int code = run_intake(&intake->command, courier->options.store, error);
    *result_out = code == 0 ? intake->result : MES_INTAKE_FAILED;
    mes_free(intake->known_text);
    intake->known_text = NULL;
    return code;
}

/* ---- slices ---- */

static int open_slices(struct mes_intake_slice *slice, struct mes_store *store, struct mes_error *error)
{
    struct known known;
    int code = look_up(store, slice->head, slice->key, &known, error);
    slice->result = known.result;
    /* What the body will be is not known yet: who called first keeps the key, and is compared at the end. */
    if (code == 0 && (slice->result == MES_INTAKE_REPEATED || slice->result == MES_INTAKE_CONFLICT)) {
        memcpy(slice->known_digest, known.row.digest, sizeof slice->known_digest);
        slice->result = MES_INTAKE_REPEATED;
        code = keep_answer(&slice->known_text, &slice->known_status, &slice->known_answer, &known.row, error);
    }
    if (code == 0 && slice->result == MES_INTAKE_ACCEPTED) {
        struct mes_store_job job = job_row(slice->head, 0);
        job.state = MES_STORE_RECEIVING;
        job.next_at = 0;
        code = mes_store_job_add(store, &job, error);
        if (code == 0 && has_key(slice->key)) {
            const struct mes_store_idempotency open = key_row(slice->head, slice->key, true);
            code = mes_store_idempotency_add(store, &open, error);
        }
    }
    mes_arena_fini(&known.arena);
    return code;
}

static int close_slices(struct mes_intake_slice *slice, struct mes_store *store, struct mes_error *error)
{
    const struct mes_intake_head *head = slice->head;
    struct mes_store_job job = job_row(head, slice->first_number / (int64_t)(head->copies + 1));
    struct mes_store_job_change change = {
        .id = head->id,
        .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT,
        .state = job.state,
        .next_at = job.next_at,
    };
    int code = mes_store_job_replace(store, &job, error);
    if (code == 0)
        code = mes_store_job_change(store, &change, error);
    if (code == 0)
        code = mes_store_content_put(store, head->id, head->document, error);
    if (code == 0 && head->blob_count > 0)
        code = mes_store_blob_use(store, head->id, head->blobs, head->blob_count, error);
    if (code == 0 && has_key(slice->key)) {
        const struct mes_store_idempotency row = key_row(head, slice->key, false);
        code = mes_store_idempotency_set(store, &row, error);
    }
    if (code == 0)
        code = tell_accepted(slice->courier, head, error);
    if (code == 0)
        mes_courier_look_at(slice->courier, job.lane, when_to_look(slice->courier, &job));
    return code;
}

static int drop_slices(struct mes_intake_slice *slice, struct mes_store *store, struct mes_error *error)
{
    int code = mes_store_job_remove(store, slice->head->id, MES_INTAKE_SLICE_MOST, &slice->is_gone, error);
    if (code == 0 && slice->is_gone && has_key(slice->key)) {
        const struct mes_store_idempotency row = key_row(slice->head, slice->key, true);
        code = mes_store_idempotency_remove(store, &row, error);
    }
    return code;
}

static int run_slice(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_intake_slice *slice = (struct mes_intake_slice *)command;
    const struct rows rows = {slice->head->id, slice->recipients, slice->recipient_count,
                              slice->first_number};
    slice->result = MES_INTAKE_ACCEPTED;
    switch (slice->step) {
    case MES_INTAKE_OPEN:
        return open_slices(slice, store, error);
    case MES_INTAKE_SLICE:
        return add_rows(store, &rows, error);
    case MES_INTAKE_CLOSE:
        return close_slices(slice, store, error);
    case MES_INTAKE_DROP:
        break;
    }
    return drop_slices(slice, store, error);
}

static void slice_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_intake_slice *slice = (struct mes_intake_slice *)command;
    char *known = slice->known_text;
    if (code == 0 && slice->step == MES_INTAKE_DROP && !slice->is_gone) {
        mes_courier_post(slice->courier, command); /* the next thousand rows */
        return;
    }
    slice->on_done(slice, code == 0 ? slice->result : MES_INTAKE_FAILED, error);
    mes_free(known);
}

void mes_intake_post_slice(struct mes_courier *courier, struct mes_intake_slice *slice)
{
    slice->courier = courier;
    slice->known_text = NULL;
    slice->command.run = run_slice;
    slice->command.done = slice_done;
    slice->command.is_sure = false;
    mes_courier_post(courier, &slice->command);
}
