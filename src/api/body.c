#include "api/body.h"

#include "api/reply.h"
#include "api/schema.h"
#include "api/server_parts.h"
#include "base/alloc.h"
#include "net/socket.h"
#include "json/tree.h"

/* What is read and thrown away after a refusal: enough for a client that sends on until it looks at the
 * answer. */
enum { MOST_DISCARDED = 64 * 1024 * 1024, ANSWER_BY_HAND = 64 * 1024 };

/* What they may hold in memory all together. */
enum { MOST_LARGE_BODIES = 4 };

static bool is_json(const struct mes_api_route *route)
{
    return route->body[0] != '\0' && mes_str_find(mes_str_of(route->body), MES_STR("/"), 0) == SIZE_MAX;
}

static bool takes(const struct mes_api_route *route, struct mes_str type)
{
    struct mes_str left = is_json(route) ? MES_STR("application/json") : mes_str_of(route->body);
    struct mes_str known;
    while (mes_str_next(&left, ' ', &known))
        if (mes_str_eq(known, type) || mes_str_eq(known, MES_STR("*/*")))
            return true;
    return false;
}

/* A body without a type is taken for what the route wants; one without length and coding is none. */
static bool has_wrong_type(const struct mes_api_request *request)
{
    struct mes_str type = mes_api_request_media_type(request);
    return request->route->body[0] != '\0' && type.size > 0 && !takes(request->route, type);
}

/* Nothing is ever unpacked: a small body must not become a large one. */
static bool is_encoded(const struct mes_api_request *request)
{
    struct mes_str encoding = mes_api_request_header(request, "Content-Encoding");
    return encoding.data != NULL && !mes_str_eq_nocase(encoding, MES_STR("identity"));
}

static uint64_t limit_of(const struct mes_api_route *route)
{
    return (route->flags & MES_API_LARGE) != 0 ? MES_API_LARGE_LIMIT : MES_API_BODY_LIMIT;
}

bool mes_api_body_expect(struct mes_api_exchange *exchange)
{
    struct mes_api_request *request = &exchange->request;
    struct mes_str expect = mes_api_request_header(request, "Expect");
    uint64_t size = mes_api_request_body_size(request);
    bool is_whole = (request->route->flags & MES_API_STREAMS) == 0;
    if (expect.data != NULL && !mes_str_eq_nocase(expect, MES_STR("100-continue")))
        mes_api_refuse(request, MES_API_PROBLEM_expectation, "Expect", MES_SAY_api_bad_expect, MES_NO_ARGS);
    else if (is_whole && size != UINT64_MAX && size > limit_of(request->route))
        mes_api_refuse(request, MES_API_PROBLEM_too_large, NULL, MES_SAY_api_body_too_large,
                       MES_ARGS(MES_NUMBER(limit_of(request->route))));
    else if (is_encoded(request))
        mes_api_refuse(request, MES_API_PROBLEM_media_type, "Content-Encoding", MES_SAY_api_encoded,
                       MES_NO_ARGS);
    else if (has_wrong_type(request))
        mes_api_refuse(request, MES_API_PROBLEM_media_type, "Content-Type", MES_SAY_api_media_type,
                       MES_ARGS(is_json(request->route) ? "application/json" : request->route->body));
    return !mes_api_is_refused(request);
}

static void refuse_size(struct mes_api_exchange *exchange, uint64_t limit)
{
    mes_api_refuse(&exchange->request, MES_API_PROBLEM_too_large, NULL, MES_SAY_api_body_too_large,
                   MES_ARGS(MES_NUMBER(limit)));
}

/* Memory is bounded by how many may be large at once. */
static bool may_be_large(struct mes_api_exchange *exchange)
{
    struct mes_api_request *request = &exchange->request;
    if (exchange->is_large)
        return true;
    exchange->is_large = atomic_fetch_add(&request->server->large_bodies, 1) < MOST_LARGE_BODIES;
    if (exchange->is_large)
        return true;
    atomic_fetch_sub(&request->server->large_bodies, 1);
    mes_api_answer_header(request, "Retry-After", MES_STR("5"));
    mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_too_many_large,
                   MES_ARGS(MES_NUMBER(MES_API_BODY_LIMIT)));
    return false;
}

static void collect(struct mes_api_exchange *exchange, struct mes_str bytes)
{
    uint64_t limit = limit_of(exchange->request.route);
    if (exchange->received > limit)
        refuse_size(exchange, limit);
    if (exchange->received > limit || (exchange->received > MES_API_BODY_LIMIT && !may_be_large(exchange))) {
        mes_buf_fini(&exchange->body);
        return;
    }
    mes_buf_add_str(&exchange->body, bytes);
    struct mes_error error;
    if (mes_buf_check(&exchange->body, &error) != 0)
        mes_api_refuse_failure(&exchange->request, &error);
}

void mes_api_body_take(struct mes_api_exchange *exchange, struct mes_str bytes)
{
    if (mes_api_is_refused(&exchange->request) || exchange->answer.is_given) {
        exchange->discarded += bytes.size;
        return;
    }
    exchange->received += bytes.size;
    if (exchange->taker == NULL)
        collect(exchange, bytes);
    else if (exchange->received > exchange->taker->limit)
        refuse_size(exchange, exchange->taker->limit);
    else
        exchange->taker->piece(&exchange->request, bytes);
}

void mes_api_body_end(struct mes_api_exchange *exchange)
{
    mes_buf_fini(&exchange->body);
    if (exchange->is_large)
        atomic_fetch_sub(&exchange->request.server->large_bodies, 1);
}

static void answer_by_hand(struct mes_api_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct mes_buf bytes;
    if (info == NULL)
        return;
    mes_buf_init(&bytes, ANSWER_BY_HAND);
    mes_api_reply_by_hand(exchange, &bytes);
    struct mes_socket socket = {.descriptor = info->connect_fd};
    /* Nothing was sent on this connection yet, so it fits into the system's buffer; where it does not, the
     * client only sees the connection end. */
    if (bytes.failed == 0)
        (void)mes_socket_send(&socket, bytes.data, bytes.size);
    mes_socket_end_sending(socket.descriptor);
    mes_buf_fini(&bytes);
    exchange->is_cut_short = true;
}

enum MHD_Result mes_api_body_cut_short(struct mes_api_exchange *exchange)
{
    if (!exchange->is_cut_short && !exchange->request.server->has_tls)
        answer_by_hand(exchange);
    return exchange->discarded <= MOST_DISCARDED ? MHD_YES : MHD_NO;
}

/* A route without a body may get an empty object: many clients send one with every POST. */
static bool is_nothing(struct mes_str body)
{
    body = mes_str_trim(body);
    return body.size == 0 || mes_str_eq(body, MES_STR("{}"));
}

static bool parse(struct mes_api_request *request)
{
    struct mes_error error;
    const struct mes_json_value *root = NULL;
    if (mes_json_tree(request->body, MES_JSON_MOST_VALUES, &request->arena, &root, &error) != 0) {
        mes_api_refuse_error(request, MES_API_PROBLEM_malformed_json, NULL, &error);
        return false;
    }
    request->json = root;
    return true;
}

static bool act_for_named(struct mes_api_request *request)
{
    const struct mes_json_value *company = mes_json_member(request->json, MES_STR("company"));
    return company == NULL || company->kind != MES_JSON_TEXT ||
           mes_api_request_act_for(request, company->text);
}

bool mes_api_body_finish(struct mes_api_exchange *exchange)
{
    struct mes_api_request *request = &exchange->request;
    request->body = mes_buf_str(&exchange->body);
    if (request->route->body[0] == '\0' && !is_nothing(request->body))
        mes_api_refuse(request, MES_API_PROBLEM_bad_request, NULL, MES_SAY_api_no_body, MES_NO_ARGS);
    if (is_json(request->route))
        return parse(request) && mes_api_request_check(request, request->route->body, "", request->json) &&
               act_for_named(request);
    return !mes_api_is_refused(request);
}
