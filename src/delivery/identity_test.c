#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/identity.h"

static const char *const patterns[] = {"*@example.hk", "sales@*.example.com"};

static const struct mes_account first = {
    .from_address = "service@qq.test", .from_name = "Shop", .reply_to_default = ""};
static const struct mes_account second = {.from_address = "relay@brevo.test",
                                          .from_name = "Relay",
                                          .reply_to_default = "",
                                          .allowed_from = {patterns, 2}};
static const struct mes_compose_wishes nothing = {
    .from_address = "", .from_name = "", .reply_to_address = "", .reply_to_name = "", .dsn = ""};

static void from_follows_the_account(void **state)
{
    (void)state;
    struct mes_identity identity = mes_delivery_identity(&first, &first, &nothing);
    assert_string_equal(identity.from_address, "service@qq.test");
    assert_string_equal(identity.from_name, "Shop");
    assert_null(identity.reply_to_address);
    identity = mes_delivery_identity(&second, &first, &nothing);
    assert_string_equal(identity.from_address, "relay@brevo.test");
    assert_string_equal(identity.reply_to_address, "service@qq.test");
}

static void reply_to_default_wins_over_the_first_from(void **state)
{
    struct mes_account other = second;
    (void)state;
    other.reply_to_default = "help@example.hk";
    assert_string_equal(mes_delivery_identity(&other, &first, &nothing).reply_to_address, "help@example.hk");
    struct mes_compose_wishes wishes = nothing;
    wishes.reply_to_address = "boss@example.hk";
    assert_string_equal(mes_delivery_identity(&other, &first, &wishes).reply_to_address, "boss@example.hk");
}

/* Answers go where they would have gone if the first account had sent. */
static void a_wished_from_keeps_its_answers(void **state)
{
    struct mes_account both = first, own = second;
    struct mes_compose_wishes wishes = nothing;
    (void)state;
    wishes.from_address = "boss@example.hk";
    both.allowed_from = second.allowed_from;
    own.allowed_from.count = 0;
    assert_null(mes_delivery_identity(&second, &both, &wishes).reply_to_address);
    assert_string_equal(mes_delivery_identity(&own, &both, &wishes).reply_to_address, "boss@example.hk");
    assert_string_equal(mes_delivery_identity(&second, &first, &wishes).reply_to_address, "service@qq.test");
}

static void a_wished_from_needs_a_pattern(void **state)
{
    struct mes_compose_wishes wishes = nothing;
    (void)state;
    wishes.from_address = "Any.One@EXAMPLE.hk";
    wishes.from_name = "陳大文";
    assert_true(mes_delivery_identity_allows(&second, wishes.from_address));
    assert_false(mes_delivery_identity_allows(&first, wishes.from_address));
    assert_true(mes_delivery_identity_allows(&second, "sales@hk.example.com"));
    assert_false(mes_delivery_identity_allows(&second, "sales@example.com"));
    assert_false(mes_delivery_identity_allows(&second, "x@example.hk.evil.test"));
    assert_true(mes_delivery_identity_allows(&first, "SERVICE@qq.test"));
    assert_string_equal(mes_delivery_identity(&second, &first, &wishes).from_address, "Any.One@EXAMPLE.hk");
    assert_string_equal(mes_delivery_identity(&first, &first, &wishes).from_address, "service@qq.test");
    assert_string_equal(mes_delivery_identity(&first, &first, &wishes).from_name, "陳大文");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_follows_the_account),
        cmocka_unit_test(reply_to_default_wins_over_the_first_from),
        cmocka_unit_test(a_wished_from_keeps_its_answers),
        cmocka_unit_test(a_wished_from_needs_a_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
