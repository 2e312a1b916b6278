/* Time, as something that is handed in, so that tests can turn the clock themselves. */
#ifndef MES_BASE_CLOCK_H
#define MES_BASE_CLOCK_H

#include <stdint.h>

/* Both give milliseconds. `monotonic` never jumps and is for time-outs and back-offs; `wall` counts from 1970
 * UTC. */
struct mes_clock {
    int64_t (*monotonic)(void *context);
    int64_t (*wall)(void *context);
    void *context;
};

/* The machine's clocks. Any thread. */
const struct mes_clock *mes_clock_system(void);

/* Milliseconds: since some start that never jumps, and since 1970 (UTC). */
int64_t mes_clock_monotonic(const struct mes_clock *clock);
int64_t mes_clock_wall(const struct mes_clock *clock);

/* Does nothing for so long. For the command line alone: whoever serves others waits for events instead. */
void mes_clock_sleep(int64_t milliseconds);

#endif
