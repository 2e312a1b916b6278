#include "csv/parser.h"

#include "csv/decode.h"
#include "i18n/say.h"

void mes_csv_parser_init(struct mes_csv_parser *parser, const struct mes_csv_options *options)
{
    *parser = (struct mes_csv_parser){.options = options, .line = 1, .column = 1, .row_line = 1};
    mes_buf_init(&parser->content, MES_CSV_ROW_BYTES);
    mes_buf_init(&parser->ends, MES_CSV_COLUMNS * sizeof(size_t));
    mes_buf_init(&parser->fields, MES_CSV_COLUMNS * sizeof(struct mes_str));
}

void mes_csv_parser_fini(struct mes_csv_parser *parser)
{
    mes_buf_fini(&parser->content);
    mes_buf_fini(&parser->ends);
    mes_buf_fini(&parser->fields);
}

static size_t column_count(const struct mes_csv_parser *parser)
{
    return parser->ends.size / sizeof(size_t);
}

static size_t field_begin(const struct mes_csv_parser *parser)
{
    size_t count = column_count(parser);
    return count > 0 ? ((const size_t *)(const void *)parser->ends.data)[count - 1] : 0;
}

/* The first fault of a row is the one that is told. */
static void note(struct mes_csv_parser *parser, int sentence, const char *third)
{
    if (parser->is_bad)
        return;
    parser->is_bad = true;
    mes_fail(&parser->why, MES_E_INPUT, sentence,
             MES_ARGS(MES_NUMBER(parser->line), MES_NUMBER(parser->column), third));
}

/* Memory that is used up ends the reading; everything else is a fault of the row. */
static void check_memory(struct mes_csv_parser *parser, const struct mes_buf *buf)
{
    if (buf->failed == MES_E_NOMEM && parser->stopped == 0)
        parser->stopped = mes_fail_nomem(&parser->why);
}

/* Content beyond a limit is dropped with its row. In quotes the row's end is lost with it (the closing quote
 * may be missing): what follows the next line end is taken for a new row. */
static void drop(struct mes_csv_parser *parser, int sentence, int limit)
{
    note(parser, sentence, MES_NUMBER(limit));
    if (parser->state == MES_CSV_QUOTED)
        parser->state = MES_CSV_SKIPPING;
}

static void add(struct mes_csv_parser *parser, char c)
{
    if (c == '\0')
        note(parser, MES_SAY_csv_nul, "");
    if (c == MES_CSV_INVALID)
        note(parser, MES_SAY_csv_not_in_charset, mes_csv_charset_name(parser->charset));
    if (parser->content.size - field_begin(parser) >= MES_CSV_FIELD_BYTES)
        drop(parser, MES_SAY_csv_field_too_long, MES_CSV_FIELD_BYTES);
    if (parser->is_bad)
        return;
    mes_buf_add_char(&parser->content, c);
    if (parser->content.failed == MES_E_LIMIT)
        drop(parser, MES_SAY_csv_row_too_long, MES_CSV_ROW_BYTES);
    check_memory(parser, &parser->content);
}

static void end_field(struct mes_csv_parser *parser)
{
    parser->state = MES_CSV_BEGIN;
    if (parser->is_bad)
        return;
    mes_buf_add(&parser->ends, (const char *)&parser->content.size, sizeof parser->content.size);
    if (parser->ends.failed == MES_E_LIMIT)
        note(parser, MES_SAY_csv_too_many_columns, MES_NUMBER(MES_CSV_COLUMNS));
    check_memory(parser, &parser->ends);
}

static void give_row(struct mes_csv_parser *parser)
{
    const struct mes_csv_options *options = parser->options;
    size_t count = column_count(parser), begin = 0;
    mes_buf_clear(&parser->fields);
    for (size_t i = 0; i < count; i++) {
        size_t end = ((const size_t *)(const void *)parser->ends.data)[i];
        struct mes_str field = mes_str_make(mes_buf_text(&parser->content) + begin, end - begin);
        mes_buf_add(&parser->fields, (const char *)&field, sizeof field);
        begin = end;
    }
    check_memory(parser, &parser->fields);
    if (parser->stopped != 0)
        return;
    struct mes_csv_row row = {.line = parser->row_line,
                              .number = ++parser->row_number,
                              .fields = (const struct mes_str *)(const void *)parser->fields.data,
                              .count = count};
    parser->stopped = options->on_row(options->context, &row, &parser->why);
}

static void give_bad_row(struct mes_csv_parser *parser)
{
    const struct mes_csv_options *options = parser->options;
    if (options->on_bad_row != NULL)
        options->on_bad_row(options->context, parser->row_line, &parser->why);
    else
        parser->stopped = parser->why.code;
}

/* Gives the row away, unless it is a blank line, and begins the next. */
static void end_row(struct mes_csv_parser *parser)
{
    end_field(parser);
    bool is_blank_line = column_count(parser) == 1 && parser->content.size == 0 && !parser->has_quotes;
    if (parser->stopped == 0 && parser->is_bad)
        give_bad_row(parser);
    else if (parser->stopped == 0 && !is_blank_line)
        give_row(parser);
    mes_buf_clear(&parser->content);
    mes_buf_clear(&parser->ends);
    parser->is_bad = parser->has_quotes = false;
}

static void read_begin(struct mes_csv_parser *parser, char c)
{
    if (c == parser->separator) {
        end_field(parser);
    } else if (c == '\n') {
        end_row(parser);
    } else if (c == '"') {
        parser->has_quotes = true;
        parser->state = MES_CSV_QUOTED;
    } else {
        parser->state = MES_CSV_BARE;
        add(parser, c);
    }
}

static void read_bare(struct mes_csv_parser *parser, char c)
{
    if (c == parser->separator)
        end_field(parser);
    else if (c == '\n')
        end_row(parser);
    else
        add(parser, c);
}

static void read_quoted(struct mes_csv_parser *parser, char c)
{
    if (c == '"')
        parser->state = MES_CSV_CLOSED;
    else
        add(parser, c);
}

static void read_closed(struct mes_csv_parser *parser, char c)
{
    if (c == parser->separator) {
        end_field(parser);
    } else if (c == '\n') {
        end_row(parser);
    } else if (c == '"') {
        parser->state = MES_CSV_QUOTED;
        add(parser, c);
    } else if (c != ' ' && c != '\t') {
        note(parser, MES_SAY_csv_behind_quote, "");
        parser->state = MES_CSV_BARE;
    }
}

static void read_skipping(struct mes_csv_parser *parser, char c)
{
    if (c == '\n')
        end_row(parser);
}

/* CR LF, LF and CR alone all end a line; here each is a LF. */
static void read_character(struct mes_csv_parser *parser, char c)
{
    static void (*const readers[MES_CSV_STATES])(struct mes_csv_parser *, char) = {
        [MES_CSV_BEGIN] = read_begin,   [MES_CSV_BARE] = read_bare,         [MES_CSV_QUOTED] = read_quoted,
        [MES_CSV_CLOSED] = read_closed, [MES_CSV_SKIPPING] = read_skipping,
    };
    bool is_second_half = parser->is_after_cr && c == '\n';
    parser->is_after_cr = c == '\r';
    if (is_second_half)
        return;
    if (parser->column == 1 && parser->state == MES_CSV_BEGIN && column_count(parser) == 0)
        parser->row_line = parser->line;
    bool is_line_end = c == '\r' || c == '\n';
    readers[parser->state](parser, is_line_end ? '\n' : c);
    if (is_line_end) {
        parser->line++;
        parser->column = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        parser->column++;
    }
}

static int outcome(const struct mes_csv_parser *parser, struct mes_error *error)
{
    if (parser->stopped != 0 && error != NULL)
        *error = parser->why;
    return parser->stopped;
}

int mes_csv_parser_read(struct mes_csv_parser *parser, struct mes_str text, struct mes_error *error)
{
    for (size_t i = 0; i < text.size && parser->stopped == 0; i++)
        read_character(parser, text.data[i]);
    return outcome(parser, error);
}

int mes_csv_parser_end(struct mes_csv_parser *parser, struct mes_error *error)
{
    if (parser->state == MES_CSV_QUOTED) {
        parser->is_bad = false; /* this is the fault behind all others */
        mes_fail(&parser->why, MES_E_INPUT, MES_SAY_csv_unclosed_quote,
                 MES_ARGS(MES_NUMBER(parser->row_line), MES_NUMBER(column_count(parser) + 1)));
        parser->is_bad = true;
    }
    bool is_open = parser->state != MES_CSV_BEGIN || column_count(parser) > 0 || parser->is_bad;
    if (is_open && parser->stopped == 0)
        end_row(parser);
    return outcome(parser, error);
}
