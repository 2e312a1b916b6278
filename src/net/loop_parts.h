/* What the other files of this folder need of the loop. */
#ifndef MES_NET_LOOP_PARTS_H
#define MES_NET_LOOP_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/loop.h"
#include "net/paths.h"

struct mes_timer;

/* The running timers as a binary heap, the next one first. Every timer, running or not, has a place reserved,
 * so that starting one needs no memory. */
struct mes_timers {
    struct mes_timer **heap;
    size_t running;
    size_t places;    /* size of `heap` */
    size_t reserved;  /* timers that exist */
    uint64_t started; /* counts starts: decides between timers due at the same time */
};

/* The loop's own parts. */
uv_loop_t *mes_loop_uv(struct mes_loop *loop);
struct mes_timers *mes_loop_timers(struct mes_loop *loop);
struct mes_paths *mes_loop_paths(struct mes_loop *loop); /* shared by all that connects on it */

/* Milliseconds until the first timer is due: 0 when it is, -1 when none runs. */
int64_t mes_timers_wait(const struct mes_timers *timers, int64_t now);
/* Calls what is due at `now`; timers that are started by these calls wait for the next turn. */
void mes_timers_run(struct mes_timers *timers, int64_t now);
void mes_timers_fini(struct mes_timers *timers);

#endif
