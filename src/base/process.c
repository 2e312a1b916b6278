#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/prctl.h>
#endif

static void (*volatile stop_now)(void);
static const char *volatile last_words;

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

enum { MES_STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

void mes_process_protect(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void mes_process_raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
#ifdef __GLIBC__
    (void)mallopt(M_ARENA_MAX, 2);
#endif
}

void mes_process_end(int status)
{
    _exit(status);
}

void mes_process_keep_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0)
            (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int64_t mes_process_id(void)
{
    return getpid();
}

void mes_process_ignore_broken_pipes(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
}

static void handle_signals(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < MES_STOP_SIGNALS; i++) {
        struct sigaction old;
        /* A signal that the caller had ignored (nohup, a job in the background) stays ignored. */
        if (sigaction(stop_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(stop_signals[i], &action, NULL);
    }
}

static void on_signal(int number)
{
    int kept = errno;
    (void)number;
    handle_signals(SIG_DFL);
    if (last_words != NULL && write(STDERR_FILENO, last_words, strlen(last_words)) < 0)
        last_words = NULL; /* nobody listens, which is no reason not to stop */
    if (stop_now != NULL)
        stop_now();
    errno = kept;
}

void mes_process_on_stop(void (*stop)(void), const char *words)
{
    last_words = words;
    stop_now = stop;
    handle_signals(stop != NULL ? on_signal : SIG_DFL);
}

void mes_process_give_back_memory(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

static volatile int crash_file = -1;
static const char *volatile crash_words;

/* The system's own handling is back already, and follows as soon as this one ends. */
static void on_crash(int number)
{
    if (crash_file >= 0 && lseek(crash_file, 0, SEEK_END) >= 0 &&
        write(crash_file, crash_words, strlen(crash_words)) < 0)
        crash_file = -1; /* then nobody will know */
    (void)raise(number);
}

void mes_process_on_crash(int descriptor, const char *words)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    crash_words = words;
    crash_file = descriptor;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; descriptor >= 0 && i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            (void)sigaction(signals[i], &action, NULL);
    }
}
