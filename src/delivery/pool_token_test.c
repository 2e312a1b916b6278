/* A pool whose account logs in by an access token. */
#include "delivery/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/delivery/token_server.h"
#include "tests/delivery/world.h"

static void open_pool(struct world *world, struct token_server *server, size_t mails)
{
    char settings[300];
    token_server_start(server);
    (void)snprintf(settings, sizeof settings,
                   ",\"senderUserName\":\"user\",\"allowPlaintextAuth\":true,\"oauthClientId\":\"id\","
                   "\"oauthTokenUrl\":\"http://127.0.0.1:%u/t\",\"oauthRefreshToken\":\"the-refresh\"",
                   token_server_port(server));
    open_world(world, settings, mails);
    assert_int_equal(mes_pool_new(&world->state, world->loop, host_events(world), &world->transport, NULL),
                     0);
}

static void close_pool(struct world *world, struct token_server *server)
{
    close_world(world);
    token_server_fini(server);
}

static void all_mails_go_out_with_one_token(void **state)
{
    struct world world = {.relay = {.token = "access-1"}};
    struct token_server server = {.count = 0};
    (void)state;
    open_pool(&world, &server, 4);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_int_equal(count_of(mes_buf_text(&world.log), "sent"), 8);
    assert_int_equal(atomic_load(&server.requests), 1);
    assert_int_equal(count_of(relay_log(&world), "AUTH XOAUTH2 "), 1);
    close_pool(&world, &server);
}

static void C11_a_refused_token_is_replaced_once_and_at_once(void **state)
{
    struct world world = {.relay = {.token = "access-2"}};
    struct token_server server = {.count = 0};
    (void)state;
    open_pool(&world, &server, 2);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_int_equal(count_of(mes_buf_text(&world.log), "sent"), 4);
    assert_int_equal(count_of(mes_buf_text(&world.log), "returned"), 0);
    assert_int_equal(atomic_load(&server.requests), 2);
    assert_int_equal(count_of(relay_log(&world), "AUTH XOAUTH2 "), 2);
    close_pool(&world, &server);
}

static void C11_a_second_refusal_is_the_accounts_fault(void **state)
{
    struct world world = {.relay = {.token = "another one"}};
    struct token_server server = {.count = 0};
    (void)state;
    open_pool(&world, &server, 2);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.log), "refused 0, refused 0, done 0, returned 1, ");
    assert_int_equal(atomic_load(&server.requests), 2);
    assert_int_equal(count_of(relay_log(&world), "AUTH XOAUTH2 "), 2);
    close_pool(&world, &server);
}

static void C10_without_a_token_nobody_is_connected_to(void **state)
{
    struct world world = {.relay = {.token = "access-1"}};
    struct token_server server = {.answers = {{400, "{\"error\":\"invalid_grant\"}"}}, .count = 1};
    (void)state;
    open_pool(&world, &server, 3);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.log), "failed 0, failed 0, done 0, returned 1, returned 2, ");
    assert_int_equal(atomic_load(&server.requests), 1);
    assert_int_equal(count_of(relay_log(&world), "<connection>"), 0);
    close_pool(&world, &server);
}

static void H01_no_token_stands_in_a_transcript(void **state)
{
    struct world world = {.relay = {.token = "another one"}};
    struct token_server server = {.count = 0};
    (void)state;
    open_pool(&world, &server, 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    const char *evidence = mes_buf_text(&world.evidence);
    assert_non_null(strstr(evidence, "> AUTH XOAUTH2 ***\n"));
    assert_null(strstr(evidence, "access-"));
    assert_null(strstr(evidence, "the-refresh"));
    close_pool(&world, &server);
}

static bool has_asked(const struct world *world)
{
    const struct token_server *server = world->relay.peer != NULL ? world->context : NULL;
    return server != NULL && atomic_load(&server->requests) > 0;
}

static void freed_while_it_waits_for_a_token_it_gives_all_back(void **state)
{
    struct world world = {.relay = {.token = "access-1"}};
    struct token_server server = {.answers = {{0, ""}}, .count = 1};
    (void)state;
    open_pool(&world, &server, 2);
    world.context = &server;
    start_all(&world);
    turn_until(&world, has_asked);
    world.transport->face->free(&world.transport);
    assert_string_equal(mes_buf_text(&world.log), "returned 0, returned 1, ");
    close_pool(&world, &server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_mails_go_out_with_one_token),
        cmocka_unit_test(C11_a_refused_token_is_replaced_once_and_at_once),
        cmocka_unit_test(C11_a_second_refusal_is_the_accounts_fault),
        cmocka_unit_test(C10_without_a_token_nobody_is_connected_to),
        cmocka_unit_test(H01_no_token_stands_in_a_transcript),
        cmocka_unit_test(freed_while_it_waits_for_a_token_it_gives_all_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
