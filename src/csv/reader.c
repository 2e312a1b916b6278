#include "csv/reader.h"

#include <string.h>

#include "base/alloc.h"
#include "csv/decode.h"
#include "csv/parser.h"

/* How much is looked at to find out the character set, and the first line to find out the separator. */
enum { SAMPLE = 64 * 1024, FIRST_LINE = 256 * 1024, SLICE = 64 * 1024, TEXT = 16 * 1024 };

struct mes_csv_reader {
    struct mes_csv_options options;
    struct mes_csv_decoder decoder;
    struct mes_csv_parser parser;
    bool is_charset_known;
    bool is_begun;        /* bytes have gone on to the decoder */
    struct mes_buf bytes; /* not decoded yet */
    struct mes_buf text;  /* decoded just now */
    struct mes_buf first; /* the first line, until the separator is known */
    size_t first_seen;    /* what of `first` was looked at … */
    bool is_in_quotes;    /* … and whether it ended in quotes */
};

struct mes_csv_reader *mes_csv_reader_new(const struct mes_csv_options *options)
{
    struct mes_csv_reader *reader = mes_alloc(sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->options = *options;
    reader->decoder.charset = MES_CHARSET_UTF_8; /* for the ASCII before the set is known */
    mes_csv_parser_init(&reader->parser, &reader->options);
    reader->parser.separator = options->separator;
    mes_buf_init(&reader->bytes, SAMPLE + 2 * SLICE);
    mes_buf_init(&reader->text, TEXT);
    mes_buf_init(&reader->first, FIRST_LINE + TEXT);
    return reader;
}

void mes_csv_reader_free(struct mes_csv_reader **reader)
{
    if (*reader == NULL)
        return;
    mes_csv_decoder_fini(&(*reader)->decoder);
    mes_csv_parser_fini(&(*reader)->parser);
    mes_buf_fini(&(*reader)->bytes);
    mes_buf_fini(&(*reader)->text);
    mes_buf_fini(&(*reader)->first);
    mes_free(*reader);
    *reader = NULL;
}

enum mes_charset mes_csv_reader_charset(const struct mes_csv_reader *reader)
{
    return reader->is_charset_known ? reader->decoder.charset : MES_CHARSET_AUTO;
}

char mes_csv_reader_separator(const struct mes_csv_reader *reader)
{
    return reader->parser.separator;
}

/* The end of the first line, looking on from where the last call ended; SIZE_MAX when it is not there yet. */
static size_t find_first_line_end(struct mes_csv_reader *reader)
{
    for (; reader->first_seen < reader->first.size; reader->first_seen++) {
        char c = reader->first.data[reader->first_seen];
        if (c == '"')
            reader->is_in_quotes = !reader->is_in_quotes;
        if ((c == '\n' || c == '\r') && !reader->is_in_quotes)
            return reader->first_seen;
    }
    return SIZE_MAX;
}

/* The one of , ; TAB that stands most often outside quotes. */
static char find_separator(struct mes_str line)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[sizeof candidates] = {0};
    size_t best = 0;
    bool is_in_quotes = false;
    for (size_t i = 0; i < line.size; i++) {
        is_in_quotes ^= line.data[i] == '"';
        for (size_t n = 0; n < sizeof candidates; n++)
            counts[n] += !is_in_quotes && line.data[i] == candidates[n];
    }
    for (size_t n = 1; n < sizeof candidates; n++)
        if (counts[n] > counts[best])
            best = n;
    return candidates[best];
}

/* Spreadsheets write a line "sep=;" for one another: it is no row. */
static char named_separator(struct mes_str line)
{
    return line.size == 5 && mes_str_starts_nocase(line, MES_STR("sep=")) ? line.data[4] : '\0';
}

static int begin_rows(struct mes_csv_reader *reader, size_t line_end, struct mes_error *error)
{
    struct mes_str text = mes_buf_str(&reader->first);
    struct mes_str line = mes_str_cut(text, 0, line_end);
    char named = named_separator(line);
    reader->parser.separator = named != '\0' ? named : find_separator(line);
    if (named != '\0') {
        text = mes_str_skip(text, line.size);
        size_t end = mes_str_starts(text, MES_STR("\r\n")) ? 2 : text.size > 0;
        reader->parser.is_after_cr = end == 1 && text.data[0] == '\r';
        text = mes_str_skip(text, end);
        reader->parser.line = 2;
    }
    int code = mes_csv_parser_read(&reader->parser, text, error);
    mes_buf_fini(&reader->first);
    return code;
}

static int take_text(struct mes_csv_reader *reader, struct mes_str text, struct mes_error *error)
{
    if (reader->parser.separator != '\0')
        return mes_csv_parser_read(&reader->parser, text, error);
    mes_buf_add_str(&reader->first, text);
    int code = mes_buf_check(&reader->first, error);
    if (code != 0)
        return code;
    size_t end = find_first_line_end(reader);
    if (end == SIZE_MAX && reader->first.size < FIRST_LINE)
        return 0;
    return begin_rows(reader, end, error);
}

/* Decodes the first `size` bytes that wait; a character that is not whole stays. */
static int decode(struct mes_csv_reader *reader, size_t size, bool is_end, struct mes_error *error)
{
    size_t at = 0, taken = 1;
    int code = 0;
    reader->is_begun = reader->is_begun || size > 0;
    while (code == 0 && taken > 0 && at < size) {
        struct mes_str rest = mes_str_make(reader->bytes.data + at, size - at);
        taken = mes_csv_decode(&reader->decoder, rest, is_end, &reader->text);
        at += taken;
        code = mes_buf_check(&reader->text, error);
        if (code == 0)
            code = take_text(reader, mes_buf_str(&reader->text), error);
    }
    mes_buf_consume(&reader->bytes, at);
    return code;
}

static int begin_charset(struct mes_csv_reader *reader, enum mes_charset charset, size_t mark,
                         struct mes_error *error)
{
    mes_buf_consume(&reader->bytes, mark);
    reader->is_charset_known = true;
    reader->parser.charset = charset;
    return mes_csv_decoder_init(&reader->decoder, charset, error);
}

/* ASCII is the same in all sets but UTF-16, which shows by its first bytes. */
static size_t count_ascii(const struct mes_csv_reader *reader)
{
    struct mes_str bytes = mes_buf_str(&reader->bytes);
    if (!reader->is_begun && mes_str_find(mes_str_cut(bytes, 0, 4), mes_str_make("", 1), 0) != SIZE_MAX)
        return 0;
    size_t size = 0;
    while (size < bytes.size && (unsigned char)bytes.data[size] < 0x80)
        size++;
    return size;
}

/* Passes ASCII on and keeps what comes behind it until that is enough to tell the set by. */
static int find_charset(struct mes_csv_reader *reader, bool is_end, struct mes_error *error)
{
    size_t mark = 0;
    if (reader->bytes.size < 4 && !reader->is_begun && !is_end)
        return 0;
    int code = decode(reader, count_ascii(reader), is_end, error);
    if (code != 0 || reader->bytes.size == 0 || (reader->bytes.size < SAMPLE && !is_end))
        return code;
    struct mes_str sample = mes_str_cut(mes_buf_str(&reader->bytes), 0, SAMPLE);
    enum mes_charset found = mes_csv_charset_detect(sample, reader->is_begun ? NULL : &mark);
    return begin_charset(reader, found, mark, error);
}

static int use_given_charset(struct mes_csv_reader *reader, bool is_end, struct mes_error *error)
{
    size_t mark = 0;
    enum mes_charset given = reader->options.charset;
    if (reader->bytes.size < 4 && !is_end)
        return 0;
    if (mes_csv_charset_detect(mes_str_cut(mes_buf_str(&reader->bytes), 0, 4), &mark) != given)
        mark = 0;
    return begin_charset(reader, given, mark, error);
}

static int advance(struct mes_csv_reader *reader, bool is_end, struct mes_error *error)
{
    int code = 0;
    if (!reader->is_charset_known)
        code = (reader->options.charset != MES_CHARSET_AUTO ? use_given_charset
                                                            : find_charset)(reader, is_end, error);
    if (code == 0 && reader->is_charset_known)
        code = decode(reader, reader->bytes.size, is_end, error);
    return code;
}

int mes_csv_reader_feed(struct mes_csv_reader *reader, struct mes_str bytes, struct mes_error *error)
{
    int code = 0;
    while (code == 0 && bytes.size > 0) {
        struct mes_str slice = mes_str_cut(bytes, 0, SLICE);
        mes_buf_add_str(&reader->bytes, slice);
        code = mes_buf_check(&reader->bytes, error);
        if (code == 0)
            code = advance(reader, false, error);
        bytes = mes_str_skip(bytes, slice.size);
    }
    return code;
}

int mes_csv_reader_end(struct mes_csv_reader *reader, struct mes_error *error)
{
    int code = advance(reader, true, error);
    if (code == 0 && reader->parser.separator == '\0')
        code = begin_rows(reader, SIZE_MAX, error);
    return code == 0 ? mes_csv_parser_end(&reader->parser, error) : code;
}
