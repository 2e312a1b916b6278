/* One call after some time, by the loop's clock. */
#ifndef MES_NET_TIMER_H
#define MES_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "mes/error.h"

struct mes_loop;
struct mes_timer;

/* Not running yet. `on_due` is called from mes_loop_step; the timer is stopped by then, and the call may
 * start or free it. This is the only call that needs memory: starting and stopping cannot fail. */
int mes_timer_new(struct mes_loop *loop, void (*on_due)(void *context), void *context,
                  struct mes_timer **timer_out, struct mes_error *error) MES_MUST_USE;
/* Stops it too. Any time, also from inside its own call. */
void mes_timer_free(struct mes_timer **timer);

/* Due `delay_ms` from now; 0 or less: in this turn's or the next step, never from inside this call. A timer
 * that runs is set anew. Timers due at the same time are called in the order of their start. */
void mes_timer_start(struct mes_timer *timer, int64_t delay_ms);
void mes_timer_stop(struct mes_timer *timer);
bool mes_timer_is_active(const struct mes_timer *timer);

#endif
