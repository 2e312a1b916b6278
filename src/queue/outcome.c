#include "queue/outcome.h"

#include "base/error.h"
#include "base/utf8.h"
#include "i18n/say.h"
#include "json/parse.h"
#include "json/write.h"

enum { MES_OUTCOME_REPLY_MOST = 160, MES_OUTCOME_TEXT_MOST = 100 };

const struct mes_outcome_attempt *mes_outcome_last_try(const struct mes_outcome_row *row)
{
    for (size_t i = row->attempt_count; i > 0; i--)
        if (!row->attempts[i - 1].is_passed_over)
            return &row->attempts[i - 1];
    return NULL;
}

int64_t mes_outcome_tries(const struct mes_outcome_row *row)
{
    int64_t count = 0;
    for (size_t i = 0; i < row->attempt_count; i++)
        count += !row->attempts[i].is_passed_over;
    return count;
}

/* ---- writing ---- */

static void write_cut(struct mes_json_writer *writer, const char *key, const char *text, size_t most)
{
    struct mes_str cut = mes_str_of(text);
    if (cut.size > most) {
        cut.size = most;
        while (cut.size > 0 && ((unsigned char)text[cut.size] & 0xC0) == 0x80)
            cut.size--;
    }
    if (cut.size > 0)
        mes_json_write_text(writer, key, cut);
}

static void write_attempt(struct mes_json_writer *writer, const struct mes_outcome_attempt *attempt)
{
    mes_json_write_integer(writer, "at", attempt->at);
    write_cut(writer, "account", attempt->account, MES_OUTCOME_TEXT_MOST);
    write_cut(writer, "step", attempt->step, MES_OUTCOME_TEXT_MOST);
    write_cut(writer, "class", attempt->class_, MES_OUTCOME_TEXT_MOST);
    mes_json_write_integer(writer, "code", attempt->code);
    write_cut(writer, "enhanced", attempt->enhanced, MES_OUTCOME_TEXT_MOST);
    write_cut(writer, "reply", attempt->reply, MES_OUTCOME_REPLY_MOST);
    write_cut(writer, "advice", attempt->advice_id, MES_OUTCOME_TEXT_MOST);
    write_cut(writer, "dsn", attempt->dsn, MES_OUTCOME_TEXT_MOST);
    mes_json_write_integer(writer, "ms", attempt->milliseconds);
    write_cut(writer, "tls", attempt->tls, MES_OUTCOME_TEXT_MOST);
    write_cut(writer, "digest", attempt->digest, MES_OUTCOME_TEXT_MOST);
}

void mes_outcome_write(const struct mes_outcome *outcome, size_t index, struct mes_buf *out)
{
    const struct mes_outcome_row *row = &outcome->rows[index];
    const struct mes_outcome_attempt *last = mes_outcome_last_try(row);
    struct mes_json_writer writer;
    mes_json_writer_init(&writer, out);
    mes_json_write_object(&writer, NULL);
    mes_json_write_integer(&writer, "job", outcome->job);
    write_cut(&writer, "company", outcome->company, MES_OUTCOME_TEXT_MOST);
    mes_json_write_integer(&writer, "number", outcome->number);
    mes_json_write_integer(&writer, "token", outcome->token);
    mes_json_write_flag(&writer, "whole", outcome->is_whole);
    mes_json_write_flag(&writer, "continued", index > 0);
    write_cut(&writer, "progress", outcome->progress, MES_OUTCOME_REPLY_MOST);
    mes_json_write_integer(&writer, "due", outcome->due_at);
    mes_json_write_integer(&writer, "row", row->number);
    mes_json_write_integer(&writer, "before", row->before);
    mes_json_write_integer(&writer, "status", row->status);
    mes_json_write_flag(&writer, "final", row->is_final);
    if (last != NULL)
        write_attempt(&writer, last);
    mes_json_write_object_end(&writer);
}

/* ---- reading ---- */

struct reading {
    const struct mes_json_value *root;
    struct mes_arena *arena;
    bool is_valid;
};

static int64_t read_number(struct reading *reading, const char *key)
{
    const struct mes_json_value *value = mes_json_member(reading->root, mes_str_of(key));
    if (value == NULL || (value->kind != MES_JSON_INTEGER && value->kind != MES_JSON_FLAG)) {
        reading->is_valid = false;
        return 0;
    }
    return value->integer;
}

static const char *read_text(struct reading *reading, const char *key)
{
    const struct mes_json_value *value = mes_json_member(reading->root, mes_str_of(key));
    if (value == NULL || value->kind != MES_JSON_TEXT)
        return "";
    const char *copy = mes_arena_copy(reading->arena, value->text);
    reading->is_valid = reading->is_valid && copy != NULL;
    return copy != NULL ? copy : "";
}

static enum mes_store_status read_status(struct reading *reading, const char *key)
{
    int64_t number = read_number(reading, key);
    if (number < 0 || number >= MES_STORE_STATUS_COUNT) {
        reading->is_valid = false;
        return MES_STORE_STATUS_QUEUED;
    }
    return (enum mes_store_status)number;
}

static void read_attempt(struct reading *reading, struct mes_outcome_row *row)
{
    struct mes_outcome_attempt *attempt = mes_arena_alloc(reading->arena, sizeof *attempt);
    if (mes_json_member(reading->root, MES_STR("step")) == NULL || attempt == NULL)
        return;
    *attempt = (struct mes_outcome_attempt){
        .at = read_number(reading, "at"),
        .account = read_text(reading, "account"),
        .step = read_text(reading, "step"),
        .class_ = read_text(reading, "class"),
        .code = (int)read_number(reading, "code"),
        .enhanced = read_text(reading, "enhanced"),
        .reply = read_text(reading, "reply"),
        .advice_id = read_text(reading, "advice"),
        .dsn = read_text(reading, "dsn"),
        .milliseconds = read_number(reading, "ms"),
        .sender = "",
        .tls = read_text(reading, "tls"),
        .digest = read_text(reading, "digest"),
    };
    row->attempts = attempt;
    row->attempt_count = 1;
}

static bool read_all(struct reading *reading, struct mes_outcome *out)
{
    struct mes_outcome_row *row = mes_arena_alloc(reading->arena, sizeof *row);
    if (row == NULL)
        return false;
    *out = (struct mes_outcome){
        .job = read_number(reading, "job"),
        .company = read_text(reading, "company"),
        .number = read_number(reading, "number"),
        .token = read_number(reading, "token"),
        .is_whole = read_number(reading, "whole") != 0,
        .is_continued = read_number(reading, "continued") != 0,
        .message_id = "",
        .progress = read_text(reading, "progress"),
        .due_at = read_number(reading, "due"),
        .transcript = "",
        .transcript_account = "",
        .rows = row,
        .row_count = 1,
    };
    row->number = read_number(reading, "row");
    row->address = "";
    row->attempts_before = -1;
    row->before = read_status(reading, "before");
    row->status = read_status(reading, "status");
    row->is_final = read_number(reading, "final") != 0;
    read_attempt(reading, row);
    return reading->is_valid;
}

int mes_outcome_read(struct mes_str text, struct mes_arena *arena, struct mes_outcome *outcome_out,
                     struct mes_error *error)
{
    struct mes_json *json = NULL;
    if (mes_json_parse("journal", text, MES_JSON_KEYS_EXACT, &json, NULL) != 0)
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_queue_journal_record, MES_NO_ARGS);
    struct reading reading = {.root = mes_json_root(json), .arena = arena, .is_valid = true};
    bool is_valid = read_all(&reading, outcome_out);
    mes_json_free(&json);
    return is_valid ? 0 : mes_fail(error, MES_E_CORRUPT, MES_SAY_queue_journal_record, MES_NO_ARGS);
}
