#include "store/sweep.h"

#include "base/error.h"
#include "base/id.h"
#include "store/blob.h"
#include "store/parts.h"

static const int64_t day = INT64_C(24) * 60 * 60 * 1000;

/* What of a slice's rows is still left; a stage that leaves some is over. */
struct budget {
    struct mes_store *store;
    int64_t rows;
};

/* Runs "DELETE … WHERE … < ? … LIMIT ?". */
static int remove_below(struct budget *budget, const char *sql, int64_t bound, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t removed = 0;
    int code = mes_db_prepare(budget->store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, bound);
    mes_db_bind_int(statement, budget->rows);
    code = mes_db_run(&statement, &removed, error);
    budget->rows -= removed;
    return code;
}

static int sweep_answers(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    return remove_below(budget,
                        "DELETE FROM idempotency WHERE (company, asked_by, name) IN"
                        " (SELECT company, asked_by, name FROM idempotency WHERE at < ? AND is_open = 0"
                        " ORDER BY at LIMIT ?)",
                        sweep->now - 2 * day, error);
}

static int sweep_transcripts(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    return remove_below(
        budget,
        "DELETE FROM transcript WHERE attempt_id IN"
        " (SELECT attempt_id FROM transcript WHERE attempt_id < ? ORDER BY attempt_id LIMIT ?)",
        mes_id_first(sweep->now - sweep->transcript_days * day), error);
}

/* One number for one number: the first column of the first row, 0 when there is none. */
static int ask(struct budget *budget, const char *sql, int64_t bound, int64_t *found_out,
               struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *found_out = 0;
    int code = mes_db_prepare(budget->store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, bound);
    return mes_store_run_for_int(&statement, found_out, error);
}

static int sweep_uploads(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    while (budget->rows > 0) {
        int64_t id = 0;
        int code = ask(budget, "SELECT id FROM upload WHERE at < ? ORDER BY at LIMIT 1",
                       sweep->now - sweep->upload_days * day, &id, error);
        if (code == 0 && id != 0)
            code = mes_store_upload_remove(budget->store, (struct mes_store_ref){.id = id}, error);
        if (code != 0 || id == 0)
            return code;
        budget->rows--;
    }
    return 0;
}

static int sweep_captured(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    int64_t newest_to_go = 0;
    if (sweep->captured_most == 0)
        return 0;
    int code = ask(budget, "SELECT id FROM captured ORDER BY id DESC LIMIT 1 OFFSET ?", sweep->captured_most,
                   &newest_to_go, error);
    if (code != 0 || newest_to_go == 0)
        return code;
    return remove_below(budget,
                        "DELETE FROM captured WHERE id IN (SELECT id FROM captured WHERE id <= ?"
                        " ORDER BY id LIMIT ?)",
                        newest_to_go, error);
}

/* Walks on from `sweep->after` in the order of ids: `sql` gives an id and whether that one is to go. Those
 * that stay are few, because only ids as old as `age` are looked at. Sets `sweep->job`, 0: there is none. */
static int find_next(struct mes_store_sweep *sweep, struct budget *budget, const char *sql, int64_t age,
                     struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(budget->store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, sweep->now - age);
    mes_db_bind_int(statement, sweep->after);
    mes_db_bind_int(statement, mes_id_first(sweep->now - age));
    while (sweep->job == 0 && budget->rows > 0 && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        sweep->after = mes_db_int(statement, 0);
        if (mes_db_int(statement, 1) != 0)
            sweep->job = sweep->after;
        budget->rows--;
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

/* The next job whose content is too old: by its own wish, or by the setting. */
static int find_old_content(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    if (sweep->job != 0)
        return 0;
    sweep->number = 0;
    int code = ask(budget, "SELECT id FROM job WHERE kept_until < ? ORDER BY kept_until LIMIT 1", sweep->now,
                   &sweep->job, error);
    if (code != 0 || sweep->job != 0)
        return code;
    return find_next(
        sweep, budget,
        "SELECT content.job_id, job.done_at IS NOT NULL AND job.done_at < ? AND job.keep_days = 0"
        " FROM content JOIN job ON job.id = content.job_id"
        " WHERE content.job_id > ? AND content.job_id < ? ORDER BY content.job_id",
        sweep->message_days * day, error);
}

/* Variables of some rows; `is_end_out`: of the last ones. */
static int forget_variables(struct mes_store_sweep *sweep, struct budget *budget, bool *is_end_out,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t last = 0;
    int code = mes_db_prepare(budget->store->reader.db,
                              "SELECT MAX(number) + 1 FROM recipient WHERE job_id = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, sweep->job);
    code = mes_store_run_for_int(&statement, &last, error);
    if (code == 0)
        code = mes_db_prepare(budget->store->reader.db,
                              "UPDATE recipient SET variables = NULL, attachments = NULL"
                              " WHERE job_id = ? AND number >= ? AND number < ?"
                              " AND (variables IS NOT NULL OR attachments IS NOT NULL)",
                              &statement, error);
    if (code != 0)
        return code;
    int64_t end = sweep->number + budget->rows < last ? sweep->number + budget->rows : last;
    mes_db_bind_int(statement, sweep->job);
    mes_db_bind_int(statement, sweep->number);
    mes_db_bind_int(statement, end);
    budget->rows -= end - sweep->number;
    sweep->number = end;
    *is_end_out = end >= last;
    return mes_db_run(&statement, NULL, error);
}

static int run_on_job(struct budget *budget, const char *sql, int64_t job, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(budget->store->reader.db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, job);
    return mes_db_run(&statement, NULL, error);
}

/* The content itself goes last: until then another sweep finds the job again, should this one not come to its
 * end. */
static int forget_content(struct budget *budget, int64_t job, struct mes_error *error)
{
    int code = mes_store_blob_release(budget->store, job, error);
    budget->rows--;
    if (code == 0)
        code = run_on_job(budget, "UPDATE job SET kept_until = NULL WHERE id = ?", job, error);
    return code != 0 ? code : run_on_job(budget, "DELETE FROM content WHERE job_id = ?", job, error);
}

static int sweep_content(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    while (budget->rows > 0) {
        bool is_end = false;
        int code = find_old_content(sweep, budget, error);
        if (code != 0 || sweep->job == 0)
            return code;
        /* From the first slice on nobody may send it again. */
        code = run_on_job(budget, "UPDATE job SET is_content_gone = 1 WHERE id = ?", sweep->job, error);
        if (code == 0)
            code = forget_variables(sweep, budget, &is_end, error);
        if (code == 0 && is_end) {
            code = forget_content(budget, sweep->job, error);
            sweep->job = 0;
        }
        if (code != 0)
            return code;
    }
    return 0;
}

static int sweep_jobs(struct mes_store_sweep *sweep, struct budget *budget, struct mes_error *error)
{
    while (budget->rows > 0) {
        bool is_gone = false;
        int code = find_next(sweep, budget,
                             "SELECT id, done_at IS NOT NULL AND done_at < ? AND is_content_gone = 1 FROM job"
                             " WHERE id > ? AND id < ? ORDER BY id",
                             sweep->proof_days * day, error);
        if (code == 0 && sweep->job != 0)
            code = mes_store_job_remove_some(budget->store, sweep->job, &budget->rows, &is_gone, error);
        if (code != 0 || sweep->job == 0)
            return code;
        if (is_gone)
            sweep->job = 0;
    }
    return 0;
}

int mes_store_sweep_slice(struct mes_store_sweep *sweep, struct mes_store *store, unsigned most,
                          struct mes_error *error)
{
    static int (*const stages[])(struct mes_store_sweep *, struct budget *, struct mes_error *) = {
        sweep_answers, sweep_transcripts, sweep_uploads, sweep_captured, sweep_content, sweep_jobs};
    enum { STAGES = sizeof stages / sizeof stages[0] };
    struct budget budget = {.store = store, .rows = most};
    while (sweep->stage < STAGES && budget.rows > 0) {
        int code = stages[sweep->stage](sweep, &budget, error);
        if (code != 0)
            return code;
        if (budget.rows > 0) {
            sweep->stage++;
            sweep->after = 0;
        }
    }
    sweep->is_end = sweep->stage == STAGES;
    return 0;
}

int mes_store_sweep_unfinished(struct mes_store *store, unsigned most, bool *is_end_out,
                               struct mes_error *error)
{
    struct budget budget = {.store = store, .rows = most};
    struct mes_db_statement *statement = NULL;
    *is_end_out = false;
    int code =
        mes_db_prepare(store->reader.db, "DELETE FROM idempotency WHERE is_open = 1", &statement, error);
    if (code == 0)
        code = mes_db_run(&statement, NULL, error);
    while (code == 0 && budget.rows > 0) {
        bool is_gone = false;
        int64_t job = 0;
        code = ask(&budget, "SELECT id FROM job WHERE state < 4 AND state = ? ORDER BY id LIMIT 1",
                   MES_STORE_RECEIVING, &job, error);
        *is_end_out = code == 0 && job == 0;
        if (code != 0 || job == 0)
            return code;
        code = mes_store_job_remove_some(store, job, &budget.rows, &is_gone, error);
    }
    return code;
}
