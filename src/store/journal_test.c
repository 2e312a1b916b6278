#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "store/journal.h"

static char path[64];
static char read_back[4096]; /* each record and a ';' */

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/mes-journal-XXXXXX");
    int descriptor = mkstemp(path);
    close(descriptor);
    return unlink(path);
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

static struct mes_store_journal *opened(void)
{
    struct mes_store_journal *journal = NULL;
    assert_int_equal(mes_store_journal_open(path, &journal, NULL), 0);
    return journal;
}

static int note(void *context, struct mes_str record, struct mes_error *error)
{
    (void)context;
    (void)error;
    size_t used = strlen(read_back);
    (void)snprintf(read_back + used, sizeof read_back - used, "%.*s;", MES_STR_ARGS(record));
    return 0;
}

static const char *replayed(struct mes_store_journal *journal)
{
    read_back[0] = '\0';
    assert_int_equal(mes_store_journal_replay(journal, note, NULL, NULL), 0);
    return read_back;
}

static void append(struct mes_store_journal *journal, const char *text)
{
    assert_int_equal(mes_store_journal_append(journal, mes_str_of(text), NULL), 0);
    assert_int_equal(mes_store_journal_sync(journal, NULL), 0);
}

static void overwrite(long offset, const char *bytes, size_t size)
{
    int descriptor = open(path, O_WRONLY);
    assert_int_equal(pwrite(descriptor, bytes, size, offset), size);
    close(descriptor);
}

static void what_was_appended_is_replayed_until_it_is_cleared(void **state)
{
    struct mes_store_journal *journal = opened();
    struct stat status;
    (void)state;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(status.st_blocks * 512 >= MES_STORE_JOURNAL_RECORDS * 1024); /* really taken */
    append(journal, "one");
    append(journal, "");
    append(journal, "three");
    mes_store_journal_close(&journal);
    assert_null(journal);
    journal = opened();
    assert_int_equal(mes_store_journal_count(journal), 3);
    assert_string_equal(replayed(journal), "one;;three;");
    append(journal, "four");
    assert_string_equal(replayed(journal), "one;;three;four;");
    assert_int_equal(mes_store_journal_clear(journal, NULL), 0);
    assert_int_equal(mes_store_journal_count(journal), 0);
    append(journal, "five");
    mes_store_journal_close(&journal);
    journal = opened();
    assert_string_equal(replayed(journal), "five;");
    mes_store_journal_close(&journal);
}

static void E06_a_torn_tail_and_old_frames_are_left_out(void **state)
{
    struct mes_store_journal *journal = opened();
    (void)state;
    append(journal, "old one");
    append(journal, "old two");
    append(journal, "old three");
    assert_int_equal(mes_store_journal_clear(journal, NULL), 0);
    append(journal, "one");
    append(journal, "torn");
    append(journal, "three");
    mes_store_journal_close(&journal);
    overwrite(8192 + 1024 + 24, "T", 1);
    journal = opened();
    assert_string_equal(replayed(journal), "one;three;");
    append(journal, "four");
    assert_string_equal(replayed(journal), "one;three;four;");
    mes_store_journal_close(&journal);
    overwrite(8192 + 2 * 1024 + 500, "\1", 1);
    overwrite(8192 + 3 * 1024, (char[8]){0}, 8);
    journal = opened();
    assert_int_equal(mes_store_journal_count(journal), 1);
    assert_string_equal(replayed(journal), "one;");
    mes_store_journal_close(&journal);
}

/* Clearing writes one head; as long as it is not whole the other one counts. */
static void E06_a_torn_clearing_leaves_all_records(void **state)
{
    struct mes_store_journal *journal = opened();
    (void)state;
    append(journal, "one");
    append(journal, "two");
    assert_int_equal(mes_store_journal_clear(journal, NULL), 0);
    mes_store_journal_close(&journal);
    overwrite(20, "x", 1); /* generation 2 has the even head */
    journal = opened();
    assert_string_equal(replayed(journal), "one;two;");
    mes_store_journal_close(&journal);
}

static void E12_what_is_no_journal_is_refused_and_left_alone(void **state)
{
    struct mes_store_journal *journal = opened();
    struct stat before;
    struct stat after;
    (void)state;
    append(journal, "kept");
    mes_store_journal_close(&journal);
    overwrite(0, "#!/bin/sh", 9);
    overwrite(4096, "#!/bin/sh", 9);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(mes_store_journal_open(path, &journal, NULL), MES_E_CORRUPT);
    assert_null(journal);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(mes_store_journal_open(path, &journal, NULL), MES_E_CORRUPT);
    /* Cut behind its records it still gives them, and is made whole. */
    assert_int_equal(unlink(path), 0);
    journal = opened();
    append(journal, "one");
    append(journal, "two");
    mes_store_journal_close(&journal);
    assert_int_equal(truncate(path, 8192 + 1500), 0);
    journal = opened();
    assert_string_equal(replayed(journal), "one;");
    append(journal, "three");
    assert_string_equal(replayed(journal), "one;three;");
    mes_store_journal_close(&journal);
}

static uint64_t dice = 7;

static size_t roll(size_t sides)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(dice >> 33) % sides;
}

static int must_be_known(void *context, struct mes_str record, struct mes_error *error)
{
    char expected[40];
    (void)error;
    for (int i = 0; i < 8; i++) {
        (void)snprintf(expected, sizeof expected, "result %d", i);
        if (mes_str_eq(record, mes_str_of(expected))) {
            ++*(unsigned *)context;
            return 0;
        }
    }
    return MES_E_CORRUPT;
}

/* Whatever happens to the heads and the frames: no record comes back that was not written. */
static void E12_a_damaged_journal_invents_nothing(void **state)
{
    static char whole[8192 + 8 * 1024];
    struct mes_store_journal *journal = opened();
    unsigned opened_count = 0;
    unsigned read = 0;
    (void)state;
    for (int i = 0; i < 8; i++) {
        char record[40];
        (void)snprintf(record, sizeof record, "result %d", i);
        append(journal, record);
    }
    mes_store_journal_close(&journal);
    int descriptor = open(path, O_RDWR);
    assert_int_equal(pread(descriptor, whole, sizeof whole, 0), sizeof whole);
    for (int i = 0; i < 300; i++) {
        char copy[sizeof whole];
        size_t records = 0;
        memcpy(copy, whole, sizeof whole);
        for (size_t changes = roll(6) + 1; changes > 0; changes--) {
            size_t at = roll(2) == 0 ? 4096 + roll(64) : 8192 + roll(8) * 1024 + roll(64);
            copy[at] = (char)roll(256);
        }
        assert_int_equal(pwrite(descriptor, copy, sizeof copy, 0), sizeof copy);
        unsigned before = read;
        int code = mes_store_journal_peek(path, must_be_known, &read, &records, NULL);
        assert_true(code == 0 || (code == MES_E_CORRUPT && read == before));
        assert_true(read - before <= 8 && records <= 8);
        opened_count += code == 0;
    }
    close(descriptor);
    assert_true(opened_count > 30 && read > 100);
}

static int stop_at_two(void *context, struct mes_str record, struct mes_error *error)
{
    (void)error;
    ++*(int *)context;
    return mes_str_eq(record, MES_STR("two")) ? MES_E_CONFLICT : 0;
}

static void a_replay_ends_where_it_is_told_to(void **state)
{
    struct mes_store_journal *journal = opened();
    int calls = 0;
    (void)state;
    append(journal, "one");
    append(journal, "two");
    append(journal, "three");
    assert_int_equal(mes_store_journal_replay(journal, stop_at_two, &calls, NULL), MES_E_CONFLICT);
    assert_int_equal(calls, 2);
    mes_store_journal_close(&journal);
}

static void its_limits_are_kept(void **state)
{
    static char large[MES_STORE_JOURNAL_RECORD_MOST + 1];
    struct mes_store_journal *journal = opened();
    (void)state;
    memset(large, 'x', sizeof large);
    assert_int_equal(mes_store_journal_append(journal, mes_str_make(large, sizeof large), NULL), MES_E_LIMIT);
    for (int i = 0; i < MES_STORE_JOURNAL_RECORDS; i++)
        assert_int_equal(mes_store_journal_append(journal, mes_str_make(large, sizeof large - 1), NULL), 0);
    assert_int_equal(mes_store_journal_append(journal, MES_STR("one more"), NULL), MES_E_LIMIT);
    assert_int_equal(mes_store_journal_sync(journal, NULL), 0);
    mes_store_journal_close(&journal);
    journal = opened();
    assert_int_equal(mes_store_journal_count(journal), MES_STORE_JOURNAL_RECORDS);
    assert_int_equal(mes_store_journal_clear(journal, NULL), 0);
    append(journal, "again");
    assert_string_equal(replayed(journal), "again;");
    mes_store_journal_close(&journal);
}

/* The limit on file sizes stands for the full disk: nothing can grow, and the journal need not. */
static void E08_it_takes_results_when_nothing_can_grow(void **state)
{
    struct mes_store_journal *journal = opened();
    struct rlimit before;
    struct rlimit none;
    char other[80];
    (void)state;
    (void)snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    /* Where the journal ends. */
    none = (struct rlimit){8192 + MES_STORE_JOURNAL_RECORDS * 1024, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    append(journal, "one");
    assert_int_equal(mes_store_journal_clear(journal, NULL), 0);
    append(journal, "two");
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct mes_error error;
    struct mes_store_journal *fresh = NULL;
    int code = mes_store_journal_open(other, &fresh, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, MES_E_FULL);
    assert_int_equal(error.code, MES_E_FULL);
    assert_int_equal(access(other, F_OK), -1);
    assert_string_equal(replayed(journal), "two;");
    mes_store_journal_close(&journal);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_was_appended_is_replayed_until_it_is_cleared),
        IN_SCRATCH(E06_a_torn_tail_and_old_frames_are_left_out),
        IN_SCRATCH(E06_a_torn_clearing_leaves_all_records),
        IN_SCRATCH(E12_what_is_no_journal_is_refused_and_left_alone),
        IN_SCRATCH(E12_a_damaged_journal_invents_nothing),
        IN_SCRATCH(a_replay_ends_where_it_is_told_to),
        IN_SCRATCH(its_limits_are_kept),
        IN_SCRATCH(E08_it_takes_results_when_nothing_can_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
