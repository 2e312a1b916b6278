/* Where the log's lines go: standard error, or a file for each local day. Used by the writer's thread alone.
 */
#ifndef MES_BASE_LOG_FILE_H
#define MES_BASE_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_zone;

struct mes_log_file {
    const char *path;            /* NULL: standard error. Borrowed, like the zone */
    const struct mes_zone *zone; /* NULL: UTC */
    unsigned keep_days;          /* files of earlier days */
    /* Is there time to wait until somebody takes the lines? If not, they are given up. */
    bool (*may_wait)(void *context);
    void *context;
    /* Its own: */
    int descriptor;
    int64_t day;    /* local, since 1970, of the lines in the file; MES_LOG_NO_DAY: it is empty */
    bool is_broken; /* it ends in half a line, because the disk was full */
};

#define MES_LOG_NO_DAY INT64_MIN

/* Opens `path` for appending. MES_E_FILE. */
int mes_log_file_open(struct mes_log_file *file, struct mes_error *error) MES_MUST_USE;
void mes_log_file_close(struct mes_log_file *file);

/* Opens the path anew: another program has moved the file away. Failing that, the old file stays in use. */
void mes_log_file_reopen(struct mes_log_file *file);

/* Writes whole lines; gives the number of those that were lost. With the first line of a new local day of
 * `now` (milliseconds since 1970) the file becomes PATH.YYYY-MM-DD, and what is older than keep_days goes. */
uint64_t mes_log_file_write(struct mes_log_file *file, struct mes_str lines, int64_t now);

#endif
