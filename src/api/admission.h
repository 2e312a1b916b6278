/* What a request must pass before its handler is called: framing, route, limits, key, scope, company, query.
 */
#ifndef MES_API_ADMISSION_H
#define MES_API_ADMISSION_H

#include "api/exchange.h"

/* Fills the request from its header. False: it was refused. */
bool mes_api_admission_check(struct mes_api_exchange *exchange, const char *url, const char *method,
                             const char *version);

#endif
