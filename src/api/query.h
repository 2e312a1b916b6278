/* The query of a request: every parameter is one that the route knows, and keeps to its schema. */
#ifndef MES_API_QUERY_H
#define MES_API_QUERY_H

#include "api/answer.h"

/* Takes `company` over as well. False: it was refused. */
bool mes_api_query_check(struct mes_api_request *request);

#endif
