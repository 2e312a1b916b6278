/* One line of the log, in a fixed space: whatever the values are, it stays one line, valid and whole. */
#ifndef MES_BASE_LOG_LINE_H
#define MES_BASE_LOG_LINE_H

#include "base/log.h"

enum { MES_LOG_LINE_MOST = 4096 };

struct mes_log_line {
    char bytes[MES_LOG_LINE_MOST];
    size_t size; /* with the line feed */
};

struct mes_log_head {
    enum mes_log_format format;
    const struct mes_zone *zone; /* NULL: UTC */
    int64_t time;                /* milliseconds since 1970 */
    enum mes_log_level level;
    const char *event;
};

/* Control characters, line separators and what turns the direction of writing become \u escapes, invalid
 * UTF-8 U+FFFD. */
void mes_log_line_write(struct mes_log_line *line, const struct mes_log_head *head,
                        const struct mes_log_field *fields);

#endif
