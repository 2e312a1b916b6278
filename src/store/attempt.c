#include "store/attempt.h"

#include "base/error.h"
#include "base/id.h"
#include "store/parts.h"

#define ATTEMPT_COLUMNS                                                                                      \
    "attempt.id, attempt.job_id, attempt.number, attempt.at, attempt.account, attempt.step, attempt.class,"  \
    " attempt.code, attempt.enhanced, attempt.reply, attempt.advice_id, attempt.milliseconds,"               \
    " attempt.sender, attempt.tls, attempt.sha256, attempt.message_id"

int mes_store_attempt_add(struct mes_store *store, struct mes_store_attempt *attempt, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(
        store->reader.db,
        "INSERT INTO attempt (id, job_id, number, at, account, step, class, code, enhanced, reply, advice_id,"
        " milliseconds, sender, tls, sha256, message_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &statement, error);
    if (code != 0)
        return code;
    attempt->id = mes_id_next(store->clock);
    mes_db_bind_int(statement, attempt->id);
    mes_db_bind_int(statement, attempt->job);
    mes_db_bind_int(statement, attempt->number);
    mes_db_bind_int(statement, attempt->at);
    mes_store_bind_maybe(statement, attempt->account);
    mes_store_bind_maybe(statement, attempt->step);
    mes_store_bind_maybe(statement, attempt->class_);
    mes_store_bind_time(statement, attempt->code);
    mes_store_bind_maybe(statement, attempt->enhanced);
    mes_store_bind_maybe(statement, attempt->reply);
    mes_store_bind_maybe(statement, attempt->advice_id);
    mes_db_bind_int(statement, attempt->milliseconds);
    mes_store_bind_maybe(statement, attempt->sender);
    mes_store_bind_maybe(statement, attempt->tls);
    mes_store_bind_maybe(statement, attempt->sha256);
    mes_store_bind_maybe(statement, attempt->message_id);
    return mes_db_run(&statement, NULL, error);
}

static void read_attempt(struct mes_store_columns *columns, struct mes_store_attempt *attempt)
{
    attempt->id = mes_store_next_int(columns);
    attempt->job = mes_store_next_int(columns);
    attempt->number = mes_store_next_int(columns);
    attempt->at = mes_store_next_int(columns);
    attempt->account = mes_store_next_text(columns);
    attempt->step = mes_store_next_text(columns);
    attempt->class_ = mes_store_next_text(columns);
    attempt->code = (int)mes_store_next_int(columns);
    attempt->enhanced = mes_store_next_text(columns);
    attempt->reply = mes_store_next_text(columns);
    attempt->advice_id = mes_store_next_text(columns);
    attempt->milliseconds = mes_store_next_int(columns);
    attempt->sender = mes_store_next_text(columns);
    attempt->tls = mes_store_next_text(columns);
    attempt->sha256 = mes_store_next_text(columns);
    attempt->message_id = mes_store_next_text(columns);
}

static int each_attempt(struct mes_db_statement **statement, mes_store_attempt_each *each, void *context,
                        struct mes_error *error)
{
    struct mes_store_attempt attempt;
    bool wants_more = true;
    int code = 0;
    while (wants_more && (code = mes_db_step(*statement, error)) == MES_DB_ROW) {
        read_attempt(&(struct mes_store_columns){.statement = *statement}, &attempt);
        wants_more = each(context, &attempt);
    }
    mes_db_release(statement);
    return code < 0 ? code : 0;
}

int mes_store_attempt_of(struct mes_store_reader *reader, struct mes_store_row row,
                         mes_store_attempt_each *each, void *context, struct mes_error *error)
{
    static const char any[] = "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE job_id = ? AND number = ?"
                              " ORDER BY id";
    static const char owned[] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE job_id = ? AND number = ?" MES_STORE_OF_COMPANY
        " ORDER BY id";
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, row.company == NULL ? any : owned, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, row.job);
    mes_db_bind_int(statement, row.number);
    mes_store_bind_company(statement, row.company, row.job);
    return each_attempt(&statement, each, context, error);
}

int mes_store_attempt_after(struct mes_store_reader *reader, const struct mes_store_attempt_page *page,
                            mes_store_attempt_each *each, void *context, struct mes_error *error)
{
    static const char any[] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?";
    static const char owned[] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE job_id = ? AND id > ?" MES_STORE_OF_COMPANY
        " ORDER BY id LIMIT ?";
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(reader->db, page->job.company == NULL ? any : owned, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, page->job.id);
    mes_db_bind_int(statement, page->after);
    mes_store_bind_company(statement, page->job.company, page->job.id);
    mes_db_bind_int(statement, page->limit);
    return each_attempt(&statement, each, context, error);
}

static void read_proof(struct mes_db_statement *statement, struct mes_store_proof *proof)
{
    struct mes_store_columns columns = {.statement = statement};
    read_attempt(&columns, &proof->attempt);
    proof->company = mes_store_next_text(&columns);
    proof->address = mes_store_next_text(&columns);
    proof->subject = mes_store_next_text(&columns);
    proof->kind = (int)mes_store_next_int(&columns);
    proof->asked_by = mes_store_next_int(&columns);
    proof->created_at = mes_store_next_int(&columns);
}

int mes_store_attempt_proofs(struct mes_store_reader *reader, struct mes_store_proof_page *page,
                             mes_store_proof_each *each, void *context, struct mes_error *error)
{
    static const char sql[] =
        "SELECT " ATTEMPT_COLUMNS ", job.company, recipient.address, job.subject, job.kind, job.asked_by,"
        " job.created_at FROM attempt JOIN job ON job.id = attempt.job_id"
        " JOIN recipient ON recipient.job_id = attempt.job_id AND recipient.number = attempt.number"
        " WHERE attempt.id >= ? AND attempt.id < ? ORDER BY attempt.id";
    struct mes_db_statement *statement = NULL;
    struct mes_store_walk walk = {.limit = page->limit};
    struct mes_store_proof proof;
    int code = mes_db_prepare(reader->db, sql, &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, page->cursor != 0 ? page->cursor : mes_id_first(page->from));
    mes_db_bind_int(statement, page->to != 0 ? mes_id_first(page->to) : INT64_MAX);
    while ((code = mes_db_step(statement, error)) == MES_DB_ROW) {
        read_proof(statement, &proof);
        bool matches =
            proof.attempt.class_[0] == '\0' &&
            (page->company == NULL || mes_str_eq(mes_str_of(page->company), mes_str_of(proof.company)));
        if (!mes_store_walk_goes_on(&walk, matches))
            break;
        walk.last = proof.attempt.id;
        if (matches && !each(context, &proof)) {
            walk.has_more = true;
            break;
        }
    }
    page->cursor = walk.has_more ? walk.last + 1 : 0;
    mes_db_release(&statement);
    return code < 0 ? code : 0;
}
