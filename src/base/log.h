/* The log: one line per event, written by a thread of its own, so that nobody ever waits for a disk or a
 * terminal. */
#ifndef MES_BASE_LOG_H
#define MES_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_clock;
struct mes_log;
struct mes_zone;

enum mes_log_level { MES_LOG_INFO, MES_LOG_WARNING, MES_LOG_ERROR };

enum mes_log_format {
    MES_LOG_KEY_VALUE, /* time=… level=info event=service.ready address="…"; quoted values are JSON strings */
    MES_LOG_JSON       /* an object per line */
};

enum mes_log_kind {
    MES_LOG_KIND_END,
    MES_LOG_KIND_TEXT,
    MES_LOG_KIND_NUMBER,
    MES_LOG_KIND_FLAG,
    MES_LOG_KIND_TIME
};

/* A key with its value. Keys are static, of [A-Za-z0-9_]. Texts are valid during the call and may hold any
 * bytes: no value can break or forge a line. Never a secret: what is handed in is what is written. */
struct mes_log_field {
    enum mes_log_kind kind;
    const char *key;
    struct mes_str text;
    int64_t number;
};

/* A text ended by NUL; NULL leaves the field out. */
#define MES_LOG_TEXT(key_, text_) mes_log_text((key_), (text_))
#define MES_LOG_STR(key_, str_)                                                                              \
    ((struct mes_log_field){.kind = MES_LOG_KIND_TEXT, .key = (key_), .text = (str_)})
#define MES_LOG_NUMBER(key_, value_)                                                                         \
    ((struct mes_log_field){.kind = MES_LOG_KIND_NUMBER, .key = (key_), .number = (int64_t)(value_)})
#define MES_LOG_FLAG(key_, value_)                                                                           \
    ((struct mes_log_field){.kind = MES_LOG_KIND_FLAG, .key = (key_), .number = (value_) ? 1 : 0})
/* Milliseconds since 1970, shown as a local time with its offset. */
#define MES_LOG_TIME(key_, ms_)                                                                              \
    ((struct mes_log_field){.kind = MES_LOG_KIND_TIME, .key = (key_), .number = (ms_)})
/* For an event that has no fields. */
#define MES_LOG_NONE ((struct mes_log_field){.kind = MES_LOG_KIND_END})

/* mes_log(log, MES_LOG_WARNING, "account.resting", MES_LOG_TEXT("account", name), MES_LOG_TIME("until",
 * until)); */
#define mes_log(log_, level_, event_, ...)                                                                   \
    mes_log_event((log_), (level_), (event_), (const struct mes_log_field[]){__VA_ARGS__, MES_LOG_NONE})

struct mes_log_options {
    const struct mes_clock *clock; /* NULL: the machine's */
    const struct mes_zone *zone;   /* of the times, and of midnight; NULL: UTC. Outlives the log */
    enum mes_log_format format;
    const char *file;           /* NULL or "": standard error */
    unsigned keep_days;         /* files of earlier days that are kept beside `file`; 0: none */
    unsigned events_per_second; /* of one name; 0: 200. What is above it is counted, and the count is told */
    uint64_t waiting_bytes; /* lines that wait to be written; 0: 1 MiB. What is above it is dropped, counted,
                               told */
};

/* Opens the file (appending; at the first write of a new local day it is renamed FILE.YYYY-MM-DD) and starts
 * the thread. Errors: MES_E_FILE, MES_E_NOMEM, MES_E_SYSTEM. */
int mes_log_new(const struct mes_log_options *options, struct mes_log **log_out,
                struct mes_error *error) MES_MUST_USE;
/* Writes what waits, within a second when nobody takes it, and ends the thread. NULL inside is allowed. No
 * thread may use the log any more. */
void mes_log_free(struct mes_log **log);

/* Logs an event: "service.ready", "account.resting": at most 39 of [a-z0-9._-]. `fields` end with
 * MES_LOG_NONE. Never blocks, never fails; a NULL log does nothing. A line has at most 4 KiB: longer values
 * are cut and end in "…". Any thread. */
void mes_log_event(struct mes_log *log, enum mes_log_level level, const char *event,
                   const struct mes_log_field *fields);
struct mes_log_field mes_log_text(const char *key, const char *text);

/* Opens the file anew before the next line, for a tool that has moved it away. Any thread. */
void mes_log_reopen(struct mes_log *log);
/* How many lines were lost since the start, because they were not taken in time or because writing failed.
 * Any thread. */
uint64_t mes_log_lost(struct mes_log *log);

#endif
