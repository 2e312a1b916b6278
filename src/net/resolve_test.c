#include "net/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/memory.h"
#include "tests/net/name_server.h"

/* ---- lookups ---- */

struct lookup {
    struct mes_loop *loop;
    struct mes_resolve *resolve;
    struct mes_resolve_result result;
    unsigned calls;
};

static void done(void *context, const struct mes_resolve_result *result)
{
    struct lookup *lookup = context;
    assert_null(lookup->resolve);
    lookup->result = *result;
    lookup->calls++;
}

static void start(struct lookup *lookup, const char *host, const char *servers)
{
    const struct mes_resolve_options options = {
        .host = host, .timeout_ms = 5000, .servers = servers, .on_done = done, .context = lookup};
    struct mes_error error;
    lookup->calls = 0;
    assert_int_equal(mes_resolve_start(lookup->loop, &options, &lookup->resolve, &error), 0);
    assert_int_equal(lookup->calls, 0);
}

static void look_up(struct lookup *lookup, const char *host, const char *servers)
{
    start(lookup, host, servers);
    for (int i = 0; i < 50 && lookup->calls == 0; i++)
        mes_loop_step(lookup->loop, 100);
    assert_int_equal(lookup->calls, 1);
}

static void expect_addresses(const struct lookup *lookup, const char *const *texts, size_t count)
{
    char text[MES_ADDRESS_TEXT];
    assert_int_equal(lookup->result.cause, MES_RESOLVE_OK);
    assert_string_equal(lookup->result.text, "");
    assert_int_equal(lookup->result.addresses.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(mes_address_text(&lookup->result.addresses.items[i], 0, text), texts[i]);
}

#define EXPECT(lookup, ...)                                                                                  \
    expect_addresses((lookup), (const char *const[]){__VA_ARGS__},                                           \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void literals_need_no_server(void **state)
{
    (void)state;
    struct lookup lookup = {0};
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "192.0.2.7", "127.0.0.1:1");
    EXPECT(&lookup, "192.0.2.7");
    look_up(&lookup, "2001:db8::7", "127.0.0.1:1");
    EXPECT(&lookup, "2001:db8::7");
    look_up(&lookup, "[2001:db8::7]", "127.0.0.1:1");
    EXPECT(&lookup, "2001:db8::7");
    mes_loop_free(&lookup.loop);
}

static void the_hosts_file_is_read(void **state)
{
    (void)state;
    struct lookup lookup = {0};
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "localhost", "127.0.0.1:1");
    assert_int_equal(lookup.result.cause, MES_RESOLVE_OK);
    assert_true(lookup.result.addresses.count >= 1);
    mes_loop_free(&lookup.loop);
}

static void C12_answers_and_refusals_are_told_apart(void **state)
{
    (void)state;
    struct name_server names;
    struct lookup lookup = {0};
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    look_up(&lookup, "four.test.example", names.servers);
    EXPECT(&lookup, "192.0.2.1");
    look_up(&lookup, "six.test.example", names.servers);
    EXPECT(&lookup, "2001:db8::1");
    look_up(&lookup, "both.test.example", names.servers);
    EXPECT(&lookup, "2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3", "192.0.2.3");
    /* One kind of addresses is enough, whatever became of the other. */
    look_up(&lookup, "six-broken.test.example", names.servers);
    EXPECT(&lookup, "192.0.2.1");
    look_up(&lookup, "alias.test.example", names.servers);
    EXPECT(&lookup, "192.0.2.1");
    look_up(&lookup, "loopback.test.example", names.servers);
    EXPECT(&lookup, "127.0.0.1");
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

/* What becomes of them in delivery: a name that cannot be looked up is the account's trouble. */
static void C12_failures_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        enum mes_resolve_cause cause;
    } cases[] = {
        {"missing.test.example.", MES_RESOLVE_NOT_FOUND}, {"none.test.example.", MES_RESOLVE_NO_ADDRESS},
        {"broken.test.example.", MES_RESOLVE_SERVER},     {"refused.test.example.", MES_RESOLVE_SERVER},
        {"loop.test.example.", MES_RESOLVE_NO_ADDRESS},   {"cut.test.example.", MES_RESOLVE_SERVER},
        {"short.test.example.", MES_RESOLVE_SERVER},      {"size.test.example.", MES_RESOLVE_NO_ADDRESS},
        {"endless.test.example.", MES_RESOLVE_SERVER},    {"stranger.test.example.", MES_RESOLVE_NO_ADDRESS}};
    struct name_server names;
    struct lookup lookup = {0};
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        look_up(&lookup, cases[i].host, names.servers);
        if (lookup.result.cause != cases[i].cause)
            fail_msg("%s: cause %d, %s", cases[i].host, (int)lookup.result.cause, lookup.result.text);
        assert_int_equal(lookup.result.addresses.count, 0);
        assert_memory_equal(lookup.result.text, cases[i].host, strlen(cases[i].host));
    }
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

static void C12_a_thousand_addresses_become_sixteen(void **state)
{
    (void)state;
    static const char *const hosts[] = {"many.test.example", "thousand.test.example"};
    struct name_server names;
    struct lookup lookup = {0};
    char text[MES_ADDRESS_TEXT];
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        look_up(&lookup, hosts[i], names.servers);
        assert_int_equal(lookup.result.cause, MES_RESOLVE_OK);
        assert_int_equal(lookup.result.addresses.count, MES_ADDRESS_COUNT);
        assert_string_equal(mes_address_text(&lookup.result.addresses.items[15], 0, text), "192.0.2.8");
    }
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

static void C12_forged_answers_are_not_believed(void **state)
{
    (void)state;
    static const char *const hosts[] = {"forged-id.test.example", "forged-name.test.example",
                                        "forged-port.test.example"};
    struct name_server names;
    struct lookup lookup = {0};
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        look_up(&lookup, hosts[i], names.servers);
        EXPECT(&lookup, "192.0.2.1");
    }
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

static int64_t turned_by_hand(void *context)
{
    return *(int64_t *)context;
}

/* Turns the loop, without the clock, until both questions were asked and what is answered has come. */
static void turn_until_asked(struct lookup *lookup, struct name_server *names)
{
    for (int i = 0; i < 200 && atomic_load(&names->questions) < 2; i++)
        mes_loop_step(lookup->loop, 5);
    for (int i = 0; i < 10; i++)
        mes_loop_step(lookup->loop, 5);
}

static void C12_silence_times_out(void **state)
{
    (void)state;
    static const char *const hosts[] = {"silent.test.example", "garbage.test.example"};
    for (size_t i = 0; i < 2; i++) {
        struct name_server names;
        struct lookup lookup = {0};
        int64_t now = 0;
        const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
        name_server_start(&names);
        assert_int_equal(mes_loop_new(&clock, &lookup.loop, NULL), 0);
        start(&lookup, hosts[i], names.servers);
        turn_until_asked(&lookup, &names);
        now = 4999;
        mes_loop_step(lookup.loop, 0);
        assert_int_equal(lookup.calls, 0);
        now = 5000;
        mes_loop_step(lookup.loop, 0);
        assert_int_equal(lookup.calls, 1);
        assert_int_equal(lookup.result.cause, MES_RESOLVE_TIMEOUT);
        mes_loop_free(&lookup.loop);
        name_server_stop(&names);
    }
}

/* RFC 8305 section 3. */
static void C12_an_unanswered_question_costs_50_ms(void **state)
{
    (void)state;
    struct name_server names;
    struct lookup lookup = {0};
    int64_t now = 0;
    const struct mes_clock clock = {turned_by_hand, turned_by_hand, &now};
    name_server_start(&names);
    assert_int_equal(mes_loop_new(&clock, &lookup.loop, NULL), 0);
    start(&lookup, "six-silent.test.example", names.servers);
    turn_until_asked(&lookup, &names);
    now = 49;
    mes_loop_step(lookup.loop, 0);
    assert_int_equal(lookup.calls, 0);
    now = 50;
    mes_loop_step(lookup.loop, 0);
    assert_int_equal(lookup.calls, 1);
    EXPECT(&lookup, "192.0.2.1");
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

static void a_lookup_may_be_cancelled_at_any_time(void **state)
{
    (void)state;
    struct name_server names;
    struct lookup lookup = {0};
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    for (int turns = 0; turns < 5; turns++) {
        start(&lookup, turns % 2 == 0 ? "both.test.example" : "192.0.2.1", names.servers);
        for (int i = 0; i < turns && lookup.calls == 0; i++)
            mes_loop_step(lookup.loop, 5);
        unsigned calls = lookup.calls;
        mes_resolve_cancel(&lookup.resolve);
        assert_null(lookup.resolve);
        mes_loop_step(lookup.loop, 0);
        assert_int_equal(lookup.calls, calls);
    }
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

static void nothing_leaks_without_memory(void **state)
{
    (void)state;
    struct name_server names;
    struct lookup lookup = {0};
    unsigned allowed = 0;
    name_server_start(&names);
    assert_int_equal(mes_loop_new(NULL, &lookup.loop, NULL), 0);
    const struct mes_resolve_options options = {.host = "both.test.example",
                                                .timeout_ms = 50,
                                                .servers = names.servers,
                                                .on_done = done,
                                                .context = &lookup};
    do {
        memory_allow(allowed++);
        int code = mes_resolve_start(lookup.loop, &options, &lookup.resolve, NULL);
        lookup.calls = 0;
        for (int i = 0; i < 50 && code == 0 && lookup.calls == 0; i++)
            mes_loop_step(lookup.loop, 20);
        memory_allow_all();
        assert_true(code == MES_E_NOMEM || lookup.calls == 1);
    } while (memory_was_refused() && allowed < 50);
    assert_in_range(allowed, 4, 49);
    assert_int_equal(lookup.result.cause, MES_RESOLVE_OK);
    mes_loop_free(&lookup.loop);
    name_server_stop(&names);
}

/* ---- addresses ---- */

static void addresses_are_parsed_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {{"127.0.0.1", "127.0.0.1:25"},
                 {"::1", "[::1]:25"},
                 {"[2001:DB8:0::1]", "[2001:db8::1]:25"},
                 {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:25"},
                 {"fe80::1%1", "[fe80::1%1]:25"},
                 {"[127.0.0.1]", NULL},
                 {"127.1", NULL},
                 {"127.0.0.1 ", NULL},
                 {"", NULL},
                 {"[]", NULL},
                 {"[::1", NULL},
                 {"fe80::1%", NULL},
                 {"localhost", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_address address, again;
        char text[MES_ADDRESS_TEXT];
        assert_int_equal(mes_address_parse(cases[i].text, &address), cases[i].shown != NULL);
        if (cases[i].shown == NULL)
            continue;
        assert_string_equal(mes_address_text(&address, 25, text), cases[i].shown);
        assert_true(mes_address_parse(mes_address_text(&address, 0, text), &again));
        assert_true(mes_address_equal(&address, &again));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_need_no_server),
        cmocka_unit_test(the_hosts_file_is_read),
        cmocka_unit_test(C12_answers_and_refusals_are_told_apart),
        cmocka_unit_test(C12_failures_are_told_apart),
        cmocka_unit_test(C12_a_thousand_addresses_become_sixteen),
        cmocka_unit_test(C12_forged_answers_are_not_believed),
        cmocka_unit_test(C12_silence_times_out),
        cmocka_unit_test(C12_an_unanswered_question_costs_50_ms),
        cmocka_unit_test(a_lookup_may_be_cancelled_at_any_time),
        cmocka_unit_test(nothing_leaks_without_memory),
        cmocka_unit_test(addresses_are_parsed_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
