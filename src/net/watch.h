/* Interest in one descriptor: who is told when it can be read or written. */
#ifndef MES_NET_WATCH_H
#define MES_NET_WATCH_H

#include <stdbool.h>

#include "mes/error.h"

struct mes_loop;
struct mes_watch;

/* on_ready is called from mes_loop_step; with an error on the descriptor both are true: the call that is made
 * next tells which. */
struct mes_watch_handler {
    void (*on_ready)(void *context, bool is_readable, bool is_writable);
    void *context;
};

/* Nothing is waited for yet. The descriptor stays the caller's: free the watch before closing it. */
int mes_watch_new(struct mes_loop *loop, int descriptor, const struct mes_watch_handler *handler,
                  struct mes_watch **watch_out, struct mes_error *error) MES_MUST_USE;
/* Any time, also inside on_ready, which is not called any more. */
void mes_watch_free(struct mes_watch **watch);

/* Costs nothing when nothing changes. */
void mes_watch_set(struct mes_watch *watch, bool wants_read, bool wants_write);

#endif
