/* How long a client may take to say what it wants: a header or body that trickles, each byte in time for the
 * idle time-out, would hold its connection for ever. */
#ifndef MES_API_VISIT_H
#define MES_API_VISIT_H

#include <stddef.h>
#include <stdint.h>

#include "mes/error.h"

struct mes_api_visit; /* one connection */
struct mes_api_visits;
struct mes_clock;

/* `seconds` for a header or the first bytes of a body; each kilobyte of a body buys a second more, and no
 * client is more than twice as long ahead. */
int mes_api_visits_new(const struct mes_clock *clock, unsigned seconds, struct mes_api_visits **visits_out,
                       struct mes_error *error) MES_MUST_USE;
/* No connection may be left. */
void mes_api_visits_free(struct mes_api_visits **visits);

/* A connection begins, and its first header is awaited. NULL: out of memory; then it has no deadline. */
struct mes_api_visit *mes_api_visits_begin(struct mes_api_visits *visits, int socket);
/* It ends: its socket is still open. NULL inside is allowed. */
void mes_api_visits_end(struct mes_api_visits *visits, struct mes_api_visit **visit);

/* The states of a connection; its own thread. `visit` may be NULL. */
/* The header is whole, and the service has the word: no deadline. */
void mes_api_visit_take(const struct mes_api_visits *visits, struct mes_api_visit *visit);
/* The service has the word in the middle of the body, or behind it: the client's time stands still. */
void mes_api_visit_rest(const struct mes_api_visits *visits, struct mes_api_visit *visit);
/* So much of the body has come, and more is awaited. */
void mes_api_visit_await_body(const struct mes_api_visits *visits, struct mes_api_visit *visit, size_t came);
/* The answer is given: the next header may come, within the idle time-out and what a header may take. */
void mes_api_visit_await_next(const struct mes_api_visits *visits, struct mes_api_visit *visit);

/* Cuts the connections whose time is over. The thread of whoever looks now and then. */
void mes_api_visits_sweep(void *visits);

#endif
