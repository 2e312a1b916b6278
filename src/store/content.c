#include "store/content.h"

#include "base/error.h"
#include "store/parts.h"

int mes_store_content_put(struct mes_store *store, int64_t job, struct mes_str document,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO content (job_id, document) VALUES (?, ?)"
                              " ON CONFLICT (job_id) DO UPDATE SET document = excluded.document",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, job);
    mes_db_bind_str(statement, document);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_content_load(struct mes_store_reader *reader, struct mes_store_ref job,
                           struct mes_buf *document_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              job.company == NULL
                                  ? "SELECT document FROM content WHERE job_id = ?"
                                  : "SELECT document FROM content WHERE job_id = ?" MES_STORE_OF_COMPANY,
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, job.id);
    mes_store_bind_company(statement, job.company, job.id);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        mes_buf_add_str(document_out, mes_db_text(statement, 0));
        code = mes_buf_check(document_out, error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}
