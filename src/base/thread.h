/* Threads and mutexes. Whatever crosses from one thread to another goes through a mailbox. */
#ifndef MES_BASE_THREAD_H
#define MES_BASE_THREAD_H

#include <pthread.h>

#include "mes/error.h"

struct mes_thread;

/* Starts `run` on a thread of its own. `name` (15 characters are shown) is what ps and a debugger call it.
 * Signals are never delivered to it. */
int mes_thread_start(const char *name, void (*run)(void *context), void *context,
                     struct mes_thread **thread_out, struct mes_error *error) MES_MUST_USE;
/* Waits for `run` to return, and frees; NULL inside is allowed. */
void mes_thread_join(struct mes_thread **thread);

/* Guards a few fields for a few instructions; nothing that can block is called under it. Not recursive. */
struct mes_mutex {
    pthread_mutex_t mutex;
};
#define MES_MUTEX_INIT                                                                                       \
    {                                                                                                        \
        PTHREAD_MUTEX_INITIALIZER                                                                            \
    }

/* MES_MUTEX_INIT needs neither. */
void mes_mutex_init(struct mes_mutex *mutex);
void mes_mutex_fini(struct mes_mutex *mutex);

/* Unlocked by the thread that locked it. */
void mes_mutex_lock(struct mes_mutex *mutex);
void mes_mutex_unlock(struct mes_mutex *mutex);

#endif
