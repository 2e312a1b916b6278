#include "store/meta.h"

#include "base/error.h"
#include "store/parts.h"

int mes_store_meta_number(struct mes_store_reader *reader, const char *key, int64_t fallback,
                          int64_t *number_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *number_out = fallback;
    int code =
        mes_db_prepare(reader->db, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, key);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW)
        *number_out = mes_db_int(statement, 0);
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_meta_put_number(struct mes_store *store, const char *key, int64_t number,
                              struct mes_error *error)
{
    return mes_store_meta_put_text(store, key, MES_NUMBER(number), error);
}

int mes_store_meta_put_text(struct mes_store *store, const char *key, const char *text,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO meta (key, value) VALUES (?, ?)"
                              " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, key);
    mes_db_bind_text(statement, text);
    return mes_db_run(&statement, NULL, error);
}
