/* The body of a request: whole up to a limit, or in pieces for a taker. */
#ifndef MES_API_BODY_H
#define MES_API_BODY_H

#include "api/exchange.h"

/* Before any of it comes: refuses a length above the limit, other media types than the route takes, and an
 * expectation that is none of ours. */
bool mes_api_body_expect(struct mes_api_exchange *exchange);

/* The next bytes. After a refusal they are thrown away. */
void mes_api_body_take(struct mes_api_exchange *exchange, struct mes_str bytes);

/* It was refused while it came. The answer goes out at once where the connection is not encrypted; what still
 * comes is read and thrown away for a while, so that the client gets to see the answer. MHD_NO: enough, the
 * connection is cut. */
enum MHD_Result mes_api_body_cut_short(struct mes_api_exchange *exchange);

/* Frees what it took. */
void mes_api_body_end(struct mes_api_exchange *exchange);

/* The whole body is there: parsed and checked where the route names a schema. False: it was refused. */
bool mes_api_body_finish(struct mes_api_exchange *exchange);

#endif
