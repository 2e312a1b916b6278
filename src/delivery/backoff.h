/* How long a deferred mail waits before its next pass. */
#ifndef MES_DELIVERY_BACKOFF_H
#define MES_DELIVERY_BACKOFF_H

#include <stdint.h>

/* Milliseconds: 60 s after the first pass, then doubling up to an hour, 20 % more or less. A wait that a
 * reply named (in seconds; 0: none) wins, between a second and an hour. `passes` is how many have ended. */
int64_t mes_backoff_ms(unsigned passes, int named_seconds);

#endif
