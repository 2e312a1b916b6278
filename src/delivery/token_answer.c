#include "delivery/token_answer.h"

#include <string.h>

#include "base/error.h"
#include "json/pull.h"

/* SECRET: a token. LINE: something for people. NUMBER: also as a text, as some servers write it. */
enum kind { SECRET, LINE, NUMBER, TYPE };

#define ROW(key, kind, member)                                                                               \
    {                                                                                                        \
        (key), (kind), offsetof(struct mes_token_answer, member),                                            \
            sizeof((struct mes_token_answer *)NULL)->member                                                  \
    }
static const struct {
    const char *key;
    enum kind kind;
    size_t offset, size;
} rows[] = {
    ROW("access_token", SECRET, access),
    ROW("refresh_token", SECRET, refresh),
    ROW("device_code", SECRET, device_code),
    ROW("token_type", TYPE, is_bearer),
    ROW("expires_in", NUMBER, lives_s),
    ROW("interval", NUMBER, interval_s),
    ROW("error", LINE, error),
    ROW("error_description", LINE, error_text),
    ROW("user_code", LINE, user_code),
    ROW("verification_uri", LINE, address),
    ROW("verification_url", LINE, address), /* as Google wrote it before there was an RFC */
    ROW("verification_uri_complete", LINE, full_address),
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* The reading of one answer. */
struct reading {
    struct mes_json_pull pull;
    struct mes_token_answer *answer;
    bool seen[ROWS];
};

static bool is_visible(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.size > 0;
}

static bool take_secret(struct mes_str text, struct mes_secret **member)
{
    if (!is_visible(text) || text.size > MES_TOKEN_MOST)
        return false;
    *member = mes_secret_new(text);
    return *member != NULL;
}

static bool take_number(enum mes_json_event event, struct mes_str text, int64_t *member)
{
    uint64_t number = 0;
    bool is_number =
        (event == MES_JSON_NUMBER || event == MES_JSON_STRING) && mes_str_to_uint(text, INT32_MAX, &number);
    *member = (int64_t)number;
    return is_number;
}

static bool take(struct reading *reading, size_t row, enum mes_json_event event)
{
    char *member = (char *)reading->answer + rows[row].offset;
    struct mes_str text = reading->pull.text;
    if (reading->seen[row])
        return false;
    reading->seen[row] = true;
    if (event == MES_JSON_NOTHING)
        return true;
    if (rows[row].kind == NUMBER)
        return take_number(event, text, (int64_t *)(void *)member);
    if (event != MES_JSON_STRING)
        return false;
    switch (rows[row].kind) {
    case SECRET:
        return take_secret(text, (struct mes_secret **)(void *)member);
    case TYPE:
        reading->answer->is_bearer = mes_str_eq_nocase(text, MES_STR("bearer"));
        return true;
    default:
        (void)mes_shown_text(member, rows[row].size, text);
        return true;
    }
}

static size_t find_row(struct mes_str key)
{
    size_t row = 0;
    while (row < ROWS && !mes_str_eq(mes_str_of(rows[row].key), key))
        row++;
    return row;
}

static bool opens(enum mes_json_event event)
{
    return event == MES_JSON_OPEN_OBJECT || event == MES_JSON_OPEN_LIST;
}

static bool closes(enum mes_json_event event)
{
    return event == MES_JSON_CLOSE_OBJECT || event == MES_JSON_CLOSE_LIST;
}

/* The value of an unknown member, to its end. */
static bool pass_over(struct reading *reading, enum mes_json_event event)
{
    unsigned depth = opens(event);
    while (depth > 0 && event != MES_JSON_BROKEN) {
        event = mes_json_pull_next(&reading->pull);
        depth += opens(event);
        depth -= closes(event);
    }
    return event != MES_JSON_BROKEN;
}

static bool read_member(struct reading *reading)
{
    size_t row = find_row(reading->pull.text);
    enum mes_json_event event = mes_json_pull_next(&reading->pull);
    return row < ROWS ? take(reading, row, event) : pass_over(reading, event);
}

static bool read_object(struct reading *reading)
{
    enum mes_json_event event = mes_json_pull_next(&reading->pull);
    if (event != MES_JSON_OPEN_OBJECT)
        return false;
    while ((event = mes_json_pull_next(&reading->pull)) == MES_JSON_KEY)
        if (!read_member(reading))
            return false;
    return event == MES_JSON_CLOSE_OBJECT && mes_json_pull_next(&reading->pull) == MES_JSON_DONE;
}

bool mes_token_answer_read(struct mes_str body, struct mes_token_answer *answer_out)
{
    struct reading reading = {.answer = answer_out};
    *answer_out = (struct mes_token_answer){.access = NULL};
    mes_json_pull_init(&reading.pull, 2 * MES_TOKEN_MOST);
    mes_json_pull_feed(&reading.pull, body);
    mes_json_pull_end(&reading.pull);
    bool is_good = read_object(&reading);
    /* A token with escapes went through the parser's own memory. */
    mes_wipe(reading.pull.decoded.data, reading.pull.decoded.capacity);
    mes_json_pull_fini(&reading.pull);
    return is_good;
}

void mes_token_answer_fini(struct mes_token_answer *answer)
{
    mes_secret_free(&answer->access);
    mes_secret_free(&answer->refresh);
    mes_secret_free(&answer->device_code);
}
