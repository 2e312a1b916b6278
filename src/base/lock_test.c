#include "base/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char path[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/mes-lock-XXXXXX");
    return close(mkstemp(path));
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void only_one_has_it(void **state)
{
    int first, second;
    (void)state;
    assert_int_equal(mes_lock_try(path, &first), MES_LOCK_HELD);
    assert_int_equal(mes_lock_try(path, &second), MES_LOCK_BUSY);
    assert_int_equal(second, -1);
    mes_lock_release(&first);
    assert_int_equal(first, -1);
    mes_lock_release(&first);
    assert_int_equal(mes_lock_try(path, &second), MES_LOCK_HELD);
    mes_lock_release(&second);
}

/* Replacing the file while it is locked is what the lock is for. */
static void it_belongs_to_the_file_of_that_name(void **state)
{
    int first, second;
    (void)state;
    assert_int_equal(mes_lock_try(path, &first), MES_LOCK_HELD);
    assert_int_equal(mes_file_replace(path, MES_STR("new"), NULL), 0);
    assert_int_equal(mes_lock_try(path, &second), MES_LOCK_HELD);
    mes_lock_release(&first);
    assert_int_equal(mes_lock_try(path, &first), MES_LOCK_BUSY);
    mes_lock_release(&second);
    assert_int_equal(mes_lock_try("/no/such/file", &first), MES_LOCK_NONE);
    assert_int_equal(first, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_one_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_belongs_to_the_file_of_that_name, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
