/* The state machine of CSV over UTF-8 text, with the separator known: rows of fields, faults by line and
 * column. */
#ifndef MES_CSV_PARSER_H
#define MES_CSV_PARSER_H

#include "base/error.h"
#include "csv/reader.h"

enum mes_csv_state {
    MES_CSV_BEGIN,    /* of a field */
    MES_CSV_BARE,     /* within a field without quotes */
    MES_CSV_QUOTED,   /* within quotes */
    MES_CSV_CLOSED,   /* behind the closing quote, or the first of two */
    MES_CSV_SKIPPING, /* the rest of a row whose end in quotes is unknown: up to the next line end */
    MES_CSV_STATES
};

struct mes_csv_parser {
    const struct mes_csv_options *options;
    char separator;
    enum mes_charset charset; /* for complaints */
    enum mes_csv_state state;
    bool is_after_cr;       /* a LF now belongs to the line end before it */
    bool has_quotes;        /* the row is no blank line */
    bool is_bad;            /* `why` says what is wrong with the row under way */
    int stopped;            /* what on_row returned, or the code of a fault that nobody takes */
    uint64_t line, column;  /* of the next character, from 1 */
    uint64_t row_line;      /* where the row began */
    uint64_t row_number;    /* of good rows */
    struct mes_buf content; /* the row's fields, one behind the other */
    struct mes_buf ends;    /* size_t each: where each field ends in `content` */
    struct mes_buf fields;  /* struct mes_str each */
    struct mes_error why;
};

/* `options` must outlive the parser; set the separator before it reads. */
void mes_csv_parser_init(struct mes_csv_parser *parser, const struct mes_csv_options *options);
void mes_csv_parser_fini(struct mes_csv_parser *parser);

/* Takes UTF-8 with MES_CSV_INVALID in it. Both return 0, or what ended the reading (`error` filled). */
int mes_csv_parser_read(struct mes_csv_parser *parser, struct mes_str text,
                        struct mes_error *error) MES_MUST_USE;
int mes_csv_parser_end(struct mes_csv_parser *parser, struct mes_error *error) MES_MUST_USE;

#endif
