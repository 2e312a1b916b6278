#include "store/flight.h"

#include "store/parts.h"

#define FLIGHT_COLUMNS "job_id, number, token, epoch, is_dot, doubts, account, since, crashes"

int mes_store_flight_add(struct mes_store *store, const struct mes_store_flight *flight,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO flight (" FLIGHT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, flight->job);
    mes_db_bind_int(statement, flight->number);
    mes_db_bind_int(statement, flight->token);
    mes_db_bind_int(statement, store->epoch);
    mes_db_bind_int(statement, flight->is_dot);
    mes_db_bind_int(statement, flight->doubts);
    mes_store_bind_maybe(statement, flight->account);
    mes_db_bind_int(statement, flight->since);
    mes_db_bind_int(statement, flight->crashes);
    return mes_db_run(&statement, NULL, error);
}

/* Ends a statement whose WHERE names the flight and its token. */
static int run_on_flight(struct mes_db_statement **statement, const struct mes_store_flight *flight,
                         bool *is_ours_out, struct mes_error *error)
{
    int64_t changed = 0;
    mes_db_bind_int(*statement, flight->job);
    mes_db_bind_int(*statement, flight->number);
    mes_db_bind_int(*statement, flight->token);
    int code = mes_db_run(statement, &changed, error);
    *is_ours_out = code == 0 && changed > 0;
    return code;
}

int mes_store_flight_mark_dot(struct mes_store *store, const struct mes_store_flight *flight,
                              bool *is_ours_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *is_ours_out = false;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE flight SET is_dot = 1, doubts = ?, account = ?, since = ?"
                              " WHERE job_id = ? AND number = ? AND token = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, flight->doubts);
    mes_store_bind_maybe(statement, flight->account);
    mes_db_bind_int(statement, flight->since);
    return run_on_flight(&statement, flight, is_ours_out, error);
}

int mes_store_flight_withdraw_dot(struct mes_store *store, const struct mes_store_flight *flight,
                                  bool *is_ours_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *is_ours_out = false;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE flight SET is_dot = 0 WHERE job_id = ? AND number = ? AND token = ?",
                              &statement, error);
    return code != 0 ? code : run_on_flight(&statement, flight, is_ours_out, error);
}

int mes_store_flight_remove(struct mes_store *store, const struct mes_store_flight *flight, bool *is_ours_out,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *is_ours_out = false;
    int code =
        mes_db_prepare(store->reader.db, "DELETE FROM flight WHERE job_id = ? AND number = ? AND token = ?",
                       &statement, error);
    return code != 0 ? code : run_on_flight(&statement, flight, is_ours_out, error);
}

static void read_flight(struct mes_db_statement *statement, struct mes_store_flight *flight)
{
    struct mes_store_columns columns = {.statement = statement};
    flight->job = mes_store_next_int(&columns);
    flight->number = mes_store_next_int(&columns);
    flight->token = mes_store_next_int(&columns);
    flight->epoch = mes_store_next_int(&columns);
    flight->is_dot = mes_store_next_int(&columns) != 0;
    flight->doubts = mes_store_next_int(&columns);
    flight->account = mes_store_next_text(&columns);
    flight->since = mes_store_next_int(&columns);
    flight->crashes = mes_store_next_int(&columns);
}

int mes_store_flight_left(struct mes_store *store, unsigned limit, mes_store_flight_each *each, void *context,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_flight flight;
    bool wants_more = true;
    int code = mes_db_prepare(store->reader.db,
                              "SELECT " FLIGHT_COLUMNS " FROM flight WHERE epoch <> ?"
                              " ORDER BY job_id, number LIMIT ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, store->epoch);
    mes_db_bind_int(statement, limit);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_flight(statement, &flight);
        wants_more = each(context, &flight);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_flight_count(struct mes_store_reader *reader, int64_t job,
                           struct mes_store_flight_counts *counts_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *counts_out = (struct mes_store_flight_counts){.leased = 0};
    int code = mes_db_prepare(reader->db,
                              job == 0 ? "SELECT COUNT(*), SUM(is_dot) FROM flight"
                                       : "SELECT COUNT(*), SUM(is_dot) FROM flight WHERE job_id = ?",
                              &statement, error);
    if (code != 0)
        return code;
    if (job != 0)
        mes_db_bind_int(statement, job);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        counts_out->dots = mes_db_int(statement, 1);
        counts_out->leased = mes_db_int(statement, 0) - counts_out->dots;
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
