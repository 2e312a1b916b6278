#include "json/pull.h"

#include <string.h>

#include "base/utf8.h"

/* Eight bytes at a time: a byte that is 0 in `word` sets its highest bit. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define ZEROS(word) (((word)-EACH(1)) & ~(word)&EACH(0x80))

static uint64_t load(const char *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Neither '"' nor '\\'. */
static bool is_inside_text(uint64_t word)
{
    return (ZEROS(word ^ EACH('"')) | ZEROS(word ^ EACH('\\'))) == 0;
}

/* ASCII without '\\' and control characters: a byte below ' ' borrows. */
static bool is_plain(uint64_t word)
{
    return (((word - EACH(' ')) | word) & EACH(0x80)) == 0 && ZEROS(word ^ EACH('\\')) == 0;
}

/* What may stand next. */
enum expectation {
    VALUE,        /* of the document, behind a colon, or behind a comma in a list */
    FIRST_VALUE,  /* behind '[': a value or ']' */
    FIRST_KEY,    /* behind '{': a key or '}' */
    NEXT_KEY,     /* behind a comma in an object */
    COLON,        /* behind a key */
    COMMA_OR_END, /* behind a value in brackets */
    NOTHING_MORE  /* behind the document's value */
};

void mes_json_pull_init(struct mes_json_pull *pull, size_t most_text)
{
    *pull = (struct mes_json_pull){.expects = VALUE};
    mes_buf_init(&pull->held, most_text);
    mes_buf_init(&pull->decoded, most_text);
}

void mes_json_pull_fini(struct mes_json_pull *pull)
{
    mes_buf_fini(&pull->held);
    mes_buf_fini(&pull->decoded);
}

void mes_json_pull_reset(struct mes_json_pull *pull)
{
    struct mes_buf held = pull->held, decoded = pull->decoded;
    mes_buf_clear(&held);
    mes_buf_clear(&decoded);
    *pull = (struct mes_json_pull){.expects = VALUE, .held = held, .decoded = decoded};
}

void mes_json_pull_feed(struct mes_json_pull *pull, struct mes_str piece)
{
    pull->piece_start += pull->piece.size;
    pull->piece = piece;
    pull->at = 0;
}

void mes_json_pull_end(struct mes_json_pull *pull)
{
    pull->is_ended = true;
}

static enum mes_json_event fail(struct mes_json_pull *pull, enum mes_json_pull_fault fault, uint64_t offset)
{
    pull->fault = fault;
    pull->offset = offset;
    pull->text = (struct mes_str){0};
    return MES_JSON_BROKEN;
}

static enum mes_json_event fail_buffer(struct mes_json_pull *pull, const struct mes_buf *buf)
{
    return fail(pull, buf->failed == MES_E_LIMIT ? MES_JSON_FAULT_LONG : MES_JSON_FAULT_MEMORY, pull->offset);
}

/* --- texts --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = mes_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four digits of a \u escape at `at`; false when they are not there. */
static bool read_unit(struct mes_str text, size_t at, uint32_t *unit_out)
{
    if (text.size - at < 4)
        return false;
    *unit_out = 0;
    for (size_t i = at; i < at + 4; i++) {
        int digit = hex_digit(text.data[i]);
        if (digit < 0)
            return false;
        *unit_out = *unit_out << 4 | (uint32_t)digit;
    }
    return true;
}

/* `*at` stands behind "\u". A character beyond the first 65,536 comes as two units (RFC 8259 section 7). */
static enum mes_json_pull_fault decode_unit(struct mes_str text, size_t *at, struct mes_buf *out)
{
    uint32_t high, low;
    if (!read_unit(text, *at, &high))
        return MES_JSON_FAULT_TEXT;
    *at += 4;
    if (high == 0)
        return MES_JSON_FAULT_NUL;
    if (high >= 0xD800 && high <= 0xDFFF) {
        bool is_pair = high < 0xDC00 && mes_str_starts(mes_str_skip(text, *at), MES_STR("\\u")) &&
                       read_unit(text, *at + 2, &low) && low >= 0xDC00 && low <= 0xDFFF;
        if (!is_pair)
            return MES_JSON_FAULT_TEXT;
        *at += 6;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    mes_utf8_add(out, high);
    return MES_JSON_NO_FAULT;
}

/* `*at` stands at the backslash. */
static enum mes_json_pull_fault decode_escape(struct mes_str text, size_t *at, struct mes_buf *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char letter = *at + 1 < text.size ? text.data[*at + 1] : '\0';
    *at += 2;
    if (letter == 'u')
        return decode_unit(text, at, out);
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    if (found == NULL)
        return MES_JSON_FAULT_TEXT;
    mes_buf_add_char(out, meanings[found - letters]);
    return MES_JSON_NO_FAULT;
}

static bool is_common_cjk(struct mes_str text, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    return at + 2 < text.size && bytes[0] >= 0xE1 && bytes[0] <= 0xEC && (bytes[1] & 0xC0) == 0x80 &&
           (bytes[2] & 0xC0) == 0x80;
}

/* Moves `*at` over characters that stand for themselves. */
static enum mes_json_pull_fault skip_plain(struct mes_str text, size_t *at)
{
    while (*at < text.size && text.data[*at] != '\\') {
        unsigned char c = (unsigned char)text.data[*at];
        size_t size = 1;
        if (c >= 0x80)
            size = is_common_cjk(text, *at) ? 3 : mes_utf8_valid_size(mes_str_skip(text, *at));
        else if (text.size - *at >= sizeof(uint64_t) && is_plain(load(text.data + *at)))
            size = sizeof(uint64_t);
        if (size == 0)
            return MES_JSON_FAULT_UTF8;
        if (c < ' ')
            return MES_JSON_FAULT_TEXT;
        *at += size;
    }
    return MES_JSON_NO_FAULT;
}

/* `text` is what stands between the quotation marks. Without escapes it is its own meaning. */
static enum mes_json_pull_fault decode(struct mes_json_pull *pull, struct mes_str text, size_t *at_out)
{
    struct mes_buf *out = &pull->decoded;
    size_t at = 0, start = 0;
    enum mes_json_pull_fault fault = skip_plain(text, &at);
    bool has_no_escape = at == text.size;
    mes_buf_clear(out);
    while (fault == MES_JSON_NO_FAULT && at < text.size) {
        mes_buf_add(out, text.data + start, at - start);
        *at_out = at;
        fault = decode_escape(text, &at, out);
        if (fault != MES_JSON_NO_FAULT)
            return fault;
        start = at;
        fault = skip_plain(text, &at);
    }
    *at_out = at;
    if (!has_no_escape)
        mes_buf_add(out, text.data + start, at - start);
    pull->text = has_no_escape ? text : mes_buf_str(out);
    return fault;
}

static enum mes_json_event finish_text(struct mes_json_pull *pull, struct mes_str token)
{
    bool is_key = pull->expects == FIRST_KEY || pull->expects == NEXT_KEY;
    size_t at = 0;
    enum mes_json_pull_fault fault = decode(pull, mes_str_cut(token, 1, token.size - 2), &at);
    if (fault != MES_JSON_NO_FAULT)
        return fail(pull, fault, pull->offset + 1 + at);
    if (pull->decoded.failed != 0)
        return fail_buffer(pull, &pull->decoded);
    pull->expects = is_key ? COLON : pull->depth > 0 ? COMMA_OR_END : NOTHING_MORE;
    return is_key ? MES_JSON_KEY : MES_JSON_STRING;
}

/* --- numbers and words --- */

static size_t skip_digits(struct mes_str text, size_t at)
{
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

/* RFC 8259 section 6: -12.5e+3, without further zeros in front. */
static bool is_number(struct mes_str text)
{
    size_t at = mes_str_starts(text, MES_STR("-")) ? 1 : 0;
    size_t start = at;
    at = skip_digits(text, at);
    if (at == start || (text.data[start] == '0' && at - start > 1))
        return false;
    if (at < text.size && text.data[at] == '.') {
        start = at + 1;
        at = skip_digits(text, start);
        if (at == start)
            return false;
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
            at++;
        start = at;
        at = skip_digits(text, start);
        if (at == start)
            return false;
    }
    return at == text.size;
}

static enum mes_json_event finish_word(struct mes_json_pull *pull, struct mes_str token)
{
    enum mes_json_event event = MES_JSON_NUMBER;
    if (mes_str_eq(token, MES_STR("true")))
        event = MES_JSON_TRUE;
    else if (mes_str_eq(token, MES_STR("false")))
        event = MES_JSON_FALSE;
    else if (mes_str_eq(token, MES_STR("null")))
        event = MES_JSON_NOTHING;
    else if (!is_number(token))
        return fail(pull, MES_JSON_FAULT_WORD, pull->offset);
    pull->text = token;
    pull->expects = pull->depth > 0 ? COMMA_OR_END : NOTHING_MORE;
    return event;
}

static bool is_of_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
}

/* --- tokens --- */

/* The position behind the closing quotation mark, or the size when the piece ends first. */
static size_t end_of_text(struct mes_json_pull *pull, struct mes_str piece, size_t at)
{
    for (; at < piece.size; at++) {
        char c = piece.data[at];
        while (!pull->is_escaped && piece.size - at > sizeof(uint64_t) &&
               is_inside_text(load(piece.data + at)))
            c = piece.data[at += sizeof(uint64_t)];
        if (pull->is_escaped) {
            pull->is_escaped = false;
        } else if (c == '"') {
            pull->is_in_token = false;
            return at + 1;
        } else {
            pull->is_escaped = c == '\\';
        }
    }
    return at;
}

static size_t end_of_word(struct mes_json_pull *pull, struct mes_str piece, size_t at)
{
    while (at < piece.size && is_of_word(piece.data[at]))
        at++;
    pull->is_in_token = at == piece.size && !pull->is_ended;
    return at;
}

/* Goes on with a text or a word, of which `start` is the first byte in this piece. */
static enum mes_json_event read_token(struct mes_json_pull *pull, size_t start, size_t from)
{
    pull->at = pull->is_text ? end_of_text(pull, pull->piece, from) : end_of_word(pull, pull->piece, from);
    struct mes_str token = mes_str_cut(pull->piece, start, pull->at - start);
    if (pull->held.size + token.size > pull->held.limit)
        return fail(pull, MES_JSON_FAULT_LONG, pull->offset);
    if (pull->is_in_token || pull->held.size > 0) {
        mes_buf_add_str(&pull->held, token);
        if (pull->held.failed != 0)
            return fail_buffer(pull, &pull->held);
        token = mes_buf_str(&pull->held);
    }
    if (pull->is_in_token)
        return pull->is_ended ? fail(pull, MES_JSON_FAULT_EARLY, pull->piece_start + pull->at)
                              : MES_JSON_MORE;
    return pull->is_text ? finish_text(pull, token) : finish_word(pull, token);
}

static enum mes_json_event begin_token(struct mes_json_pull *pull, bool is_text)
{
    size_t start = pull->at;
    mes_buf_clear(&pull->held);
    pull->is_in_token = true;
    pull->is_text = is_text;
    pull->is_escaped = false;
    return read_token(pull, start, start + 1);
}

/* --- brackets --- */

static enum mes_json_event open_bracket(struct mes_json_pull *pull, bool is_list)
{
    if (pull->depth == MES_JSON_PULL_DEPTH)
        return fail(pull, MES_JSON_FAULT_DEEP, pull->offset);
    uint64_t bit = UINT64_C(1) << pull->depth++;
    pull->lists = is_list ? pull->lists | bit : pull->lists & ~bit;
    pull->expects = is_list ? FIRST_VALUE : FIRST_KEY;
    pull->at++;
    return is_list ? MES_JSON_OPEN_LIST : MES_JSON_OPEN_OBJECT;
}

static bool is_in_list(const struct mes_json_pull *pull)
{
    return pull->depth > 0 && (pull->lists >> (pull->depth - 1) & 1) != 0;
}

static enum mes_json_event close_bracket(struct mes_json_pull *pull, bool is_list)
{
    bool may_close = pull->expects == COMMA_OR_END || pull->expects == (is_list ? FIRST_VALUE : FIRST_KEY);
    if (!may_close || is_in_list(pull) != is_list)
        return fail(pull, MES_JSON_FAULT_TOKEN, pull->offset);
    pull->depth--;
    pull->expects = pull->depth > 0 ? COMMA_OR_END : NOTHING_MORE;
    pull->at++;
    return is_list ? MES_JSON_CLOSE_LIST : MES_JSON_CLOSE_OBJECT;
}

/* --- the document --- */

/* Passes blanks, and the colons and commas that may stand there. */
static void skip_blanks(struct mes_json_pull *pull)
{
    for (; pull->at < pull->piece.size; pull->at++) {
        char c = pull->piece.data[pull->at];
        if (c == ':' && pull->expects == COLON)
            pull->expects = VALUE;
        else if (c == ',' && pull->expects == COMMA_OR_END)
            pull->expects = is_in_list(pull) ? VALUE : NEXT_KEY;
        else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
    }
}

static enum mes_json_event at_end_of_piece(struct mes_json_pull *pull)
{
    if (!pull->is_ended)
        return MES_JSON_MORE;
    pull->offset = pull->piece_start + pull->at;
    return pull->expects == NOTHING_MORE ? MES_JSON_DONE : fail(pull, MES_JSON_FAULT_EARLY, pull->offset);
}

static enum mes_json_event read_next(struct mes_json_pull *pull)
{
    char c = pull->piece.data[pull->at];
    bool wants_value = pull->expects == VALUE || pull->expects == FIRST_VALUE;
    bool wants_key = pull->expects == FIRST_KEY || pull->expects == NEXT_KEY;
    pull->offset = pull->piece_start + pull->at;
    if (c == '"' && (wants_value || wants_key))
        return begin_token(pull, true);
    if (c == '}' || c == ']')
        return close_bracket(pull, c == ']');
    if (wants_value && (c == '{' || c == '['))
        return open_bracket(pull, c == '[');
    if (wants_value && is_of_word(c))
        return begin_token(pull, false);
    return fail(pull, MES_JSON_FAULT_TOKEN, pull->offset);
}

enum mes_json_event mes_json_pull_next(struct mes_json_pull *pull)
{
    if (pull->fault != MES_JSON_NO_FAULT)
        return MES_JSON_BROKEN;
    if (pull->is_in_token) {
        bool has_more = pull->at < pull->piece.size || pull->is_ended;
        return has_more ? read_token(pull, pull->at, pull->at) : MES_JSON_MORE;
    }
    pull->text = (struct mes_str){0};
    skip_blanks(pull);
    return pull->at < pull->piece.size ? read_next(pull) : at_end_of_piece(pull);
}
