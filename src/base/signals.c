#include "base/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

static sigset_t ours(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

int mes_signals_open(int *descriptor_out, struct mes_error *error)
{
    sigset_t set = ours();
    int reason = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (reason != 0)
        return mes_fail_system(error, "pthread_sigmask", reason);
    *descriptor_out = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return *descriptor_out >= 0 ? 0 : mes_fail_system(error, "signalfd", errno);
}

enum mes_signal mes_signals_next(int descriptor)
{
    struct signalfd_siginfo info;
    if (read(descriptor, &info, sizeof info) != (ssize_t)sizeof info)
        return MES_SIGNAL_NONE;
    return info.ssi_signo == SIGHUP ? MES_SIGNAL_RELOAD : MES_SIGNAL_STOP;
}

void mes_signals_close(int *descriptor)
{
    sigset_t set = ours();
    if (*descriptor < 0)
        return;
    close(*descriptor);
    *descriptor = -1;
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
