#include <string.h>

#include "base/alloc.h"
#include "compose/job.h"
#include "queue/courier_parts.h"
#include "queue/jump.h"

static void batch_free(struct mes_courier *courier, struct mes_queue_batch *batch)
{
    *batch->place = batch->next;
    if (batch->next != NULL)
        batch->next->place = batch->place;
    courier->bytes_in_flight -= batch->size;
    mes_compose_job_release(&batch->compiled);
    mes_free(batch->company);
    mes_free(batch->account);
    mes_free(batch->subject);
    mes_free(batch);
}

struct mes_queue_batch *mes_queue_batch_new(struct mes_courier *courier, const struct mes_store_job *job,
                                            struct mes_compose_job *compiled)
{
    struct mes_queue_batch *batch = mes_alloc(sizeof *batch);
    if (batch == NULL)
        return NULL;
    *batch = (struct mes_queue_batch){
        .job = job->id,
        .company = mes_copy(job->company, strlen(job->company)),
        .account = mes_copy(job->account, strlen(job->account)),
        .subject = mes_copy(job->subject, strlen(job->subject)),
        .lane = (enum mes_queue_lane)job->lane,
        .on_doubt = (enum mes_queue_doubt)job->on_doubt,
        .expires_at = job->expires_at,
        .copies = (size_t)job->copies,
        .mails = job->mails,
        .size = mes_compose_job_size(compiled),
        .compiled = mes_compose_job_share(compiled),
        .next = courier->batches,
        .place = &courier->batches,
    };
    if (batch->next != NULL)
        batch->next->place = &batch->next;
    courier->batches = batch;
    courier->bytes_in_flight += batch->size;
    if (batch->company != NULL && batch->account != NULL && batch->subject != NULL)
        return batch;
    batch_free(courier, batch);
    return NULL;
}

void mes_courier_recall(struct mes_courier *courier, int64_t job, bool is_cancelled)
{
    for (struct mes_queue_batch *batch = courier->batches; batch != NULL; batch = batch->next) {
        if (batch->job != job)
            continue;
        if (is_cancelled)
            atomic_store(&batch->is_cancelled, true);
        atomic_store(&batch->is_recalled, true);
    }
}

void mes_queue_batch_drop(struct mes_courier *courier, struct mes_queue_batch *batch)
{
    if (batch->users == 0)
        batch_free(courier, batch);
}

struct mes_queue_mail *mes_queue_mail_new(struct mes_courier *courier, struct mes_queue_batch *batch,
                                          size_t index, int64_t number)
{
    size_t count = batch->copies + 1;
    struct mes_queue_mail *mail = mes_alloc(sizeof *mail + count * sizeof *mail->rows);
    if (mail == NULL)
        return NULL;
    mail->courier = courier;
    mail->batch = batch;
    mail->number = number;
    mail->token = ++courier->next_token;
    mail->clock_offset = mes_jump_offset(courier->clock);
    mail->delivery.index = index;
    mail->rows = (struct mes_queue_row *)(mail + 1);
    mail->row_count = count;
    for (size_t i = 0; i < count; i++)
        mail->rows[i] = (struct mes_queue_row){
            .number = number + (int64_t)i, .is_open = true, .status = MES_STORE_STATUS_QUEUED};
    batch->users++;
    courier->in_flight[batch->lane]++;
    return mail;
}

void mes_queue_mail_free(struct mes_courier *courier, struct mes_queue_mail **place)
{
    struct mes_queue_mail *mail = *place;
    if (mail == NULL)
        return;
    courier->in_flight[mail->batch->lane]--;
    if (mail->fleet != NULL)
        mes_delivery_mail_fini(&mail->delivery);
    mes_arena_fini(&mail->arena);
    if (--mail->batch->users == 0)
        batch_free(courier, mail->batch);
    mes_free(mail);
    *place = NULL;
}

size_t mes_courier_room(const struct mes_courier *courier, int lane)
{
    size_t all = courier->in_flight[MES_LANE_TRANSACTIONAL] + courier->in_flight[MES_LANE_BULK];
    size_t most = MES_COURIER_MOST_IN_FLIGHT > all ? MES_COURIER_MOST_IN_FLIGHT - all : 0;
    size_t in_lane = courier->in_flight[lane];
    size_t of_lane = MES_COURIER_MOST_IN_LANE > in_lane ? MES_COURIER_MOST_IN_LANE - in_lane : 0;
    if (courier->bytes_in_flight >= MES_COURIER_MOST_BYTES)
        return 0;
    return most < of_lane ? most : of_lane;
}

void mes_courier_hand_later(struct mes_courier *courier, struct mes_queue_mail *mail)
{
    mail->next = NULL;
    *courier->leased_last = mail;
    courier->leased_last = &mail->next;
}
