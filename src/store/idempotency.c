#include "store/idempotency.h"

#include <string.h>

#include "base/error.h"
#include "store/parts.h"

/* Binds "company = ? AND asked_by = ? AND name = ?". */
static void bind_name(struct mes_db_statement *statement, const struct mes_store_idempotency *row)
{
    mes_store_bind_text(statement, row->company);
    mes_db_bind_int(statement, row->asked_by);
    mes_store_bind_text(statement, row->name);
}

static int read_row(struct mes_db_statement *statement, struct mes_store_idempotency *row,
                    struct mes_arena *arena, struct mes_error *error)
{
    struct mes_str digest = mes_db_blob(statement, 0);
    struct mes_str answer = mes_db_text(statement, 3);
    if (digest.size == MES_DIGEST_SIZE)
        memcpy(row->digest, digest.data, MES_DIGEST_SIZE);
    row->job = mes_db_int(statement, 1);
    row->status = (int)mes_db_int(statement, 2);
    row->answer = mes_str_make(mes_arena_copy(arena, answer), answer.size);
    row->at = mes_db_int(statement, 4);
    row->is_open = mes_db_int(statement, 5) != 0;
    return row->answer.data == NULL ? mes_fail_nomem(error) : 0;
}

int mes_store_idempotency_find(struct mes_store_reader *reader, struct mes_store_idempotency *row,
                               struct mes_arena *arena, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              "SELECT sha256, job_id, status, answer, at, is_open FROM idempotency"
                              " WHERE company = ? AND asked_by = ? AND name = ?",
                              &statement, error);
    if (code != 0)
        return code;
    bind_name(statement, row);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW)
        code = read_row(statement, row, arena, error);
    else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_idempotency_add(struct mes_store *store, const struct mes_store_idempotency *row,
                              struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db,
                       "INSERT INTO idempotency (company, asked_by, name, sha256, job_id, status, answer,"
                       " at, is_open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       &statement, error);
    if (code != 0)
        return code;
    bind_name(statement, row);
    mes_db_bind_blob(statement, row->digest, sizeof row->digest);
    mes_db_bind_int(statement, row->job);
    mes_db_bind_int(statement, row->status);
    mes_db_bind_str(statement, row->answer);
    mes_db_bind_int(statement, row->at);
    mes_db_bind_int(statement, row->is_open);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_idempotency_set(struct mes_store *store, const struct mes_store_idempotency *row,
                              struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE idempotency SET sha256 = ?, status = ?, answer = ?, is_open = ?"
                              " WHERE company = ? AND asked_by = ? AND name = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_blob(statement, row->digest, sizeof row->digest);
    mes_db_bind_int(statement, row->status);
    mes_db_bind_str(statement, row->answer);
    mes_db_bind_int(statement, row->is_open);
    bind_name(statement, row);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_idempotency_remove(struct mes_store *store, const struct mes_store_idempotency *row,
                                 struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "DELETE FROM idempotency WHERE company = ? AND asked_by = ? AND name = ?",
                              &statement, error);
    if (code != 0)
        return code;
    bind_name(statement, row);
    return mes_db_run(&statement, NULL, error);
}
