/* Handlers and routes that the tests of the server share. */
#ifndef MES_API_ECHO_TEST_H
#define MES_API_ECHO_TEST_H

#include <stdatomic.h>

#include "api/rig_test.h"

static inline void echo(struct mes_api_request *request)
{
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "company", mes_str_of(request->company));
    mes_json_write_integer(json, "size", (int64_t)request->body.size);
    mes_json_write_text(json, "value", request->values[0]);
    mes_json_write_object_end(json);
}

/* What a write in these tests does. */
struct slow_write {
    struct mes_api_write write;
    int ran;
};

static inline int run_write(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    (void)store;
    (void)error;
    ((struct slow_write *)write)->ran++;
    return 0;
}

static inline void say_write(struct mes_api_request *request, struct mes_api_write *write, int code,
                             const struct mes_error *error)
{
    (void)error;
    struct mes_json_writer *json = mes_api_answer_json(request, 202);
    mes_json_write_object(json, NULL);
    mes_json_write_integer(json, "ran", code == 0 ? ((struct slow_write *)write)->ran : -1);
    mes_json_write_object_end(json);
}

static inline void write_something(struct mes_api_request *request)
{
    struct slow_write *slow = mes_arena_alloc(&request->arena, sizeof *slow);
    assert_non_null(slow);
    slow->write = (struct mes_api_write){run_write, say_write};
    mes_api_request_write(request, &slow->write);
}

/* Counts bytes, and waits for a commit after every piece. */
struct counting {
    struct slow_write slow;
    uint64_t bytes;
};

static inline void go_on(struct mes_api_request *request, struct mes_api_write *write, int code,
                         const struct mes_error *error)
{
    (void)request;
    (void)write;
    (void)error;
    assert_int_equal(code, 0);
}

static atomic_size_t counted; /* by all requests together */

static inline void count_piece(struct mes_api_request *request, struct mes_str bytes)
{
    struct counting *counting = request->own;
    counting->bytes += bytes.size;
    atomic_fetch_add(&counted, bytes.size);
    mes_api_request_write(request, &counting->slow.write);
}

static inline void count_end(struct mes_api_request *request)
{
    struct counting *counting = request->own;
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_integer(json, "bytes", (int64_t)counting->bytes);
    mes_json_write_flag(json, "waited", counting->slow.ran > 0);
    mes_json_write_object_end(json);
}

static inline void count(struct mes_api_request *request)
{
    static const struct mes_api_body_taker taker = {count_piece, count_end, NULL, 4 * 1024 * 1024};
    struct counting *counting = mes_arena_alloc(&request->arena, sizeof *counting);
    assert_non_null(counting);
    counting->slow.write = (struct mes_api_write){run_write, go_on};
    request->own = counting;
    mes_api_request_take_body(request, &taker);
}

/* Fields of a request that ends its connection. */
#define HEAD "Host: a\r\nConnection: close\r\n"

#define ROW(method, path, flags, handler, body)                                                              \
    {                                                                                                        \
        MES_API_##method, #handler, path, MES_API_NONE, flags, handler, "", body, 200, "", "Test"            \
    }
#define ECHO_ROWS                                                                                            \
    ROW(GET, "/echo/{value}", MES_API_PLAIN, echo, ""),                                                      \
        ROW(POST, "/echo/{value}", MES_API_PLAIN, echo, "*/*"),                                              \
        ROW(POST, "/json", MES_API_PLAIN, echo, "NewKey"),                                                   \
        ROW(POST, "/write", MES_API_PLAIN, write_something, ""),                                             \
        ROW(POST, "/count", MES_API_STREAMS, count, "*/*")

#endif
