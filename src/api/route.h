/* The table of routes: what the API offers, with whose leave, and what goes in and out. */
#ifndef MES_API_ROUTE_H
#define MES_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct mes_api_request;

enum mes_api_method {
    MES_API_GET,
    MES_API_POST,
    MES_API_PATCH,
    MES_API_PUT,
    MES_API_DELETE,
    MES_API_METHODS
};

/* What a key must be allowed to do. `admin` holds the others. */
enum mes_api_scope { MES_API_NONE = 0, MES_API_SEND = 1, MES_API_READ = 2, MES_API_ADMIN = 4 };

enum mes_api_route_flag {
    MES_API_PLAIN = 0,
    MES_API_STREAMS = 1,    /* the handler takes the body in pieces: see mes_api_request_take_body */
    MES_API_IDEMPOTENT = 2, /* takes the header Idempotency-Key (only for the documentation) */
    MES_API_LARGE = 4       /* its body may hold attachments: up to MES_API_LARGE_LIMIT */
};

enum { MES_API_PATH_VALUES = 3 };

/* A row of routes.def. All texts are static. */
struct mes_api_route {
    enum mes_api_method method;
    const char *name; /* of the handler, without mes_api_ */
    const char *path; /* with {names} for what changes */
    enum mes_api_scope scope;
    unsigned flags;
    void (*handler)(struct mes_api_request *request);
    const char *query;  /* the schema that lists the parameters, "" = none */
    const char *body;   /* a schema (JSON), media types separated by blanks, or "" = none */
    unsigned status;    /* of an answer without complaint */
    const char *answer; /* a schema (JSON), a media type, or "" = an empty answer */
    const char *summary;
};

/* Rows, and how many. */
struct mes_api_routes {
    const struct mes_api_route *rows;
    size_t count;
};

/* routes.def */
extern const struct mes_api_routes mes_api_routes;

/* The handlers: void mes_api_…(struct mes_api_request *request), an HTTP thread. The key, the scope, the
 * company, the query and a JSON body have been checked. Each ends by giving an answer (answer.h) or by
 * waiting (request.h). */
#define ROUTE(method, path, scope, flags, handler, query, body, status, answer, summary)                     \
    void mes_api_##handler(struct mes_api_request *request);
#include "api/routes.def"
#undef ROUTE

/* What was found for a method and a path. */
struct mes_api_found {
    const struct mes_api_route *route;          /* NULL: there is none */
    struct mes_str values[MES_API_PATH_VALUES]; /* in the place of its {names}; they point into the path */
    unsigned allowed;                           /* a bit (1 << method) for each method that the path has */
};

/* HEAD is asked for as GET. `method` MES_API_METHODS: none of ours. */
struct mes_api_found mes_api_route_find(const struct mes_api_routes *routes, enum mes_api_method method,
                                        struct mes_str path);

/* "GET" and so on; false when the text is no method of ours. */
bool mes_api_method_parse(struct mes_str text, enum mes_api_method *method_out);
const char *mes_api_method_name(enum mes_api_method method);

#endif
