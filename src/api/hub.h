/* Wakes the streams that have nothing to say until something happens. */
#ifndef MES_API_HUB_H
#define MES_API_HUB_H

#include <stdint.h>

#include "api/exchange.h"
#include "mes/error.h"

struct mes_api_hub;

/* Starts its thread, which looks twice a second for streams that have slept long enough, and calls `turn`. */
int mes_api_hub_new(const struct mes_clock *clock, void (*turn)(void *context), void *context,
                    struct mes_api_hub **hub_out, struct mes_error *error) MES_MUST_USE;
void mes_api_hub_free(struct mes_api_hub **hub);

/* From now on news reaches the stream: called before its `next` looks at the database. An HTTP thread. */
void mes_api_hub_listen(struct mes_api_hub *hub, struct mes_api_exchange *exchange);
/* The stream had nothing to say: suspends its connection. False: there was news meanwhile, look again. */
bool mes_api_hub_sleep(struct mes_api_hub *hub, struct mes_api_exchange *exchange) MES_MUST_USE;
/* The stream is over. */
void mes_api_hub_leave(struct mes_api_hub *hub, struct mes_api_exchange *exchange);

/* Wakes the streams of these jobs. Any thread. */
void mes_api_hub_news(struct mes_api_hub *hub, const int64_t *jobs, size_t count);
/* Wakes all; none sleeps any more. */
void mes_api_hub_end(struct mes_api_hub *hub);
bool mes_api_hub_is_ending(struct mes_api_hub *hub);

#endif
