#include "store/alert.h"

#include "store/parts.h"

int mes_store_alert_raise(struct mes_store *store, const struct mes_store_alert *alert, bool *is_new_out,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t added = 0;
    *is_new_out = false;
    int code = mes_db_prepare(
        store->reader.db,
        "INSERT INTO alert (name, detail, raised_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, alert->name);
    mes_store_bind_maybe(statement, alert->detail);
    mes_db_bind_int(statement, alert->raised_at);
    code = mes_db_run(&statement, &added, error);
    *is_new_out = code == 0 && added > 0;
    return code;
}

int mes_store_alert_clear(struct mes_store *store, const char *name, bool *was_raised_out,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t removed = 0;
    *was_raised_out = false;
    int code = mes_db_prepare(store->reader.db, "DELETE FROM alert WHERE name = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, name);
    code = mes_db_run(&statement, &removed, error);
    *was_raised_out = code == 0 && removed > 0;
    return code;
}

int mes_store_alert_list(struct mes_store_reader *reader, mes_store_alert_each *each, void *context,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    bool wants_more = true;
    int code = mes_db_prepare(
        reader->db, "SELECT name, detail, raised_at FROM alert ORDER BY raised_at, name", &statement, error);
    if (code != 0)
        return code;
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        struct mes_store_alert alert = {.name = mes_db_text(statement, 0).data,
                                        .detail = mes_db_text(statement, 1).data,
                                        .raised_at = mes_db_int(statement, 2)};
        wants_more = each(context, &alert);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
