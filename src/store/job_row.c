#include "store/job_row.h"

void mes_store_job_row_read(struct mes_db_statement *statement, struct mes_store_job *job_out)
{
    struct mes_store_columns columns = {.statement = statement};
    job_out->id = mes_store_next_int(&columns);
    job_out->company = mes_store_next_text(&columns);
    job_out->state = (enum mes_store_state)mes_store_next_int(&columns);
    job_out->kind = (int)mes_store_next_int(&columns);
    job_out->lane = (int)mes_store_next_int(&columns);
    job_out->priority = (int)mes_store_next_int(&columns);
    job_out->account = mes_store_next_text(&columns);
    job_out->on_doubt = (int)mes_store_next_int(&columns);
    job_out->late_policy = (int)mes_store_next_int(&columns);
    job_out->created_at = mes_store_next_int(&columns);
    job_out->send_at = mes_store_next_int(&columns);
    job_out->expires_at = mes_store_next_int(&columns);
    job_out->quiet_hours = mes_store_next_text(&columns);
    job_out->zone = mes_store_next_text(&columns);
    job_out->keep_days = mes_store_next_int(&columns);
    job_out->asked_by = mes_store_next_int(&columns);
    job_out->schedule_id = mes_store_next_int(&columns);
    job_out->subject = mes_store_next_text(&columns);
    job_out->copies = mes_store_next_int(&columns);
    job_out->mails = mes_store_next_int(&columns);
    job_out->cursor = mes_store_next_int(&columns);
    job_out->next_at = mes_store_next_int(&columns);
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        job_out->counts[status] = mes_store_next_int(&columns);
    job_out->content_refusals = mes_store_next_int(&columns);
    job_out->done_at = mes_store_next_int(&columns);
    job_out->paused_at = mes_store_next_int(&columns);
    job_out->is_content_gone = mes_store_next_int(&columns) != 0;
}

void mes_store_job_row_bind(struct mes_db_statement *statement, const struct mes_store_job *job)
{
    mes_db_bind_int(statement, job->id);
    mes_store_bind_text(statement, job->company);
    mes_db_bind_int(statement, job->state);
    mes_db_bind_int(statement, job->kind);
    mes_db_bind_int(statement, job->lane);
    mes_db_bind_int(statement, job->priority);
    mes_store_bind_maybe(statement, job->account);
    mes_db_bind_int(statement, job->on_doubt);
    mes_db_bind_int(statement, job->late_policy);
    mes_db_bind_int(statement, job->created_at);
    mes_db_bind_int(statement, job->send_at);
    mes_store_bind_time(statement, job->expires_at);
    mes_store_bind_maybe(statement, job->quiet_hours);
    mes_store_bind_maybe(statement, job->zone);
    mes_db_bind_int(statement, job->keep_days);
    mes_db_bind_int(statement, job->asked_by);
    mes_store_bind_time(statement, job->schedule_id);
    mes_store_bind_maybe(statement, job->subject);
    mes_db_bind_int(statement, job->copies);
    mes_db_bind_int(statement, job->mails);
    mes_db_bind_int(statement, job->cursor);
    mes_store_bind_time(statement, job->next_at);
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        mes_db_bind_int(statement, job->counts[status]);
    mes_db_bind_int(statement, job->content_refusals);
    mes_store_bind_time(statement, job->done_at);
    mes_store_bind_time(statement, job->paused_at);
    mes_db_bind_int(statement, job->is_content_gone);
}

int mes_store_job_row_each(struct mes_db_statement **statement, mes_store_job_each *each, void *context,
                           struct mes_error *error)
{
    struct mes_store_job job;
    bool wants_more = true;
    int code = 0;
    while (wants_more && (code = mes_db_step(*statement, error)) == MES_DB_ROW) {
        mes_store_job_row_read(*statement, &job);
        wants_more = each(context, &job);
    }
    mes_db_release(statement);
    return code < 0 ? code : 0;
}
