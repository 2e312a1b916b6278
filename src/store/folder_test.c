#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "store/folder.h"

static char path[64];

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/mes-folder-XXXXXX");
    return mkdtemp(path) == NULL ? -1 : rmdir(path);
}

static const char *inside(const char *name)
{
    static char full[4][128];
    static unsigned turn;
    char *out = full[turn++ % 4];
    (void)snprintf(out, sizeof full[0], "%s/%s", path, name);
    return out;
}

static int end(void **state)
{
    static const char *const files[] = {"queue.db", "queue.db-wal", "lock", "blobs.lock", "secret", "key"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)unlink(inside(files[i]));
    (void)rmdir(inside("blobs/tmp"));
    (void)rmdir(inside("blobs"));
    return rmdir(path);
}

static struct mes_store_folder *opened(void)
{
    struct mes_store_folder *folder = NULL;
    assert_int_equal(mes_store_folder_open(path, &folder, NULL), 0);
    return folder;
}

static int open_code(void)
{
    struct mes_store_folder *folder = NULL;
    int code = mes_store_folder_open(path, &folder, NULL);
    mes_store_folder_close(&folder);
    return code;
}

static unsigned mode_of(const char *name)
{
    struct stat status;
    assert_int_equal(stat(inside(name), &status), 0);
    return status.st_mode & 0777;
}

static void make_file(const char *name, const char *content, mode_t mode)
{
    FILE *file = fopen(inside(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    (void)fclose(file);
    assert_int_equal(chmod(inside(name), mode), 0);
}

static void it_is_made_for_its_owner_alone_and_found_again(void **state)
{
    unsigned char secret[MES_STORE_FOLDER_SECRET_SIZE];
    char key[64];
    (void)state;
    struct mes_store_folder *folder = opened();
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("blobs"), 0700);
    assert_int_equal(mode_of("blobs/tmp"), 0700);
    assert_int_equal(mode_of("secret"), 0600);
    assert_int_equal(mode_of("key"), 0600);
    assert_int_equal(mode_of("lock"), 0600);
    assert_string_equal(mes_store_folder_database(folder), inside("queue.db"));
    assert_string_equal(mes_store_folder_blobs_tmp(folder), inside("blobs/tmp"));
    memcpy(secret, mes_store_folder_secret(folder), sizeof secret);
    struct mes_str text = mes_secret_reveal(mes_store_folder_key(folder));
    assert_int_equal(text.size, 52);
    (void)snprintf(key, sizeof key, "%.*s", MES_STR_ARGS(text));
    mes_store_folder_close(&folder);
    assert_null(folder);
    folder = opened();
    assert_memory_equal(mes_store_folder_secret(folder), secret, sizeof secret);
    assert_true(mes_str_eq(mes_secret_reveal(mes_store_folder_key(folder)), mes_str_of(key)));
    mes_store_folder_close(&folder);
}

static void H03_secrets_that_others_may_read_are_refused(void **state)
{
    struct mes_store_folder *folder = opened();
    (void)state;
    mes_store_folder_close(&folder);
    assert_int_equal(chmod(inside("secret"), 0644), 0);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(chmod(inside("secret"), 0600), 0);
    assert_int_equal(chmod(inside("key"), 0620), 0);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(chmod(inside("key"), 0600), 0);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(open_code(), 0);
}

static void H03_secrets_that_are_damaged_or_missing_are_refused(void **state)
{
    struct mes_store_folder *folder = opened();
    (void)state;
    mes_store_folder_close(&folder);
    make_file("key", "too short\n", 0600);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(unlink(inside("key")), 0);
    assert_int_equal(open_code(), 0); /* a new one */
    make_file("secret", "not thirty-two bytes", 0600);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(unlink(inside("secret")), 0);
    make_file("queue.db", "rows signed with it", 0600);
    assert_int_equal(open_code(), MES_E_CONFIG);
    assert_int_equal(access(inside("secret"), F_OK), -1);
    assert_int_equal(unlink(inside("queue.db")), 0);
    assert_int_equal(open_code(), 0);
}

static void a_second_daemon_is_refused_and_told_who_is_there(void **state)
{
    struct mes_store_folder *folder = opened();
    struct mes_store_folder *second = opened();
    struct mes_error error;
    int64_t pid = -1;
    char own[24];
    (void)state;
    assert_false(mes_store_folder_is_locked(folder, &pid));
    assert_int_equal(pid, 0);
    assert_int_equal(mes_store_folder_lock(folder, NULL), 0);
    assert_int_equal(mes_store_folder_lock(folder, NULL), 0);
    assert_true(mes_store_folder_is_locked(folder, &pid));
    assert_int_equal(pid, getpid());
    pid = 0;
    assert_true(mes_store_folder_is_locked(second, &pid));
    assert_int_equal(pid, getpid());
    assert_int_equal(mes_store_folder_lock(second, &error), MES_E_BUSY);
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    assert_string_equal(mes_error_argument(&error, 1), own);
    mes_store_folder_close(&folder);
    assert_false(mes_store_folder_is_locked(second, &pid));
    assert_int_equal(mes_store_folder_lock(second, NULL), 0);
    mes_store_folder_close(&second);
}

/* A process that is killed leaves its number, but not its lock. */
static void lock_and_die(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct mes_store_folder *folder = NULL;
        if (mes_store_folder_open(path, &folder, NULL) == 0 && mes_store_folder_lock(folder, NULL) == 0)
            _exit(9);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static bool has_lost_log(void)
{
    struct mes_store_folder *folder = opened();
    assert_int_equal(mes_store_folder_lock(folder, NULL), 0);
    bool has_lost = mes_store_folder_has_lost_log(folder);
    mes_store_folder_close(&folder);
    return has_lost;
}

static void E12_a_log_that_is_gone_after_a_crash_is_noticed(void **state)
{
    (void)state;
    lock_and_die();
    assert_false(has_lost_log()); /* there was no database yet */
    make_file("queue.db", "a database", 0600);
    assert_false(has_lost_log()); /* closed as it should be, and its log with it */
    make_file("queue.db-wal", "its log", 0600);
    lock_and_die();
    assert_false(has_lost_log()); /* it stands there */
    lock_and_die();
    assert_int_equal(unlink(inside("queue.db-wal")), 0);
    assert_true(has_lost_log());
    assert_false(has_lost_log()); /* told once */
}

static void blobs_are_held_by_one_at_a_time(void **state)
{
    struct mes_store_folder *folder = opened();
    struct mes_store_folder_hold hold = {-1};
    struct mes_store_folder_hold other = {-1};
    (void)state;
    assert_int_equal(mes_store_folder_hold_blobs(folder, true, &hold, NULL), 0);
    assert_int_equal(mes_store_folder_hold_blobs(folder, false, &other, NULL), MES_E_BUSY);
    assert_int_equal(other.descriptor, -1);
    mes_store_folder_release_blobs(&hold);
    assert_int_equal(hold.descriptor, -1);
    mes_store_folder_release_blobs(&hold);
    assert_int_equal(mes_store_folder_hold_blobs(folder, false, &other, NULL), 0);
    mes_store_folder_release_blobs(&other);
    mes_store_folder_close(&folder);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(it_is_made_for_its_owner_alone_and_found_again),
        IN_SCRATCH(H03_secrets_that_others_may_read_are_refused),
        IN_SCRATCH(H03_secrets_that_are_damaged_or_missing_are_refused),
        IN_SCRATCH(a_second_daemon_is_refused_and_told_who_is_there),
        IN_SCRATCH(E12_a_log_that_is_gone_after_a_crash_is_noticed),
        IN_SCRATCH(blobs_are_held_by_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
