#include "delivery/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/delivery/token_server.h"
#include "tests/delivery/world.h"

#define LOGIN                                                                                                \
    ",\"senderUserName\":\"user\",\"senderUserPassword\":\"s3cret-word\",\"allowPlaintextAuth\":true"

/* What came of it, copied. */
static struct {
    bool is_there, works;
    enum mes_step step;
    enum mes_class class_;
    enum mes_rest rest;
    int code;
    char tls[64], mechanism[32], text[200], transcript[2000], advice[64];
} told;

static void on_done(void *context, const struct mes_probe_result *result)
{
    (void)context;
    assert_false(told.is_there);
    told.is_there = true;
    told.works = result->works;
    told.step = result->facts.step;
    told.code = result->facts.code;
    told.class_ = result->verdict.class_;
    told.rest = result->verdict.rest;
    (void)snprintf(told.tls, sizeof told.tls, "%s", result->tls);
    (void)snprintf(told.mechanism, sizeof told.mechanism, "%s", result->mechanism);
    (void)snprintf(told.advice, sizeof told.advice, "%s", result->verdict.advice_id);
    memcpy(told.text, result->facts.text.data, result->facts.text.size);
    memcpy(told.transcript, result->transcript.data, result->transcript.size);
}

static bool is_told(const struct world *world)
{
    (void)world;
    return told.is_there;
}

static struct mes_probe *begin(struct world *world, const char *settings)
{
    struct mes_probe *probe;
    memset(&told, 0, sizeof told);
    open_world(world, settings, 1);
    const struct mes_probe_options options = {.loop = world->loop,
                                              .account = world->state.settings,
                                              .token = world->state.token,
                                              .on_done = on_done};
    assert_int_equal(mes_probe_start(&options, &probe, NULL), 0);
    assert_false(told.is_there);
    return probe;
}

static void a_login_that_is_taken_works(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, LOGIN);
    turn_until(&world, is_told);
    assert_true(told.works);
    assert_int_equal(told.step, MES_STEP_AUTH);
    assert_int_equal(told.class_, MES_CLASS_NONE);
    assert_string_equal(told.tls, "none");
    assert_string_equal(told.mechanism, "PLAIN");
    assert_non_null(strstr(told.transcript, "> AUTH PLAIN ***\n< 235 2.7.0 welcome\n> QUIT\n"));
    const char *log = relay_log(&world);
    assert_int_equal(count_of(log, "QUIT\n"), 1);
    assert_int_equal(count_of(log, "MAIL"), 0);
    close_world(&world);
}

static void without_a_login_EHLO_is_enough(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, "");
    turn_until(&world, is_told);
    assert_true(told.works);
    assert_int_equal(told.step, MES_STEP_EHLO);
    assert_string_equal(told.mechanism, "");
    close_world(&world);
}

static void a_refused_login_is_judged(void **state)
{
    struct world world = {.relay = {.refuses_login = "535 5.7.8 bad credentials"}};
    (void)state;
    (void)begin(&world, LOGIN);
    turn_until(&world, is_told);
    assert_false(told.works);
    assert_int_equal(told.step, MES_STEP_AUTH);
    assert_int_equal(told.code, 535);
    assert_int_equal(told.class_, MES_CLASS_ACCOUNT);
    assert_int_equal(told.rest, MES_REST_LONG);
    assert_string_equal(told.text, "bad credentials");
    assert_true(told.advice[0] != '\0');
    close_world(&world);
}

static void a_server_that_is_not_there_is_told(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, ",\"connectTimeoutSeconds\":1");
    peer_stop(&world.relay.peer);
    turn_until(&world, is_told);
    assert_false(told.works);
    assert_int_equal(told.step, MES_STEP_CONNECT);
    assert_int_equal(told.class_, MES_CLASS_ACCOUNT);
    assert_string_equal(told.tls, "");
    world.relay.peer = peer_start(relay_script, &world.relay);
    close_world(&world);
}

static void a_file_of_the_account_that_is_missing_is_told(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, ",\"enableTSL\":true,\"tlsCaFile\":\"/no/such/file\"");
    turn_until(&world, is_told);
    assert_false(told.works);
    assert_int_equal(told.step, MES_STEP_TLS);
    assert_int_equal(told.class_, MES_CLASS_CONFIG);
    close_world(&world);
}

static void a_capture_account_always_works(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, ",\"transport\":\"capture\"");
    turn_until(&world, is_told);
    assert_true(told.works);
    assert_int_equal(count_of(relay_log(&world), "<connection>"), 0);
    close_world(&world);
}

/* `expected`: how many requests and logins there are. */
static void log_in_by_token(const char *taken, unsigned expected)
{
    struct world world = {.relay = {.token = taken}};
    struct token_server server = {.count = 0};
    char settings[300];
    token_server_start(&server);
    (void)snprintf(settings, sizeof settings,
                   ",\"senderUserName\":\"user\",\"allowPlaintextAuth\":true,\"oauthClientId\":\"id\","
                   "\"oauthTokenUrl\":\"http://127.0.0.1:%u/t\",\"oauthRefreshToken\":\"the-refresh\"",
                   token_server_port(&server));
    (void)begin(&world, settings);
    turn_until(&world, is_told);
    assert_int_equal(atomic_load(&server.requests), expected);
    assert_int_equal(count_of(relay_log(&world), "AUTH XOAUTH2 "), expected);
    assert_null(strstr(told.transcript, "access-"));
    close_world(&world);
    token_server_fini(&server);
}

static void C11_a_login_by_token_is_tried_twice_at_most(void **state)
{
    (void)state;
    log_in_by_token("access-1", 1);
    assert_true(told.works);
    log_in_by_token("access-2", 2);
    assert_true(told.works);
    log_in_by_token("another one", 2);
    assert_false(told.works);
    assert_int_equal(told.step, MES_STEP_AUTH);
    assert_int_equal(told.code, 535);
    assert_int_equal(told.rest, MES_REST_LONG);
    assert_string_equal(told.advice, "auth.token");
}

static void C10_a_withdrawn_authorization_rests_until_the_settings_change(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    (void)begin(&world, ",\"senderUserName\":\"user\",\"oauthClientId\":\"id\","
                        "\"oauthTokenUrl\":\"http://127.0.0.1:1/t\"");
    turn_until(&world, is_told);
    assert_false(told.works);
    assert_int_equal(told.step, MES_STEP_AUTH);
    assert_int_equal(told.class_, MES_CLASS_ACCOUNT);
    assert_int_equal(told.rest, MES_REST_CHANGE);
    assert_string_equal(told.advice, "auth.token-withdrawn");
    close_world(&world);
}

static bool has_greeted(const struct world *world)
{
    return atomic_load(&world->relay.logins) > 0;
}

static void a_cancelled_probe_tells_nothing(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    struct mes_probe *at_once = begin(&world, LOGIN);
    mes_probe_cancel(&at_once);
    assert_null(at_once);
    close_world(&world);
    struct world other = {.count = 0};
    struct mes_probe *under_way = begin(&other, LOGIN);
    turn_until(&other, has_greeted);
    mes_probe_cancel(&under_way);
    for (int i = 0; i < 3; i++)
        mes_loop_step(other.loop, 0);
    assert_false(told.is_there);
    close_world(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_that_is_taken_works),
        cmocka_unit_test(without_a_login_EHLO_is_enough),
        cmocka_unit_test(a_refused_login_is_judged),
        cmocka_unit_test(a_server_that_is_not_there_is_told),
        cmocka_unit_test(a_file_of_the_account_that_is_missing_is_told),
        cmocka_unit_test(a_capture_account_always_works),
        cmocka_unit_test(C11_a_login_by_token_is_tried_twice_at_most),
        cmocka_unit_test(C10_a_withdrawn_authorization_rests_until_the_settings_change),
        cmocka_unit_test(a_cancelled_probe_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
