#include "store/transcript.h"

#include "store/parts.h"

int mes_store_transcript_add(struct mes_store *store, const struct mes_store_transcript *transcript,
                             struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO transcript (attempt_id, job_id, number, at, account, text)"
                              " VALUES (?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, transcript->attempt);
    mes_db_bind_int(statement, transcript->job);
    mes_db_bind_int(statement, transcript->number);
    mes_db_bind_int(statement, transcript->at);
    mes_store_bind_maybe(statement, transcript->account);
    mes_store_bind_text(statement, transcript->text);
    return mes_db_run(&statement, NULL, error);
}

static void read_transcript(struct mes_db_statement *statement, struct mes_store_transcript *transcript)
{
    struct mes_store_columns columns = {.statement = statement};
    transcript->attempt = mes_store_next_int(&columns);
    transcript->job = mes_store_next_int(&columns);
    transcript->number = mes_store_next_int(&columns);
    transcript->at = mes_store_next_int(&columns);
    transcript->account = mes_store_next_text(&columns);
    transcript->text = mes_store_next_text(&columns);
}

#define TRANSCRIPTS                                                                                          \
    "SELECT attempt_id, job_id, number, at, account, text FROM transcript WHERE job_id = ? AND number = ?"

int mes_store_transcript_of(struct mes_store_reader *reader, struct mes_store_row row,
                            mes_store_transcript_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_transcript transcript;
    bool wants_more = true;
    int code = mes_db_prepare(reader->db,
                              row.company == NULL ? TRANSCRIPTS " ORDER BY attempt_id"
                                                  : TRANSCRIPTS MES_STORE_OF_COMPANY " ORDER BY attempt_id",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, row.job);
    mes_db_bind_int(statement, row.number);
    mes_store_bind_company(statement, row.company, row.job);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_transcript(statement, &transcript);
        wants_more = each(context, &transcript);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
