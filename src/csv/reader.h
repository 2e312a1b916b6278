/* Reading CSV as it arrives: RFC 4180, and what spreadsheets make of it. */
#ifndef MES_CSV_READER_H
#define MES_CSV_READER_H

#include "csv/charset.h"

enum { MES_CSV_COLUMNS = 10000, MES_CSV_FIELD_BYTES = 64 * 1024, MES_CSV_ROW_BYTES = 1024 * 1024 };

/* Fields are UTF-8 without NUL, their line ends LF, and only valid during the call. Blank lines are no rows.
 */
struct mes_csv_row {
    uint64_t line;   /* where the row starts, from 1 */
    uint64_t number; /* of the row, from 1 */
    const struct mes_str *fields;
    size_t count;
};

struct mes_csv_options {
    enum mes_charset charset; /* AUTO: found out from the first bytes that are not ASCII */
    char separator;           /* 0: the one of , ; TAB that the first line has most of */
    /* A good row; not 0 ends the reading with that code. */
    int (*on_row)(void *context, const struct mes_csv_row *row, struct mes_error *error);
    /* A row that cannot be used (`why` names line and column); reading goes on behind it. NULL: it ends the
     * reading with that error. */
    void (*on_bad_row)(void *context, uint64_t line, const struct mes_error *why);
    void *context;
};

struct mes_csv_reader;

/* NULL: out of memory. */
struct mes_csv_reader *mes_csv_reader_new(const struct mes_csv_options *options) MES_MUST_USE;
void mes_csv_reader_free(struct mes_csv_reader **reader);

/* Takes the next bytes of the file, any number of them, and makes the callbacks. After an error only free it.
 */
int mes_csv_reader_feed(struct mes_csv_reader *reader, struct mes_str bytes,
                        struct mes_error *error) MES_MUST_USE;
/* The file is at its end. */
int mes_csv_reader_end(struct mes_csv_reader *reader, struct mes_error *error) MES_MUST_USE;

/* What was found; AUTO and 0 before it is known. A file of ASCII alone stays AUTO. */
enum mes_charset mes_csv_reader_charset(const struct mes_csv_reader *reader);
char mes_csv_reader_separator(const struct mes_csv_reader *reader);

/* The names of the first row, kept: trimmed, none empty but at the end (these are dropped), none twice
 * (whatever the case). */
struct mes_csv_header;

int mes_csv_header_new(const struct mes_csv_row *row, struct mes_csv_header **header_out,
                       struct mes_error *error) MES_MUST_USE;
void mes_csv_header_free(struct mes_csv_header **header);
size_t mes_csv_header_count(const struct mes_csv_header *header);
/* NULL past the end. */
const char *mes_csv_header_name(const struct mes_csv_header *header, size_t index);
/* The column of that name, whatever the case; SIZE_MAX when there is none. */
size_t mes_csv_header_find(const struct mes_csv_header *header, const char *name);

#endif
