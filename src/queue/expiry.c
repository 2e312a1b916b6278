/* What is not sent any more because its time has passed. */
#include "base/alloc.h"
#include "base/error.h"
#include "queue/courier_parts.h"
#include "store/recipient.h"

bool mes_queue_row_is_open(const struct mes_store_recipient *row)
{
    return row->done_at == 0 &&
           (row->status == MES_STORE_STATUS_QUEUED || row->status == MES_STORE_STATUS_DEFERRED ||
            row->status == MES_STORE_STATUS_IN_DOUBT);
}

int mes_courier_expire(struct mes_courier *courier, const struct mes_store_job *job,
                       const struct mes_store_recipient *rows, struct mes_error *error)
{
    static const struct mes_outcome_attempt too_late = {
        .account = "",
        .step = "limit",
        .class_ = "account",
        .enhanced = "",
        .reply = "expired: the time until which it was to be sent has passed",
        .advice_id = "",
        .dsn = "",
        .sender = "",
        .tls = "",
        .digest = "",
    };
    size_t step = (size_t)job->copies + 1;
    struct mes_outcome_row *ended = mes_alloc(step * sizeof *ended);
    struct mes_outcome outcome = {.job = job->id,
                                  .company = job->company,
                                  .number = rows[0].number,
                                  .message_id = "",
                                  .progress = rows[0].progress,
                                  .rows = ended,
                                  .is_continued = true};
    bool has_no_lease = true;
    if (ended == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < step; i++)
        if (mes_queue_row_is_open(&rows[i]))
            ended[outcome.row_count++] = (struct mes_outcome_row){
                .number = rows[i].number,
                .address = rows[i].address,
                .before = rows[i].status,
                .attempts_before = -1,
                .status = rows[i].status == MES_STORE_STATUS_IN_DOUBT ? MES_STORE_STATUS_IN_DOUBT
                                                                      : MES_STORE_STATUS_FAILED,
                .is_final = true,
                .attempts = &too_late,
                .attempt_count = 1,
            };
    int code = mes_courier_apply(courier, &outcome, &has_no_lease, error);
    mes_free(ended);
    return code;
}
