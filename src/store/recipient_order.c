/* What is done to all rows of a job: cancel, retry. */
#include "base/error.h"
#include "i18n/say.h"
#include "store/parts.h"

/* The lead of a row's mail; `?` is the job's copies + 1. */
#define LEAD "(recipient.number - recipient.number % ?)"
#define IN_FLIGHT                                                                                            \
    "EXISTS (SELECT 1 FROM flight WHERE flight.job_id = recipient.job_id AND flight.number = " LEAD ")"

static void begin_slice(struct mes_store_slice *slice)
{
    for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
        slice->counts[status] = 0;
}

/* Binds "job_id = ? AND number >= ? AND number < ?". */
static void bind_range(struct mes_db_statement *statement, const struct mes_store_again *order, int64_t from)
{
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, from);
    mes_db_bind_int(statement, from + order->most);
}

/* What cancel will change, by status, and what it has to leave alone. */
static int count_waiting(struct mes_store *store, const struct mes_store_again *order,
                         struct mes_store_slice *slice, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "SELECT status, is_in_flight, COUNT(*) FROM (SELECT status, " IN_FLIGHT
                              " AS is_in_flight FROM recipient"
                              " WHERE job_id = ? AND number >= ? AND number < ? AND status IN (0, 4, 5))"
                              " AS waiting GROUP BY status, is_in_flight",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, order->job->copies + 1);
    bind_range(statement, order, slice->from);
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        int64_t status = mes_db_int(statement, 0);
        int64_t count = mes_db_int(statement, 2);
        if (mes_db_int(statement, 1) != 0)
            slice->in_flight += count;
        else if (status != MES_STORE_STATUS_IN_DOUBT) {
            slice->counts[status] -= count;
            slice->counts[MES_STORE_STATUS_CANCELLED] += count;
        }
    }
    mes_db_release(&statement);
    return code;
}

int mes_store_recipient_cancel(struct mes_store *store, const struct mes_store_job *job, unsigned most,
                               struct mes_store_slice *slice, struct mes_error *error)
{
    const struct mes_store_again order = {.job = job, .now = mes_clock_wall(store->clock), .most = most};
    struct mes_db_statement *statement = NULL;
    begin_slice(slice);
    int code = count_waiting(store, &order, slice, error);
    if (code == 0)
        code = mes_db_prepare(store->reader.db,
                              "UPDATE recipient SET due_at = NULL, done_at = COALESCE(done_at, ?),"
                              " status = CASE WHEN status = 5 THEN 5 ELSE 2 END,"
                              " trouble_of = CASE WHEN status = 5 THEN trouble_of END"
                              " WHERE job_id = ? AND number >= ? AND number < ? AND status IN (0, 4, 5)"
                              " AND NOT " IN_FLIGHT,
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, order.now);
    bind_range(statement, &order, slice->from);
    mes_db_bind_int(statement, job->copies + 1);
    slice->from += most;
    slice->is_end = slice->from >= job->mails * (job->copies + 1);
    return mes_db_run(&statement, NULL, error);
}

/* Retry. Its slices go by the index of rows in trouble: `from` up to what this returns in `*to_out`. */
static int end_of_failed(struct mes_store *store, const struct mes_store_again *order,
                         struct mes_store_slice *slice, int64_t *to_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "SELECT number FROM recipient WHERE trouble_of = ? AND status = ?"
                              " AND number >= ? ORDER BY number LIMIT 1 OFFSET ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, MES_STORE_STATUS_FAILED);
    mes_db_bind_int(statement, slice->from);
    mes_db_bind_int(statement, order->most);
    code = mes_db_step(statement, error);
    *to_out = code == MES_DB_ROW ? mes_db_int(statement, 0) : INT64_MAX;
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

#define FAILED_RANGE                                                                                         \
    "trouble_of = ? AND status = ? AND number >= ? AND number < ?"                                           \
    " AND NOT " IN_FLIGHT

static void bind_failed(struct mes_db_statement *statement, const struct mes_store_again *order, int64_t from,
                        int64_t to)
{
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, MES_STORE_STATUS_FAILED);
    mes_db_bind_int(statement, from);
    mes_db_bind_int(statement, to);
    mes_db_bind_int(statement, order->job->copies + 1);
}

/* A mail is leased by its lead, also when only a copy failed. */
static int wake_leads(struct mes_store *store, const struct mes_store_again *order, int64_t from, int64_t to,
                      struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE recipient SET due_at = ? WHERE job_id = ? AND number IN"
                              " (SELECT " LEAD " FROM recipient WHERE " FAILED_RANGE ")",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, order->now);
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, order->job->copies + 1);
    bind_failed(statement, order, from, to);
    return mes_db_run(&statement, NULL, error);
}

static int requeue_failed(struct mes_store *store, const struct mes_store_again *order,
                          struct mes_store_slice *slice, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t to = 0;
    int64_t requeued = 0;
    int code = end_of_failed(store, order, slice, &to, error);
    if (code == 0)
        code = wake_leads(store, order, slice->from, to, error);
    if (code == 0)
        code = mes_db_prepare(
            store->reader.db,
            "UPDATE recipient SET status = 0, trouble_of = NULL, attempts = 0, progress = NULL,"
            " done_at = NULL WHERE " FAILED_RANGE,
            &statement, error);
    if (code != 0)
        return code;
    bind_failed(statement, order, slice->from, to);
    code = mes_db_run(&statement, &requeued, error);
    slice->counts[MES_STORE_STATUS_FAILED] = -requeued;
    slice->counts[MES_STORE_STATUS_QUEUED] = requeued;
    slice->stage = to == INT64_MAX;
    slice->from = to == INT64_MAX ? 0 : to;
    return code;
}

static int hurry_deferred(struct mes_store *store, const struct mes_store_again *order,
                          struct mes_store_slice *slice, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t hurried = 0;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE recipient SET due_at = ? WHERE job_id = ? AND number IN"
                              " (SELECT number FROM recipient WHERE job_id = ? AND due_at > ? AND status = 4"
                              " ORDER BY due_at LIMIT ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, order->now);
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, order->job->id);
    mes_db_bind_int(statement, order->now);
    mes_db_bind_int(statement, order->most);
    code = mes_db_run(&statement, &hurried, error);
    slice->due_now += hurried;
    slice->is_end = hurried < order->most;
    return code;
}

int mes_store_recipient_retry(struct mes_store *store, const struct mes_store_again *again,
                              struct mes_store_slice *slice, struct mes_error *error)
{
    if (again->job->is_content_gone)
        return mes_fail(error, MES_E_USAGE, MES_SAY_store_content_gone, MES_NO_ARGS);
    begin_slice(slice);
    return slice->stage == 0 ? requeue_failed(store, again, slice, error)
                             : hurry_deferred(store, again, slice, error);
}
