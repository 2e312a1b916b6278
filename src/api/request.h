/* A request as its handler sees it: who asks, for which company, with what; and how to wait for a commit. */
#ifndef MES_API_REQUEST_H
#define MES_API_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "api/route.h"
#include "api/server.h"
#include "base/arena.h"
#include "mes/error.h"
#include "mes/language.h"
#include "json/parse.h"

struct mes_store;
struct mes_store_reader;

enum {
    MES_API_COMPANY_SIZE = 65,
    MES_API_BODY_LIMIT = 8 * 1024 * 1024,
    MES_API_LARGE_LIMIT = 48 * 1024 * 1024, /* of routes with MES_API_LARGE; few above the other at a time */
    MES_API_ARENA_LIMIT = 64 * 1024 * 1024
};

/* Who asks: the key of the request. */
struct mes_api_caller {
    int64_t key_id;                     /* 0: the route needs none */
    char company[MES_API_COMPANY_SIZE]; /* "": the key may act for any company */
    unsigned scopes;                    /* bits of enum mes_api_scope */
};

/* Handlers read this, and write `own` alone. All texts live until the answer was sent. */
struct mes_api_request {
    struct mes_api_server *server;
    const struct mes_api_services *services;
    const struct mes_api_route *route;
    int64_t id;  /* stands in every problem and in the log */
    int64_t now; /* wall clock, ms since 1970, when the request came */
    enum mes_language language;
    struct mes_api_caller caller;
    /* The company that the request is for: what it makes belongs to it. "" is the general list. */
    char company[MES_API_COMPANY_SIZE];
    /* Whose rows it may see and change: `company`, or NULL when the key may act for any company and none was
     * named: then whosoever's. For struct mes_store_ref and the like. */
    const char *reach;
    struct mes_str values[MES_API_PATH_VALUES]; /* in the place of the path's {names}, decoded, valid UTF-8 */
    struct mes_str body;                        /* whole; empty for routes with MES_API_STREAMS */
    const struct mes_json_value *json; /* the body where the row names a schema; it keeps to that schema */
    struct mes_arena arena;            /* for the handler too; freed after the answer */
    void *own;                         /* the handler's */
};

/* The id in the place of {name} number `index`. When it is none the request is answered by 404, as for an id
 * that does not exist, and false is returned: the handler just returns. */
bool mes_api_request_id(struct mes_api_request *request, unsigned index, int64_t *id_out) MES_MUST_USE;

/* A query parameter (its schema names it, so it keeps to that); data NULL when it was not given. */
struct mes_str mes_api_request_query(const struct mes_api_request *request, const char *name);
/* The same as a number, `otherwise` when it was not given. */
int64_t mes_api_request_query_number(const struct mes_api_request *request, const char *name,
                                     int64_t otherwise);
/* A header field's value, without regard to case; data NULL when there is none. More than one: the first. */
struct mes_str mes_api_request_header(const struct mes_api_request *request, const char *name);
/* The media type of the body in lower case, without parameters; empty when none was named. */
struct mes_str mes_api_request_media_type(const struct mes_api_request *request);

/* Makes `request` act for the company that a body read in pieces names. False: it is another one than the
 * key's, or no id of a company; the request was answered (404, 422). The core does this itself for a JSON
 * body's member `company` and for the query parameter `company`. */
bool mes_api_request_act_for(struct mes_api_request *request, struct mes_str company) MES_MUST_USE;

/* Checks a value that did not come as the body (a line of a stream, a part of a form) against a schema of
 * schemas/. Each complaint is refused at its field, whose name gets `prefix` ("recipients[7].", or "").
 * True when it keeps to the schema. */
bool mes_api_request_check(struct mes_api_request *request, const char *schema, const char *prefix,
                           const struct mes_json_value *value) MES_MUST_USE;

/* Reading the database. A handle for reading alone, the thread's own until the handler returns: not kept over
 * a wait. NULL: the request was answered (503). */
struct mes_store_reader *mes_api_request_reader(struct mes_api_request *request) MES_MUST_USE;

/* Waiting. The handler calls this and returns; `after` is called on an HTTP thread once mes_api_request_wake
 * was called, and ends like a handler: by an answer, or by waiting again. No thread is held meanwhile, no
 * more of a body is read (back-pressure), and the request lives on even when its client went away. */
void mes_api_request_wait(struct mes_api_request *request, void (*after)(struct mes_api_request *request));
/* Ends a wait: exactly once for each. Any thread; also before the handler has returned. */
void mes_api_request_wake(struct mes_api_request *request);

/* A write: embedded in what the handler allocates from the arena. */
struct mes_api_write {
    /* The store thread, inside the courier's transaction; must not touch the request but for its own memory.
     */
    int (*run)(struct mes_api_write *write, struct mes_store *store, struct mes_error *error);
    /* An HTTP thread, after the commit. `code` 0: it is durable; else nothing was written and `error` says
     * why. */
    void (*after)(struct mes_api_request *request, struct mes_api_write *write, int code,
                  const struct mes_error *error);
};
/* Hands the write to the courier and waits for the commit. One at a time for a request. */
void mes_api_request_write(struct mes_api_request *request, struct mes_api_write *write);

/* Taking the body in pieces, for routes with MES_API_STREAMS. Their handler is called as soon as the header
 * was read, and calls this (or refuses). Each function may wait or refuse; what it is given is used up when
 * it returns. After a refusal no more pieces come: the answer is sent and the connection closed. */
struct mes_api_body_taker {
    void (*piece)(struct mes_api_request *request, struct mes_str bytes);
    void (*end)(struct mes_api_request *request); /* the body is whole; gives the answer */
    /* The request is over, however it ended (the client may have gone away in the middle): what `own` holds
     * outside the arena is freed. NULL is allowed. */
    void (*over)(struct mes_api_request *request);
    uint64_t limit; /* of the body in bytes; above it: 413 */
};
/* `taker` is static. */
void mes_api_request_take_body(struct mes_api_request *request, const struct mes_api_body_taker *taker);
/* The length that the header names, UINT64_MAX when it names none. */
uint64_t mes_api_request_body_size(const struct mes_api_request *request);

/* Called when the request is over, however it ended; for handlers that do not take the body in pieces. */
void mes_api_request_on_over(struct mes_api_request *request, void (*over)(struct mes_api_request *request));

#endif
