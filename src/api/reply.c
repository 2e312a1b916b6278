#include "api/reply.h"

#include <string.h>

#include "api/problem.h"
#include "api/server_parts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/id.h"

enum { STREAM_PIECE = 16 * 1024 };

static ssize_t hand_over(struct mes_api_stream *stream, char *out, size_t most)
{
    size_t size = stream->piece.size - stream->sent;
    if (size > most)
        size = most;
    memcpy(out, stream->piece.data + stream->sent, size);
    stream->sent += size;
    return (ssize_t)size;
}

/* Small pieces are gathered, so that they do not become as many packets. */
static enum mes_api_more gather(struct mes_api_exchange *exchange)
{
    struct mes_api_stream *stream = &exchange->stream;
    enum mes_api_more more = MES_API_MORE;
    while (more == MES_API_MORE && stream->piece.size < STREAM_PIECE && stream->piece.failed == 0)
        more = stream->next(&exchange->request, &stream->piece);
    mes_api_exchange_drop_reader(exchange);
    return more;
}

/* Asks the handler for what comes next. False: there is nothing, and the connection was suspended. */
static bool refill(struct mes_api_exchange *exchange)
{
    struct mes_api_stream *stream = &exchange->stream;
    struct mes_api_hub *hub = exchange->request.server->hub;
    mes_buf_clear(&stream->piece);
    stream->sent = 0;
    mes_api_hub_listen(hub, exchange);
    enum mes_api_more more = gather(exchange);
    stream->is_ended = more == MES_API_END || stream->piece.failed != 0 ||
                       mes_api_is_refused(&exchange->request) || mes_api_hub_is_ending(hub);
    if (more == MES_API_LATER && stream->piece.size == 0 && !stream->is_ended)
        return !mes_api_hub_sleep(hub, exchange);
    return true;
}

/* libmicrohttpd asks for the next bytes; 0: the connection is suspended. */
static ssize_t read_stream(void *context, uint64_t position, char *out, size_t most)
{
    struct mes_api_exchange *exchange = context;
    struct mes_api_stream *stream = &exchange->stream;
    (void)position;
    while (stream->sent == stream->piece.size) {
        if (stream->piece.failed != 0 || mes_api_is_refused(&exchange->request))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (stream->is_ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!refill(exchange))
            return 0;
    }
    return hand_over(stream, out, most);
}

static void free_body(void *body)
{
    mes_free(body);
}

static struct MHD_Response *make_response(struct mes_api_exchange *exchange)
{
    struct mes_api_answer *answer = &exchange->answer;
    size_t size = 0;
    if (exchange->stream.next != NULL && answer->body.size == 0)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, read_stream, exchange, NULL);
    if (answer->body.size == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    char *bytes = mes_buf_take(&answer->body, &size);
    struct MHD_Response *response =
        bytes != NULL ? MHD_create_response_from_buffer_with_free_callback(size, bytes, free_body) : NULL;
    if (response == NULL)
        mes_free(bytes);
    return response;
}

static void add_headers(const struct mes_api_exchange *exchange, struct MHD_Response *response)
{
    const struct mes_api_answer *answer = &exchange->answer;
    char id[MES_ID_SPACE];
    MHD_add_response_header(response, "X-Request-Id", mes_id_text(id, exchange->request.id));
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->content_type != NULL)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (unsigned i = 0; i < answer->header_count; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    if (answer->must_close || atomic_load(&exchange->request.server->is_draining))
        MHD_add_response_header(response, "Connection", "close");
}

/* The complaints take the place of whatever the handler had begun to say. */
static void put_problem(struct mes_api_exchange *exchange)
{
    struct mes_api_answer *answer = &exchange->answer;
    mes_buf_clear(&answer->body);
    mes_api_problem_write(&exchange->request, &answer->body);
    answer->is_given = true;
    answer->status = mes_api_problem_status(exchange->refusal.problem);
    answer->content_type = "application/problem+json";
    exchange->stream.next = NULL;
}

static void prepare(struct mes_api_exchange *exchange)
{
    struct mes_api_answer *answer = &exchange->answer;
    struct mes_api_server *server = exchange->request.server;
    if (!mes_api_is_refused(&exchange->request) && (!answer->is_given || answer->body.failed != 0)) {
        struct mes_error error;
        (void)mes_fail(&error, MES_E_SYSTEM, MES_SAY_api_no_answer, MES_ARGS(exchange->request.route->path));
        mes_api_refuse_failure(&exchange->request, &error);
    }
    if (mes_api_is_refused(&exchange->request))
        put_problem(exchange);
    mes_api_metrics_count(&server->metrics, answer->status,
                          mes_clock_monotonic(server->services.clock) - exchange->began_at);
}

enum MHD_Result mes_api_reply_send(struct mes_api_exchange *exchange)
{
    prepare(exchange);
    struct MHD_Response *response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    add_headers(exchange, response);
    enum MHD_Result result = MHD_queue_response(exchange->connection, exchange->answer.status, response);
    MHD_destroy_response(response);
    return result;
}

void mes_api_reply_by_hand(struct mes_api_exchange *exchange, struct mes_buf *out)
{
    char id[MES_ID_SPACE];
    prepare(exchange);
    mes_buf_add_format(out,
                       "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                       "X-Request-Id: %s\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                       exchange->answer.status, MHD_get_reason_phrase_for(exchange->answer.status),
                       exchange->answer.content_type, exchange->answer.body.size,
                       mes_id_text(id, exchange->request.id));
    for (unsigned i = 0; i < exchange->answer.header_count; i++)
        mes_buf_add_format(out, "%s: %s\r\n", exchange->answer.headers[i].name,
                           exchange->answer.headers[i].value);
    mes_buf_add_text(out, "\r\n");
    mes_buf_add_str(out, mes_buf_str(&exchange->answer.body));
}
