#include "net/loop.h"

#include <assert.h>
#include <limits.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop_parts.h"

struct mes_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_timer_t limit; /* ends a step's wait; only runs during it */
    const struct mes_clock *clock;
    struct mes_timers timers;
    struct mes_paths paths;
    void (*on_wake)(void *context);
    void *wake_context;
    bool is_turning;
};

static void woken(uv_async_t *wake)
{
    struct mes_loop *loop = wake->data;
    if (loop->on_wake != NULL)
        loop->on_wake(loop->wake_context);
}

/* When the thread was held up between setting the limit and waiting, it is due before the wait, which then
 * would have none any more. */
static void waited(uv_timer_t *limit)
{
    uv_stop(limit->loop);
}

int mes_loop_new(const struct mes_clock *clock, struct mes_loop **loop_out, struct mes_error *error)
{
    struct mes_loop *loop = mes_alloc(sizeof *loop);
    *loop_out = NULL;
    if (loop == NULL)
        return mes_fail_nomem(error);
    int status = uv_loop_init(&loop->uv);
    if (status != 0) {
        mes_free(loop);
        return mes_fail_system(error, "epoll", -status);
    }
    loop->clock = clock != NULL ? clock : mes_clock_system();
    loop->wake.data = loop;
    status = uv_async_init(&loop->uv, &loop->wake, woken);
    if (status != 0) {
        (void)uv_loop_close(&loop->uv);
        mes_free(loop);
        return mes_fail_system(error, "eventfd", -status);
    }
    (void)uv_timer_init(&loop->uv, &loop->limit); /* always succeeds */
    *loop_out = loop;
    return 0;
}

void mes_loop_free(struct mes_loop **loop_place)
{
    struct mes_loop *loop = *loop_place;
    if (loop == NULL)
        return;
    assert(!loop->is_turning);
    assert(loop->timers.reserved == 0);
    *loop_place = NULL;
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->limit, NULL);
    /* Handles that were freed before close in this turn, and file reads that were given up come back. */
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0);
    (void)status;
    mes_timers_fini(&loop->timers);
    mes_free(loop);
}

/* The shorter of two waits, where -1 is for ever. */
static int64_t shorter(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

void mes_loop_step(struct mes_loop *loop, int timeout_ms)
{
    assert(!loop->is_turning);
    int64_t wait = shorter(timeout_ms, mes_timers_wait(&loop->timers, mes_loop_now(loop)));
    loop->is_turning = true;
    if (wait > 0) {
        uv_update_time(&loop->uv);
        (void)uv_timer_start(&loop->limit, waited, (uint64_t)wait, 0);
    }
    (void)uv_run(&loop->uv, wait == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    if (wait > 0)
        (void)uv_timer_stop(&loop->limit);
    mes_timers_run(&loop->timers, mes_loop_now(loop));
    loop->is_turning = false;
}

void mes_loop_run_until(struct mes_loop *loop, bool (*is_done)(void *context), void *context)
{
    while (!is_done(context))
        mes_loop_step(loop, -1);
}

int mes_loop_fd(const struct mes_loop *loop)
{
    return uv_backend_fd(&loop->uv);
}

int mes_loop_timeout_ms(const struct mes_loop *loop)
{
    int64_t wait = shorter(uv_backend_timeout(&loop->uv), mes_timers_wait(&loop->timers, mes_loop_now(loop)));
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

void mes_loop_wake(struct mes_loop *loop)
{
    (void)uv_async_send(&loop->wake); /* fails only for a closed handle */
}

void mes_loop_on_wake(struct mes_loop *loop, void (*on_wake)(void *context), void *context)
{
    loop->on_wake = on_wake;
    loop->wake_context = context;
}

const struct mes_clock *mes_loop_clock(const struct mes_loop *loop)
{
    return loop->clock;
}

int64_t mes_loop_now(const struct mes_loop *loop)
{
    return mes_clock_monotonic(loop->clock);
}

uv_loop_t *mes_loop_uv(struct mes_loop *loop)
{
    return &loop->uv;
}

struct mes_paths *mes_loop_paths(struct mes_loop *loop)
{
    return &loop->paths;
}

struct mes_timers *mes_loop_timers(struct mes_loop *loop)
{
    return &loop->timers;
}
