/* How often something may happen: for many keys and addresses, in little memory. */
#ifndef MES_API_RATE_H
#define MES_API_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "mes/error.h"

struct mes_api_rate;

/* For some thousand keys at a time; one that was quiet for longest is forgotten first, so that nobody can
 * fill the memory. */
int mes_api_rate_new(struct mes_api_rate **rate_out, struct mes_error *error) MES_MUST_USE;
void mes_api_rate_free(struct mes_api_rate **rate);

/* One more for `key` at the time `now` (monotonic ms). `per_minute`: on average, and at most as many at once.
 * 0: it may; else the seconds to wait, and it does not count. Any thread. */
unsigned mes_api_rate_take(struct mes_api_rate *rate, uint64_t key, unsigned per_minute, int64_t now);
/* The same without counting: are there any left? */
unsigned mes_api_rate_look(struct mes_api_rate *rate, uint64_t key, unsigned per_minute, int64_t now);

#endif
