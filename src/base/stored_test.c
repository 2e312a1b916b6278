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

#include "base/stored.h"

static char path[64];

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/mes-stored-XXXXXX");
    int descriptor = mkstemp(path);
    close(descriptor);
    return unlink(path);
}

static int end(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void it_keeps_what_was_written(void **state)
{
    struct mes_stored file;
    struct stat status;
    char text[8] = "";
    uint64_t size = 0;
    (void)state;
    assert_int_equal(mes_stored_open(path, &file, NULL), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(mes_stored_write_at(&file, 3, MES_STR("abc"), NULL), 0);
    assert_int_equal(mes_stored_sync(&file, NULL), 0);
    assert_int_equal(mes_stored_read_at(&file, 3, text, 3, NULL), 0);
    assert_string_equal(text, "abc");
    assert_int_equal(mes_stored_read_at(&file, 4, text, 3, NULL), MES_E_FILE);
    assert_int_equal(mes_stored_reserve(&file, 10000, NULL), 0);
    assert_int_equal(mes_stored_size(&file, &size, NULL), 0);
    assert_int_equal(size, 10000);
    assert_int_equal(mes_stored_truncate(&file, 5, NULL), 0);
    assert_int_equal(mes_stored_size(&file, &size, NULL), 0);
    assert_int_equal(size, 5);
    mes_stored_close(&file);
    assert_int_equal(file.descriptor, -1);
    mes_stored_close(&file);
    assert_int_equal(mes_stored_create(path, &file, NULL), MES_E_FILE); /* it exists */
    assert_int_equal(mes_stored_sync_parent(path, NULL), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    struct mes_stored file;
    (void)state;
    assert_int_equal(mes_stored_open("/tmp", &file, NULL), MES_E_FILE);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mes_stored_open(path, &file, NULL), MES_E_FILE);
    assert_int_equal(unlink(path), 0);
}

static void one_opening_locks_out_the_others(void **state)
{
    struct mes_stored first;
    struct mes_stored second;
    (void)state;
    assert_int_equal(mes_stored_open(path, &first, NULL), 0);
    assert_int_equal(mes_stored_open(path, &second, NULL), 0);
    assert_false(mes_stored_is_locked(&second));
    assert_true(mes_stored_lock(&first));
    assert_true(mes_stored_is_locked(&second));
    assert_false(mes_stored_is_locked(&first)); /* by somebody else, that is */
    assert_false(mes_stored_lock(&second));
    mes_stored_close(&first);
    assert_int_equal(mes_stored_lock_wait(&second, NULL), 0);
    mes_stored_close(&second);
}

static void E08_a_limit_is_told_from_other_failures(void **state)
{
    struct mes_stored file;
    struct rlimit before;
    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(mes_stored_open(path, &file, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {4096, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int inside = mes_stored_write_at(&file, 4000, MES_STR("inside"), NULL);
    int outside = mes_stored_write_at(&file, 4096, MES_STR("outside"), NULL);
    int reserved = mes_stored_reserve(&file, 5000, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(inside, 0);
    assert_int_equal(outside, MES_E_FULL);
    assert_int_equal(reserved, MES_E_FULL);
    mes_stored_close(&file);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(it_keeps_what_was_written),
        IN_SCRATCH(what_is_no_file_is_refused),
        IN_SCRATCH(one_opening_locks_out_the_others),
        IN_SCRATCH(E08_a_limit_is_told_from_other_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
