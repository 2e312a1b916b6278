/* The event loop of one thread: waits for sockets, timers and calls from other threads. */
#ifndef MES_NET_LOOP_H
#define MES_NET_LOOP_H

#include <stdbool.h>

#include "base/clock.h"
#include "mes/error.h"

struct mes_loop;

/* A loop belongs to the thread that drives it; everything made with it is only touched there. There may be
 * several, each in its thread: nothing is global, no signal handler is set. `clock` (NULL: the machine's) is
 * what every timer of the loop goes by; it must outlive the loop. */
int mes_loop_new(const struct mes_clock *clock, struct mes_loop **loop_out,
                 struct mes_error *error) MES_MUST_USE;
/* Everything made with the loop (timers, connections, lookups, readers) must have been freed before. Never
 * from inside a callback of the loop. May wait for a file read that is under way in another thread. */
void mes_loop_free(struct mes_loop **loop);

/* Waits at most `timeout_ms` (-1: no limit, 0: not at all) until something is ready, and does what is ready:
 * one bounded turn. Not from inside a callback. */
void mes_loop_step(struct mes_loop *loop, int timeout_ms);
/* Turns until is_done(context) is true, which is asked before each turn. */
void mes_loop_run_until(struct mes_loop *loop, bool (*is_done)(void *context), void *context);

/* For a foreign loop: wait until `fd` is readable or `timeout_ms` (-1: no limit) has passed, then step with
 * time-out 0. Ask for the time-out again before each wait: any call on the loop may have changed it. */
int mes_loop_fd(const struct mes_loop *loop);
int mes_loop_timeout_ms(const struct mes_loop *loop);

/* Makes a waiting step return, or the next one not wait; calls on_wake (if set) from that step. Any thread,
 * and from inside a signal handler. Several wakes before a step may count as one. */
void mes_loop_wake(struct mes_loop *loop);
void mes_loop_on_wake(struct mes_loop *loop, void (*on_wake)(void *context), void *context);

const struct mes_clock *mes_loop_clock(const struct mes_loop *loop);
/* The loop's clock, monotonic, in milliseconds. */
int64_t mes_loop_now(const struct mes_loop *loop);

#endif
