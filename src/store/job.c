#include "store/job.h"

#include <string.h>

#include "base/error.h"
#include "store/blob.h"
#include "store/job_row.h"

static const char *const state_names[MES_STORE_STATE_COUNT] = {
    [MES_STORE_RECEIVING] = "receiving", [MES_STORE_SCHEDULED] = "scheduled", [MES_STORE_QUEUED] = "queued",
    [MES_STORE_SENDING] = "sending",     [MES_STORE_PAUSED] = "paused",       [MES_STORE_HELD] = "held",
    [MES_STORE_DONE] = "done",           [MES_STORE_CANCELLED] = "cancelled"};

static const char *const status_names[MES_STORE_STATUS_COUNT] = {
    [MES_STORE_STATUS_QUEUED] = "queued",     [MES_STORE_STATUS_SENT] = "sent",
    [MES_STORE_STATUS_FAILED] = "failed",     [MES_STORE_STATUS_DEFERRED] = "deferred",
    [MES_STORE_STATUS_IN_DOUBT] = "in_doubt", [MES_STORE_STATUS_CANCELLED] = "cancelled"};

const char *mes_store_state_name(enum mes_store_state state)
{
    return state_names[state];
}

const char *mes_store_status_name(enum mes_store_status status)
{
    return status_names[status];
}

static bool find_name(const char *const *names, int count, struct mes_str name, int *index_out)
{
    for (*index_out = 0; *index_out < count; ++*index_out)
        if (mes_str_eq(mes_str_of(names[*index_out]), name))
            return true;
    return false;
}

bool mes_store_state_parse(struct mes_str name, enum mes_store_state *state_out)
{
    int index = 0;
    if (!find_name(state_names, MES_STORE_STATE_COUNT, name, &index))
        return false;
    *state_out = (enum mes_store_state)index;
    return true;
}

bool mes_store_status_parse(struct mes_str name, enum mes_store_status *status_out)
{
    int index = 0;
    if (!find_name(status_names, MES_STORE_STATUS_COUNT, name, &index))
        return false;
    *status_out = (enum mes_store_status)index;
    return true;
}

int mes_store_job_add(struct mes_store *store, const struct mes_store_job *job, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO job (" MES_STORE_JOB_COLUMNS ") VALUES"
                              " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                              " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    struct mes_store_depth_job counted = {.state = job->state};
    memcpy(counted.counts, job->counts, sizeof counted.counts);
    mes_store_job_row_bind(statement, job);
    code = mes_db_run(&statement, NULL, error);
    if (code == 0)
        mes_store_depth_note(store, &counted, 1);
    return code;
}

static int keep_job(struct mes_arena *arena, struct mes_store_job *job, struct mes_error *error)
{
    const char **const texts[] = {&job->company, &job->account, &job->quiet_hours, &job->zone, &job->subject};
    return mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
}

int mes_store_job_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                       struct mes_store_job *job_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              ref.company == NULL ? "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE id = ?"
                                                  : "SELECT " MES_STORE_JOB_COLUMNS
                                                    " FROM job WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        mes_store_job_row_read(statement, job_out);
        code = keep_job(arena, job_out, error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_job_look(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t id = 0;
    int code = mes_db_prepare(reader->db,
                              ref.company == NULL ? "SELECT id FROM job WHERE id = ?"
                                                  : "SELECT id FROM job WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_store_run_for_int(&statement, &id, error);
    return code == 0 && id == 0 ? mes_store_missing(error) : code;
}

/* For "column = COALESCE(?, column)". */
static void bind_if(struct mes_db_statement *statement, bool is_set, int64_t value)
{
    if (is_set)
        mes_db_bind_int(statement, value);
    else
        mes_db_bind_null(statement);
}

static int change_row(struct mes_store *store, const struct mes_store_job_change *change,
                      struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db,
        "UPDATE job SET queued = queued + ?, sent = sent + ?, cancelled = cancelled + ?, failed = failed + "
        "?, deferred = deferred + ?,"
        " in_doubt = in_doubt + ?, content_refusals = content_refusals + ?,"
        " state = COALESCE(?, state), cursor = COALESCE(?, cursor),"
        " next_at = NULLIF(COALESCE(?, next_at), 0), done_at = NULLIF(COALESCE(?, done_at), 0),"
        " paused_at = NULLIF(COALESCE(?, paused_at), 0),"
        " kept_until = CASE WHEN keep_days > 0"
        " THEN NULLIF(COALESCE(?, done_at), 0) + keep_days * 86400000 END"
        " WHERE id = ?",
        &statement, error);
    if (code != 0)
        return code;
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        mes_db_bind_int(statement, change->counts[status]);
    mes_db_bind_int(statement, change->content_refusals);
    bind_if(statement, (change->set & MES_STORE_JOB_STATE) != 0, change->state);
    bind_if(statement, (change->set & MES_STORE_JOB_CURSOR) != 0, change->cursor);
    bind_if(statement, (change->set & MES_STORE_JOB_NEXT_AT) != 0, change->next_at);
    bind_if(statement, (change->set & MES_STORE_JOB_DONE_AT) != 0, change->done_at);
    bind_if(statement, (change->set & MES_STORE_JOB_PAUSED_AT) != 0, change->paused_at);
    bind_if(statement, (change->set & MES_STORE_JOB_DONE_AT) != 0, change->done_at);
    mes_db_bind_int(statement, change->id);
    return mes_store_run_on_one(&statement, error);
}

static bool touches_depth(const struct mes_store_job_change *change)
{
    return (change->set & MES_STORE_JOB_STATE) != 0 || change->counts[MES_STORE_STATUS_QUEUED] != 0 ||
           change->counts[MES_STORE_STATUS_DEFERRED] != 0 || change->counts[MES_STORE_STATUS_IN_DOUBT] != 0;
}

static int move_depth(struct mes_store *store, const struct mes_store_job_change *change,
                      struct mes_error *error)
{
    struct mes_store_depth_job job;
    int code = mes_store_depth_look(store, change->id, &job, error);
    if (code != 0 || job.state == MES_STORE_DEPTH_NO_JOB)
        return code;
    mes_store_depth_note(store, &job, -1);
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        job.counts[status] += change->counts[status];
    if ((change->set & MES_STORE_JOB_STATE) != 0)
        job.state = change->state;
    mes_store_depth_note(store, &job, 1);
    return 0;
}

int mes_store_job_change(struct mes_store *store, const struct mes_store_job_change *change,
                         struct mes_error *error)
{
    int code = touches_depth(change) ? move_depth(store, change, error) : 0;
    return code == 0 ? change_row(store, change, error) : code;
}

static int replace_row(struct mes_store *store, const struct mes_store_job *job, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db,
        "UPDATE job SET priority = ?, account = ?, on_doubt = ?, late_policy = ?, send_at = ?,"
        " expires_at = ?, quiet_hours = ?, zone = ?, keep_days = ?, subject = ?, copies = ?, mails = ?,"
        " queued = ?, sent = ?, cancelled = ?, failed = ?, deferred = ?, in_doubt = ? WHERE id = ?",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, job->priority);
    mes_store_bind_maybe(statement, job->account);
    mes_db_bind_int(statement, job->on_doubt);
    mes_db_bind_int(statement, job->late_policy);
    mes_db_bind_int(statement, job->send_at);
    mes_store_bind_time(statement, job->expires_at);
    mes_store_bind_maybe(statement, job->quiet_hours);
    mes_store_bind_maybe(statement, job->zone);
    mes_db_bind_int(statement, job->keep_days);
    mes_store_bind_maybe(statement, job->subject);
    mes_db_bind_int(statement, job->copies);
    mes_db_bind_int(statement, job->mails);
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        mes_db_bind_int(statement, job->counts[status]);
    mes_db_bind_int(statement, job->id);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_job_replace(struct mes_store *store, const struct mes_store_job *job, struct mes_error *error)
{
    struct mes_store_depth_job counted;
    int code = mes_store_depth_look(store, job->id, &counted, error);
    if (code != 0)
        return code;
    mes_store_depth_note(store, &counted, -1);
    memcpy(counted.counts, job->counts, sizeof counted.counts);
    mes_store_depth_note(store, &counted, 1);
    return replace_row(store, job, error);
}

int mes_store_job_extend(struct mes_store *store, int64_t id, int64_t milliseconds, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db, "UPDATE job SET expires_at = expires_at + ? WHERE id = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, milliseconds);
    mes_db_bind_int(statement, id);
    return mes_store_run_on_one(&statement, error);
}

/* Rows of one table that belong to a job, as many as are left of `*most`. */
static int remove_rows(struct mes_store *store, const char *sql, int64_t id, int64_t *most,
                       struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t removed = 0;
    if (*most == 0)
        return 0;
    int code = mes_db_prepare(store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, id);
    mes_db_bind_int(statement, id);
    mes_db_bind_int(statement, *most);
    code = mes_db_run(&statement, &removed, error);
    *most -= removed;
    return code;
}

static int remove_one(struct mes_store *store, const char *sql, int64_t id, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, id);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_job_remove_some(struct mes_store *store, int64_t id, int64_t *rows, bool *is_gone_out,
                              struct mes_error *error)
{
    static const char *const in_slices[] = {
        "DELETE FROM recipient WHERE job_id = ? AND number IN"
        " (SELECT number FROM recipient WHERE job_id = ? ORDER BY number LIMIT ?)",
        "DELETE FROM transcript WHERE job_id = ? AND attempt_id IN"
        " (SELECT attempt_id FROM transcript WHERE job_id = ? LIMIT ?)",
        "DELETE FROM attempt WHERE job_id = ? AND id IN"
        " (SELECT id FROM attempt WHERE job_id = ? ORDER BY id LIMIT ?)"};
    static const char *const whole[] = {"DELETE FROM content WHERE job_id = ?",
                                        "DELETE FROM flight WHERE job_id = ?",
                                        "DELETE FROM job WHERE id = ?"};
    struct mes_store_depth_job counted = {.state = MES_STORE_DEPTH_NO_JOB};
    int code = 0;
    *is_gone_out = false;
    for (size_t i = 0; code == 0 && i < sizeof in_slices / sizeof in_slices[0]; i++)
        code = remove_rows(store, in_slices[i], id, rows, error);
    if (code != 0 || *rows == 0)
        return code;
    code = mes_store_blob_release(store, id, error);
    if (code == 0)
        code = mes_store_depth_look(store, id, &counted, error);
    mes_store_depth_note(store, &counted, -1);
    for (size_t i = 0; code == 0 && i < sizeof whole / sizeof whole[0]; i++)
        code = remove_one(store, whole[i], id, error);
    *is_gone_out = code == 0;
    --*rows;
    return code;
}

int mes_store_job_remove(struct mes_store *store, int64_t id, unsigned most, bool *is_gone_out,
                         struct mes_error *error)
{
    int64_t rows = most;
    return mes_store_job_remove_some(store, id, &rows, is_gone_out, error);
}
