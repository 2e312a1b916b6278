#include "store/recipient.h"

#include "base/error.h"
#include "store/parts.h"

#define RECIPIENT_COLUMNS                                                                                    \
    "job_id, number, address, name, variables, attachments, status, due_at, attempts, account, code,"        \
    " enhanced, reply, advice_id, dsn, message_id, progress, done_at"

int mes_store_recipient_add(struct mes_store *store, const struct mes_store_recipient *recipient,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO recipient (job_id, number, address, name, variables, attachments,"
                              " status, attempts) VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, recipient->job);
    mes_db_bind_int(statement, recipient->number);
    mes_store_bind_text(statement, recipient->address);
    mes_store_bind_maybe(statement, recipient->name);
    mes_store_bind_maybe(statement, recipient->variables);
    mes_store_bind_maybe(statement, recipient->attachments);
    return mes_db_run(&statement, NULL, error);
}

static void read_recipient(struct mes_db_statement *statement, struct mes_store_recipient *recipient)
{
    struct mes_store_columns columns = {.statement = statement};
    recipient->job = mes_store_next_int(&columns);
    recipient->number = mes_store_next_int(&columns);
    recipient->address = mes_store_next_text(&columns);
    recipient->name = mes_store_next_text(&columns);
    recipient->variables = mes_store_next_text(&columns);
    recipient->attachments = mes_store_next_text(&columns);
    recipient->status = (enum mes_store_status)mes_store_next_int(&columns);
    recipient->due_at = mes_store_next_int(&columns);
    recipient->attempts = mes_store_next_int(&columns);
    recipient->account = mes_store_next_text(&columns);
    recipient->code = (int)mes_store_next_int(&columns);
    recipient->enhanced = mes_store_next_text(&columns);
    recipient->reply = mes_store_next_text(&columns);
    recipient->advice_id = mes_store_next_text(&columns);
    recipient->dsn = mes_store_next_text(&columns);
    recipient->message_id = mes_store_next_text(&columns);
    recipient->progress = mes_store_next_text(&columns);
    recipient->done_at = mes_store_next_int(&columns);
}

static int each_recipient(struct mes_db_statement **statement, mes_store_recipient_each *each, void *context,
                          struct mes_error *error)
{
    struct mes_store_recipient recipient;
    bool wants_more = true;
    int code = 0;
    while (wants_more && (code = mes_db_step(*statement, error)) == MES_DB_ROW) {
        read_recipient(*statement, &recipient);
        wants_more = each(context, &recipient);
    }
    mes_db_release(statement);
    return code < 0 ? code : 0;
}

static int keep_recipient(struct mes_arena *arena, struct mes_store_recipient *recipient,
                          struct mes_error *error)
{
    const char **const texts[] = {&recipient->address,     &recipient->name,      &recipient->variables,
                                  &recipient->attachments, &recipient->account,   &recipient->enhanced,
                                  &recipient->reply,       &recipient->advice_id, &recipient->dsn,
                                  &recipient->message_id,  &recipient->progress};
    return mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
}

int mes_store_recipient_load(struct mes_store_reader *reader, struct mes_store_row row,
                             struct mes_arena *arena, struct mes_store_recipient *recipient_out,
                             struct mes_error *error)
{
    static const char any[] = "SELECT " RECIPIENT_COLUMNS " FROM recipient WHERE job_id = ? AND number = ?";
    static const char owned[] =
        "SELECT " RECIPIENT_COLUMNS " FROM recipient WHERE job_id = ? AND number = ?" MES_STORE_OF_COMPANY;
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, row.company == NULL ? any : owned, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, row.job);
    mes_db_bind_int(statement, row.number);
    mes_store_bind_company(statement, row.company, row.job);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        read_recipient(statement, recipient_out);
        code = keep_recipient(arena, recipient_out, error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_recipient_range(struct mes_store_reader *reader, struct mes_store_range range,
                              mes_store_recipient_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              "SELECT " RECIPIENT_COLUMNS " FROM recipient"
                              " WHERE job_id = ? AND number >= ? AND number < ? ORDER BY number",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, range.job);
    mes_db_bind_int(statement, range.from);
    mes_db_bind_int(statement, range.to);
    return each_recipient(&statement, each, context, error);
}

int mes_store_recipient_due(struct mes_store_reader *reader, struct mes_store_retry retry,
                            mes_store_recipient_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              "SELECT " RECIPIENT_COLUMNS " FROM recipient"
                              " WHERE job_id = ? AND due_at <= ? ORDER BY due_at LIMIT ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, retry.job);
    mes_db_bind_int(statement, retry.now);
    mes_db_bind_int(statement, retry.limit);
    return each_recipient(&statement, each, context, error);
}

int mes_store_recipient_next_due(struct mes_store_reader *reader, int64_t job, int64_t *due_at_out,
                                 struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *due_at_out = 0;
    int code = mes_db_prepare(reader->db,
                              "SELECT due_at FROM recipient WHERE job_id = ? AND due_at IS NOT NULL"
                              " ORDER BY due_at LIMIT 1",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, job);
    return mes_store_run_for_int(&statement, due_at_out, error);
}

int mes_store_recipient_set(struct mes_store *store, const struct mes_store_recipient *recipient,
                            struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db,
        "UPDATE recipient SET status = ?, trouble_of = ?, due_at = ?, attempts = ?, account = ?, code = ?,"
        " enhanced = ?, reply = ?, advice_id = ?, dsn = ?, message_id = ?, progress = ?,"
        " done_at = ? WHERE job_id = ? AND number = ?",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, recipient->status);
    mes_store_bind_time(statement, recipient->status > MES_STORE_STATUS_CANCELLED ? recipient->job : 0);
    mes_store_bind_time(statement, recipient->due_at);
    mes_db_bind_int(statement, recipient->attempts);
    mes_store_bind_maybe(statement, recipient->account);
    mes_store_bind_time(statement, recipient->code);
    mes_store_bind_maybe(statement, recipient->enhanced);
    mes_store_bind_maybe(statement, recipient->reply);
    mes_store_bind_maybe(statement, recipient->advice_id);
    mes_store_bind_maybe(statement, recipient->dsn);
    mes_store_bind_maybe(statement, recipient->message_id);
    mes_store_bind_maybe(statement, recipient->progress);
    mes_store_bind_time(statement, recipient->done_at);
    mes_db_bind_int(statement, recipient->job);
    mes_db_bind_int(statement, recipient->number);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_recipient_set_due(struct mes_store *store, int64_t job, int64_t number, int64_t due_at,
                                struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db, "UPDATE recipient SET due_at = ? WHERE job_id = ? AND number = ?",
                       &statement, error);
    if (code != 0)
        return code;
    mes_store_bind_time(statement, due_at);
    mes_db_bind_int(statement, job);
    mes_db_bind_int(statement, number);
    return mes_store_run_on_one(&statement, error);
}

static int prepare_list(struct mes_store_reader *reader, const struct mes_store_recipient_page *page,
                        struct mes_db_statement **statement_out, struct mes_error *error)
{
    static const char by_number[] =
        "SELECT " RECIPIENT_COLUMNS " FROM recipient WHERE job_id = ? AND number >= ? ORDER BY number";
    static const char by_status[] = "SELECT " RECIPIENT_COLUMNS " FROM recipient WHERE trouble_of = ?"
                                    " AND status = ? AND number >= ? ORDER BY number";
    int status = MES_STORE_STATUS_COUNT - 1;
    while (status > 0 && page->statuses != 1U << status)
        status--;
    bool is_trouble = page->statuses == 1U << status && status > MES_STORE_STATUS_CANCELLED;
    int code = mes_db_prepare(reader->db, is_trouble ? by_status : by_number, statement_out, error);
    if (code != 0)
        return code;
    mes_db_bind_int(*statement_out, page->job.id);
    if (is_trouble)
        mes_db_bind_int(*statement_out, status);
    mes_db_bind_int(*statement_out, page->cursor);
    return 0;
}

static bool is_wanted(const struct mes_store_recipient_page *page,
                      const struct mes_store_recipient *recipient)
{
    return (page->statuses == 0 || (page->statuses & 1U << recipient->status) != 0) &&
           (page->text.size == 0 ||
            mes_str_find_nocase(mes_str_of(recipient->address), page->text, 0) != SIZE_MAX);
}

int mes_store_recipient_list(struct mes_store_reader *reader, struct mes_store_recipient_page *page,
                             mes_store_recipient_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_walk walk = {.limit = page->limit};
    struct mes_store_recipient recipient;
    int code = mes_store_job_look(reader, page->job, error);
    if (code == 0)
        code = prepare_list(reader, page, &statement, error);
    if (code != 0)
        return code;
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_recipient(statement, &recipient);
        bool matches = is_wanted(page, &recipient);
        if (!mes_store_walk_goes_on(&walk, matches))
            break;
        walk.last = recipient.number;
        if (matches && !each(context, &recipient)) {
            walk.has_more = true;
            break;
        }
    }
    page->cursor = walk.has_more ? walk.last + 1 : 0;
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
