#include "api/multipart.h"

#include <string.h>

#include "base/error.h"
#include "i18n/say.h"

enum state {
    PREAMBLE, /* before the first delimiter, whose CR LF may be missing */
    BODY,     /* of a part, up to the delimiter */
    BEHIND,   /* a delimiter: "--" or the end of its line comes */
    DASH,     /* the first '-' of the two that end it all */
    LINE,     /* blanks up to the line's end */
    HEAD,     /* of a part, up to the empty line */
    EPILOGUE
};

static int fail(struct mes_error *error)
{
    return mes_fail(error, MES_E_INPUT, MES_SAY_resource_multipart, MES_NO_ARGS);
}

/* RFC 2046 5.1.1. */
static bool is_of_boundary(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') ||
           (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

/* The value of a parameter behind a media type or disposition, without its quotation marks; data NULL when it
 * is not there. A '"' or '\' in it is not undone: browsers write %22 instead. */
static struct mes_str parameter(struct mes_str text, struct mes_str name)
{
    for (size_t at = mes_str_find(text, MES_STR(";"), 0); at != SIZE_MAX;) {
        struct mes_str rest = mes_str_trim(mes_str_skip(text, at + 1));
        size_t equals = mes_str_find(rest, MES_STR("="), 0);
        if (equals == SIZE_MAX)
            break;
        struct mes_str value = mes_str_skip(rest, equals + 1);
        bool is_quoted = mes_str_starts(value, MES_STR("\""));
        value = mes_str_skip(value, is_quoted);
        size_t end = mes_str_find(value, is_quoted ? MES_STR("\"") : MES_STR(";"), 0);
        value = end != SIZE_MAX ? mes_str_cut(value, 0, end) : value;
        if (mes_str_eq_nocase(mes_str_trim(mes_str_cut(rest, 0, equals)), name))
            return is_quoted ? value : mes_str_trim(value);
        at = mes_str_find(text, MES_STR(";"), (size_t)(value.data + value.size - text.data));
    }
    return (struct mes_str){0};
}

int mes_api_multipart_init(struct mes_api_multipart *reader, struct mes_str content_type,
                           const struct mes_api_part_sink *sink, struct mes_error *error)
{
    struct mes_str boundary = parameter(content_type, MES_STR("boundary"));
    bool is_fit = boundary.size > 0 && boundary.size <= MES_API_BOUNDARY_MOST;
    for (size_t i = 0; is_fit && i < boundary.size; i++)
        is_fit = is_of_boundary(boundary.data[i]);
    /* The CR LF before the first delimiter counts as read. */
    *reader = (struct mes_api_multipart){.sink = sink, .state = PREAMBLE, .matched = 2};
    mes_buf_init(&reader->head, MES_API_PART_HEAD_MOST);
    if (!is_fit)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_boundary, MES_NO_ARGS);
    memcpy(reader->delimiter, "\r\n--", 4);
    memcpy(reader->delimiter + 4, boundary.data, boundary.size);
    reader->delimiter_size = 4 + boundary.size;
    return 0;
}

void mes_api_multipart_fini(struct mes_api_multipart *reader)
{
    mes_buf_fini(&reader->head);
}

/* --- the head of a part --- */

/* The value of a header field among lines that end in CR LF. */
static struct mes_str field(struct mes_str head, struct mes_str name)
{
    struct mes_str line;
    while (head.size > 0 && mes_str_next(&head, '\n', &line))
        if (line.size > name.size && line.data[name.size] == ':' && mes_str_starts_nocase(line, name))
            return mes_str_trim(mes_str_skip(line, name.size + 1));
    return MES_STR("");
}

static struct mes_str or_empty(struct mes_str text)
{
    return text.data != NULL ? text : MES_STR("");
}

static int begin_part(struct mes_api_multipart *reader, struct mes_error *error)
{
    struct mes_str head = mes_buf_str(&reader->head);
    struct mes_str disposition = field(head, MES_STR("Content-Disposition"));
    const struct mes_api_part part = {.name = parameter(disposition, MES_STR("name")),
                                      .file = or_empty(parameter(disposition, MES_STR("filename"))),
                                      .type = field(head, MES_STR("Content-Type"))};
    if (!mes_str_starts_nocase(disposition, MES_STR("form-data")) || part.name.data == NULL)
        return fail(error);
    reader->state = BODY;
    reader->matched = 0;
    return reader->sink->on_part(reader->sink->context, &part, error);
}

static int read_head(struct mes_api_multipart *reader, char c, struct mes_error *error)
{
    mes_buf_add_char(&reader->head, c);
    if (reader->head.failed != 0)
        return fail(error);
    struct mes_str head = mes_buf_str(&reader->head);
    bool is_empty_line = mes_str_eq(head, MES_STR("\r\n")) || mes_str_ends_nocase(head, MES_STR("\r\n\r\n"));
    return is_empty_line ? begin_part(reader, error) : 0;
}

/* --- bytes and delimiters --- */

static int give(struct mes_api_multipart *reader, struct mes_str bytes, struct mes_error *error)
{
    if (reader->state != BODY || bytes.size == 0)
        return 0;
    return reader->sink->on_bytes(reader->sink->context, bytes, error);
}

static int end_part(struct mes_api_multipart *reader, struct mes_error *error)
{
    bool had_part = reader->state == BODY;
    reader->state = BEHIND;
    return had_part ? reader->sink->on_end(reader->sink->context, error) : 0;
}

/* Reads a preamble or body up to its delimiter or the end of the piece. A delimiter holds one CR, at its
 * front: where it breaks off, the next can only begin at the byte that broke it. */
static int read_body(struct mes_api_multipart *reader, struct mes_str bytes, size_t *at,
                     struct mes_error *error)
{
    size_t start = *at;
    int code = 0;
    while (*at < bytes.size && code == 0) {
        if (reader->matched == 0) {
            const char *found = memchr(bytes.data + *at, '\r', bytes.size - *at);
            *at = found != NULL ? (size_t)(found - bytes.data) : bytes.size;
            code = give(reader, mes_str_cut(bytes, start, *at - start), error);
            start = *at;
            if (found == NULL)
                break;
        }
        if (bytes.data[*at] == reader->delimiter[reader->matched]) {
            start = ++*at;
            if (++reader->matched == reader->delimiter_size)
                return code != 0 ? code : end_part(reader, error);
            continue;
        }
        if (code == 0)
            code = give(reader, mes_str_make(reader->delimiter, reader->matched), error);
        reader->matched = 0;
    }
    return code;
}

/* What stands behind a delimiter, and the heads of parts. */
static int read_byte(struct mes_api_multipart *reader, char c, struct mes_error *error)
{
    switch ((enum state)reader->state) {
    case BEHIND:
        reader->matched = 0;
        reader->state = c == '-' ? DASH : LINE;
        return c == '-' ? 0 : read_byte(reader, c, error);
    case DASH:
        reader->state = EPILOGUE;
        return c == '-' ? 0 : fail(error);
    case LINE:
        if (reader->matched == 1 && c == '\n') {
            reader->state = HEAD;
            mes_buf_clear(&reader->head);
            return 0;
        }
        if (reader->matched == 1 || (c != '\r' && c != ' ' && c != '\t'))
            return fail(error);
        reader->matched = c == '\r';
        return 0;
    case HEAD:
        return read_head(reader, c, error);
    default:
        return 0;
    }
}

int mes_api_multipart_feed(struct mes_api_multipart *reader, struct mes_str bytes, struct mes_error *error)
{
    int code = 0;
    for (size_t at = 0; at < bytes.size && code == 0;) {
        if (reader->state == PREAMBLE || reader->state == BODY)
            code = read_body(reader, bytes, &at, error);
        else
            code = read_byte(reader, bytes.data[at++], error);
    }
    return code;
}

int mes_api_multipart_end(struct mes_api_multipart *reader, struct mes_error *error)
{
    return reader->state == EPILOGUE ? 0 : fail(error);
}
