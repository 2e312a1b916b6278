#include "store/webhook.h"

#include "base/error.h"
#include "store/parts.h"

#define WEBHOOK_COLUMNS                                                                                      \
    "id, company, url, events, asked_by, created_at, state, told_at, failing_since, last_result"

/* state, told_at, failing_since, last_result. */
static void bind_mark(struct mes_db_statement *statement, const struct mes_store_webhook *webhook)
{
    mes_db_bind_int(statement, webhook->state);
    mes_store_bind_time(statement, webhook->told_at);
    mes_store_bind_time(statement, webhook->failing_since);
    mes_store_bind_maybe(statement, webhook->last_result);
}

int mes_store_webhook_add(struct mes_store *store, const struct mes_store_webhook *webhook,
                          struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db, "INSERT INTO webhook (" WEBHOOK_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, webhook->id);
    mes_store_bind_text(statement, webhook->company);
    mes_store_bind_text(statement, webhook->url);
    mes_store_bind_maybe(statement, webhook->events);
    mes_db_bind_int(statement, webhook->asked_by);
    mes_db_bind_int(statement, webhook->created_at);
    bind_mark(statement, webhook);
    return mes_db_run(&statement, NULL, error);
}

static void read_webhook(struct mes_db_statement *statement, struct mes_store_webhook *webhook)
{
    struct mes_store_columns columns = {.statement = statement};
    webhook->id = mes_store_next_int(&columns);
    webhook->company = mes_store_next_text(&columns);
    webhook->url = mes_store_next_text(&columns);
    webhook->events = mes_store_next_text(&columns);
    webhook->asked_by = mes_store_next_int(&columns);
    webhook->created_at = mes_store_next_int(&columns);
    webhook->state = (enum mes_store_webhook_state)mes_store_next_int(&columns);
    webhook->told_at = mes_store_next_int(&columns);
    webhook->failing_since = mes_store_next_int(&columns);
    webhook->last_result = mes_store_next_text(&columns);
}

int mes_store_webhook_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                           struct mes_store_webhook *webhook_out, struct mes_error *error)
{
    const char **const texts[] = {&webhook_out->company, &webhook_out->url, &webhook_out->events,
                                  &webhook_out->last_result};
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              ref.company == NULL ? "SELECT " WEBHOOK_COLUMNS " FROM webhook WHERE id = ?"
                                                  : "SELECT " WEBHOOK_COLUMNS
                                                    " FROM webhook WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        read_webhook(statement, webhook_out);
        code = mes_store_keep_texts(arena, texts, sizeof texts / sizeof texts[0], error);
    } else if (code == MES_DB_END)
        code = mes_store_missing(error);
    mes_db_release(&statement);
    return code;
}

int mes_store_webhook_mark(struct mes_store *store, const struct mes_store_webhook *webhook,
                           struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE webhook SET state = ?, told_at = ?, failing_since = ?, last_result = ?"
                              " WHERE id = ?",
                              &statement, error);
    if (code != 0)
        return code;
    bind_mark(statement, webhook);
    mes_db_bind_int(statement, webhook->id);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_remove(struct mes_store *store, struct mes_store_ref ref, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              ref.company == NULL ? "DELETE FROM webhook WHERE id = ?"
                                                  : "DELETE FROM webhook WHERE id = ? AND company = ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, ref.id);
    if (ref.company != NULL)
        mes_db_bind_text(statement, ref.company);
    code = mes_store_run_on_one(&statement, error);
    return code != 0 ? code : mes_store_webhook_event_remove_all(store, ref.id, error);
}

int mes_store_webhook_list(struct mes_store_reader *reader, const char *company, mes_store_webhook_each *each,
                           void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_webhook webhook;
    bool wants_more = true;
    int code = mes_db_prepare(reader->db,
                              company == NULL ? "SELECT " WEBHOOK_COLUMNS " FROM webhook ORDER BY id"
                                              : "SELECT " WEBHOOK_COLUMNS
                                                " FROM webhook WHERE company = ? ORDER BY id",
                              &statement, error);
    if (code != 0)
        return code;
    if (company != NULL)
        mes_db_bind_text(statement, company);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_webhook(statement, &webhook);
        wants_more = each(context, &webhook);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_webhook_event_add(struct mes_store *store, const struct mes_store_webhook_event *event,
                                struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "INSERT INTO webhook_event (id, webhook_id, event, body, attempts, due_at)"
                              " VALUES (?, ?, ?, ?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, event->id);
    mes_db_bind_int(statement, event->webhook);
    mes_store_bind_text(statement, event->event);
    mes_db_bind_str(statement, event->body);
    mes_db_bind_int(statement, event->attempts);
    mes_db_bind_int(statement, event->due_at);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_event_postpone(struct mes_store *store, int64_t id, int64_t attempts, int64_t due_at,
                                     struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db, "UPDATE webhook_event SET attempts = ?, due_at = ? WHERE id = ?",
                       &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, attempts);
    mes_db_bind_int(statement, due_at);
    mes_db_bind_int(statement, id);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_event_remove(struct mes_store *store, int64_t id, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db, "DELETE FROM webhook_event WHERE id = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, id);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_event_hasten(struct mes_store *store, int64_t webhook, int64_t due_at,
                                   struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(store->reader.db,
                              "UPDATE webhook_event SET due_at = ? WHERE webhook_id = ? AND due_at > ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, due_at);
    mes_db_bind_int(statement, webhook);
    mes_db_bind_int(statement, due_at);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_event_remove_all(struct mes_store *store, int64_t webhook, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(store->reader.db, "DELETE FROM webhook_event WHERE webhook_id = ?", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, webhook);
    return mes_db_run(&statement, NULL, error);
}

int mes_store_webhook_event_due(struct mes_store_reader *reader, struct mes_store_webhook_due due,
                                mes_store_webhook_event_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    bool wants_more = true;
    int code = mes_db_prepare(reader->db,
                              "SELECT id, webhook_id, event, body, attempts, due_at FROM webhook_event"
                              " WHERE webhook_id = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, due.webhook);
    mes_db_bind_int(statement, due.now);
    mes_db_bind_int(statement, due.limit);
    while (wants_more && (code = mes_db_step(statement, error)) == MES_DB_ROW) {
        struct mes_store_webhook_event event = {.id = mes_db_int(statement, 0),
                                                .webhook = mes_db_int(statement, 1),
                                                .event = mes_db_text(statement, 2).data,
                                                .body = mes_db_text(statement, 3),
                                                .attempts = mes_db_int(statement, 4),
                                                .due_at = mes_db_int(statement, 5)};
        wants_more = each(context, &event);
    }
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}

int mes_store_webhook_event_next(struct mes_store_reader *reader, int64_t webhook, int64_t *due_at_out,
                                 struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    *due_at_out = 0;
    int code = mes_db_prepare(reader->db,
                              "SELECT due_at FROM webhook_event WHERE webhook_id = ? ORDER BY due_at LIMIT 1",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, webhook);
    return mes_store_run_for_int(&statement, due_at_out, error);
}

int mes_store_webhook_event_count(struct mes_store_reader *reader, int64_t webhook, unsigned most,
                                  unsigned *count_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t count = 0;
    *count_out = 0;
    int code =
        mes_db_prepare(reader->db,
                       "SELECT COUNT(*) FROM (SELECT id FROM webhook_event WHERE webhook_id = ? LIMIT ?)"
                       " AS waiting",
                       &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, webhook);
    mes_db_bind_int(statement, most);
    code = mes_store_run_for_int(&statement, &count, error);
    *count_out = (unsigned)count;
    return code;
}
