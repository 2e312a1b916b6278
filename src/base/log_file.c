#include "base/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/file.h"
#include "base/zone.h"

enum { DAY_MS = 86400000, WAIT_MS = 200, NAME_MOST = 4096, DATE_SIZE = 10 };

static int64_t local_day(const struct mes_zone *zone, int64_t time)
{
    int64_t local = time + (zone != NULL ? (int64_t)mes_zone_offset(zone, time) * 1000 : 0);
    return local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0);
}

static void date_text(char out[DATE_SIZE + 1], int64_t day)
{
    struct mes_date date = mes_calendar_date(day);
    (void)snprintf(out, DATE_SIZE + 1, "%04u-%02u-%02u", (unsigned)date.year % 10000U, date.month % 100U,
                   date.day % 100U);
}

int mes_log_file_open(struct mes_log_file *file, struct mes_error *error)
{
    struct stat status;
    file->day = MES_LOG_NO_DAY;
    file->is_broken = false;
    file->descriptor = STDERR_FILENO;
    if (file->path == NULL)
        return 0;
    file->descriptor = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (file->descriptor < 0)
        return mes_fail_file(error, file->path, errno);
    if (fstat(file->descriptor, &status) == 0 && status.st_size > 0)
        file->day = local_day(file->zone, (int64_t)status.st_mtime * 1000);
    return 0;
}

void mes_log_file_close(struct mes_log_file *file)
{
    if (file->path != NULL && file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

void mes_log_file_reopen(struct mes_log_file *file)
{
    struct mes_log_file fresh = *file;
    if (file->path == NULL || mes_log_file_open(&fresh, NULL) != 0)
        return;
    mes_log_file_close(file);
    *file = fresh;
}

struct sweep {
    const char *folder;
    struct mes_str name; /* of the file that is written to, with its dot */
    char oldest[DATE_SIZE + 1];
};

static bool is_date(struct mes_str text)
{
    if (text.size != DATE_SIZE)
        return false;
    for (size_t i = 0; i < DATE_SIZE; i++)
        if (i == 4 || i == 7 ? text.data[i] != '-' : text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static void sweep_entry(void *context, const char *name)
{
    const struct sweep *sweep = context;
    char path[NAME_MOST];
    struct mes_str entry = mes_str_of(name);
    struct mes_str date = mes_str_skip(entry, sweep->name.size);
    if (!mes_str_starts(entry, sweep->name) || !is_date(date) || strcmp(date.data, sweep->oldest) >= 0)
        return;
    if (snprintf(path, sizeof path, "%s/%s", sweep->folder, name) < (int)sizeof path)
        (void)unlink(path);
}

/* Dates are compared as texts: their order is the same. */
static void remove_old(const struct mes_log_file *file, int64_t today)
{
    char folder[NAME_MOST];
    char name[NAME_MOST];
    struct sweep sweep = {.folder = "."};
    const char *slash = strrchr(file->path, '/');
    if (slash != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - file->path) + (slash == file->path),
                       file->path);
        sweep.folder = folder;
    }
    (void)snprintf(name, sizeof name, "%s.", slash != NULL ? slash + 1 : file->path);
    sweep.name = mes_str_of(name);
    date_text(sweep.oldest, today - (int64_t)file->keep_days);
    if (mes_file_list(sweep.folder, sweep_entry, &sweep, NULL) != 0)
        return; /* they go another day */
}

static void turn(struct mes_log_file *file, int64_t today)
{
    char date[DATE_SIZE + 1];
    char aside[NAME_MOST];
    if (file->day != MES_LOG_NO_DAY && file->day < today) {
        date_text(date, file->day);
        if (snprintf(aside, sizeof aside, "%s.%s", file->path, date) < (int)sizeof aside &&
            !mes_file_exists(aside) && rename(file->path, aside) == 0)
            mes_log_file_reopen(file);
        remove_old(file, today);
    }
    file->day = today;
}

/* A pipe that polls as writable takes PIPE_BUF bytes, so the write after it does not wait. */
static bool wait_writable(struct mes_log_file *file)
{
    struct pollfd waiting = {.fd = file->descriptor, .events = POLLOUT};
    int ready;
    do {
        bool may_wait = file->may_wait(file->context);
        ready = poll(&waiting, 1, may_wait ? WAIT_MS : 0);
        if (ready == 0 && !may_wait)
            return false;
    } while (ready == 0 || (ready < 0 && errno == EINTR));
    return ready > 0;
}

/* One line, or the rest of one. Half a line is remembered, so that the next one does not go on behind it. */
static bool write_line(struct mes_log_file *file, struct mes_str line)
{
    while (line.size > 0) {
        if (!wait_writable(file))
            return false;
        ssize_t put = write(file->descriptor, line.data, line.size);
        if (put < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (put < 0)
            return false;
        line = mes_str_skip(line, (size_t)put);
        file->is_broken = line.size > 0;
    }
    return true;
}

uint64_t mes_log_file_write(struct mes_log_file *file, struct mes_str lines, int64_t now)
{
    uint64_t lost = 0;
    if (file->path != NULL)
        turn(file, local_day(file->zone, now));
    while (lines.size > 0) {
        size_t size = mes_str_find(lines, MES_STR("\n"), 0);
        struct mes_str line = mes_str_cut(lines, 0, size == SIZE_MAX ? lines.size : size + 1);
        lines = mes_str_skip(lines, line.size);
        if ((file->is_broken && !write_line(file, MES_STR("\n"))) || !write_line(file, line))
            lost++;
    }
    return lost;
}
