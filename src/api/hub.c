#include "api/hub.h"

#include "api/exchange.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/thread.h"

/* News wakes the streams of a job; the second turn is only for what was committed by someone else. */
enum { TURN_MS = 500, JOB_TURN_MS = 2500 };

struct mes_api_hub {
    const struct mes_clock *clock;
    void (*turn)(void *context);
    void *context;
    struct mes_mutex mutex;
    struct mes_api_exchange *first;
    bool is_ending;
    struct mes_mailbox *stop; /* closed: the thread ends */
    struct mes_thread *thread;
};

/* Under the mutex. */
static void note(struct mes_api_exchange *exchange)
{
    exchange->stream.is_noted = true;
    if (!exchange->stream.is_asleep)
        return;
    exchange->stream.is_asleep = false;
    MHD_resume_connection(exchange->connection);
}

static void wake_the_old(struct mes_api_hub *hub)
{
    mes_mutex_lock(&hub->mutex);
    int64_t now = mes_clock_monotonic(hub->clock);
    for (struct mes_api_exchange *at = hub->first; at != NULL; at = at->stream.following) {
        int64_t turn = at->stream.job != 0 ? JOB_TURN_MS : TURN_MS;
        if (at->stream.is_asleep && now - at->stream.asleep_since >= turn)
            note(at);
    }
    mes_mutex_unlock(&hub->mutex);
}

static void run(void *context)
{
    struct mes_api_hub *hub = context;
    while (!mes_mailbox_is_closed(hub->stop)) {
        (void)mes_mailbox_wait(hub->stop, TURN_MS);
        wake_the_old(hub);
        hub->turn(hub->context);
    }
}

int mes_api_hub_new(const struct mes_clock *clock, void (*turn)(void *context), void *context,
                    struct mes_api_hub **hub_out, struct mes_error *error)
{
    struct mes_api_hub *hub = mes_alloc(sizeof *hub);
    *hub_out = NULL;
    if (hub == NULL)
        return mes_fail_nomem(error);
    hub->clock = clock;
    hub->turn = turn;
    hub->context = context;
    mes_mutex_init(&hub->mutex);
    int code = mes_mailbox_new(NULL, NULL, &hub->stop, error);
    if (code == 0)
        code = mes_thread_start("api-streams", run, hub, &hub->thread, error);
    if (code != 0)
        mes_api_hub_free(&hub);
    *hub_out = hub;
    return code;
}

void mes_api_hub_free(struct mes_api_hub **hub)
{
    if (*hub == NULL)
        return;
    if ((*hub)->stop != NULL)
        mes_mailbox_close((*hub)->stop);
    mes_thread_join(&(*hub)->thread);
    mes_mailbox_free(&(*hub)->stop);
    mes_mutex_fini(&(*hub)->mutex);
    mes_free(*hub);
    *hub = NULL;
}

void mes_api_hub_listen(struct mes_api_hub *hub, struct mes_api_exchange *exchange)
{
    mes_mutex_lock(&hub->mutex);
    exchange->stream.is_noted = false;
    if (!exchange->stream.is_registered) {
        exchange->stream.is_registered = true;
        exchange->stream.following = hub->first;
        if (hub->first != NULL)
            hub->first->stream.previous = exchange;
        hub->first = exchange;
    }
    mes_mutex_unlock(&hub->mutex);
}

bool mes_api_hub_sleep(struct mes_api_hub *hub, struct mes_api_exchange *exchange)
{
    mes_mutex_lock(&hub->mutex);
    bool may_sleep = !exchange->stream.is_noted && !hub->is_ending;
    if (may_sleep) {
        exchange->stream.is_asleep = true;
        exchange->stream.asleep_since = mes_clock_monotonic(hub->clock);
        MHD_suspend_connection(exchange->connection);
    }
    mes_mutex_unlock(&hub->mutex);
    return may_sleep;
}

void mes_api_hub_leave(struct mes_api_hub *hub, struct mes_api_exchange *exchange)
{
    struct mes_api_stream *stream = &exchange->stream;
    mes_mutex_lock(&hub->mutex);
    if (stream->is_registered) {
        if (stream->previous != NULL)
            stream->previous->stream.following = stream->following;
        else
            hub->first = stream->following;
        if (stream->following != NULL)
            stream->following->stream.previous = stream->previous;
        stream->is_registered = false;
    }
    mes_mutex_unlock(&hub->mutex);
}

static bool is_named(const int64_t *jobs, size_t count, int64_t job)
{
    for (size_t i = 0; i < count; i++)
        if (jobs[i] == job)
            return true;
    return false;
}

void mes_api_hub_news(struct mes_api_hub *hub, const int64_t *jobs, size_t count)
{
    mes_mutex_lock(&hub->mutex);
    for (struct mes_api_exchange *at = hub->first; at != NULL; at = at->stream.following)
        if (at->stream.job != 0 && is_named(jobs, count, at->stream.job))
            note(at);
    mes_mutex_unlock(&hub->mutex);
}

void mes_api_hub_end(struct mes_api_hub *hub)
{
    mes_mutex_lock(&hub->mutex);
    hub->is_ending = true;
    for (struct mes_api_exchange *at = hub->first; at != NULL; at = at->stream.following)
        note(at);
    mes_mutex_unlock(&hub->mutex);
}

bool mes_api_hub_is_ending(struct mes_api_hub *hub)
{
    mes_mutex_lock(&hub->mutex);
    bool is_ending = hub->is_ending;
    mes_mutex_unlock(&hub->mutex);
    return is_ending;
}
