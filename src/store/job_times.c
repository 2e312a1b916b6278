/* Times that a wrong clock made. */
#include "base/error.h"
#include "store/job.h"
#include "store/parts.h"

enum { JOBS = 500 };

/* Jobs of a slice that have something to retry, or may have when they go on. */
struct slice {
    int64_t ids[JOBS];
    bool waits[JOBS]; /* the job itself for a time that is too late */
    size_t count, seen;
};

static int look(struct mes_store *store, struct mes_store_job_mending *mending, struct slice *slice,
                struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "SELECT id, state, next_at FROM job WHERE id > ? ORDER BY id LIMIT ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, mending->after);
    mes_db_bind_int(statement, mending->limit < JOBS ? mending->limit : JOBS);
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        int64_t state = mes_db_int(statement, 1);
        bool is_sent = state == MES_STORE_QUEUED || state == MES_STORE_SENDING;
        mending->after = mes_db_int(statement, 0);
        slice->seen++;
        if (!is_sent && state != MES_STORE_PAUSED && state != MES_STORE_HELD)
            continue;
        slice->waits[slice->count] = is_sent && mes_db_int(statement, 2) > mending->latest;
        slice->ids[slice->count++] = mending->after;
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

static int mend_rows(struct mes_store *store, const struct mes_store_job_mending *mending, int64_t job,
                     struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db, "UPDATE recipient SET due_at = ? WHERE job_id = ? AND due_at > ?",
                       &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, mending->now);
    mes_db_bind_int(statement, job);
    mes_db_bind_int(statement, mending->latest);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_job_mend_times(struct mes_store *store, struct mes_store_job_mending *mending,
                             struct mes_error *error)
{
    struct slice slice = {.count = 0};
    int code = look(store, mending, &slice, error);
    for (size_t i = 0; i < slice.count && code == 0; i++) {
        const struct mes_store_job_change change = {
            .id = slice.ids[i], .set = MES_STORE_JOB_NEXT_AT, .next_at = mending->now};
        code = mend_rows(store, mending, slice.ids[i], error);
        if (code == 0 && slice.waits[i])
            code = mes_store_job_change(store, &change, error);
    }
    mending->is_end = slice.seen < (mending->limit < JOBS ? mending->limit : JOBS);
    return code;
}
