#include "store/depth.h"

#include <string.h>

#include "store/parts.h"

int mes_store_depth_look(struct mes_store *store, int64_t id, struct mes_store_depth_job *job_out,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *job_out = (struct mes_store_depth_job){.state = MES_STORE_DEPTH_NO_JOB};
    int code =
        mes_db_prepare(store->reader.db, "SELECT state, queued, deferred, in_doubt FROM job WHERE id = ?",
                       &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, id);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        job_out->state = mes_db_int(statement, 0);
        job_out->counts[MES_STORE_STATUS_QUEUED] = mes_db_int(statement, 1);
        job_out->counts[MES_STORE_STATUS_DEFERRED] = mes_db_int(statement, 2);
        job_out->counts[MES_STORE_STATUS_IN_DOUBT] = mes_db_int(statement, 3);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

void mes_store_depth_note(struct mes_store *store, const struct mes_store_depth_job *job, int sign)
{
    if (job->state < 0 || job->state >= MES_STORE_DEPTH_STATES)
        return;
    struct mes_store_depth_row *row = &store->depth.rows[job->state];
    row->jobs += sign;
    row->queued += sign * job->counts[MES_STORE_STATUS_QUEUED];
    row->deferred += sign * job->counts[MES_STORE_STATUS_DEFERRED];
    row->in_doubt += sign * job->counts[MES_STORE_STATUS_IN_DOUBT];
}

static int add_row(struct mes_store *store, int state, const struct mes_store_depth_row *row,
                   struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db,
        "INSERT INTO depth (state, jobs, queued, deferred, in_doubt) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (state) DO UPDATE SET jobs = depth.jobs + excluded.jobs,"
        " queued = depth.queued + excluded.queued, deferred = depth.deferred + excluded.deferred,"
        " in_doubt = depth.in_doubt + excluded.in_doubt",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, state);
    mes_db_bind_int(statement, row->jobs);
    mes_db_bind_int(statement, row->queued);
    mes_db_bind_int(statement, row->deferred);
    mes_db_bind_int(statement, row->in_doubt);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_depth_flush(struct mes_store *store, struct mes_error *error)
{
    static const struct mes_store_depth_row nothing;
    int code = 0;
    for (int state = 0; state < MES_STORE_DEPTH_STATES && code == 0; state++) {
        struct mes_store_depth_row *row = &store->depth.rows[state];
        if (memcmp(row, &nothing, sizeof nothing) != 0)
            code = add_row(store, state, row, error);
        *row = nothing;
    }
    return code;
}

int mes_store_depth_recount(struct mes_store *store, struct mes_error *error)
{
    memset(store->depth.rows, 0, sizeof store->depth.rows);
    return mes_db_exec(store->reader.db, "DELETE FROM depth;" MES_STORE_DEPTH_COUNT, error);
}
