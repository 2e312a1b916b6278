/* Access tokens from a token server on this machine. */
#include "delivery/token_parts.h"

#include "account/folder_test.h"
#include "base/lock.h"
#include "http/client.h"
#include "net/loop.h"
#include "tests/delivery/token_server.h"

enum { WAITS = 10 };

/* A folder with settings, a token server, and who waits for tokens. */
static struct stage {
    struct testing *folder;
    struct token_server server;
    struct mes_loop *loop;
    struct mes_clock clock;
    int64_t monotonic;
    struct mes_tokens *tokens;
    struct mes_token *token;
    struct mes_token_wait waits[WAITS];
    unsigned told, good;
    enum mes_cause cause;
    char text[MES_TOKEN_TEXT];
    unsigned notices;
    int notice;
} stage;

static int64_t monotonic_now(void *context)
{
    (void)context;
    return stage.monotonic;
}

static int64_t wall_now(void *context)
{
    (void)context;
    return 1700000000000 + stage.monotonic;
}

static void on_notice(void *context, const char *account, const struct mes_error *notice)
{
    assert_ptr_equal(context, &stage);
    assert_string_equal(account, "a@x.hk");
    stage.notices++;
    stage.notice = notice->sentence;
}

static int set_up(void **state)
{
    stage = (struct stage){.monotonic = 1000};
    assert_int_equal(testing_begin(state), 0);
    stage.folder = *state;
    stage.clock = (struct mes_clock){.monotonic = monotonic_now, .wall = wall_now};
    assert_int_equal(mes_loop_new(&stage.clock, &stage.loop, NULL), 0);
    const struct mes_tokens_options options = {.loop = stage.loop, .on_notice = on_notice, .context = &stage};
    return mes_tokens_new(&options, &stage.tokens, NULL);
}

static int tear_down(void **state)
{
    mes_token_drop(&stage.token);
    mes_tokens_free(&stage.tokens);
    mes_loop_free(&stage.loop);
    token_server_fini(&stage.server);
    return testing_end(state);
}

/* The account of a.json, with the refresh token as it is written there. */
static const struct mes_account *load(const char *refresh)
{
    char settings[1000];
    static const char *const environment[] = {"REFRESH=of-the-variable", NULL};
    (void)snprintf(
        settings, sizeof settings,
        "[{\"senderServerHost\":\"127.0.0.1\",\"fromMailAddress\":\"a@x.hk\","
        "\"senderUserName\":\"a@x.hk\",\"oauthClientId\":\"id&\",\"oauthClientSecret\":\"client-secret\","
        "\"oauthTokenUrl\":\"http://127.0.0.1:%u/token\",\"oauthRefreshToken\":\"%s\"}]",
        token_server_port(&stage.server), refresh);
    testing_put(stage.folder, "a.json", settings);
    if (testing_load(stage.folder, "a.json", NULL, environment) != 0)
        fail_msg("%s", mes_buf_text(&stage.folder->findings));
    return mes_account_list_at(stage.folder->list, 0);
}

static void begin(const char *refresh, const struct token_answer *answers, size_t count)
{
    assert_true(count <= TOKEN_ANSWERS);
    for (size_t i = 0; i < count; i++)
        stage.server.answers[i] = answers[i];
    stage.server.count = count;
    token_server_start(&stage.server);
    assert_int_equal(mes_tokens_take(stage.tokens, load(refresh), &stage.token, NULL), 0);
}

static void on_done(void *context, const struct mes_token_outcome *outcome)
{
    assert_ptr_equal(context, &stage);
    stage.told++;
    stage.good += outcome->is_good;
    stage.cause = outcome->cause;
    (void)snprintf(stage.text, sizeof stage.text, "%s", outcome->text);
    assert_true(outcome->is_good == (mes_token_access(stage.token) != NULL));
}

static bool all_are_told(void *context)
{
    return stage.told == *(unsigned *)context;
}

/* So many ask at a time; all of them are told. */
static void ask(unsigned count)
{
    stage.told = stage.good = 0;
    for (unsigned i = 0; i < count; i++) {
        stage.waits[i] = (struct mes_token_wait){.on_done = on_done, .context = &stage};
        mes_token_want(stage.token, &stage.waits[i]);
    }
    assert_int_equal(stage.told, 0);
    mes_loop_run_until(stage.loop, all_are_told, &count);
}

static void assert_access(const char *expected)
{
    assert_true(mes_str_eq(mes_secret_reveal(mes_token_access(stage.token)), mes_str_of(expected)));
}

static void assert_refresh(const char *expected)
{
    assert_true(mes_str_eq(mes_secret_reveal(mes_token_refresh(stage.token)), mes_str_of(expected)));
}

static void assert_file(const char *name, const char *content)
{
    struct mes_buf buf;
    struct stat status;
    mes_buf_init(&buf, 10000);
    assert_int_equal(mes_file_read(testing_path(stage.folder, name), &buf, NULL), 0);
    assert_string_equal(mes_buf_text(&buf), content);
    mes_buf_fini(&buf);
    assert_int_equal(stat(testing_path(stage.folder, name), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void ten_who_ask_make_one_request(void **state)
{
    (void)state;
    begin("1//refresh", NULL, 0);
    assert_null(mes_token_access(stage.token));
    ask(WAITS);
    assert_int_equal(stage.good, WAITS);
    assert_access("access-1");
    ask(WAITS);
    assert_int_equal(stage.good, WAITS);
    assert_string_equal(token_server_stop(&stage.server),
                        "POST /token HTTP/1.1 grant_type=refresh_token&client_id=id%26&"
                        "client_secret=client-secret&refresh_token=1%2F%2Frefresh\n");
}

static void it_is_kept_until_a_minute_or_a_tenth_before_its_end(void **state)
{
    static const struct token_answer answers[] = {
        {200, NULL},
        {200, "{\"access_token\":\"short\",\"token_type\":\"bearer\",\"expires_in\":100}"},
        {200, "{\"access_token\":\"unsaid\",\"token_type\":\"bearer\"}"}};
    (void)state;
    begin("refresh", answers, 3);
    ask(1);
    stage.monotonic += 3539 * 1000;
    assert_access("access-1");
    stage.monotonic += 1000;
    assert_null(mes_token_access(stage.token));
    ask(1);
    stage.monotonic += 89 * 1000;
    assert_access("short");
    stage.monotonic += 1000;
    assert_null(mes_token_access(stage.token));
    ask(1);
    stage.monotonic += 539 * 1000;
    assert_access("unsaid");
    stage.monotonic += 1000;
    assert_null(mes_token_access(stage.token));
}

static void what_the_relay_refused_is_not_handed_out_again(void **state)
{
    struct mes_secret *old = mes_secret_new(MES_STR("access-1"));
    (void)state;
    begin("refresh", NULL, 0);
    ask(1);
    mes_token_refuse(stage.token, old);
    assert_null(mes_token_access(stage.token));
    ask(1);
    assert_access("access-2");
    mes_token_refuse(stage.token, old); /* of a connection that began before */
    assert_access("access-2");
    mes_secret_free(&old);
}

static void C10_what_the_server_says_decides_who_is_to_blame(void **state)
{
    static const struct {
        struct token_answer answer;
        enum mes_cause cause;
        const char *text;
    } rows[] = {
        {{400, "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}"},
         MES_CAUSE_TOKEN_WITHDRAWN,
         "authorization withdrawn: run mailenhance accounts login a@x.hk (invalid_grant: Token has been "
         "expired or "
         "revoked.)"},
        {{400, "{\"error\":\"interaction_required\"}"}, MES_CAUSE_TOKEN_WITHDRAWN, NULL},
        {{401, "{\"error\":\"invalid_client\",\"error_description\":\"not client-secret\"}"},
         MES_CAUSE_TOKEN_CLIENT,
         "the token server refused: invalid_client: not ***"},
        {{400, "{\"error\":\"unauthorized_client\"}"}, MES_CAUSE_TOKEN_CLIENT, NULL},
        {{200, "{\"error\":\"invalid_scope\"}"}, MES_CAUSE_TOKEN_CLIENT, NULL},
        {{400, "{\"error\":\"temporarily_unavailable\"}"}, MES_CAUSE_TOKEN_SERVER, NULL},
        {{503, "<html>busy</html>"}, MES_CAUSE_TOKEN_SERVER, "the token server answered 503"},
        {{429, ""}, MES_CAUSE_TOKEN_SERVER, NULL},
        {{0, ""}, MES_CAUSE_TOKEN_SERVER, NULL},
        {{302, ""}, MES_CAUSE_TOKEN_ANSWER, "no access token in the answer (302)"},
        {{404, "{}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{200, "no JSON"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{200, "{}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{200, "{\"access_token\":\"t\"}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{200, "{\"access_token\":\"t\",\"token_type\":\"mac\"}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{200, "{\"access_token\":\"a b\",\"token_type\":\"bearer\"}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
        {{201, "{\"access_token\":\"t\",\"token_type\":\"bearer\"}"}, MES_CAUSE_TOKEN_ANSWER, NULL},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct token_answer answers[ROWS];
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        answers[i] = rows[i].answer;
    begin("the-refresh", answers, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        ask(2);
        assert_int_equal(stage.good, 0);
        if (stage.cause != rows[i].cause || (rows[i].text != NULL && strcmp(rows[i].text, stage.text) != 0))
            fail_msg("row %zu: %d, %s", i, stage.cause, stage.text);
    }
    assert_int_equal(atomic_load(&stage.server.requests), ROWS);
}

static void an_answer_that_is_too_long_is_none(void **state)
{
    static char body[MES_HTTP_ANSWER_LIMIT + 100];
    const struct token_answer answer = {200, body};
    (void)state;
    memset(body, ' ', sizeof body - 1);
    memcpy(body, "{\"access_token\":\"t\",\"token_type\":\"bearer\"}", 41);
    begin("refresh", &answer, 1);
    ask(1);
    assert_int_equal(stage.cause, MES_CAUSE_TOKEN_ANSWER);
}

static void nobody_there_is_told(void **state)
{
    (void)state;
    begin("refresh", NULL, 0);
    (void)token_server_stop(&stage.server);
    ask(1);
    assert_int_equal(stage.cause, MES_CAUSE_TOKEN_SERVER);
    assert_true(mes_str_starts(mes_str_of(stage.text), MES_STR("token server: ")));
}

static void who_never_logged_in_is_told_so_without_a_request(void **state)
{
    (void)state;
    begin("", NULL, 0);
    ask(1);
    assert_int_equal(stage.cause, MES_CAUSE_TOKEN_WITHDRAWN);
    assert_string_equal(stage.text, "not authorized yet: run mailenhance accounts login a@x.hk");
    assert_int_equal(atomic_load(&stage.server.requests), 0);
}

#define ROTATED(number)                                                                                      \
    {                                                                                                        \
        200, "{\"access_token\":\"a" #number "\",\"token_type\":\"bearer\",\"expires_in\":10,"               \
             "\"refresh_token\":\"refresh-" #number "\"}"                                                    \
    }

static void a_new_refresh_token_is_in_its_file_before_anybody_is_told(void **state)
{
    static const struct token_answer answers[] = {ROTATED(1), ROTATED(2), ROTATED(2)};
    (void)state;
    testing_put(stage.folder, "r", "refresh-0\n");
    begin("file:r", answers, 3);
    ask(WAITS);
    assert_int_equal(stage.good, WAITS);
    assert_file("r", "refresh-1\n");
    assert_file("r.bak", "refresh-0\n");
    stage.monotonic += 10 * 1000;
    ask(1);
    assert_file("r", "refresh-2\n");
    assert_file("r.bak", "refresh-1\n");
    stage.monotonic += 10 * 1000;
    ask(1); /* the same one again: nothing is written */
    assert_file("r.bak", "refresh-1\n");
    const char *log = token_server_stop(&stage.server);
    assert_non_null(strstr(log, "refresh_token=refresh-0\n"));
    assert_non_null(strstr(log, "refresh_token=refresh-1\n"));
    assert_non_null(strstr(log, "refresh_token=refresh-2\n"));
}

static void what_another_process_wrote_counts(void **state)
{
    (void)state;
    testing_put(stage.folder, "r", "refresh-0");
    begin("file:r", NULL, 0);
    testing_put(stage.folder, "r", "refresh-of-another-process");
    ask(1);
    assert_refresh("refresh-of-another-process");
    assert_non_null(strstr(token_server_stop(&stage.server), "refresh_token=refresh-of-another-process\n"));
}

static void while_another_process_refreshes_it_is_waited_for(void **state)
{
    unsigned one = 1;
    int lock;
    (void)state;
    testing_put(stage.folder, "r", "refresh-0");
    begin("file:r", NULL, 0);
    assert_int_equal(mes_lock_try(testing_path(stage.folder, "r"), &lock), MES_LOCK_HELD);
    stage.waits[0] = (struct mes_token_wait){.on_done = on_done, .context = &stage};
    mes_token_want(stage.token, &stage.waits[0]);
    for (int i = 0; i < 20; i++)
        mes_loop_step(stage.loop, 1);
    assert_int_equal(atomic_load(&stage.server.requests), 0);
    testing_put(stage.folder, "r", "refresh-of-the-other");
    mes_lock_release(&lock);
    stage.monotonic += 100;
    mes_loop_run_until(stage.loop, all_are_told, &one);
    assert_int_equal(stage.good, 1);
    assert_refresh("refresh-of-the-other");
}

/* It may hang: then both ask, which is what they would have done without a lock. */
static void a_process_that_hangs_is_not_waited_for_for_ever(void **state)
{
    int lock;
    (void)state;
    testing_put(stage.folder, "r", "refresh-0");
    begin("file:r", NULL, 0);
    assert_int_equal(mes_lock_try(testing_path(stage.folder, "r"), &lock), MES_LOCK_HELD);
    stage.waits[0] = (struct mes_token_wait){.on_done = on_done, .context = &stage};
    mes_token_want(stage.token, &stage.waits[0]);
    for (int i = 0; i < 20000 && stage.told == 0; i++) {
        mes_loop_step(stage.loop, 1);
        stage.monotonic += stage.token->step == MES_TOKEN_PAUSING ? 100 : 0;
    }
    assert_int_equal(stage.good, 1);
    mes_lock_release(&lock);
}

static void a_token_in_the_settings_moves_into_a_file_once(void **state)
{
    static const struct token_answer answers[] = {ROTATED(1), ROTATED(2)};
    (void)state;
    begin("refresh-0", answers, 2);
    ask(1);
    assert_file("secrets/a@x.hk.oauthRefreshToken", "refresh-1\n");
    stage.monotonic += 10 * 1000;
    ask(1);
    assert_file("secrets/a@x.hk.oauthRefreshToken", "refresh-2\n");
    assert_int_equal(stage.notices, 0);
}

static void what_cannot_be_kept_is_used_and_told_once(void **state)
{
    static const struct token_answer answers[] = {ROTATED(1), ROTATED(2)};
    (void)state;
    begin("env:REFRESH", answers, 2);
    ask(1);
    assert_int_equal(stage.good, 1);
    assert_int_equal(stage.notices, 1);
    assert_int_equal(stage.notice, MES_SAY_account_token_in_variable);
    stage.monotonic += 10 * 1000;
    ask(1);
    assert_refresh("refresh-2");
    assert_int_equal(stage.notices, 1);
    const char *log = token_server_stop(&stage.server);
    assert_non_null(strstr(log, "refresh_token=of-the-variable\n"));
    assert_non_null(strstr(log, "refresh_token=refresh-1\n"));
}

static void read_again_the_settings_share_what_was_got(void **state)
{
    static const struct token_answer answers[] = {ROTATED(1), ROTATED(2), ROTATED(3)};
    struct mes_token *second;
    (void)state;
    testing_put(stage.folder, "r", "refresh-0");
    begin("file:r", answers, 3);
    struct mes_account_list *old = stage.folder->list;
    stage.folder->list = NULL;
    ask(1);
    assert_int_equal(mes_tokens_take(stage.tokens, load("file:r"), &second, NULL), 0);
    assert_ptr_equal(second, stage.token);
    mes_account_list_free(&old);
    assert_access("a1");
    mes_token_drop(&second);
    assert_access("a1");
    /* A person logged in: what was got before is worth nothing any more. */
    testing_put(stage.folder, "r", "of-a-person");
    assert_int_equal(mes_tokens_take(stage.tokens, load("file:r"), &second, NULL), 0);
    assert_ptr_equal(second, stage.token);
    mes_token_drop(&second);
    assert_null(mes_token_access(stage.token));
    assert_refresh("of-a-person");
}

/* What a variable says stays the same while the token in force moves on. */
static void a_variable_that_is_read_again_changes_nothing(void **state)
{
    static const struct token_answer answers[] = {ROTATED(1), ROTATED(2)};
    struct mes_token *second;
    (void)state;
    begin("env:REFRESH", answers, 2);
    for (int i = 0; i < 2; i++) {
        ask(1);
        stage.monotonic += 10 * 1000;
    }
    assert_int_equal(mes_tokens_take(stage.tokens, load("env:REFRESH"), &second, NULL), 0);
    assert_ptr_equal(second, stage.token);
    assert_refresh("refresh-2");
    mes_token_drop(&second);
}

static void who_leaves_is_not_told(void **state)
{
    unsigned one = 1;
    (void)state;
    begin("refresh", NULL, 0);
    for (unsigned i = 0; i < 3; i++) {
        stage.waits[i] = (struct mes_token_wait){.on_done = on_done, .context = &stage};
        mes_token_want(stage.token, &stage.waits[i]);
    }
    mes_token_leave(&stage.waits[2]);
    mes_token_leave(&stage.waits[0]);
    mes_token_leave(&stage.waits[0]);
    mes_loop_run_until(stage.loop, all_are_told, &one);
    assert_int_equal(stage.told, 1);
}

static bool has_asked(void *context)
{
    (void)context;
    return atomic_load(&stage.server.requests) > 0;
}

static void dropped_in_the_middle_it_is_gone(void **state)
{
    (void)state;
    testing_put(stage.folder, "r", "refresh-0");
    begin("file:r", NULL, 0);
    mes_token_want(stage.token, &stage.waits[0]);
    mes_token_leave(&stage.waits[0]);
    mes_token_drop(&stage.token); /* its file is just being read */
    assert_int_equal(mes_tokens_take(stage.tokens, load("file:r"), &stage.token, NULL), 0);
    mes_token_want(stage.token, &stage.waits[0]);
    mes_token_leave(&stage.waits[0]);
    mes_loop_run_until(stage.loop, has_asked, NULL);
    mes_token_drop(&stage.token);
    assert_null(stage.token);
}

#define TOKEN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST(ten_who_ask_make_one_request),
        TOKEN_TEST(it_is_kept_until_a_minute_or_a_tenth_before_its_end),
        TOKEN_TEST(what_the_relay_refused_is_not_handed_out_again),
        TOKEN_TEST(C10_what_the_server_says_decides_who_is_to_blame),
        TOKEN_TEST(an_answer_that_is_too_long_is_none),
        TOKEN_TEST(nobody_there_is_told),
        TOKEN_TEST(who_never_logged_in_is_told_so_without_a_request),
        TOKEN_TEST(a_new_refresh_token_is_in_its_file_before_anybody_is_told),
        TOKEN_TEST(what_another_process_wrote_counts),
        TOKEN_TEST(while_another_process_refreshes_it_is_waited_for),
        TOKEN_TEST(a_process_that_hangs_is_not_waited_for_for_ever),
        TOKEN_TEST(a_token_in_the_settings_moves_into_a_file_once),
        TOKEN_TEST(what_cannot_be_kept_is_used_and_told_once),
        TOKEN_TEST(read_again_the_settings_share_what_was_got),
        TOKEN_TEST(a_variable_that_is_read_again_changes_nothing),
        TOKEN_TEST(who_leaves_is_not_told),
        TOKEN_TEST(dropped_in_the_middle_it_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
