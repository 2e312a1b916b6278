/* How much a client may do: by address, by key, by failed keys; and whose address counts behind a proxy. */
#include "api/echo_test.h"

#include "api/rate.h"
#include "api/tongue.h"

static const char *const proxies[] = {"127.0.0.1", "::1", NULL};

static struct rig rig;
static char slow_key[MES_API_KEY_SPACE], other_key[MES_API_KEY_SPACE];

static int begin(void **state)
{
    static const struct mes_api_key_wish slow = {.name = "slow", .company = "a", .scopes = "read", .rate = 3};
    static const struct mes_api_key_wish other = {.name = "other", .company = "b", .scopes = "read"};
    (void)state;
    rig_open(&rig);
    rig_key(&rig, &slow, slow_key);
    rig_key(&rig, &other, other_key);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static unsigned ask_as(const char *forwarded, const char *key, bool *says_when_out)
{
    struct mes_buf request;
    mes_buf_init(&request, 4096);
    mes_buf_add_format(&request,
                       "GET /api/v1/keys HTTP/1.1\r\n" HEAD
                       "X-Forwarded-For: %s\r\nAuthorization: Bearer %s\r\n\r\n",
                       forwarded, key);
    char *answer = rig_talk(&rig, request.data, request.size);
    unsigned status = rig_status_of(answer);
    const char *retry = strstr(answer, "Retry-After: ");
    *says_when_out = retry != NULL && strtoul(retry + strlen("Retry-After: "), NULL, 10) > 0;
    mes_free(answer);
    mes_buf_fini(&request);
    return status;
}

static void F21_a_key_has_its_own_rate(void **state)
{
    bool says_when = false;
    (void)state;
    rig_serve(&rig);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_as("-", slow_key, &says_when), 403); /* it may only read, and it counts */
    assert_int_equal(ask_as("-", slow_key, &says_when), 429);
    assert_true(says_when);
    assert_int_equal(ask_as("-", other_key, &says_when), 403);
}

static void F21_an_address_behind_the_proxy(void **state)
{
    bool says_when = false;
    (void)state;
    rig.options.trusted_proxies = proxies;
    rig.options.requests_per_minute = 5;
    rig_serve(&rig);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask_as("192.0.2.1", rig.key, &says_when), 200);
    assert_int_equal(ask_as("192.0.2.1", rig.key, &says_when), 429);
    assert_true(says_when);
    assert_int_equal(ask_as("192.0.2.2", rig.key, &says_when), 200);
}

/* What the client itself writes stands in front of what the proxy adds, and means nothing. */
static void F19_forged_hops(void **state)
{
    char forged[64];
    bool says_when = false;
    (void)state;
    rig.options.trusted_proxies = proxies;
    rig.options.requests_per_minute = 5;
    rig_serve(&rig);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(forged, sizeof forged, "203.0.113.%d, 192.0.2.1", i);
        assert_int_equal(ask_as(forged, rig.key, &says_when), 200);
    }
    assert_int_equal(ask_as("203.0.113.9, 192.0.2.1", rig.key, &says_when), 429);
}

static void F19_nobody_is_believed_without_trust(void **state)
{
    bool says_when = false;
    (void)state;
    rig.options.requests_per_minute = 2;
    rig_serve(&rig);
    for (int i = 0; i < 5; i++) /* loopback is not limited, whatever it says that it is */
        assert_int_equal(ask_as("192.0.2.1", rig.key, &says_when), 200);
}

static void F01_guessing_is_slowed(void **state)
{
    static const char guess[] = "me_00000000000000000000000000000000000000000000000000000";
    bool says_when = false;
    (void)state;
    rig.options.trusted_proxies = proxies;
    rig.options.failed_keys_per_minute = 4;
    rig_serve(&rig);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask_as("192.0.2.1", guess, &says_when), 401);
    assert_int_equal(ask_as("192.0.2.1", guess, &says_when), 429);
    assert_true(says_when);
    assert_int_equal(ask_as("192.0.2.2", rig.key, &says_when), 200);
}

static void F21_rates_run_on_the_clock(void **state)
{
    struct mes_api_rate *rate = NULL;
    (void)state;
    assert_int_equal(mes_api_rate_new(&rate, NULL), 0);
    for (int i = 0; i < 60; i++)
        assert_int_equal(mes_api_rate_take(rate, 7, 60, 1000), 0);
    assert_int_equal(mes_api_rate_take(rate, 7, 60, 1000), 1);
    assert_int_equal(mes_api_rate_look(rate, 8, 60, 1000), 0);
    assert_int_equal(mes_api_rate_take(rate, 7, 60, 2000), 0);
    assert_int_equal(mes_api_rate_take(rate, 7, 60, 2000), 1);
    assert_int_equal(mes_api_rate_look(rate, 7, 60, 2999), 1);
    assert_int_equal(mes_api_rate_look(rate, 7, 60, 3000), 0);
    /* A hundred thousand others do not free it from its limit for long, nor fill the memory. */
    for (uint64_t key = 100; key < 1000; key++)
        (void)mes_api_rate_take(rate, key, 60, 2000);
    assert_int_equal(mes_api_rate_take(rate, 7, 60, 2000), 1);
    mes_api_rate_free(&rate);
}

static void languages(void **state)
{
    static const struct {
        const char *accepted;
        enum mes_language language;
    } known[] = {{"", MES_EN},
                 {"fr", MES_EN},
                 {"zh-HK", MES_ZH_HK},
                 {"zh-TW,en;q=0.5", MES_ZH_HK},
                 {"en;q=0.5, zh-CN;q=0.9", MES_ZH_CN},
                 {"zh-CN;q=0, en", MES_EN},
                 {"fr, zh-Hans;q=0.3", MES_ZH_CN},
                 {";;,,q=1,zh-hk ; q=1.0", MES_ZH_HK}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (mes_api_tongue(mes_str_of(known[i].accepted)) != known[i].language)
            fail_msg("%s", known[i].accepted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(F21_a_key_has_its_own_rate, begin, end),
        cmocka_unit_test_setup_teardown(F21_an_address_behind_the_proxy, begin, end),
        cmocka_unit_test_setup_teardown(F19_forged_hops, begin, end),
        cmocka_unit_test_setup_teardown(F19_nobody_is_believed_without_trust, begin, end),
        cmocka_unit_test_setup_teardown(F01_guessing_is_slowed, begin, end),
        cmocka_unit_test(F21_rates_run_on_the_clock),
        cmocka_unit_test(languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
