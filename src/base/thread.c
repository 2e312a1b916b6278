#include "base/thread.h"

#include <signal.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"

struct mes_thread {
    pthread_t id;
    void (*run)(void *context);
    void *context;
    char name[16]; /* Linux takes no longer one */
};

static void *begin(void *data)
{
    struct mes_thread *thread = data;
    (void)pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->context);
    return NULL;
}

int mes_thread_start(const char *name, void (*run)(void *context), void *context,
                     struct mes_thread **thread_out, struct mes_error *error)
{
    sigset_t all;
    sigset_t before;
    struct mes_thread *thread = mes_alloc(sizeof *thread);
    if (thread == NULL)
        return mes_fail_nomem(error);
    thread->run = run;
    thread->context = context;
    (void)snprintf(thread->name, sizeof thread->name, "%s", name);
    /* A thread inherits the mask: blocked here, it is blocked there before the first instruction. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int reason = pthread_create(&thread->id, NULL, begin, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        mes_free(thread);
        return mes_fail_system(error, "pthread_create", reason);
    }
    *thread_out = thread;
    return 0;
}

void mes_thread_join(struct mes_thread **thread)
{
    if (*thread == NULL)
        return;
    pthread_join((*thread)->id, NULL);
    mes_free(*thread);
    *thread = NULL;
}

void mes_mutex_init(struct mes_mutex *mutex)
{
    pthread_mutex_init(&mutex->mutex, NULL);
}

void mes_mutex_fini(struct mes_mutex *mutex)
{
    pthread_mutex_destroy(&mutex->mutex);
}

void mes_mutex_lock(struct mes_mutex *mutex)
{
    pthread_mutex_lock(&mutex->mutex);
}

void mes_mutex_unlock(struct mes_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->mutex);
}
