#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

static volatile sig_atomic_t stops;

static void count_stop(void)
{
    stops++;
}

static void the_first_stop_is_told_and_the_second_ends(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mes_process_on_stop(count_stop, NULL);
        (void)raise(SIGINT);
        if (stops != 1)
            _exit(1);
        (void)raise(SIGTERM);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void the_last_words_are_written(void **state)
{
    char heard[16] = "";
    int ends[2], status = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDERR_FILENO) < 0)
            _exit(1);
        mes_process_on_stop(count_stop, "stopping");
        (void)raise(SIGTERM);
        _exit(stops == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read(ends[0], heard, sizeof heard - 1), 8);
    assert_string_equal(heard, "stopping");
    close(ends[0]);
    close(ends[1]);
}

static void ignored_signals_stay_ignored(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGHUP, SIG_IGN);
        mes_process_on_stop(count_stop, NULL);
        (void)raise(SIGHUP);
        _exit(stops == 0 ? 7 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void no_core_is_written(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {1, 1};
        mes_process_protect();
        bool is_safe = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 &&
                       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        _exit(is_safe ? 7 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void a_closed_pipe_is_an_error(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    mes_process_ignore_broken_pipes();
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
    (void)signal(SIGPIPE, SIG_DFL);
}

static void a_closed_stream_gives_its_place_to_nothing(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(STDOUT_FILENO);
        mes_process_keep_streams();
        _exit(write(STDOUT_FILENO, "x", 1) < 0 && open("/dev/null", O_RDONLY) > STDERR_FILENO ? 7 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_stop_is_told_and_the_second_ends),
        cmocka_unit_test(the_last_words_are_written),
        cmocka_unit_test(ignored_signals_stay_ignored),
        cmocka_unit_test(no_core_is_written),
        cmocka_unit_test(a_closed_pipe_is_an_error),
        cmocka_unit_test(a_closed_stream_gives_its_place_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
