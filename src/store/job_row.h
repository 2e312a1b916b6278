/* How a row of `job` is read and written. */
#ifndef MES_STORE_JOB_ROW_H
#define MES_STORE_JOB_ROW_H

#include "store/parts.h"

/* In the order in which both sides go through them. */
#define MES_STORE_JOB_COLUMNS                                                                                \
    "id, company, state, kind, lane, priority, account, on_doubt, late_policy, created_at, send_at,"         \
    " expires_at, quiet_hours, zone, keep_days, asked_by, schedule_id, subject, copies, mails, cursor,"      \
    " next_at, queued, sent, cancelled, failed, deferred, in_doubt, content_refusals, done_at,"              \
    " paused_at, is_content_gone"

/* The present row; texts as mes_db_text says. */
void mes_store_job_row_read(struct mes_db_statement *statement, struct mes_store_job *job_out);
/* Binds all of them. */
void mes_store_job_row_bind(struct mes_db_statement *statement, const struct mes_store_job *job);

/* Steps through rows of MES_STORE_JOB_COLUMNS and releases the statement. */
int mes_store_job_row_each(struct mes_db_statement **statement, mes_store_job_each *each, void *context,
                           struct mes_error *error) MES_MUST_USE;

#endif
