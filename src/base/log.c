#include "base/log.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log_file.h"
#include "base/log_line.h"
#include "base/mailbox.h"
#include "base/thread.h"

enum {
    EVENT_NAME_SIZE = 40,
    EVENTS_MOST = 128, /* names that are counted on their own; all others share one count */
    EVENTS_PER_SECOND = 200,
    WAITING_BYTES = 1024 * 1024,
    TELL_MS = 1000,
    END_MS = 1000
};

/* How often an event came in this second. */
struct rate {
    char name[EVENT_NAME_SIZE];
    int64_t second;
    unsigned written;
    uint64_t suppressed; /* not yet told */
};

struct lines {
    char *bytes;
    size_t size;
};

struct mes_log {
    const struct mes_clock *clock;
    const struct mes_zone *zone;
    enum mes_log_format format;
    unsigned events_per_second;
    size_t capacity;
    struct mes_mailbox *mailbox; /* wakes the writer; nothing is ever posted */
    struct mes_thread *thread;

    struct mes_mutex mutex; /* of what follows */
    struct rate rates[EVENTS_MOST];
    unsigned rate_count;
    bool has_suppressed;
    struct lines filling;
    uint64_t untold; /* lost lines */
    uint64_t lost;
    bool is_reopening;

    /* The writer's: */
    struct rate told[EVENTS_MOST];
    struct lines writing;
    struct mes_log_file file;
    char *path;
    int64_t end_at; /* monotonic; 0: the end has not come */
};

static int64_t now_wall(const struct mes_log *log)
{
    return mes_clock_wall(log->clock);
}

/* Under the mutex. */
static struct rate *rate_of(struct mes_log *log, const char *event)
{
    for (unsigned i = 0; i < log->rate_count; i++)
        if (strncmp(log->rates[i].name, event, EVENT_NAME_SIZE - 1) == 0)
            return &log->rates[i];
    if (log->rate_count == EVENTS_MOST)
        return &log->rates[EVENTS_MOST - 1];
    struct rate *rate = &log->rates[log->rate_count++];
    (void)snprintf(rate->name, sizeof rate->name, "%s", log->rate_count == EVENTS_MOST ? "other" : event);
    return rate;
}

static bool may_write(struct mes_log *log, const char *event)
{
    int64_t second = mes_clock_monotonic(log->clock) / 1000;
    mes_mutex_lock(&log->mutex);
    struct rate *rate = rate_of(log, event);
    if (rate->second != second)
        rate->written = 0;
    rate->second = second;
    bool may = rate->written < log->events_per_second;
    if (may)
        rate->written++;
    else
        rate->suppressed++;
    log->has_suppressed = log->has_suppressed || !may;
    mes_mutex_unlock(&log->mutex);
    return may;
}

static void count_lost(struct mes_log *log, uint64_t lines)
{
    log->untold += lines;
    log->lost += lines;
}

void mes_log_event(struct mes_log *log, enum mes_log_level level, const char *event,
                   const struct mes_log_field *fields)
{
    if (log == NULL)
        return;
    if (may_write(log, event)) {
        struct mes_log_line line;
        struct mes_log_head head = {log->format, log->zone, now_wall(log), level, event};
        mes_log_line_write(&line, &head, fields);
        mes_mutex_lock(&log->mutex);
        if (line.size <= log->capacity - log->filling.size) {
            memcpy(log->filling.bytes + log->filling.size, line.bytes, line.size);
            log->filling.size += line.size;
        } else
            count_lost(log, 1);
        mes_mutex_unlock(&log->mutex);
    }
    mes_mailbox_nudge(log->mailbox);
}

struct mes_log_field mes_log_text(const char *key, const char *text)
{
    return (struct mes_log_field){
        .kind = MES_LOG_KIND_TEXT, .key = text != NULL ? key : NULL, .text = mes_str_of(text)};
}

/* The writer's own lines pass by the ring, which may be full. */
static void write_own(struct mes_log *log, const char *event, const struct mes_log_field *fields)
{
    struct mes_log_line line;
    struct mes_log_head head = {log->format, log->zone, now_wall(log), MES_LOG_WARNING, event};
    mes_log_line_write(&line, &head, fields);
    (void)mes_log_file_write(&log->file, mes_str_make(line.bytes, line.size), head.time);
}

/* Takes what is to be told into `told`: seconds that are over, or everything at the end. */
static void take_suppressed(struct mes_log *log, bool is_end)
{
    int64_t second = mes_clock_monotonic(log->clock) / 1000;
    bool has_more = false;
    mes_mutex_lock(&log->mutex);
    memcpy(log->told, log->rates, sizeof log->told);
    for (unsigned i = 0; i < log->rate_count; i++) {
        if (is_end || log->rates[i].second != second)
            log->rates[i].suppressed = 0;
        else
            log->told[i].suppressed = 0;
        has_more = has_more || log->rates[i].suppressed > 0;
    }
    log->has_suppressed = has_more;
    mes_mutex_unlock(&log->mutex);
}

static void tell_suppressed(struct mes_log *log, bool is_end)
{
    take_suppressed(log, is_end);
    for (unsigned i = 0; i < EVENTS_MOST; i++)
        if (log->told[i].suppressed > 0)
            write_own(log, "log.suppressed",
                      (const struct mes_log_field[]){MES_LOG_TEXT("of", log->told[i].name),
                                                     MES_LOG_NUMBER("lines", log->told[i].suppressed),
                                                     MES_LOG_NONE});
}

static void write_waiting(struct mes_log *log)
{
    mes_mutex_lock(&log->mutex);
    struct lines taken = log->filling;
    log->filling = log->writing;
    log->filling.size = 0;
    log->writing = taken;
    bool is_reopening = log->is_reopening;
    log->is_reopening = false;
    uint64_t untold = log->untold;
    log->untold = 0;
    mes_mutex_unlock(&log->mutex);

    if (is_reopening)
        mes_log_file_reopen(&log->file);
    uint64_t lost = mes_log_file_write(&log->file, mes_str_make(taken.bytes, taken.size), now_wall(log));
    if (untold > 0 && lost == 0)
        write_own(log, "log.lost",
                  (const struct mes_log_field[]){MES_LOG_NUMBER("lines", untold), MES_LOG_NONE});
    if (lost == 0)
        return;
    mes_mutex_lock(&log->mutex);
    count_lost(log, lost);
    log->untold += untold;
    mes_mutex_unlock(&log->mutex);
}

/* Asked by the file before each write. */
static bool may_wait(void *context)
{
    struct mes_log *log = context;
    if (!mes_mailbox_is_closed(log->mailbox))
        return true;
    int64_t now = mes_clock_monotonic(mes_clock_system());
    if (log->end_at == 0)
        log->end_at = now + END_MS;
    return now < log->end_at;
}

static void run_writer(void *context)
{
    struct mes_log *log = context;
    bool is_closed = false;
    while (!is_closed) {
        mes_mutex_lock(&log->mutex);
        bool has_suppressed = log->has_suppressed;
        mes_mutex_unlock(&log->mutex);
        (void)mes_mailbox_wait(log->mailbox, has_suppressed ? TELL_MS : -1);
        is_closed = mes_mailbox_is_closed(log->mailbox);
        write_waiting(log);
        if (has_suppressed || is_closed)
            tell_suppressed(log, is_closed);
    }
}

static void free_parts(struct mes_log **log)
{
    mes_mailbox_free(&(*log)->mailbox);
    mes_log_file_close(&(*log)->file);
    mes_free((*log)->filling.bytes);
    mes_free((*log)->writing.bytes);
    mes_free((*log)->path);
    mes_mutex_fini(&(*log)->mutex);
    mes_free(*log);
    *log = NULL;
}

static int start(struct mes_log *log, struct mes_error *error)
{
    int code = mes_log_file_open(&log->file, error);
    if (code == 0)
        code = mes_mailbox_new(NULL, NULL, &log->mailbox, error);
    if (code == 0)
        code = mes_thread_start("log", run_writer, log, &log->thread, error);
    return code;
}

int mes_log_new(const struct mes_log_options *options, struct mes_log **log_out, struct mes_error *error)
{
    bool has_file = options->file != NULL && options->file[0] != '\0';
    struct mes_log *log = mes_alloc(sizeof *log);
    if (log == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&log->mutex);
    log->clock = options->clock != NULL ? options->clock : mes_clock_system();
    log->zone = options->zone;
    log->format = options->format;
    log->events_per_second = options->events_per_second != 0 ? options->events_per_second : EVENTS_PER_SECOND;
    log->capacity = options->waiting_bytes != 0 ? (size_t)options->waiting_bytes : WAITING_BYTES;
    log->filling.bytes = mes_alloc(log->capacity);
    log->writing.bytes = mes_alloc(log->capacity);
    log->path = has_file ? mes_copy(options->file, strlen(options->file)) : NULL;
    log->file = (struct mes_log_file){.path = log->path,
                                      .zone = log->zone,
                                      .keep_days = options->keep_days,
                                      .may_wait = may_wait,
                                      .context = log,
                                      .descriptor = -1};
    bool has_memory =
        log->filling.bytes != NULL && log->writing.bytes != NULL && (!has_file || log->path != NULL);
    int code = has_memory ? start(log, error) : mes_fail_nomem(error);
    if (code != 0)
        free_parts(&log);
    else
        *log_out = log;
    return code;
}

void mes_log_free(struct mes_log **log)
{
    if (*log == NULL)
        return;
    mes_mailbox_close((*log)->mailbox);
    mes_thread_join(&(*log)->thread);
    free_parts(log);
}

void mes_log_reopen(struct mes_log *log)
{
    mes_mutex_lock(&log->mutex);
    log->is_reopening = true;
    mes_mutex_unlock(&log->mutex);
    mes_mailbox_nudge(log->mailbox);
}

uint64_t mes_log_lost(struct mes_log *log)
{
    mes_mutex_lock(&log->mutex);
    uint64_t lost = log->lost;
    mes_mutex_unlock(&log->mutex);
    return lost;
}
