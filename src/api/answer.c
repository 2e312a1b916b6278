#include "api/answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/exchange.h"
#include "api/server_parts.h"

static struct mes_api_answer *begin(struct mes_api_request *request, unsigned status,
                                    const char *content_type)
{
    struct mes_api_answer *answer = &mes_api_exchange_of(request)->answer;
    answer->is_given = true;
    answer->status = status;
    answer->content_type = content_type;
    mes_buf_clear(&answer->body);
    return answer;
}

struct mes_json_writer *mes_api_answer_json(struct mes_api_request *request, unsigned status)
{
    struct mes_api_answer *answer = begin(request, status, "application/json");
    mes_json_writer_init(&answer->json, &answer->body);
    return &answer->json;
}

void mes_api_answer_bytes(struct mes_api_request *request, unsigned status, const char *content_type,
                          struct mes_buf *body)
{
    struct mes_api_answer *answer = begin(request, status, content_type);
    mes_buf_fini(&answer->body);
    answer->body = *body;
    mes_buf_init(body, body->limit);
}

void mes_api_answer_empty(struct mes_api_request *request, unsigned status)
{
    begin(request, status, NULL);
}

static bool is_field_value(struct mes_str value)
{
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7F)
            return false;
    return true;
}

void mes_api_answer_header(struct mes_api_request *request, const char *name, struct mes_str value)
{
    struct mes_api_answer *answer = &mes_api_exchange_of(request)->answer;
    if (answer->header_count == MES_API_ANSWER_HEADERS || !is_field_value(value))
        return;
    const char *copy = mes_arena_copy(&request->arena, value);
    if (copy == NULL)
        return;
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = copy;
}

void mes_api_answer_link(const struct mes_api_request *request, struct mes_buf *out, const char *format, ...)
{
    char path[200];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    mes_buf_add_text(out, request->server->public_url);
    mes_buf_add_text(out, "/api/v1");
    mes_buf_add_text(out, path);
}

void mes_api_answer_stream(struct mes_api_request *request, const char *content_type, int64_t job,
                           enum mes_api_more (*next)(struct mes_api_request *request, struct mes_buf *out))
{
    struct mes_api_exchange *exchange = mes_api_exchange_of(request);
    begin(request, 200, content_type);
    exchange->stream.next = next;
    exchange->stream.job = job;
    mes_buf_init(&exchange->stream.piece, MES_API_ANSWER_LIMIT);
}
