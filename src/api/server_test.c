#include "api/echo_test.h"

/* Handlers of these tests. */

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

static const struct mes_api_route rows[] = {
    ECHO_ROWS,
    ROW(GET, "/forgets", MES_API_PLAIN, forget_to_answer, ""),
    ROW(GET, "/fails", MES_API_PLAIN, break_down, ""),
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
        cmocka_unit_test(F22_failures_tell_only_their_number),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
