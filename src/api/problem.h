/* Complaints as application/problem+json (RFC 9457). */
#ifndef MES_API_PROBLEM_H
#define MES_API_PROBLEM_H

#include "api/exchange.h"

/* Of the answer. */
unsigned mes_api_problem_status(enum mes_api_problem problem);

/* The document, in the request's language. Something must have been refused. */
void mes_api_problem_write(const struct mes_api_request *request, struct mes_buf *out);

#endif
