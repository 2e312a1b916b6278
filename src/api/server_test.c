#include "api/rig_test.h"

/* Handlers of these tests. */

static void echo(struct mes_api_request *request)
{
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "company", mes_str_of(request->company));
    mes_json_write_integer(json, "size", (int64_t)request->body.size);
    mes_json_write_text(json, "value", request->values[0]);
    mes_json_write_object_end(json);
}

static void forget_to_answer(struct mes_api_request *request)
{
    (void)request;
}

static void break_down(struct mes_api_request *request)
{
    struct mes_error error;
    (void)mes_fail(&error, MES_E_FILE, MES_SAY_file,
                   MES_ARGS("/srv/secret/queue.db", "SELECT * FROM api_key"));
    mes_api_refuse_failure(request, &error);
}

/* What a write in these tests does. */
struct slow_write {
    struct mes_api_write write;
    int ran;
};

static int run_write(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    (void)store;
    (void)error;
    ((struct slow_write *)write)->ran++;
    return 0;
}

static void say_write(struct mes_api_request *request, struct mes_api_write *write, int code,
                      const struct mes_error *error)
{
    (void)error;
    struct mes_json_writer *json = mes_api_answer_json(request, 202);
    mes_json_write_object(json, NULL);
    mes_json_write_integer(json, "ran", code == 0 ? ((struct slow_write *)write)->ran : -1);
    mes_json_write_object_end(json);
}

static void write_something(struct mes_api_request *request)
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

static void go_on(struct mes_api_request *request, struct mes_api_write *write, int code,
                  const struct mes_error *error)
{
    (void)request;
    (void)write;
    (void)error;
    assert_int_equal(code, 0);
}

static void count_piece(struct mes_api_request *request, struct mes_str bytes)
{
    struct counting *counting = request->own;
    counting->bytes += bytes.size;
    mes_api_request_write(request, &counting->slow.write);
}

static void count_end(struct mes_api_request *request)
{
    struct counting *counting = request->own;
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_integer(json, "bytes", (int64_t)counting->bytes);
    mes_json_write_flag(json, "waited", counting->slow.ran > 0);
    mes_json_write_object_end(json);
}

static void count(struct mes_api_request *request)
{
    static const struct mes_api_body_taker taker = {count_piece, count_end, NULL, 4 * 1024 * 1024};
    struct counting *counting = mes_arena_alloc(&request->arena, sizeof *counting);
    assert_non_null(counting);
    counting->slow.write = (struct mes_api_write){run_write, go_on};
    request->own = counting;
    mes_api_request_take_body(request, &taker);
}

static enum mes_api_more count_down(struct mes_api_request *request, struct mes_buf *out)
{
    int *left = request->own;
    mes_buf_add_format(out, "%d\n", *left);
    return --*left > 0 ? MES_API_MORE : MES_API_END;
}

static void stream(struct mes_api_request *request)
{
    int *left = mes_arena_alloc(&request->arena, sizeof *left);
    assert_non_null(left);
    *left = 20000;
    request->own = left;
    mes_api_answer_stream(request, "text/plain", 0, count_down);
}

/* Says a line for each piece of news of job 7. */
static _Atomic int news_count;

static enum mes_api_more tell_news(struct mes_api_request *request, struct mes_buf *out)
{
    int *told = request->own;
    if (*told == news_count)
        return MES_API_LATER;
    *told = news_count;
    mes_buf_add_format(out, "news %d\n", *told);
    return *told < 3 ? MES_API_MORE : MES_API_END;
}

static void follow(struct mes_api_request *request)
{
    int *told = mes_arena_alloc(&request->arena, sizeof *told);
    assert_non_null(told);
    *told = -1;
    request->own = told;
    mes_api_answer_stream(request, "text/plain", 7, tell_news);
}

#define ROW(method, path, flags, handler, body)                                                              \
    {                                                                                                        \
        MES_API_##method, #handler, path, MES_API_NONE, flags, handler, "", body, 200, "", "Test"            \
    }
static const struct mes_api_route rows[] = {
    ROW(GET, "/echo/{value}", MES_API_PLAIN, echo, ""),
    ROW(POST, "/echo/{value}", MES_API_PLAIN, echo, "*/*"),
    ROW(POST, "/json", MES_API_PLAIN, echo, "NewKey"),
    ROW(GET, "/forgets", MES_API_PLAIN, forget_to_answer, ""),
    ROW(GET, "/fails", MES_API_PLAIN, break_down, ""),
    ROW(POST, "/write", MES_API_PLAIN, write_something, ""),
    ROW(POST, "/count", MES_API_STREAMS, count, "*/*"),
    ROW(GET, "/stream", MES_API_PLAIN, stream, ""),
    ROW(GET, "/follow", MES_API_PLAIN, follow, ""),
};
static const struct mes_api_routes routes = {rows, sizeof rows / sizeof *rows};

static struct rig rig;

static int begin(void **state)
{
    (void)state;
    rig_open(&rig);
    rig.options.routes = &routes;
    rig_serve(&rig);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void expect(const char *request, size_t size, unsigned status)
{
    unsigned got = rig_status(&rig, request, size);
    if (got != status)
        print_error("%s\n", request);
    assert_int_equal(got, status);
}

#define EXPECT(request, status) expect(request, sizeof(request) - 1, status)
#define HEAD "Host: a\r\nConnection: close\r\n"

static void answers_and_keeps_the_connection(void **state)
{
    static const char two[] =
        "GET /echo/one HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /echo/%E4%BD%A0 HTTP/1.1\r\n" HEAD "\r\n";
    (void)state;
    char *answer = rig_talk(&rig, two, sizeof two - 1);
    const char *second = strstr(answer + 1, "HTTP/1.1 404");
    assert_int_equal(rig_status_of(answer), 200);
    assert_non_null(second);
    assert_non_null(strstr(answer, "\"value\":\"one\""));
    assert_non_null(strstr(second, "\"value\":\"\xE4\xBD\xA0\""));
    mes_free(answer);
}

static void a_write_is_answered_after_its_commit(void **state)
{
    (void)state;
    char *answer = rig_ask(&rig, "POST /write", "", "{}");
    assert_int_equal(rig_status_of(answer), 202);
    assert_non_null(strstr(answer, "{\"ran\":1}"));
    mes_free(answer);
}

static void a_body_in_pieces_waits_for_each_commit(void **state)
{
    struct mes_buf request;
    static char block[100000];
    (void)state;
    memset(block, 'x', sizeof block);
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, "POST /count HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        mes_buf_add_format(&request, "%x;extension=\"1\"\r\n", (unsigned)sizeof block);
        mes_buf_add(&request, block, sizeof block);
        mes_buf_add_text(&request, "\r\n3\r\nabc\r\n");
    }
    mes_buf_add_text(&request, "0\r\nTrailer: x\r\n\r\n");
    char *answer = rig_talk(&rig, request.data, request.size);
    assert_non_null(strstr(answer, "{\"bytes\":2000060,\"waited\":true}"));
    mes_free(answer);
    mes_buf_fini(&request);
}

static void a_stream_is_made_while_it_is_sent(void **state)
{
    (void)state;
    char *answer = rig_ask(&rig, "GET /stream", "", NULL);
    assert_int_equal(rig_status_of(answer), 200);
    assert_non_null(strstr(answer, "20000\n19999\n"));
    assert_non_null(strstr(answer, "\n2\n1\n"));
    mes_free(answer);
}

static void news_wakes_those_who_follow(void **state)
{
    static const char request[] = "GET /follow HTTP/1.1\r\n" HEAD "\r\n";
    static const int64_t others[] = {5, 6};
    static const int64_t mine[] = {6, 7};
    struct mes_buf in;
    char line[32];
    (void)state;
    news_count = 0;
    int client = rig_connect(&rig);
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    assert_true(rig_send(client, request, sizeof request - 1));
    for (int i = 0; i <= 3; i++) {
        (void)snprintf(line, sizeof line, "news %d\n", i);
        mes_api_server_news(rig.server, others, 2);
        assert_true(rig_read_until(client, &in, line));
        news_count = i + 1;
        mes_api_server_news(rig.server, mine, 2);
    }
    close(client);
    mes_buf_fini(&in);
}

/* A client that goes away while its stream sleeps or its write is under way leaves nothing behind: the
 * sanitizers see to that, and stopping would not end. */
static void clients_may_go_away_at_any_time(void **state)
{
    static const char *const requests[] = {
        "GET /follow HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"};
    (void)state;
    news_count = 0;
    for (size_t i = 0; i < 40; i++) {
        const char *request = requests[i % 4];
        int client = rig_connect(&rig);
        assert_true(rig_send(client, request, strlen(request) - i % 2));
        close(client);
    }
    assert_int_equal(rig_ask_status(&rig, "GET /echo/a", "", NULL), 200);
}

static void F16_lengths_that_contradict_each_other(void **state)
{
    static const char smuggled[] =
        "POST /echo/a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\nGET /echo/smuggled HTTP/1.1\r\n" HEAD "\r\n";
    (void)state;
    char *answer = rig_talk(&rig, smuggled, sizeof smuggled - 1);
    assert_int_equal(rig_status_of(answer), 400);
    assert_null(strstr(answer, "smuggled"));
    assert_non_null(strstr(answer, "Connection: close"));
    mes_free(answer);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 3, 3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: +3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 0x3\r\n\r\nabc", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 99999999999999999999\r\n\r\nabc", 413);
}

static void F16_transfer_codings(void **state)
{
    (void)state;
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 501);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           501);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
           400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding:\x0B chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nabc",
           413);
}

static void F16_header_lines(void **state)
{
    (void)state;
    EXPECT("GET /echo/a HTTP/1.1\r\nConnection: close\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "Host: b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A : b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X(A: b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD ": b\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\r\n folded\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\n" HEAD "\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\0c\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\rc\r\nX-B: c\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: b\x7F\r\n\r\n", 400);
    EXPECT("GET /echo/a HTTP/1.1\r\n" HEAD "X-A:\tb \xE4\xBD\xA0\r\nX-B:\r\n\r\n", 200);
    EXPECT("GET /echo/a HTTP/2.0\r\n" HEAD "\r\n", 505);
}

static void F15_bodies_without_end(void **state)
{
    static const char head[] = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[65536 + 9];
    struct mes_buf in;
    (void)state;
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    int client = rig_connect(&rig);
    assert_true(rig_send(client, head, sizeof head - 1));
    unsigned sent = 0;
    while (sent < 2000 && rig_send(client, chunk, sizeof chunk))
        sent++;
    assert_true(sent > 64 && sent < 2000); /* 4 MiB are taken, then it is cut after a while */
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    (void)rig_read_until(client, &in, "\r\n\r\n");
    close(client);
    mes_buf_fini(&in);
    EXPECT("POST /count HTTP/1.1\r\n" HEAD "Content-Length: 5000000\r\n\r\n", 413);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 9000000\r\n\r\n", 413);
}

/* The client sees the refusal while it is still sending. */
static void F15_refused_while_it_comes(void **state)
{
    static const char head[] = "POST /echo/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[65536 + 9];
    struct mes_buf in;
    (void)state;
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    int client = rig_connect(&rig);
    assert_true(rig_send(client, head, sizeof head - 1));
    for (unsigned sent = 0; sent <= 8 * 16; sent++)
        assert_true(rig_send(client, chunk, sizeof chunk));
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    assert_true(rig_read_until(client, &in, "\"errors\":"));
    assert_int_equal(rig_status_of(in.data), 413);
    close(client);
    mes_buf_fini(&in);
}

static void F15_compressed_bodies_are_not_unpacked(void **state)
{
    (void)state;
    EXPECT(
        "POST /json HTTP/1.1\r\n" HEAD
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1F\x8B\x08",
        415);
}

static void expect_long(const char *before, char filler, size_t count, const char *after, unsigned status)
{
    struct mes_buf request;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, before);
    for (size_t i = 0; i < count; i++)
        mes_buf_add_char(&request, filler);
    mes_buf_add_text(&request, after);
    assert_int_equal(rig_status(&rig, request.data, request.size), status);
    mes_buf_fini(&request);
}

static void F18_odd_requests(void **state)
{
    (void)state;
    expect_long("GET /echo/", 'a', 1000000, " HTTP/1.1\r\n" HEAD "\r\n", 414);
    expect_long("GET /echo/a HTTP/1.1\r\n" HEAD "X-A: ", 'a', 100000, "\r\n\r\n", 431);
    EXPECT("TRACE /echo/a HTTP/1.1\r\n" HEAD "\r\n", 405);
    EXPECT("CONNECT a:80 HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("PUT /echo/a HTTP/1.1\r\n" HEAD "Content-Length: 0\r\n\r\n", 405);
    EXPECT("OPTIONS * HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("POST /echo/a HTTP/1.1\r\n" HEAD "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", 417);
    EXPECT("GET /echo/a%00b HTTP/1.1\r\n" HEAD "\r\n", 200); /* as it stands, not cut at the NUL */
    EXPECT("GET /echo/a%2Fb HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("GET /echo/%FF HTTP/1.1\r\n" HEAD "\r\n", 404);
    EXPECT("GET /echo/a?b=1 HTTP/1.1\r\n" HEAD "\r\n", 400);
    EXPECT("GET /echo/a b HTTP/1.1\r\n" HEAD "\r\n", 0);
}

static void F18_ten_thousand_fields(void **state)
{
    struct mes_buf request;
    (void)state;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&request, "GET /echo/a HTTP/1.1\r\n" HEAD);
    for (int i = 0; i < 10000; i++)
        mes_buf_add_format(&request, "X-%d: a\r\n", i);
    mes_buf_add_text(&request, "\r\n");
    assert_int_equal(rig_status(&rig, request.data, request.size), 431);
    mes_buf_fini(&request);
}

static void F18_expect_continue(void **state)
{
    static const char head[] =
        "POST /echo/a HTTP/1.1\r\n" HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    struct mes_buf in;
    (void)state;
    int client = rig_connect(&rig);
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    assert_true(rig_send(client, head, sizeof head - 1));
    assert_true(rig_read_until(client, &in, "100 Continue\r\n\r\n"));
    assert_true(rig_send(client, "abc", 3));
    assert_true(rig_read_until(client, &in, "\"size\":3"));
    close(client);
    mes_buf_fini(&in);
}

static void F22_failures_tell_only_their_number(void **state)
{
    (void)state;
    char *answer = rig_ask(&rig, "GET /fails", "", NULL);
    assert_int_equal(rig_status_of(answer), 500);
    assert_null(strstr(answer, "/srv"));
    assert_null(strstr(answer, "SELECT"));
    assert_null(strstr(answer, "queue.db"));
    const char *id = strstr(answer, "X-Request-Id: ");
    assert_non_null(id);
    char number[14] = "";
    memcpy(number, id + strlen("X-Request-Id: "), 13);
    assert_non_null(strstr(strstr(answer, "\"detail\""), number));
    mes_free(answer);
    assert_int_equal(rig_ask_status(&rig, "GET /forgets", "", NULL), 500);
}

/* A thousand connections that say next to nothing: the others are served all the same. */
static void F17_slow_clients(void **state)
{
    static int slow[500];
    (void)state;
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        slow[i] = rig_connect(&rig);
        const char *bytes = i % 2 == 0 ? "GET /echo/a HTTP/1.1\r\nHos"
                                       : "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc";
        assert_true(rig_send(slow[i], bytes, strlen(bytes)));
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(rig_ask_status(&rig, "GET /echo/a", "", NULL), 200);
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        close(slow[i]);
}

static void unknown_fields_name_the_nearest(void **state)
{
    (void)state;
    char *answer =
        rig_ask(&rig, "POST /json", "", "{\"name\":\"a\",\"scops\":[\"send\"],\"scopes\":[\"write\"]}");
    assert_int_equal(rig_status_of(answer), 400);
    assert_non_null(
        strstr(answer, "\"field\":\"scops\",\"reason\":\"There is no field scops here; scopes is meant"));
    assert_non_null(
        strstr(answer, "\"field\":\"scopes[0]\",\"reason\":\"write is not one of: send, read, admin."));
    mes_free(answer);
    assert_int_equal(rig_ask_status(&rig, "POST /json", "", "{\"name\":\"a\"}"), 422);
    assert_int_equal(rig_ask_status(&rig, "POST /json", "", "{\"name\":1,\"scopes\":[\"send\"]}"), 422);
    assert_int_equal(rig_ask_status(&rig, "POST /json", "", "{\"name\":\"\",\"scopes\":[\"send\"]}"), 422);
    assert_int_equal(rig_ask_status(&rig, "POST /json", "", "{\"name\":\"a\",\"scopes\":[]}"), 422);
    assert_int_equal(rig_ask_status(&rig, "POST /json", "", "[1]"), 422);
    assert_int_equal(
        rig_ask_status(&rig, "POST /json", "",
                       "{\"name\":\"a\",\"scopes\":[\"send\"],\"expiresAt\":\"2026-02-30T00:00:00Z\"}"),
        422);
    assert_int_equal(
        rig_ask_status(&rig, "POST /json", "", "{\"name\":\"a\",\"scopes\":[\"send\",\"read\"]}"), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_keeps_the_connection),
        cmocka_unit_test(a_write_is_answered_after_its_commit),
        cmocka_unit_test(a_body_in_pieces_waits_for_each_commit),
        cmocka_unit_test(a_stream_is_made_while_it_is_sent),
        cmocka_unit_test(news_wakes_those_who_follow),
        cmocka_unit_test(clients_may_go_away_at_any_time),
        cmocka_unit_test(unknown_fields_name_the_nearest),
        cmocka_unit_test(F15_bodies_without_end),
        cmocka_unit_test(F15_refused_while_it_comes),
        cmocka_unit_test(F15_compressed_bodies_are_not_unpacked),
        cmocka_unit_test(F16_lengths_that_contradict_each_other),
        cmocka_unit_test(F16_transfer_codings),
        cmocka_unit_test(F16_header_lines),
        cmocka_unit_test(F17_slow_clients),
        cmocka_unit_test(F18_odd_requests),
        cmocka_unit_test(F18_ten_thousand_fields),
        cmocka_unit_test(F18_expect_continue),
        cmocka_unit_test(F22_failures_tell_only_their_number),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
