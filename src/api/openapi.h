/* The description of the API for programs: OpenAPI 3.1, made from the table of routes and the schemas. */
#ifndef MES_API_OPENAPI_H
#define MES_API_OPENAPI_H

#include "api/server.h"
#include "base/buf.h"

/* Appends the document for the server's routes. */
int mes_api_openapi_write(const struct mes_api_server *server, struct mes_buf *out,
                          struct mes_error *error) MES_MUST_USE;

#endif
