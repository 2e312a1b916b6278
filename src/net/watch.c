#include "net/watch.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop_parts.h"

struct mes_watch {
    uv_poll_t poll; /* first: closing it frees the whole */
    struct mes_watch_handler handler;
    int events; /* what libuv was told last */
};

static void ready(uv_poll_t *poll, int status, int events)
{
    struct mes_watch *watch = (struct mes_watch *)poll;
    if (status < 0) {
        watch->events = 0; /* libuv stops watching a descriptor with an error */
        watch->handler.on_ready(watch->handler.context, true, true);
        return;
    }
    watch->handler.on_ready(watch->handler.context, (events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
}

int mes_watch_new(struct mes_loop *loop, int descriptor, const struct mes_watch_handler *handler,
                  struct mes_watch **watch_out, struct mes_error *error)
{
    *watch_out = NULL;
    struct mes_watch *watch = mes_alloc(sizeof *watch);
    if (watch == NULL)
        return mes_fail_nomem(error);
    int status = uv_poll_init(mes_loop_uv(loop), &watch->poll, descriptor);
    if (status != 0) {
        mes_free(watch);
        return mes_fail_system(error, "epoll", -status);
    }
    watch->handler = *handler;
    *watch_out = watch;
    return 0;
}

static void closed(uv_handle_t *poll)
{
    mes_free(poll);
}

void mes_watch_free(struct mes_watch **watch)
{
    if (*watch == NULL)
        return;
    uv_close((uv_handle_t *)&(*watch)->poll, closed);
    *watch = NULL;
}

void mes_watch_set(struct mes_watch *watch, bool wants_read, bool wants_write)
{
    int events = (wants_read ? UV_READABLE : 0) | (wants_write ? UV_WRITABLE : 0);
    if (events == watch->events)
        return;
    watch->events = events;
    /* Both only fail for a handle that is closing. */
    if (events == 0)
        (void)uv_poll_stop(&watch->poll);
    else
        (void)uv_poll_start(&watch->poll, events, ready);
}
