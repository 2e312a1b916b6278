#include "http/client.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/memory.h"
#include "tests/net/names.h"
#include "tests/net/tls_setting.h"
#include "tests/net/web.h"

enum { REQUESTS = 4 };

struct fixture;

struct asked {
    struct fixture *fixture;
    struct mes_http_exchange *exchange;
    bool is_done;
    struct mes_http_result result; /* its texts are copied below */
    char text[MES_HTTP_TEXT];
    char body[100];
};

struct fixture {
    int64_t now;
    struct mes_clock clock;
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct web *web;
    struct names *names;
    struct asked asked[REQUESTS];
    char url[200];
};

static int64_t turned_by_hand(void *context)
{
    return *(int64_t *)context;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.now = 1000, .web = web_start()};
    fixture.clock = (struct mes_clock){turned_by_hand, turned_by_hand, &fixture.now};
    *state = &fixture;
    return mes_loop_new(&fixture.clock, &fixture.loop, NULL);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mes_http_client_free(&fixture->client);
    mes_loop_free(&fixture->loop);
    web_stop(&fixture->web);
    if (fixture->names != NULL)
        names_stop(&fixture->names);
    return 0;
}

/* `allowed` NULL: nothing inside may be called. */
static void make_client(struct fixture *fixture, const char *allowed, const char *ca_file)
{
    struct mes_http_client_options options = {.loop = fixture->loop, .ca_file = ca_file};
    options.name_servers = fixture->names != NULL ? names_server(fixture->names) : NULL;
    if (allowed != NULL)
        assert_int_equal(mes_guard_allow(&options.guard, mes_str_of(allowed), NULL), 0);
    assert_int_equal(mes_http_client_new(&options, &fixture->client, NULL), 0);
}

static void on_done(void *context, const struct mes_http_result *result)
{
    struct asked *asked = context;
    assert_false(asked->is_done);
    assert_null(asked->exchange);
    asked->is_done = true;
    asked->result = *result;
    (void)snprintf(asked->text, sizeof asked->text, "%s", result->text);
    (void)snprintf(asked->body, sizeof asked->body, "%.*s", MES_STR_ARGS(result->body));
}

/* Begins number `index` of the fixture's requests to "http://HOST:PORT/PATH". */
static struct asked *begin(struct fixture *fixture, unsigned index, const char *host, const char *path)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct asked *asked = &fixture->asked[index];
    *asked = (struct asked){.fixture = fixture};
    (void)snprintf(fixture->url, sizeof fixture->url, "http://%s:%u%s", host, web_port(fixture->web), path);
    const struct mes_http_request request = {
        .url = fixture->url, .headers = headers, .body = MES_STR("{}"), .on_done = on_done, .context = asked};
    assert_int_equal(mes_http_begin(fixture->client, &request, &asked->exchange, NULL), 0);
    assert_false(asked->is_done);
    return asked;
}

/* A millisecond goes by with each turn, as libcurl waits a while between two addresses. */
static void finish(struct asked *asked)
{
    for (int turns = 0; turns < MES_HTTP_TIMEOUT_MS / 2 && !asked->is_done; turns++) {
        mes_loop_step(asked->fixture->loop, 1);
        asked->fixture->now++;
    }
    assert_true(asked->is_done);
}

static void assert_ends(struct asked *asked, enum mes_http_end end)
{
    finish(asked);
    if (asked->result.end != end)
        fail_msg("ended as %d: %s", (int)asked->result.end, asked->text);
}

static unsigned all_connections(struct fixture *fixture)
{
    return web_connections(fixture->web, "127.0.0.1") + web_connections(fixture->web, "127.0.0.2") +
           web_connections(fixture->web, "0.0.0.0");
}

/* --- what is asked and answered --- */

static void a_request_and_its_answer(void **state)
{
    struct fixture *fixture = *state;
    char request[1000];
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *asked = begin(fixture, 0, "127.0.0.1", "/ok?a=b");
    assert_ends(asked, MES_HTTP_ANSWERED);
    assert_int_equal(asked->result.status, 200);
    assert_string_equal(asked->body, "fine");
    assert_false(asked->result.is_body_cut);
    (void)web_newest(fixture->web, request, sizeof request);
    assert_ptr_equal(strstr(request, "POST /ok?a=b HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(request, "\r\n\r\n{}"));
    asked = begin(fixture, 0, "127.0.0.1", "/status/503");
    assert_ends(asked, MES_HTTP_ANSWERED);
    assert_int_equal(asked->result.status, 503);
    assert_int_equal(asked->result.retry_after_s, 7);
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 1);
}

static void what_cannot_be_reached(void **state)
{
    struct fixture *fixture = *state;
    static const char *const none[] = {"", NULL};
    fixture->names = names_start(none);
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *asked = begin(fixture, 0, "no-such-name.test", "/ok");
    assert_ends(asked, MES_HTTP_NO_NAME);
    char longer[151] = {0};
    memset(longer, 'a', sizeof longer - 1);
    assert_ends(begin(fixture, 0, longer, "/ok"), MES_HTTP_NO_NAME);
    asked = begin(fixture, 0, "user:canary@127.0.0.1", "/ok");
    assert_ends(asked, MES_HTTP_BAD_URL);
    assert_null(strstr(asked->text, "canary"));
    const struct mes_http_request nobody = {
        .url = "http://127.0.0.1:1/canary", .on_done = on_done, .context = asked};
    asked->is_done = false;
    assert_int_equal(mes_http_begin(fixture->client, &nobody, &asked->exchange, NULL), 0);
    assert_ends(asked, MES_HTTP_UNREACHABLE);
    assert_null(strstr(asked->text, "canary"));
    assert_ends(begin(fixture, 0, "127.0.0.1", "/cut"), MES_HTTP_BROKEN);
    assert_ends(begin(fixture, 0, "127.0.0.1", "/noise"), MES_HTTP_BROKEN);
}

/* ::1 comes first, where nobody listens. */
static void a_name_with_addresses_of_both_kinds(void **state)
{
    struct fixture *fixture = *state;
    struct mes_guard both = {0};
    make_client(fixture, "127.0.0.1", NULL);
    assert_int_equal(mes_guard_allow(&both, MES_STR("127.0.0.1"), NULL), 0);
    assert_int_equal(mes_guard_allow(&both, MES_STR("::1"), NULL), 0);
    mes_http_client_set_guard(fixture->client, &both);
    assert_ends(begin(fixture, 0, "localhost", "/ok"), MES_HTTP_ANSWERED);
}

static void a_cancelled_request_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *early = begin(fixture, 0, "127.0.0.1", "/ok");
    mes_http_cancel(&early->exchange);
    assert_null(early->exchange);
    mes_http_cancel(&early->exchange);
    struct asked *late = begin(fixture, 1, "127.0.0.1", "/hang");
    while (web_requests(fixture->web) < 1)
        mes_loop_step(fixture->loop, 1);
    mes_http_cancel(&late->exchange);
    finish(begin(fixture, 2, "127.0.0.1", "/ok"));
    assert_false(early->is_done);
    assert_false(late->is_done);
    begin(fixture, 3, "127.0.0.1", "/hang"); /* ended by the tear-down */
}

static void memory_that_runs_out_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct asked *asked = &fixture->asked[0];
    const struct mes_http_request request = {
        .url = "http://127.0.0.1:1/", .on_done = on_done, .context = asked};
    make_client(fixture, "127.0.0.1", NULL);
    unsigned allowed = 0;
    for (bool was_refused = true; was_refused; allowed++) {
        memory_allow(allowed);
        int code = mes_http_begin(fixture->client, &request, &asked->exchange, NULL);
        was_refused = memory_was_refused();
        memory_allow_all();
        if (code == 0)
            mes_http_cancel(&asked->exchange);
        else
            assert_int_equal(code, MES_E_NOMEM);
        assert_null(asked->exchange);
    }
    assert_in_range(allowed, 3, 50);
}

/* --- F08: nothing inside is called --- */

static void F08_internal_addresses_are_never_connected_to(void **state)
{
    static const char *const hosts[] = {"127.0.0.1",
                                        "127.0.0.1.",
                                        "127.1",
                                        "0x7f.1",
                                        "0177.1",
                                        "2130706433",
                                        "0",
                                        "0.0.0.0",
                                        "localhost",
                                        "LOCALHOST.",
                                        "[::1]",
                                        "[::]",
                                        "10.0.0.1",
                                        "[::ffff:127.0.0.1]",
                                        "[::ffff:7f00:1]",
                                        "[::127.0.0.1]",
                                        "[64:ff9b::7f00:1]",
                                        "[2002:7f00:1::]",
                                        "169.254.169.254",
                                        "%31%32%37.0.0.1",
                                        "127.0.0.2",
                                        "192.168.0.1",
                                        "[fe80::1]",
                                        "[fd00::1]"};
    struct fixture *fixture = *state;
    make_client(fixture, NULL, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct asked *asked = begin(fixture, 0, hosts[i], "/ok");
        assert_ends(asked, MES_HTTP_FORBIDDEN);
        assert_non_null(asked->result.kind);
    }
    assert_int_equal(all_connections(fixture), 0);
}

static void F08_a_name_that_leads_inside_is_not_connected_to(void **state)
{
    static const char *const inside[] = {"127.0.0.1 10.0.0.1 127.0.0.2", NULL};
    struct fixture *fixture = *state;
    fixture->names = names_start(inside);
    make_client(fixture, NULL, NULL);
    struct asked *asked = begin(fixture, 0, "trap.test", "/ok");
    assert_ends(asked, MES_HTTP_FORBIDDEN);
    assert_int_equal(all_connections(fixture), 0);
    assert_int_equal(names_lookups(fixture->names), 1);
}

/* 127.0.0.2 stands for an address outside. */
static void F08_only_good_addresses_of_a_name_are_connected_to(void **state)
{
    static const char *const mixed[] = {"127.0.0.1 127.0.0.2 127.0.0.3", NULL};
    struct fixture *fixture = *state;
    fixture->names = names_start(mixed);
    make_client(fixture, "127.0.0.2", NULL);
    assert_ends(begin(fixture, 0, "mixed.test", "/ok"), MES_HTTP_ANSWERED);
    assert_int_equal(web_connections(fixture->web, "127.0.0.2"), 1);
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 0);
}

static void F08_a_name_that_changes_is_asked_once_and_checked_each_time(void **state)
{
    static const char *const changing[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct fixture *fixture = *state;
    fixture->names = names_start(changing);
    make_client(fixture, "127.0.0.2", NULL);
    /* The connection is closed behind it, so that the next request needs a new one. */
    assert_ends(begin(fixture, 0, "rebind.test", "/cut"), MES_HTTP_BROKEN);
    assert_int_equal(names_lookups(fixture->names), 1);
    assert_ends(begin(fixture, 0, "rebind.test", "/ok"), MES_HTTP_FORBIDDEN);
    assert_ends(begin(fixture, 0, "rebind.test.", "/ok"), MES_HTTP_FORBIDDEN);
    assert_int_equal(names_lookups(fixture->names), 3);
    assert_int_equal(web_connections(fixture->web, "127.0.0.2"), 1);
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 0);
}

static void F08_a_redirect_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, "127.0.0.2", NULL);
    struct asked *asked = begin(fixture, 0, "127.0.0.2", "/redirect");
    assert_ends(asked, MES_HTTP_ANSWERED);
    assert_int_equal(asked->result.status, 302);
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 0);
    assert_int_equal(web_requests(fixture->web), 1);
}

/* It is not made anew, so that no socket is asked for. */
static void F08_an_idle_connection_obeys_the_guard_of_today(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_guard nothing_allowed = {0};
    make_client(fixture, "127.0.0.2", NULL);
    assert_ends(begin(fixture, 0, "127.0.0.2", "/ok"), MES_HTTP_ANSWERED);
    mes_http_client_set_guard(fixture->client, &nothing_allowed);
    assert_ends(begin(fixture, 0, "127.0.0.2", "/ok"), MES_HTTP_FORBIDDEN);
    assert_int_equal(web_requests(fixture->web), 1);
}

static void F08_the_environment_has_no_say(void **state)
{
    struct fixture *fixture = *state;
    char proxy[100];
    (void)snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u/", web_port(fixture->web));
    (void)setenv("http_proxy", proxy, 1);
    (void)setenv("ALL_PROXY", proxy, 1);
    make_client(fixture, "127.0.0.2", NULL);
    assert_ends(begin(fixture, 0, "127.0.0.2", "/ok"), MES_HTTP_ANSWERED);
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 0);
}

/* --- G01: a peer that hangs --- */

static void wait_for_requests(struct fixture *fixture, unsigned count)
{
    for (int turns = 0; turns < 5000 && web_requests(fixture->web) < count; turns++)
        mes_loop_step(fixture->loop, 1);
    assert_int_equal(web_requests(fixture->web), count);
}

static void G01_ten_seconds_for_the_whole(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *silent = begin(fixture, 0, "127.0.0.1", "/hang");
    struct asked *slow = begin(fixture, 1, "127.0.0.1", "/slow");
    wait_for_requests(fixture, 2);
    fixture->now += MES_HTTP_TIMEOUT_MS - 1;
    for (int i = 0; i < 20; i++)
        mes_loop_step(fixture->loop, 1);
    assert_false(silent->is_done || slow->is_done);
    fixture->now += 1;
    assert_ends(silent, MES_HTTP_TIMEOUT);
    assert_ends(slow, MES_HTTP_TIMEOUT);
    assert_int_equal(silent->result.milliseconds, MES_HTTP_TIMEOUT_MS);
}

static void G01_others_go_on(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *silent = begin(fixture, 0, "127.0.0.1", "/hang");
    wait_for_requests(fixture, 1);
    assert_ends(begin(fixture, 1, "127.0.0.1", "/ok"), MES_HTTP_ANSWERED);
    assert_false(silent->is_done);
}

static void G01_a_name_server_that_is_silent(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char server[40];
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(server, sizeof server, "127.0.0.1:%u", ntohs(address.sin_port));
    const struct mes_http_client_options options = {.loop = fixture->loop, .name_servers = server};
    assert_int_equal(mes_http_client_new(&options, &fixture->client, NULL), 0);
    struct asked *asked = begin(fixture, 0, "silent.test", "/ok");
    mes_loop_step(fixture->loop, 10);
    fixture->now += MES_HTTP_TIMEOUT_MS;
    assert_ends(asked, MES_HTTP_TIMEOUT);
    (void)close(descriptor);
}

static void G01_an_endless_answer_is_cut(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, "127.0.0.1", NULL);
    struct asked *asked = begin(fixture, 0, "127.0.0.1", "/endless");
    assert_ends(asked, MES_HTTP_ANSWERED);
    assert_int_equal(asked->result.status, 200);
    assert_true(asked->result.is_body_cut);
    assert_int_equal(asked->result.body.size, MES_HTTP_ANSWER_LIMIT);
    assert_ends(begin(fixture, 0, "127.0.0.1", "/header"), MES_HTTP_BROKEN);
}

/* --- TLS --- */

static void answer_under_tls(struct peer_link *link)
{
    char line[500];
    if (!peer_start_tls(link, link->context))
        return;
    while (peer_read_line(link, line, sizeof line) && line[0] != '\0')
        continue;
    peer_say(link, "HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n");
}

static void certificates_are_verified(void **state)
{
    struct fixture *fixture = *state;
    SSL_CTX *context = tls_setting_server(&tls_setting_good);
    struct peer *peer = peer_start(answer_under_tls, context);
    struct asked *asked = &fixture->asked[0];
    char url[100];
    const struct mes_http_request request = {.url = url, .on_done = on_done, .context = asked};
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", peer_port(peer));
    *asked = (struct asked){.fixture = fixture};
    make_client(fixture, "127.0.0.0/8", NULL);
    assert_int_equal(mes_http_begin(fixture->client, &request, &asked->exchange, NULL), 0);
    assert_ends(asked, MES_HTTP_TLS);
    mes_http_client_free(&fixture->client);
    make_client(fixture, "127.0.0.0/8", tls_setting_authority_file);
    asked->is_done = false;
    assert_int_equal(mes_http_begin(fixture->client, &request, &asked->exchange, NULL), 0);
    assert_ends(asked, MES_HTTP_ANSWERED);
    assert_int_equal(asked->result.status, 204);
    (void)snprintf(url, sizeof url, "https://127.0.0.2:%u/", peer_port(peer));
    peer_stop(&peer);
    SSL_CTX_free(context);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_and_its_answer),
        TEST(what_cannot_be_reached),
        TEST(a_name_with_addresses_of_both_kinds),
        TEST(a_cancelled_request_is_not_told),
        TEST(memory_that_runs_out_leaves_nothing),
        TEST(F08_internal_addresses_are_never_connected_to),
        TEST(F08_a_name_that_leads_inside_is_not_connected_to),
        TEST(F08_only_good_addresses_of_a_name_are_connected_to),
        TEST(F08_a_name_that_changes_is_asked_once_and_checked_each_time),
        TEST(F08_a_redirect_is_not_followed),
        TEST(F08_an_idle_connection_obeys_the_guard_of_today),
        TEST(F08_the_environment_has_no_say),
        TEST(G01_ten_seconds_for_the_whole),
        TEST(G01_others_go_on),
        TEST(G01_a_name_server_that_is_silent),
        TEST(G01_an_endless_answer_is_cut),
        TEST(certificates_are_verified),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
