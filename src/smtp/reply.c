#include "smtp/reply.h"

#include <string.h>

enum { CODE_SIZE = 3 };

void mes_smtp_parser_init(struct mes_smtp_parser *parser)
{
    *parser = (struct mes_smtp_parser){.line_most = MES_SMTP_LINE_MOST};
    mes_buf_init(&parser->line, MES_SMTP_CHALLENGE_MOST + 2);
    mes_buf_init(&parser->text, MES_SMTP_REPLY_BYTES);
}

void mes_smtp_parser_fini(struct mes_smtp_parser *parser)
{
    mes_buf_fini(&parser->line);
    mes_buf_fini(&parser->text);
}

void mes_smtp_parser_set_line_most(struct mes_smtp_parser *parser, size_t line_most)
{
    parser->line_most = line_most;
}

bool mes_smtp_parser_is_inside(const struct mes_smtp_parser *parser)
{
    return parser->line.size > 0 || parser->lines > 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The code at the front of a line, as far as it has come; a wrong one is seen before the line has ended,
 * because a peer that speaks another protocol may never end it. */
static bool has_good_start(struct mes_str line)
{
    for (size_t i = 0; i < line.size && i < CODE_SIZE; i++)
        if (!is_digit(line.data[i]))
            return false;
    if (line.size > 0 && (line.data[0] < '2' || line.data[0] > '5'))
        return false;
    return line.size <= CODE_SIZE || strchr(" -\r", line.data[CODE_SIZE]) != NULL;
}

/* One line without its CRLF. */
static bool read_line(struct mes_smtp_parser *parser, struct mes_str line, bool *last_out)
{
    if (line.size < CODE_SIZE || !has_good_start(line) || line.size > parser->line_most ||
        memchr(line.data, '\r', line.size) != NULL || memchr(line.data, '\0', line.size) != NULL)
        return false;
    int code = (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
    if (parser->lines > 0 && code != parser->code)
        return false;
    if (++parser->lines > MES_SMTP_REPLY_LINES)
        return false;
    if (parser->lines > 1)
        mes_buf_add_char(&parser->text, '\n');
    mes_buf_add_str(&parser->text, mes_str_skip(line, CODE_SIZE + 1));
    parser->code = code;
    *last_out = line.size == CODE_SIZE || line.data[CODE_SIZE] == ' ';
    return true;
}

/* Passes over '.' and one to three digits. */
static bool skip_part(struct mes_str text, size_t *at)
{
    size_t digits = 0;
    if (*at == text.size || text.data[*at] != '.')
        return false;
    for (++*at; *at < text.size && is_digit(text.data[*at]); ++*at)
        digits++;
    return digits >= 1 && digits <= 3;
}

/* The bytes of "5.7.8" at the front of `text` (RFC 3463 section 2), or 0. */
static size_t enhanced_size(struct mes_str text)
{
    size_t at = 1;
    if (text.size == 0 || strchr("245", text.data[0]) == NULL || !skip_part(text, &at) ||
        !skip_part(text, &at))
        return 0;
    return at == text.size || text.data[at] == ' ' || text.data[at] == '\n' ? at : 0;
}

static struct mes_smtp_reply finish(struct mes_smtp_parser *parser)
{
    struct mes_smtp_reply reply = {.code = parser->code, .text = mes_buf_str(&parser->text)};
    struct mes_str enhanced = mes_str_cut(reply.text, 0, enhanced_size(reply.text));
    /* RFC 2034 section 4: the class "must" agree with the code; where it does not, the code decides. */
    reply.contradicts = enhanced.size > 0 && enhanced.data[0] - '0' != reply.code / 100;
    reply.enhanced = reply.contradicts ? MES_STR("") : enhanced;
    parser->lines = 0;
    return reply;
}

/* Takes one line, CRLF with it, off the front of `*input`, or keeps what there is of it. The line is either
 * in the input still or put together in parser->line. */
static enum mes_smtp_parse take_line(struct mes_smtp_parser *parser, struct mes_str *input,
                                     struct mes_str *line_out)
{
    const char *end = input->size > 0 ? memchr(input->data, '\n', input->size) : NULL;
    struct mes_str part = mes_str_cut(*input, 0, end != NULL ? (size_t)(end - input->data) + 1 : input->size);
    if (parser->line.size + part.size > parser->line_most + 2)
        return MES_SMTP_PARSE_BAD;
    *input = mes_str_skip(*input, part.size);
    *line_out = part;
    if (parser->line.size > 0 || end == NULL) {
        mes_buf_add_str(&parser->line, part);
        *line_out = mes_buf_str(&parser->line);
        if (parser->line.failed != 0)
            return MES_SMTP_PARSE_NOMEM;
    }
    if (end == NULL)
        return has_good_start(*line_out) ? MES_SMTP_PARSE_MORE : MES_SMTP_PARSE_BAD;
    if (line_out->size < 2 || line_out->data[line_out->size - 2] != '\r')
        return MES_SMTP_PARSE_BAD;
    line_out->size -= 2;
    return MES_SMTP_PARSE_REPLY;
}

enum mes_smtp_parse mes_smtp_parser_next(struct mes_smtp_parser *parser, struct mes_str *input,
                                         struct mes_smtp_reply *reply_out)
{
    struct mes_str line;
    bool is_last = false;
    while (!is_last) {
        if (parser->lines == 0)
            mes_buf_clear(&parser->text);
        enum mes_smtp_parse got = take_line(parser, input, &line);
        if (got != MES_SMTP_PARSE_REPLY)
            return got;
        if (!read_line(parser, line, &is_last))
            return MES_SMTP_PARSE_BAD;
        mes_buf_clear(&parser->line);
        if (parser->text.failed != 0)
            return parser->text.failed == MES_E_LIMIT ? MES_SMTP_PARSE_BAD : MES_SMTP_PARSE_NOMEM;
    }
    *reply_out = finish(parser);
    return MES_SMTP_PARSE_REPLY;
}

void mes_smtp_reply_add_text(const struct mes_smtp_reply *reply, size_t most, struct mes_buf *out)
{
    struct mes_str rest = reply->text, line;
    size_t begin = out->size;
    while (mes_str_next(&rest, '\n', &line)) {
        if (reply->enhanced.size > 0 && mes_str_starts(line, reply->enhanced))
            line = mes_str_trim(mes_str_skip(line, reply->enhanced.size));
        if (out->size > begin)
            mes_buf_add_char(out, '\n');
        mes_buf_add_str(out, line);
    }
    if (out->size > begin + most)
        mes_buf_truncate(out, begin + most);
}
