#include "store/blob.h"

#include "base/error.h"
#include "store/parts.h"

int mes_store_blob_put(struct mes_store *store, const struct mes_store_blob *blob, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO blob (hash, size, encoded_size, at, uses) VALUES (?, ?, ?, ?, 0)"
                              " ON CONFLICT (hash) DO UPDATE SET at = excluded.at",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, blob->hash);
    mes_db_bind_int(statement, blob->size);
    mes_db_bind_int(statement, blob->encoded_size);
    mes_db_bind_int(statement, blob->at);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_blob_load(struct mes_store_reader *reader, const char *hash, struct mes_store_blob *blob_out,
                        struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, "SELECT size, encoded_size, at FROM blob WHERE hash = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, hash);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        *blob_out = (struct mes_store_blob){.hash = hash,
                                            .size = mes_db_int(statement, 0),
                                            .encoded_size = mes_db_int(statement, 1),
                                            .at = mes_db_int(statement, 2)};
        code = 0;
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

/* The texts of one upload. */
enum { UPLOAD_MOST = 64 * 1024 };

/* Uses are counted where a row that names the blob comes or goes, so that the sweep need not look for them.
 */
static int count_use(struct mes_store *store, const char *hash, int64_t difference, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db, "UPDATE blob SET uses = uses + ? WHERE hash = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, difference);
    mes_db_bind_text(statement, hash);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_blob_use(struct mes_store *store, int64_t job, const char *const *hashes, size_t count,
                       struct mes_error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct mes_db_statement *statement = NULL;
        int64_t added = 0;
        int code = mes_db_prepare(store->reader.db,
                                  "INSERT INTO job_blob (job_id, hash) VALUES (?, ?)"
                                  " ON CONFLICT (job_id, hash) DO NOTHING",
                                  &statement, error);
        if (code != 0)
            return code;
        mes_db_bind_int(statement, job);
        mes_db_bind_text(statement, hashes[i]);
        code = mes_db_run(&statement, &added, error);
        if (code == 0 && added > 0)
            code = count_use(store, hashes[i], 1, error);
        if (code != 0)
            return code;
    }
    return 0;
}

int mes_store_blob_release(struct mes_store *store, int64_t job, struct mes_error *error)
{
    static const char *const steps[] = {
        "UPDATE blob SET uses = uses - 1 WHERE hash IN (SELECT hash FROM job_blob WHERE job_id = ?)",
        "DELETE FROM job_blob WHERE job_id = ?"};
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof steps / sizeof steps[0]; i++) {
        struct mes_db_statement *statement = NULL;
        code = mes_db_prepare(store->reader.db, steps[i], &statement, error);
        if (code != 0)
            return code;
        mes_db_bind_int(statement, job);
        code = mes_db_run(&statement, NULL, error);
    }
    return code;
}

int mes_store_blob_list_unused(struct mes_store_reader *reader, struct mes_store_blob_unused unused,
                               mes_store_blob_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    bool wants_more = true;
    int code = mes_db_prepare(
        reader->db, "SELECT hash FROM blob WHERE uses = 0 AND at < ? ORDER BY at LIMIT ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, unused.before);
    mes_db_bind_int(statement, unused.limit);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW)
        wants_more = each(context, mes_db_text(statement, 0).data);
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_blob_remove_unused(struct mes_store *store, const char *hash, bool *is_gone_out,
                                 struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t removed = 0;
    *is_gone_out = false;
    int code =
        mes_db_prepare(store->reader.db, "DELETE FROM blob WHERE hash = ? AND uses = 0", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, hash);
    code = mes_db_run(&statement, &removed, error);
    *is_gone_out = code == 0 && removed > 0;
    return code;
}

#define UPLOAD_COLUMNS "id, company, hash, name, type, size, at"

int mes_store_upload_add(struct mes_store *store, const struct mes_store_upload *upload,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO upload (" UPLOAD_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, upload->id);
    mes_store_bind_text(statement, upload->company);
    mes_db_bind_text(statement, upload->hash);
    mes_store_bind_maybe(statement, upload->name);
    mes_store_bind_maybe(statement, upload->type);
    mes_db_bind_int(statement, upload->size);
    mes_db_bind_int(statement, upload->at);
    code = mes_db_run(&statement, NULL, error);
    return code != 0 ? code : count_use(store, upload->hash, 1, error);
}

static int keep_upload(struct mes_db_statement *statement, struct mes_arena *arena,
                       struct mes_store_upload *upload, struct mes_error *error)
{
    const char **const texts[] = {&upload->company, &upload->hash, &upload->name, &upload->type};
    struct mes_store_columns columns = {.statement = statement};
    upload->id = mes_store_next_int(&columns);
    upload->company = mes_store_next_text(&columns);
    upload->hash = mes_store_next_text(&columns);
    upload->name = mes_store_next_text(&columns);
    upload->type = mes_store_next_text(&columns);
    upload->size = mes_store_next_int(&columns);
    upload->at = mes_store_next_int(&columns);
    return mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
}

int mes_store_upload_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                          struct mes_store_upload *upload_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              ref.company == NULL ? "SELECT " UPLOAD_COLUMNS " FROM upload WHERE id = ?"
                                                  : "SELECT " UPLOAD_COLUMNS
                                                    " FROM upload WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW)
        code = keep_upload(statement, arena, upload_out, error);
    else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_upload_remove(struct mes_store *store, struct mes_store_ref ref, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_upload upload;
    struct mes_arena arena;
    mes_arena_init(&arena, UPLOAD_MOST);
    int code = mes_store_upload_load(&store->reader, ref, &arena, &upload, error);
    if (code == 0)
        code = count_use(store, upload.hash, -1, error);
    if (code == 0)
        code = mes_db_prepare(store->reader.db, "DELETE FROM upload WHERE id = ?", &statement, error);
    mes_arena_fini(&arena);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    return mes_db_run(&statement, NULL, error);
}
