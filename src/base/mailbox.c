#include "base/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

struct mes_mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct mes_mailbox_item *first;
    struct mes_mailbox_item **last; /* where the next item is linked in */
    void (*wake)(void *context);
    void *context;
    bool is_woken; /* since the last take; what makes a wake-up that comes before the sleep count */
    bool is_closed;
};

int mes_mailbox_new(void (*wake)(void *context), void *context, struct mes_mailbox **mailbox_out,
                    struct mes_error *error)
{
    pthread_condattr_t attributes;
    struct mes_mailbox *mailbox = mes_alloc(sizeof *mailbox);
    if (mailbox == NULL)
        return mes_fail_nomem(error);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&mailbox->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&mailbox->mutex, NULL);
    mailbox->last = &mailbox->first;
    mailbox->wake = wake;
    mailbox->context = context;
    *mailbox_out = mailbox;
    return 0;
}

void mes_mailbox_free(struct mes_mailbox **mailbox)
{
    if (*mailbox == NULL)
        return;
    assert((*mailbox)->first == NULL);
    pthread_cond_destroy(&(*mailbox)->filled);
    pthread_mutex_destroy(&(*mailbox)->mutex);
    mes_free(*mailbox);
    *mailbox = NULL;
}

/* `wake` runs under the lock, so that nobody who closed the mailbox can be surprised by a late one. */
static void wake_owner(struct mes_mailbox *mailbox)
{
    if (mailbox->is_woken)
        return;
    mailbox->is_woken = true;
    if (mailbox->wake != NULL)
        mailbox->wake(mailbox->context);
    else
        pthread_cond_signal(&mailbox->filled);
}

bool mes_mailbox_post(struct mes_mailbox *mailbox, struct mes_mailbox_item *item)
{
    pthread_mutex_lock(&mailbox->mutex);
    bool is_open = !mailbox->is_closed;
    if (is_open) {
        item->next = NULL;
        *mailbox->last = item;
        mailbox->last = &item->next;
        wake_owner(mailbox);
    }
    pthread_mutex_unlock(&mailbox->mutex);
    return is_open;
}

void mes_mailbox_nudge(struct mes_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    if (!mailbox->is_closed)
        wake_owner(mailbox);
    pthread_mutex_unlock(&mailbox->mutex);
}

void mes_mailbox_close(struct mes_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    if (!mailbox->is_closed) {
        mailbox->is_closed = true;
        wake_owner(mailbox);
    }
    pthread_mutex_unlock(&mailbox->mutex);
}

bool mes_mailbox_is_closed(struct mes_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    bool is_closed = mailbox->is_closed;
    pthread_mutex_unlock(&mailbox->mutex);
    return is_closed;
}

static struct mes_mailbox_item *take_all(struct mes_mailbox *mailbox)
{
    struct mes_mailbox_item *items = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    mailbox->is_woken = false;
    return items;
}

struct mes_mailbox_item *mes_mailbox_take(struct mes_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    struct mes_mailbox_item *items = take_all(mailbox);
    pthread_mutex_unlock(&mailbox->mutex);
    return items;
}

static struct timespec deadline_after(int64_t timeout_ms)
{
    int64_t at = mes_clock_monotonic(mes_clock_system()) + timeout_ms;
    return (struct timespec){.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000};
}

struct mes_mailbox_item *mes_mailbox_wait(struct mes_mailbox *mailbox, int64_t timeout_ms)
{
    struct timespec deadline = {0};
    int late = 0;
    assert(mailbox->wake == NULL);
    if (timeout_ms > 0)
        deadline = deadline_after(timeout_ms);
    pthread_mutex_lock(&mailbox->mutex);
    while (!mailbox->is_woken && !mailbox->is_closed && timeout_ms != 0 && late != ETIMEDOUT)
        late = timeout_ms < 0 ? pthread_cond_wait(&mailbox->filled, &mailbox->mutex)
                              : pthread_cond_timedwait(&mailbox->filled, &mailbox->mutex, &deadline);
    struct mes_mailbox_item *items = take_all(mailbox);
    pthread_mutex_unlock(&mailbox->mutex);
    return items;
}
