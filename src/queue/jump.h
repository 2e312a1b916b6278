/* Whether the wall clock was set. Pure but for the clocks. */
#ifndef MES_QUEUE_JUMP_H
#define MES_QUEUE_JUMP_H

#include "base/clock.h"

/* The wall clock less the monotonic one: it stays the same until somebody sets the clock. */
int64_t mes_jump_offset(const struct mes_clock *clock);
/* By how many milliseconds the clock was set since it had this offset: 0 for less than a minute. */
int64_t mes_jump_since(const struct mes_clock *clock, int64_t offset);

#endif
