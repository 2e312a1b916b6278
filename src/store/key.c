#include "store/key.h"

#include <string.h>

#include "base/error.h"
#include "store/parts.h"

#define KEY_COLUMNS "id, hash, name, company, scopes, created_at, expires_at, revoked_at, rate"

int mes_store_key_add(struct mes_store *store, const struct mes_store_key *key, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO api_key (" KEY_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, key->id);
    mes_db_bind_blob(statement, key->hash, sizeof key->hash);
    mes_store_bind_text(statement, key->name);
    mes_store_bind_text(statement, key->company);
    mes_store_bind_text(statement, key->scopes);
    mes_db_bind_int(statement, key->created_at);
    mes_store_bind_time(statement, key->expires_at);
    mes_store_bind_time(statement, key->revoked_at);
    mes_db_bind_int(statement, key->rate);
    return mes_db_run(&statement, NULL, error);
}

static void read_key(struct mes_db_statement *statement, struct mes_store_key *key)
{
    struct mes_store_columns columns = {.statement = statement};
    key->id = mes_store_next_int(&columns);
    struct mes_str hash = mes_db_blob(statement, columns.next++);
    if (hash.size == MES_DIGEST_SIZE)
        memcpy(key->hash, hash.data, MES_DIGEST_SIZE);
    key->name = mes_store_next_text(&columns);
    key->company = mes_store_next_text(&columns);
    key->scopes = mes_store_next_text(&columns);
    key->created_at = mes_store_next_int(&columns);
    key->expires_at = mes_store_next_int(&columns);
    key->revoked_at = mes_store_next_int(&columns);
    key->rate = mes_store_next_int(&columns);
}

int mes_store_key_find(struct mes_store_reader *reader, const unsigned char hash[MES_DIGEST_SIZE],
                       struct mes_arena *arena, struct mes_store_key *key_out, struct mes_error *error)
{
    const char **const texts[] = {&key_out->name, &key_out->company, &key_out->scopes};
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(reader->db, "SELECT " KEY_COLUMNS " FROM api_key WHERE hash = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_blob(statement, hash, MES_DIGEST_SIZE);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        read_key(statement, key_out);
        code = mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_key_revoke(struct mes_store *store, struct mes_store_ref ref, int64_t now,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              ref.company == NULL
                                  ? "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
                                  : "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
                                    " AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, now);
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_key_list(struct mes_store_reader *reader, const char *company, mes_store_key_each *each,
                       void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_key key;
    bool wants_more = true;
    int code =
        mes_db_prepare(reader->db,
                       company == NULL ? "SELECT " KEY_COLUMNS " FROM api_key ORDER BY id"
                                       : "SELECT " KEY_COLUMNS " FROM api_key WHERE company = ? ORDER BY id",
                       &statement, error);
    if (code != 0)
        return code;
    if (company != NULL)
        mes_db_bind_text(statement, company);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_key(statement, &key);
        wants_more = each(context, &key);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
