#include "store/figures.h"

#include "store/parts.h"

int mes_store_figures_depth(struct mes_store_reader *reader, struct mes_store_depth *depth_out,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *depth_out = (struct mes_store_depth){.jobs = {0}};
    int code = mes_db_prepare(reader->db, "SELECT state, jobs, queued, deferred, in_doubt FROM depth",
                              &statement, error);
    if (code != 0)
        return code;
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        struct mes_store_columns columns = {.statement = statement};
        int64_t state = mes_store_next_int(&columns);
        int64_t jobs = mes_store_next_int(&columns);
        if (state < 0 || state >= MES_STORE_STATE_COUNT)
            continue;
        depth_out->jobs[state] += jobs;
        depth_out->rows[MES_STORE_STATUS_QUEUED] += mes_store_next_int(&columns);
        depth_out->rows[MES_STORE_STATUS_DEFERRED] += mes_store_next_int(&columns);
        depth_out->rows[MES_STORE_STATUS_IN_DOUBT] += mes_store_next_int(&columns);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_figures_last_attempt(struct mes_store_reader *reader, int64_t *id_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, "SELECT MAX(id) FROM attempt", &statement, error);
    return code != 0 ? code : mes_store_run_for_int(&statement, id_out, error);
}

int mes_store_figures_attempts(struct mes_store_reader *reader, int64_t *after, mes_store_figures_class *each,
                               void *context, struct mes_error *error)
{
    static const char sql[] =
        "SELECT class, COUNT(CASE WHEN step = 'limit' AND account IS NOT NULL THEN NULL ELSE 1 END), MAX(id) "
        "FROM"
        " (SELECT class, step, account, id FROM attempt WHERE id > ? ORDER BY id LIMIT 200000) AS fresh"
        " GROUP BY class";
    struct mes_db_statement *statement = NULL;
    int64_t last = *after;
    int code = mes_db_prepare(reader->db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, *after);
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        struct mes_store_columns columns = {.statement = statement};
        const char *class_ = mes_store_next_text(&columns);
        each(context, class_, mes_store_next_int(&columns));
        int64_t newest = mes_store_next_int(&columns);
        last = newest > last ? newest : last;
    }
    mes_db_release(&statement);
    if (code < 0)
        return code;
    *after = last;
    return 0;
}
