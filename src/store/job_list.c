/* Which jobs there are: for the courier, and for people. */
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "store/job_row.h"

/* One priority of a lane and company; `*left` is what may still be given. */
struct due_walk {
    mes_store_job_each *each;
    void *context;
    unsigned left;
    bool wants_more;
};

static bool count_due(void *context, const struct mes_store_job *job)
{
    struct due_walk *walk = context;
    walk->left--;
    walk->wants_more = walk->each(walk->context, job);
    return walk->wants_more;
}

int mes_store_job_next(struct mes_store_reader *reader, const struct mes_store_job_due *due,
                       mes_store_job_each *each, void *context, struct mes_error *error)
{
    struct due_walk walk = {.each = each, .context = context, .left = due->limit, .wants_more = true};
    int code = 0;
    for (int priority = MES_STORE_PRIORITY_MOST;
         code == 0 && priority >= 0 && walk.left > 0 && walk.wants_more; priority--) {
        struct mes_db_statement *statement = NULL;
        code = mes_db_prepare(reader->db,
                              "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE lane = ? AND company = ?"
                              " AND priority = ? AND next_at <= ? ORDER BY next_at LIMIT ?",
                              &statement, error);
        if (code != 0)
            return code;
        mes_db_bind_int(statement, due->lane);
        mes_store_bind_text(statement, due->company);
        mes_db_bind_int(statement, priority);
        mes_db_bind_int(statement, due->now);
        mes_db_bind_int(statement, walk.left);
        code = mes_store_job_row_each(&statement, count_due, &walk, error);
    }
    return code;
}

/* The place in the index: one (company, priority) after the other. */
struct queue {
    struct mes_buf company;
    int64_t priority;
    int64_t next_at; /* the earliest in it */
    struct mes_buf spare;
};

enum { COMPANY_MOST = 1024 };

/* MES_DB_ROW: `queue` is the next one. */
static int step_to_queue(struct mes_store_reader *reader, int lane, struct queue *queue,
                         struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code =
        mes_db_prepare(reader->db,
                       "SELECT company, priority, next_at FROM job WHERE lane = ? AND next_at IS NOT NULL"
                       " AND (company, priority, next_at) > (?, ?, ?)"
                       " ORDER BY company, priority, next_at LIMIT 1",
                       &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, lane);
    mes_db_bind_text(statement, mes_buf_text(&queue->company));
    mes_db_bind_int(statement, queue->priority);
    mes_db_bind_int(statement,
                    INT64_MAX); /* behind all of that queue in one step: without it SQLite walks over them */
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        struct mes_buf before = queue->company;
        mes_buf_clear(&queue->spare);
        mes_buf_add_str(&queue->spare, mes_db_text(statement, 0));
        queue->priority = mes_db_int(statement, 1);
        queue->next_at = mes_db_int(statement, 2);
        queue->company = queue->spare;
        queue->spare = before;
    }
    mes_db_release(&statement);
    return code == MES_DB_ROW && mes_buf_check(&queue->company, error) != 0 ? MES_E_NOMEM : code;
}

int mes_store_job_companies(struct mes_store_reader *reader, int lane, mes_store_job_company_each *each,
                            void *context, struct mes_error *error)
{
    struct queue queue = {.priority = -1};
    struct mes_buf company; /* of which all queues so far are */
    int64_t next_at = 0;    /* the earliest of them */
    bool wants_more = true;
    int code = MES_DB_ROW;
    mes_buf_init(&queue.company, COMPANY_MOST);
    mes_buf_init(&queue.spare, COMPANY_MOST);
    mes_buf_init(&company, COMPANY_MOST);
    while (wants_more && code == MES_DB_ROW) {
        code = step_to_queue(reader, lane, &queue, error);
        bool is_same = code == MES_DB_ROW && mes_str_eq(mes_buf_str(&queue.company), mes_buf_str(&company));
        if (code >= 0 && !is_same && next_at != 0)
            wants_more = each(context, mes_buf_text(&company), next_at);
        next_at = is_same && next_at != 0 && next_at < queue.next_at ? next_at : queue.next_at;
        mes_buf_clear(&company);
        mes_buf_add_str(&company, mes_buf_str(&queue.company));
    }
    mes_buf_fini(&queue.company);
    mes_buf_fini(&queue.spare);
    mes_buf_fini(&company);
    return code < 0 ? code : 0;
}

int mes_store_job_in_state(struct mes_store_reader *reader, const struct mes_store_job_in *in,
                           mes_store_job_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db,
                              "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE state < 4"
                              " AND state = ? AND id > ? ORDER BY id LIMIT ?",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, in->state);
    mes_db_bind_int(statement, in->after);
    mes_db_bind_int(statement, in->limit);
    return mes_store_job_row_each(&statement, each, context, error);
}

/* The narrowest index there is for what is wanted. */
static int prepare_list(struct mes_store_reader *reader, const struct mes_store_job_page *page,
                        struct mes_db_statement **statement_out, struct mes_error *error)
{
    static const char by_state[] = "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE state < 4 AND state = ?"
                                   " AND id < ? AND id >= ? ORDER BY id DESC";
    static const char by_company[] =
        "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE company <> '' AND company = ?"
        " AND id < ? AND id >= ? ORDER BY id DESC";
    static const char by_id[] =
        "SELECT " MES_STORE_JOB_COLUMNS " FROM job WHERE id < ? AND id >= ? ORDER BY id DESC";
    int64_t before = page->to != 0 ? mes_id_first(page->to) : INT64_MAX;
    /* job_standing holds the states below 4. */
    int state = MES_STORE_STATE_COUNT - 1;
    while (state > 0 && page->states != 1U << state)
        state--;
    bool is_standing = page->states == 1U << state && state < MES_STORE_QUEUED;
    bool is_company = !is_standing && page->company != NULL && page->company[0] != '\0';
    int code = mes_db_prepare(reader->db,
                              is_standing  ? by_state
                              : is_company ? by_company
                                           : by_id,
                              statement_out, error);
    if (code != 0)
        return code;
    if (is_standing)
        mes_db_bind_int(*statement_out, state);
    else if (is_company)
        mes_db_bind_text(*statement_out, page->company);
    mes_db_bind_int(*statement_out, page->cursor != 0 && page->cursor < before ? page->cursor : before);
    mes_db_bind_int(*statement_out, page->from != 0 ? mes_id_first(page->from) : 0);
    return 0;
}

static bool is_wanted(const struct mes_store_job_page *page, const struct mes_store_job *job)
{
    unsigned states = page->states != 0 ? page->states : ~(1U << MES_STORE_RECEIVING);
    return (states & 1U << job->state) != 0 &&
           (page->company == NULL || mes_str_eq(mes_str_of(page->company), mes_str_of(job->company))) &&
           (page->kind < 0 || page->kind == job->kind) &&
           (page->schedule_id == 0 || page->schedule_id == job->schedule_id) &&
           (page->text.size == 0 || mes_str_find_nocase(mes_str_of(job->subject), page->text, 0) != SIZE_MAX);
}

int mes_store_job_list(struct mes_store_reader *reader, struct mes_store_job_page *page,
                       mes_store_job_each *each, void *context, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    struct mes_store_walk walk = {.limit = page->limit};
    struct mes_store_job job;
    int code = prepare_list(reader, page, &statement, error);
    if (code != 0)
        return code;
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        mes_store_job_row_read(statement, &job);
        bool matches = is_wanted(page, &job);
        if (!mes_store_walk_goes_on(&walk, matches))
            break;
        walk.last = job.id;
        if (matches && !each(context, &job)) {
            walk.has_more = true;
            break;
        }
    }
    page->cursor = walk.has_more ? walk.last : 0;
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
