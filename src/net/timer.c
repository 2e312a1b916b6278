#include "net/timer.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop_parts.h"

/* libuv's timers go by its own clock; these go by the one that was handed in. */
struct mes_timer {
    struct mes_loop *loop;
    void (*on_due)(void *context);
    void *context;
    int64_t due;
    uint64_t start; /* which start of all timers this was */
    size_t place;   /* in the heap */
    bool is_active;
};

static bool is_before(const struct mes_timer *a, const struct mes_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->start < b->start;
}

static void put(struct mes_timers *timers, struct mes_timer *timer, size_t place)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void move_up(struct mes_timers *timers, struct mes_timer *timer)
{
    size_t place = timer->place;
    while (place > 0 && is_before(timer, timers->heap[(place - 1) / 2])) {
        put(timers, timers->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    put(timers, timer, place);
}

static void move_down(struct mes_timers *timers, struct mes_timer *timer)
{
    size_t place = timer->place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= timers->running)
            break;
        if (child + 1 < timers->running && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], timer))
            break;
        put(timers, timers->heap[child], place);
        place = child;
    }
    put(timers, timer, place);
}

/* Places grow with the timers that exist, by doubling. */
static bool reserve(struct mes_timers *timers)
{
    if (timers->reserved == timers->places) {
        size_t places = timers->places > 0 ? timers->places * 2 : 16;
        struct mes_timer **heap = mes_realloc(timers->heap, places * sizeof(struct mes_timer *));
        if (heap == NULL)
            return false;
        timers->heap = heap;
        timers->places = places;
    }
    timers->reserved++;
    return true;
}

int mes_timer_new(struct mes_loop *loop, void (*on_due)(void *context), void *context,
                  struct mes_timer **timer_out, struct mes_error *error)
{
    *timer_out = NULL;
    struct mes_timer *timer = mes_alloc(sizeof *timer);
    if (timer == NULL)
        return mes_fail_nomem(error);
    if (!reserve(mes_loop_timers(loop))) {
        mes_free(timer);
        return mes_fail_nomem(error);
    }
    *timer = (struct mes_timer){.loop = loop, .on_due = on_due, .context = context};
    *timer_out = timer;
    return 0;
}

void mes_timer_free(struct mes_timer **timer)
{
    if (*timer == NULL)
        return;
    mes_timer_stop(*timer);
    mes_loop_timers((*timer)->loop)->reserved--;
    mes_free(*timer);
    *timer = NULL;
}

void mes_timer_start(struct mes_timer *timer, int64_t delay_ms)
{
    struct mes_timers *timers = mes_loop_timers(timer->loop);
    timer->due = mes_loop_now(timer->loop) + (delay_ms > 0 ? delay_ms : 0);
    timer->start = ++timers->started;
    if (!timer->is_active) {
        timer->is_active = true;
        put(timers, timer, timers->running++);
    }
    move_up(timers, timer);
    move_down(timers, timer);
}

void mes_timer_stop(struct mes_timer *timer)
{
    if (!timer->is_active)
        return;
    struct mes_timers *timers = mes_loop_timers(timer->loop);
    struct mes_timer *last = timers->heap[--timers->running];
    timer->is_active = false;
    if (last == timer)
        return;
    put(timers, last, timer->place);
    move_up(timers, last);
    move_down(timers, last);
}

bool mes_timer_is_active(const struct mes_timer *timer)
{
    return timer->is_active;
}

int64_t mes_timers_wait(const struct mes_timers *timers, int64_t now)
{
    if (timers->running == 0)
        return -1;
    return timers->heap[0]->due > now ? timers->heap[0]->due - now : 0;
}

void mes_timers_run(struct mes_timers *timers, int64_t now)
{
    uint64_t before = timers->started;
    while (timers->running > 0) {
        struct mes_timer *timer = timers->heap[0];
        if (timer->due > now || timer->start > before)
            return;
        mes_timer_stop(timer);
        timer->on_due(timer->context);
    }
}

void mes_timers_fini(struct mes_timers *timers)
{
    mes_free(timers->heap);
    *timers = (struct mes_timers){0};
}
