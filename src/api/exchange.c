#include "api/exchange.h"

#include <string.h>

#include "api/admission.h"
#include "api/body.h"
#include "api/reply.h"
#include "api/server_parts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/id.h"
#include "store/store.h"

static struct mes_api_exchange *begin(struct mes_api_server *server, struct MHD_Connection *connection)
{
    struct mes_api_exchange *exchange = mes_alloc(sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    struct mes_api_request *request = &exchange->request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->visit = info != NULL ? info->socket_context : NULL;
    exchange->connection = connection;
    exchange->began_at = mes_clock_monotonic(server->services.clock);
    request->server = server;
    request->services = &server->services;
    request->id = mes_id_next(server->services.clock);
    request->now = mes_clock_wall(server->services.clock);
    mes_arena_init(&request->arena, MES_API_ARENA_LIMIT);
    mes_buf_init(&exchange->body, MES_API_LARGE_LIMIT); /* body.c has each route's own */
    mes_buf_init(&exchange->answer.body, MES_API_ANSWER_LIMIT);
    return exchange;
}

void mes_api_exchange_drop_reader(struct mes_api_exchange *exchange)
{
    if (exchange->reader != NULL)
        mes_store_readers_give_back(exchange->request.services->readers, &exchange->reader);
}

/* A handler, a taker or `after` had the word. */
static void take_word(struct mes_api_exchange *exchange, void (*speak)(struct mes_api_request *request))
{
    if (speak != NULL)
        speak(&exchange->request);
    mes_api_exchange_drop_reader(exchange);
}

static void take_head(struct mes_api_exchange *exchange, const char *url, const char *method,
                      const char *version)
{
    if (!mes_api_admission_check(exchange, url, method, version))
        return;
    if ((exchange->request.route->flags & MES_API_STREAMS) != 0)
        take_word(exchange, exchange->request.route->handler);
}

static void take_end(struct mes_api_exchange *exchange)
{
    exchange->phase = MES_API_PHASE_END;
    if (mes_api_is_refused(&exchange->request))
        return;
    if (exchange->taker != NULL)
        take_word(exchange, exchange->taker->end);
    else if ((exchange->request.route->flags & MES_API_STREAMS) == 0 && mes_api_body_finish(exchange))
        take_word(exchange, exchange->request.route->handler);
}

static bool is_suspended(struct mes_api_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_SUSPENDED);
    return info != NULL && info->suspended == MHD_YES;
}

/* The wait has ended: libmicrohttpd calls again, in the same phase. */
static void resume(struct mes_api_exchange *exchange)
{
    void (*after)(struct mes_api_request * request) = exchange->after;
    exchange->is_waiting = false;
    exchange->after = NULL;
    atomic_fetch_sub(&exchange->request.server->waiting, 1);
    take_word(exchange, after);
}

static bool has_body(const struct mes_api_exchange *exchange)
{
    uint64_t size = mes_api_request_body_size(&exchange->request);
    bool is_chunked = mes_api_request_header(&exchange->request, "Transfer-Encoding").data != NULL;
    return is_chunked || (size != 0 && size != UINT64_MAX);
}

/* The body comes whatever we answer: were the connection closed in its face, the client would see that and
 * not the answer. One that waits for a word of ours sends none. */
static bool is_body_on_its_way(const struct mes_api_exchange *exchange)
{
    return has_body(exchange) && !exchange->answer.must_close && !exchange->request.server->has_tls &&
           mes_api_request_header(&exchange->request, "Expect").data == NULL;
}

/* What libmicrohttpd is to do next. An answer can be sent before the body is read or when it has been read to
 * its end, but not in the middle. */
static enum MHD_Result settle(struct mes_api_exchange *exchange, bool is_body)
{
    bool has_answer = exchange->answer.is_given || mes_api_is_refused(&exchange->request);
    if (exchange->is_waiting)
        return MHD_YES;
    if (is_body)
        return has_answer ? mes_api_body_cut_short(exchange) : MHD_YES;
    if (exchange->is_cut_short)
        return MHD_NO;
    if (has_answer && exchange->phase == MES_API_PHASE_HEAD && is_body_on_its_way(exchange)) {
        exchange->phase = MES_API_PHASE_BODY;
        return mes_api_body_cut_short(exchange);
    }
    /* An answer before the body ends the connection: not where there is no body to be read. */
    bool is_early =
        exchange->phase == MES_API_PHASE_HEAD && !has_body(exchange) && !exchange->answer.must_close;
    if ((has_answer && !is_early) || exchange->phase == MES_API_PHASE_END)
        return mes_api_reply_send(exchange);
    if (exchange->phase == MES_API_PHASE_HEAD)
        exchange->phase = MES_API_PHASE_BODY;
    return MHD_YES;
}

/* Only while the client has the word may it be too slow. */
static enum MHD_Result watch(struct mes_api_exchange *exchange, enum MHD_Result result, size_t came)
{
    if (exchange->is_waiting || exchange->phase != MES_API_PHASE_BODY || exchange->answer.is_given)
        mes_api_visit_rest(exchange->request.server->visits, exchange->visit);
    else
        mes_api_visit_await_body(exchange->request.server->visits, exchange->visit, came);
    return result;
}

enum MHD_Result mes_api_exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
                                        const char *method, const char *version, const char *data,
                                        size_t *size, void **place)
{
    struct mes_api_exchange *exchange = *place;
    size_t came = *size;
    if (exchange == NULL) {
        *place = exchange = begin(context, connection);
        if (exchange == NULL)
            return MHD_NO;
        mes_api_visit_take(exchange->request.server->visits, exchange->visit);
        take_head(exchange, url, method, version);
        return watch(exchange, settle(exchange, false), 0);
    }
    /* libmicrohttpd goes on with the next chunk that it holds though the connection is suspended. */
    if (exchange->is_waiting && is_suspended(exchange))
        return MHD_YES;
    bool is_body = *size > 0;
    if (exchange->is_waiting)
        resume(exchange);
    if (!exchange->is_waiting && is_body) {
        mes_api_body_take(exchange, mes_str_make(data, *size));
        mes_api_exchange_drop_reader(exchange);
        *size = 0;
    } else if (!exchange->is_waiting && !exchange->answer.is_given && exchange->phase == MES_API_PHASE_BODY) {
        take_end(exchange);
    }
    return watch(exchange, settle(exchange, is_body), came);
}

void mes_api_exchange_completed(void *context, struct MHD_Connection *connection, void **place,
                                enum MHD_RequestTerminationCode code)
{
    struct mes_api_server *server = context;
    struct mes_api_exchange *exchange = *place;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    *place = NULL;
    mes_api_visit_await_next(server->visits, exchange->visit);
    /* The client went away meanwhile: libmicrohttpd noticed when the wait was over. */
    if (exchange->is_waiting)
        atomic_fetch_sub(&server->waiting, 1);
    mes_api_hub_leave(server->hub, exchange);
    if (exchange->over != NULL)
        exchange->over(&exchange->request);
    mes_api_exchange_drop_reader(exchange);
    mes_api_body_end(exchange);
    mes_buf_fini(&exchange->answer.body);
    mes_buf_fini(&exchange->stream.piece);
    mes_arena_fini(&exchange->request.arena);
    mes_free(exchange);
}
