#include "store/captured.h"

#include "base/error.h"
#include "store/parts.h"

#define CAPTURED_COLUMNS "id, company, job_id, number, at, sender, recipients, subject, size"

int mes_store_captured_add(struct mes_store *store, const struct mes_store_captured *captured,
                           struct mes_str raw, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO captured (" CAPTURED_COLUMNS
                              ", raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, captured->id);
    mes_store_bind_text(statement, captured->company);
    mes_db_bind_int(statement, captured->job);
    mes_db_bind_int(statement, captured->number);
    mes_db_bind_int(statement, captured->at);
    mes_store_bind_maybe(statement, captured->sender);
    mes_store_bind_text(statement, captured->recipients);
    mes_store_bind_maybe(statement, captured->subject);
    mes_db_bind_int(statement, (int64_t)raw.size);
    mes_db_bind_blob(statement, raw.data, raw.size);
    return mes_db_run(&statement, NULL, error);
}

static void read_captured(struct mes_db_statement *statement, struct mes_store_captured *captured)
{
    struct mes_store_columns columns = {.statement = statement};
    captured->id = mes_store_next_int(&columns);
    captured->company = mes_store_next_text(&columns);
    captured->job = mes_store_next_int(&columns);
    captured->number = mes_store_next_int(&columns);
    captured->at = mes_store_next_int(&columns);
    captured->sender = mes_store_next_text(&columns);
    captured->recipients = mes_store_next_text(&columns);
    captured->subject = mes_store_next_text(&columns);
    captured->size = mes_store_next_int(&columns);
}

int mes_store_captured_list(struct mes_store_reader *reader, const struct mes_store_captured_page *page,
                            mes_store_captured_each *each, void *context, struct mes_error *error)
{
    static const char all[] =
        "SELECT " CAPTURED_COLUMNS " FROM captured WHERE id < ? ORDER BY id DESC LIMIT ?";
    static const char owned[] =
        "SELECT " CAPTURED_COLUMNS " FROM captured WHERE company = ? AND id < ? ORDER BY id DESC LIMIT ?";
    struct mes_db_statement *statement = NULL;
    struct mes_store_captured captured;
    bool wants_more = true;
    int code = mes_db_prepare(reader->db, page->company == NULL ? all : owned, &statement, error);
    if (code != 0)
        return code;
    if (page->company != NULL)
        mes_db_bind_text(statement, page->company);
    mes_db_bind_int(statement, page->before != 0 ? page->before : INT64_MAX);
    mes_db_bind_int(statement, page->limit);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_captured(statement, &captured);
        wants_more = each(context, &captured);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

static int give_captured(struct mes_db_statement *statement, const struct mes_store_captured_wish *wish,
                         struct mes_buf *raw_out, struct mes_error *error)
{
    struct mes_store_captured captured;
    read_captured(statement, &captured);
    if (wish->each != NULL)
        (void)wish->each(wish->context, &captured);
    if (raw_out == NULL)
        return 0;
    mes_buf_add_str(raw_out, mes_db_blob(statement, 9));
    return mes_buf_check(raw_out, error);
}

int mes_store_captured_load(struct mes_store_reader *reader, const struct mes_store_captured_wish *wish,
                            struct mes_buf *raw_out, struct mes_error *error)
{
    static const char any[] = "SELECT " CAPTURED_COLUMNS ", raw FROM captured WHERE id = ?";
    static const char owned[] = "SELECT " CAPTURED_COLUMNS ", raw FROM captured WHERE id = ? AND company = ?";
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, wish->ref.company == NULL ? any : owned, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, wish->ref.id);
    if (wish->ref.company != NULL)
        mes_db_bind_text(statement, wish->ref.company);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW)
        code = give_captured(statement, wish, raw_out, error);
    else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}
