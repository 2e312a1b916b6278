#include "smtp/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ALL = ~0 };

struct testing {
    struct mes_smtp_auth auth;
    struct mes_smtp_options options;
    struct mes_secret *secret;
};

static int set_up(void **state)
{
    static struct testing testing;
    mes_smtp_auth_init(&testing.auth);
    testing.secret = mes_secret_new(MES_STR("secret"));
    testing.options = (struct mes_smtp_options){.user = MES_STR("wong"), .secret = testing.secret};
    testing.auth.is_secured = true;
    testing.auth.offered = (unsigned)ALL;
    *state = &testing;
    return testing.secret == NULL;
}

static int tear_down(void **state)
{
    struct testing *testing = *state;
    mes_smtp_auth_fini(&testing->auth);
    mes_secret_free(&testing->secret);
    return 0;
}

/* What is chosen, and when the relay does not know it, what then, and so on. */
static void expect_order(struct testing *testing, const enum mes_smtp_mechanism *order)
{
    for (size_t i = 0;; i++) {
        testing->auth.mechanism = mes_smtp_auth_choose(&testing->auth, &testing->options);
        assert_string_equal(mes_smtp_mechanism_word(testing->auth.mechanism),
                            mes_smtp_mechanism_word(order[i]));
        if (order[i] == MES_SMTP_MECHANISM_AUTO)
            return;
        mes_smtp_auth_refuse(&testing->auth, false);
    }
}

#define EXPECT_ORDER(...)                                                                                    \
    expect_order(testing, (const enum mes_smtp_mechanism[]){__VA_ARGS__, MES_SMTP_MECHANISM_AUTO})
#define IS(name) MES_SMTP_MECHANISM_##name

static void C08_under_tls_the_strongest_first(void **state)
{
    struct testing *testing = *state;
    EXPECT_ORDER(IS(SCRAM_SHA_256), IS(SCRAM_SHA_1), IS(PLAIN), IS(LOGIN), IS(CRAM_MD5));
    assert_int_equal(testing->auth.failure, MES_SMTP_NO_AUTH);
}

static void C08_in_clear_the_password_itself_last(void **state)
{
    struct testing *testing = *state;
    testing->auth.is_secured = false;
    EXPECT_ORDER(IS(SCRAM_SHA_256), IS(SCRAM_SHA_1), IS(CRAM_MD5), IS(PLAIN), IS(LOGIN));
}

static void C11_bound_to_the_tls_before_all_others(void **state)
{
    struct testing *testing = *state;
    testing->auth.binding = (struct mes_smtp_binding){.type = "tls-exporter", .bytes = "x", .size = 1};
    EXPECT_ORDER(IS(SCRAM_SHA_256_PLUS), IS(SCRAM_SHA_1_PLUS), IS(SCRAM_SHA_256), IS(SCRAM_SHA_1), IS(PLAIN),
                 IS(LOGIN), IS(CRAM_MD5));
}

static void C11_a_token_before_a_password(void **state)
{
    struct testing *testing = *state;
    testing->options.token = testing->secret;
    EXPECT_ORDER(IS(OAUTHBEARER), IS(XOAUTH2), IS(SCRAM_SHA_256), IS(SCRAM_SHA_1), IS(PLAIN), IS(LOGIN),
                 IS(CRAM_MD5));
    testing->auth.refused = 0;
    testing->options.secret = NULL;
    EXPECT_ORDER(IS(OAUTHBEARER), IS(XOAUTH2));
}

static void C11_nothing_below_the_minimum(void **state)
{
    struct testing *testing = *state;
    testing->options.minimum = MES_SMTP_MECHANISM_CRAM_MD5;
    EXPECT_ORDER(IS(SCRAM_SHA_256), IS(SCRAM_SHA_1), IS(CRAM_MD5));
    assert_int_equal(testing->auth.failure, MES_SMTP_AUTH_TOO_WEAK);
    testing->auth.refused = 0;
    testing->options.minimum = MES_SMTP_MECHANISM_SCRAM_SHA_256;
    EXPECT_ORDER(IS(SCRAM_SHA_256));
    testing->auth.refused = 0;
    testing->options.minimum = MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS; /* and there is no binding */
    EXPECT_ORDER(IS(AUTO));
    assert_int_equal(testing->auth.failure, MES_SMTP_AUTH_TOO_WEAK);
    testing->options.token = testing->secret; /* is no password */
    EXPECT_ORDER(IS(OAUTHBEARER), IS(XOAUTH2));
    testing->auth.offered = MES_SMTP_OFFERS_XOAUTH2;
    testing->options.token = NULL;
    EXPECT_ORDER(IS(AUTO));
    assert_int_equal(testing->auth.failure, MES_SMTP_NO_AUTH);
}

static void C11_only_the_wanted_one(void **state)
{
    struct testing *testing = *state;
    testing->options.mechanism = MES_SMTP_MECHANISM_SCRAM_SHA_1;
    EXPECT_ORDER(IS(SCRAM_SHA_1));
    testing->options.mechanism = MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS;
    EXPECT_ORDER(IS(AUTO));
}

/* 534: what hands the password over in the same way is not tried with the same password. */
static void C11_too_weak_means_all_that_are_as_weak(void **state)
{
    struct testing *testing = *state;
    testing->auth.offered = MES_SMTP_OFFERS_PLAIN | MES_SMTP_OFFERS_LOGIN | MES_SMTP_OFFERS_CRAM_MD5;
    testing->auth.mechanism = mes_smtp_auth_choose(&testing->auth, &testing->options);
    assert_int_equal(testing->auth.mechanism, MES_SMTP_MECHANISM_PLAIN);
    mes_smtp_auth_refuse(&testing->auth, true);
    EXPECT_ORDER(IS(CRAM_MD5));
    testing->auth.refused = 0;
    testing->auth.offered = (unsigned)ALL;
    testing->auth.mechanism = MES_SMTP_MECHANISM_SCRAM_SHA_1;
    mes_smtp_auth_refuse(&testing->auth, true);
    EXPECT_ORDER(IS(SCRAM_SHA_256));
}

static void words_are_found_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(mes_smtp_mechanism_find(MES_STR("scram-sha-256-plus")), IS(SCRAM_SHA_256_PLUS));
    assert_int_equal(mes_smtp_mechanism_find(MES_STR("SCRAM-SHA-512")), IS(AUTO));
    assert_int_equal(mes_smtp_mechanism_find(MES_STR("")), IS(AUTO));
    assert_int_equal(mes_smtp_mechanism_bit(IS(AUTO)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(C08_under_tls_the_strongest_first),       TEST(C08_in_clear_the_password_itself_last),
        TEST(C11_bound_to_the_tls_before_all_others),  TEST(C11_a_token_before_a_password),
        TEST(C11_nothing_below_the_minimum),           TEST(C11_only_the_wanted_one),
        TEST(C11_too_weak_means_all_that_are_as_weak), cmocka_unit_test(words_are_found_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
