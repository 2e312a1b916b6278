#include "api/visit.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "net/socket.h"

struct mes_api_visit {
    struct mes_api_visit *next;
    struct mes_api_visit **place; /* of the pointer to it */
    int socket;
    _Atomic int64_t due; /* monotonic; 0: none, and … */
    int64_t left_ms;     /* … so much is left of the client's time */
};

struct mes_api_visits {
    const struct mes_clock *clock;
    int64_t grace_ms;
    struct mes_mutex mutex; /* of the list: a socket in it is open */
    struct mes_api_visit *first;
};

int mes_api_visits_new(const struct mes_clock *clock, unsigned seconds, struct mes_api_visits **visits_out,
                       struct mes_error *error)
{
    struct mes_api_visits *visits = mes_alloc(sizeof *visits);
    *visits_out = visits;
    if (visits == NULL)
        return mes_fail_nomem(error);
    visits->clock = clock;
    visits->grace_ms = (int64_t)seconds * 1000;
    mes_mutex_init(&visits->mutex);
    return 0;
}

void mes_api_visits_free(struct mes_api_visits **visits)
{
    if (*visits == NULL)
        return;
    mes_mutex_fini(&(*visits)->mutex);
    mes_free(*visits);
    *visits = NULL;
}

static void set_due(const struct mes_api_visits *visits, struct mes_api_visit *visit, int64_t after_ms)
{
    atomic_store(&visit->due, mes_clock_monotonic(visits->clock) + after_ms);
}

struct mes_api_visit *mes_api_visits_begin(struct mes_api_visits *visits, int socket)
{
    struct mes_api_visit *visit = mes_alloc(sizeof *visit);
    if (visit == NULL)
        return NULL;
    visit->socket = socket;
    set_due(visits, visit, visits->grace_ms);
    mes_mutex_lock(&visits->mutex);
    visit->next = visits->first;
    visit->place = &visits->first;
    if (visit->next != NULL)
        visit->next->place = &visit->next;
    visits->first = visit;
    mes_mutex_unlock(&visits->mutex);
    return visit;
}

void mes_api_visits_end(struct mes_api_visits *visits, struct mes_api_visit **place)
{
    struct mes_api_visit *visit = *place;
    if (visit == NULL)
        return;
    mes_mutex_lock(&visits->mutex);
    *visit->place = visit->next;
    if (visit->next != NULL)
        visit->next->place = visit->place;
    mes_mutex_unlock(&visits->mutex);
    mes_free(visit);
    *place = NULL;
}

void mes_api_visit_take(const struct mes_api_visits *visits, struct mes_api_visit *visit)
{
    if (visit == NULL)
        return;
    visit->left_ms = visits->grace_ms;
    atomic_store(&visit->due, 0);
}

void mes_api_visit_rest(const struct mes_api_visits *visits, struct mes_api_visit *visit)
{
    int64_t due = visit != NULL ? atomic_load(&visit->due) : 0;
    if (due == 0)
        return;
    visit->left_ms = due - mes_clock_monotonic(visits->clock);
    atomic_store(&visit->due, 0);
}

void mes_api_visit_await_body(const struct mes_api_visits *visits, struct mes_api_visit *visit, size_t came)
{
    if (visit == NULL)
        return;
    int64_t now = mes_clock_monotonic(visits->clock);
    int64_t due = atomic_load(&visit->due), most = now + 2 * visits->grace_ms;
    due = (due != 0 ? due : now + visit->left_ms) + (int64_t)came;
    atomic_store(&visit->due, due < most ? due : most);
}

void mes_api_visit_await_next(const struct mes_api_visits *visits, struct mes_api_visit *visit)
{
    if (visit != NULL)
        set_due(visits, visit, 2 * visits->grace_ms);
}

/* libmicrohttpd sees the end of the connection, and closes the socket. */
void mes_api_visits_sweep(void *context)
{
    struct mes_api_visits *visits = context;
    int64_t now = mes_clock_monotonic(visits->clock);
    mes_mutex_lock(&visits->mutex);
    for (struct mes_api_visit *at = visits->first; at != NULL; at = at->next) {
        int64_t due = atomic_load(&at->due);
        if (due != 0 && now >= due)
            mes_socket_cut(at->socket);
    }
    mes_mutex_unlock(&visits->mutex);
}
