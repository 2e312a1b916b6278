#include "store/schedule.h"

#include "base/error.h"
#include "store/parts.h"

#define SCHEDULE_COLUMNS                                                                                     \
    "id, company, name, expression, zone, document, late_policy, is_paused, asked_by, created_at, until,"    \
    " next_at, last_at, last_job"

int mes_store_schedule_add(struct mes_store *store, const struct mes_store_schedule *schedule,
                           struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO schedule (" SCHEDULE_COLUMNS
                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, schedule->id);
    mes_store_bind_text(statement, schedule->company);
    mes_store_bind_maybe(statement, schedule->name);
    mes_store_bind_text(statement, schedule->expression);
    mes_store_bind_maybe(statement, schedule->zone);
    mes_store_bind_text(statement, schedule->document);
    mes_db_bind_int(statement, schedule->late_policy);
    mes_db_bind_int(statement, schedule->is_paused);
    mes_db_bind_int(statement, schedule->asked_by);
    mes_db_bind_int(statement, schedule->created_at);
    mes_store_bind_time(statement, schedule->until);
    mes_store_bind_time(statement, schedule->next_at);
    mes_store_bind_time(statement, schedule->last_at);
    mes_store_bind_time(statement, schedule->last_job);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_schedule_set(struct mes_store *store, const struct mes_store_schedule *schedule,
                           struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE schedule SET name = ?, expression = ?, zone = ?, document = ?,"
                              " late_policy = ?, is_paused = ?, until = ?, next_at = ?, last_at = ?,"
                              " last_job = ? WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_store_bind_maybe(statement, schedule->name);
    mes_store_bind_text(statement, schedule->expression);
    mes_store_bind_maybe(statement, schedule->zone);
    mes_store_bind_text(statement, schedule->document);
    mes_db_bind_int(statement, schedule->late_policy);
    mes_db_bind_int(statement, schedule->is_paused);
    mes_store_bind_time(statement, schedule->until);
    mes_store_bind_time(statement, schedule->next_at);
    mes_store_bind_time(statement, schedule->last_at);
    mes_store_bind_time(statement, schedule->last_job);
    mes_db_bind_int(statement, schedule->id);
    mes_store_bind_text(statement, schedule->company);
    return mes_store_run_on_one(&statement, error);
}

static void read_schedule(struct mes_db_statement *statement, struct mes_store_schedule *schedule)
{
    struct mes_store_columns columns = {.statement = statement};
    schedule->id = mes_store_next_int(&columns);
    schedule->company = mes_store_next_text(&columns);
    schedule->name = mes_store_next_text(&columns);
    schedule->expression = mes_store_next_text(&columns);
    schedule->zone = mes_store_next_text(&columns);
    schedule->document = mes_store_next_text(&columns);
    schedule->late_policy = (int)mes_store_next_int(&columns);
    schedule->is_paused = mes_store_next_int(&columns) != 0;
    schedule->asked_by = mes_store_next_int(&columns);
    schedule->created_at = mes_store_next_int(&columns);
    schedule->until = mes_store_next_int(&columns);
    schedule->next_at = mes_store_next_int(&columns);
    schedule->last_at = mes_store_next_int(&columns);
    schedule->last_job = mes_store_next_int(&columns);
}

static int each_schedule(struct mes_db_statement **statement, mes_store_schedule_each *each, void *context,
                         struct mes_error *error)
{
    struct mes_store_schedule schedule;
    bool wants_more = true;
    int code = 0;
    while (wants_more && (code = mes_db_step(*statement, error)) == MES_DB_ROW) {
        read_schedule(*statement, &schedule);
        wants_more = each(context, &schedule);
    }
    mes_db_release(statement);
    return code < 0 ? code : 0;
}

int mes_store_schedule_load(struct mes_store_reader *reader, struct mes_store_ref ref,
                            struct mes_arena *arena, struct mes_store_schedule *schedule_out,
                            struct mes_error *error)
{
    const char **const texts[] = {&schedule_out->company, &schedule_out->name, &schedule_out->expression,
                                  &schedule_out->zone, &schedule_out->document};
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              ref.company == NULL ? "SELECT " SCHEDULE_COLUMNS " FROM schedule WHERE id = ?"
                                                  : "SELECT " SCHEDULE_COLUMNS
                                                    " FROM schedule WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        read_schedule(statement, schedule_out);
        code = mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_schedule_remove(struct mes_store *store, struct mes_store_ref ref, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              ref.company == NULL ? "DELETE FROM schedule WHERE id = ?"
                                                  : "DELETE FROM schedule WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    return mes_store_run_on_one(&statement, error);
}

int mes_store_schedule_list(struct mes_store_reader *reader, const struct mes_store_schedule_page *page,
                            mes_store_schedule_each *each, void *context, struct mes_error *error)
{
    static const char all[] = "SELECT " SCHEDULE_COLUMNS " FROM schedule WHERE id > ? ORDER BY id LIMIT ?";
    static const char owned[] =
        "SELECT " SCHEDULE_COLUMNS " FROM schedule WHERE company = ? AND id > ? ORDER BY id LIMIT ?";
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, page->company == NULL ? all : owned, &statement, error);
    if (code != 0)
        return code;
    if (page->company != NULL)
        mes_db_bind_text(statement, page->company);
    mes_db_bind_int(statement, page->after);
    mes_db_bind_int(statement, page->limit);
    return each_schedule(&statement, each, context, error);
}

int mes_store_schedule_due(struct mes_store_reader *reader, struct mes_store_schedule_due due,
                           mes_store_schedule_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        reader->db, "SELECT " SCHEDULE_COLUMNS " FROM schedule WHERE next_at <= ? ORDER BY next_at LIMIT ?",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, due.now);
    mes_db_bind_int(statement, due.limit);
    return each_schedule(&statement, each, context, error);
}

int mes_store_schedule_next(struct mes_store_reader *reader, int64_t *next_at_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *next_at_out = 0;
    int code = mes_db_prepare(
        reader->db, "SELECT next_at FROM schedule WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1",
        &statement, error);
    return code != 0 ? code : mes_store_run_for_int(&statement, next_at_out, error);
}
