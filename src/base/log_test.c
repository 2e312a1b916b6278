#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log_line.h"
#include "base/thread.h"
#include "base/zone.h"

static const char *line_of(enum mes_log_format format, const struct mes_zone *zone,
                           struct mes_log_field field)
{
    static struct mes_log_line line;
    struct mes_log_head head = {.format = format,
                                .zone = zone,
                                .time = 1795323633123, /* 2026-11-22T05:00:33.123Z */
                                .level = MES_LOG_WARNING,
                                .event = "account.resting"};
    const struct mes_log_field fields[] = {field, MES_LOG_NONE};
    mes_log_line_write(&line, &head, fields);
    line.bytes[line.size] = '\0';
    return line.bytes;
}

static void a_line_looks_so(void **state)
{
    struct mes_zone *zone;
    (void)state;
    assert_int_equal(mes_zone_load("Asia/Hong_Kong", &zone, NULL), 0);
    assert_string_equal(
        line_of(MES_LOG_KEY_VALUE, zone, MES_LOG_TEXT("account", "qq")),
        "time=2026-11-22T13:00:33.123+08:00 level=warning event=account.resting account=qq\n");
    assert_string_equal(line_of(MES_LOG_KEY_VALUE, NULL, MES_LOG_TEXT("reply", "says \"no\"\r\n字")),
                        "time=2026-11-22T05:00:33.123Z level=warning event=account.resting "
                        "reply=\"says \\\"no\\\"\\r\\n字\"\n");
    assert_string_equal(
        line_of(MES_LOG_JSON, NULL, MES_LOG_NUMBER("n", INT64_MIN)),
        "{\"time\":\"2026-11-22T05:00:33.123Z\",\"level\":\"warning\",\"event\":\"account.resting\","
        "\"n\":-9223372036854775808}\n");
    assert_string_equal(strstr(line_of(MES_LOG_KEY_VALUE, NULL, MES_LOG_TEXT("a", "")), "a=\"\""),
                        "a=\"\"\n");
    mes_zone_free(&zone);
}

static void a_value_that_is_too_long_is_cut(void **state)
{
    char text[3 * MES_LOG_LINE_MOST];
    (void)state;
    memset(text, '\x1b', sizeof text);
    for (int format = MES_LOG_KEY_VALUE; format <= MES_LOG_JSON; format++) {
        const char *line =
            line_of((enum mes_log_format)format, NULL, MES_LOG_STR("a", mes_str_make(text, sizeof text)));
        assert_non_null(strstr(line, format == MES_LOG_JSON ? "\\u001b…\"}\n" : "\\u001b…\"\n"));
    }
}

/* ---- the whole ---- */

struct testing {
    char folder[64];
    char path[128];
    int64_t wall;
    int64_t monotonic;
    struct mes_clock clock;
    struct mes_buf text;
};

static int64_t read_wall(void *context)
{
    return ((const struct testing *)context)->wall;
}

static int64_t read_monotonic(void *context)
{
    return ((const struct testing *)context)->monotonic;
}

static int begin(void **state)
{
    static struct testing testing;
    testing = (struct testing){.folder = "/tmp/mes-log-XXXXXX", .wall = 1795323633123, .monotonic = 5000};
    assert_non_null(mkdtemp(testing.folder));
    (void)snprintf(testing.path, sizeof testing.path, "%s/service.log", testing.folder);
    testing.clock = (struct mes_clock){read_monotonic, read_wall, &testing};
    mes_buf_init(&testing.text, 64 * 1024 * 1024);
    *state = &testing;
    return 0;
}

static void remove_entry(void *context, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    (void)unlink(path);
}

static int end(void **state)
{
    struct testing *testing = *state;
    mes_buf_fini(&testing->text);
    assert_int_equal(mes_file_list(testing->folder, remove_entry, testing->folder, NULL), 0);
    return rmdir(testing->folder);
}

static struct mes_log *open_log(struct testing *testing, struct mes_log_options options)
{
    struct mes_log *log;
    struct mes_error error;
    options.clock = &testing->clock;
    if (options.file == NULL)
        options.file = testing->path;
    assert_int_equal(mes_log_new(&options, &log, &error), 0);
    return log;
}

static const char *read_back(struct testing *testing, const char *path)
{
    mes_buf_clear(&testing->text);
    assert_int_equal(mes_file_read(path, &testing->text, NULL), 0);
    return mes_buf_text(&testing->text);
}

static size_t count_lines(const char *text, const char *with)
{
    size_t count = 0;
    for (const char *line = text; (line = strstr(line, with)) != NULL; line++)
        count++;
    return count;
}

static void what_is_logged_is_written(void **state)
{
    struct testing *testing = *state;
    struct mes_log *log = open_log(testing, (struct mes_log_options){.format = MES_LOG_KEY_VALUE});
    mes_log(log, MES_LOG_INFO, "service.ready", MES_LOG_TEXT("address", "127.0.0.1:8025"));
    mes_log(log, MES_LOG_ERROR, "store.failed", MES_LOG_NONE);
    mes_log_free(&log);
    assert_null(log);
    assert_string_equal(
        read_back(testing, testing->path),
        "time=2026-11-22T05:00:33.123Z level=info event=service.ready address=127.0.0.1:8025\n"
        "time=2026-11-22T05:00:33.123Z level=error event=store.failed\n");
    mes_log(log, MES_LOG_INFO, "nobody", MES_LOG_NONE); /* NULL */
}

static void log_much(void *context)
{
    for (int i = 0; i < 2000; i++)
        mes_log(context, MES_LOG_INFO, "many", MES_LOG_NUMBER("i", i));
}

static void any_thread_may_log(void **state)
{
    struct testing *testing = *state;
    struct mes_thread *threads[4];
    struct mes_log *log = open_log(
        testing, (struct mes_log_options){.events_per_second = 100000, .waiting_bytes = 4 * 1024 * 1024});
    for (int i = 0; i < 4; i++)
        assert_int_equal(mes_thread_start("many", log_much, log, &threads[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        mes_thread_join(&threads[i]);
    assert_int_equal(mes_log_lost(log), 0);
    mes_log_free(&log);
    assert_int_equal(count_lines(read_back(testing, testing->path), " event=many i="), 4 * 2000);
}

static void an_event_that_comes_too_often_is_counted(void **state)
{
    struct testing *testing = *state;
    struct mes_log *log = open_log(testing, (struct mes_log_options){.events_per_second = 10});
    for (int i = 0; i < 1000; i++)
        mes_log(log, MES_LOG_INFO, "flood", MES_LOG_NUMBER("i", i));
    mes_log(log, MES_LOG_INFO, "other.event", MES_LOG_NONE);
    mes_log_free(&log);
    const char *text = read_back(testing, testing->path);
    assert_int_equal(count_lines(text, "event=flood "), 10);
    assert_int_equal(count_lines(text, "event=other.event"), 1);
    assert_non_null(strstr(text, "event=log.suppressed of=flood lines=990\n"));
}

/* The reader of a pipe stands still: whoever logs goes on, and is told later what was lost. */
static void E24_a_stuck_reader_stops_nobody(void **state)
{
    struct testing *testing = *state;
    char pipe_path[160];
    char bytes[4096];
    (void)snprintf(pipe_path, sizeof pipe_path, "%s/pipe", testing->folder);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    struct mes_log *log =
        open_log(testing, (struct mes_log_options){
                              .file = pipe_path, .events_per_second = 1000000, .waiting_bytes = 64 * 1024});
    for (int i = 0; i < 10000; i++)
        mes_log(log, MES_LOG_INFO, "stuck", MES_LOG_NUMBER("i", i));
    assert_true(mes_log_lost(log) > 0);
    /* The reader is back. */
    uint64_t lost = mes_log_lost(log);
    assert_int_equal(fcntl(reader, F_SETFL, 0), 0);
    bool is_told = false;
    for (int i = 0; i < 1000 && !is_told; i++) {
        ssize_t got = read(reader, bytes, sizeof bytes - 1);
        assert_true(got > 0);
        mes_buf_add(&testing->text, bytes, (size_t)got);
        is_told = strstr(mes_buf_text(&testing->text), "event=log.lost lines=") != NULL;
    }
    assert_true(is_told);
    assert_true(mes_log_lost(log) == lost);
    mes_log_free(&log);
    close(reader);
}

static void E24_a_stuck_reader_does_not_keep_the_service_from_ending(void **state)
{
    struct testing *testing = *state;
    char pipe_path[160];
    (void)snprintf(pipe_path, sizeof pipe_path, "%s/pipe", testing->folder);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    struct mes_log *log =
        open_log(testing, (struct mes_log_options){.file = pipe_path, .events_per_second = 1000000});
    for (int i = 0; i < 5000; i++)
        mes_log(log, MES_LOG_INFO, "stuck", MES_LOG_NUMBER("i", i));
    mes_log_free(&log); /* returns */
    close(reader);
}

static void E24_a_full_disk_is_counted(void **state)
{
    struct testing *testing = *state;
    struct mes_log *log = open_log(testing, (struct mes_log_options){.file = "/dev/full"});
    mes_log(log, MES_LOG_INFO, "a", MES_LOG_NONE);
    mes_log(log, MES_LOG_INFO, "b", MES_LOG_NONE);
    for (int i = 0; i < 500 && mes_log_lost(log) < 2; i++)
        (void)usleep(1000);
    assert_int_equal(mes_log_lost(log), 2);
    mes_log_free(&log);
}

static void a_new_day_has_a_new_file(void **state)
{
    static const struct {
        const char *name;
        bool is_kept;
    } old[] = {{"service.log.2026-11-19", false},
               {"service.log.2026-11-20", true},
               {"service.log.2026-11-19.gz", true},
               {"service.logs.2001-01-01", true},
               {"service.log.note", true}};
    struct testing *testing = *state;
    struct mes_zone *zone;
    char path[256];
    assert_int_equal(mes_zone_load("Asia/Hong_Kong", &zone, NULL), 0);
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", testing->folder, old[i].name);
        assert_int_equal(mes_file_replace(path, MES_STR("old\n"), NULL), 0);
    }
    struct mes_log *log = open_log(testing, (struct mes_log_options){.zone = zone, .keep_days = 3});
    testing->wall = 1795363199000; /* 23:59:59 in Hong Kong */
    mes_log(log, MES_LOG_INFO, "before", MES_LOG_NONE);
    mes_log_free(&log);
    struct stat status;
    assert_int_equal(stat(testing->path, &status), 0);
    struct timespec times[2] = {{.tv_sec = 1795363199}, {.tv_sec = 1795363199}};
    assert_int_equal(utimensat(AT_FDCWD, testing->path, times, 0), 0);
    log = open_log(testing, (struct mes_log_options){.zone = zone, .keep_days = 3});
    testing->wall += 1000;
    mes_log(log, MES_LOG_INFO, "behind", MES_LOG_NONE);
    mes_log_free(&log);
    assert_non_null(strstr(read_back(testing, testing->path), "event=behind"));
    assert_null(strstr(read_back(testing, testing->path), "event=before"));
    (void)snprintf(path, sizeof path, "%s/service.log.2026-11-22", testing->folder);
    assert_non_null(strstr(read_back(testing, path), "event=before"));
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", testing->folder, old[i].name);
        assert_int_equal(mes_file_exists(path), old[i].is_kept);
    }
    mes_zone_free(&zone);
}

static void a_file_that_was_moved_away_is_opened_anew(void **state)
{
    struct testing *testing = *state;
    char moved[160];
    (void)snprintf(moved, sizeof moved, "%s/moved", testing->folder);
    struct mes_log *log = open_log(testing, (struct mes_log_options){.keep_days = 1});
    assert_int_equal(rename(testing->path, moved), 0);
    mes_log_reopen(log);
    mes_log(log, MES_LOG_INFO, "fresh", MES_LOG_NONE);
    mes_log_free(&log);
    assert_non_null(strstr(read_back(testing, testing->path), "event=fresh"));
}

static void a_file_that_cannot_be_opened_is_an_error(void **state)
{
    struct testing *testing = *state;
    struct mes_log *log = NULL;
    struct mes_error error;
    struct mes_log_options options = {.file = testing->folder};
    assert_int_equal(mes_log_new(&options, &log, &error), MES_E_FILE);
    assert_null(log);
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_looks_so),
        cmocka_unit_test(a_value_that_is_too_long_is_cut),
        LOG_TEST(what_is_logged_is_written),
        LOG_TEST(any_thread_may_log),
        LOG_TEST(an_event_that_comes_too_often_is_counted),
        LOG_TEST(E24_a_stuck_reader_stops_nobody),
        LOG_TEST(E24_a_stuck_reader_does_not_keep_the_service_from_ending),
        LOG_TEST(E24_a_full_disk_is_counted),
        LOG_TEST(a_new_day_has_a_new_file),
        LOG_TEST(a_file_that_was_moved_away_is_opened_anew),
        LOG_TEST(a_file_that_cannot_be_opened_is_an_error),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
