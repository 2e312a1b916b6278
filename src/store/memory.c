#include "store/memory.h"

#include "store/parts.h"

int mes_store_memory_load(struct mes_store_reader *reader, mes_store_memory_each *each, void *context,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    bool wants_more = true;
    int code = mes_db_prepare(reader->db, "SELECT key, value FROM memory", &statement, error);
    if (code != 0)
        return code;
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW)
        wants_more = each(context, mes_db_text(statement, 0).data, mes_db_text(statement, 1).data);
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_memory_note(struct mes_store *store, const char *key, const char *value,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              value == NULL ? "DELETE FROM memory WHERE key = ?"
                                            : "INSERT INTO memory (key, value) VALUES (?, ?)"
                                              " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, key);
    if (value != NULL)
        mes_db_bind_text(statement, value);
    return mes_db_run(&statement, NULL, error);
}
