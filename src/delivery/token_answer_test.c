#include "delivery/token_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct mes_token_answer answer;

static bool reads(const char *body)
{
    mes_token_answer_fini(&answer);
    return mes_token_answer_read(mes_str_of(body), &answer);
}

static void assert_secret(const struct mes_secret *secret, const char *expected)
{
    assert_true(mes_str_eq(mes_secret_reveal(secret), mes_str_of(expected)));
}

static void what_servers_send_is_understood(void **state)
{
    (void)state;
    assert_true(
        reads("{\"access_token\":\"ya29.a0-_~+/=\",\"expires_in\":3599,\"refresh_token\":\"1\\/\\/0g\","
              "\"scope\":\"https:\\/\\/mail.google.com\\/\",\"token_type\":\"Bearer\"}"));
    assert_secret(answer.access, "ya29.a0-_~+/=");
    assert_secret(answer.refresh, "1//0g");
    assert_int_equal(answer.lives_s, 3599);
    assert_true(answer.is_bearer);
    assert_string_equal(answer.error, "");
    assert_true(reads(" {\"token_type\":\"bearer\",\"expires_in\":\"3600\",\"ext_expires_in\":3600,"
                      "\"more\":{\"access_token\":[\"no\",{\"a\":[[]]}]},\"access_token\":\"t\"} \r\n"));
    assert_secret(answer.access, "t");
    assert_int_equal(answer.lives_s, 3600);
    assert_null(answer.refresh);
    assert_true(
        reads("{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008: gone.\\r\\nTrace: 1\","
              "\"error_codes\":[70008],\"error_uri\":null}"));
    assert_string_equal(answer.error, "invalid_grant");
    assert_null(strchr(answer.error_text, '\n'));
    assert_null(answer.access);
    assert_true(
        reads("{\"device_code\":\"d\",\"user_code\":\"ABCD-EFGH\",\"expires_in\":900,\"interval\":5,"
              "\"verification_uri\":\"https://x/d\",\"verification_uri_complete\":\"https://x/d?c=A\"}"));
    assert_secret(answer.device_code, "d");
    assert_string_equal(answer.user_code, "ABCD-EFGH");
    assert_string_equal(answer.address, "https://x/d");
    assert_string_equal(answer.full_address, "https://x/d?c=A");
    assert_int_equal(answer.interval_s, 5);
}

static void what_is_not_an_answer_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "<html>502</html>",
        "null",
        "[]",
        "\"access_token\"",
        "[{\"access_token\":\"t\"}]",
        "{\"access_token\":\"t\"",
        "{\"access_token\":\"t\"}{}",
        "{\"access_token\":\"t\",}",
        "{\"access_token\":\"t\" /* no */}",
        "{\"access_token\":\"a\",\"access_token\":\"b\"}",
        "{\"access_token\":7}",
        "{\"access_token\":\"\"}",
        "{\"access_token\":\"a b\"}",
        "{\"access_token\":\"a\\u0001b\"}",
        "{\"access_token\":\"a\\r\\nb\"}",
        "{\"access_token\":\"a\\u0000b\"}",
        "{\"access_token\":\"\xc3\xa9\"}",
        "{\"refresh_token\":\"a\\tb\",\"access_token\":\"t\"}",
        "{\"device_code\":{}}",
        "{\"expires_in\":-1}",
        "{\"expires_in\":3600.5}",
        "{\"expires_in\":true}",
        "{\"expires_in\":99999999999}",
        "{\"token_type\":1}",
        "{\"error\":[]}",
        "{\"x\":[1,}",
    };
    char large[MES_TOKEN_MOST + 100];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (reads(wrong[i]))
            fail_msg("taken: %s", wrong[i]);
    memset(large, 'a', sizeof large);
    memcpy(large, "{\"access_token\":\"", 17);
    memcpy(large + 17 + MES_TOKEN_MOST, "\"}", 3);
    assert_true(reads(large));
    memcpy(large + 17 + MES_TOKEN_MOST, "a\"}", 4);
    assert_false(reads(large));
}

static void what_people_see_is_short_and_printable(void **state)
{
    char body[2000];
    (void)state;
    memset(body, 'x', sizeof body);
    memcpy(body, "{\"user_code\":\"\\u001b[2J", 23);
    memcpy(body + 1000, "\"}", 3);
    assert_true(reads(body));
    assert_int_equal(strlen(answer.user_code), sizeof answer.user_code - 1);
    assert_null(strchr(answer.user_code, '\x1b'));
}

static int forget(void **state)
{
    (void)state;
    mes_token_answer_fini(&answer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_servers_send_is_understood, forget),
        cmocka_unit_test_teardown(what_is_not_an_answer_is_none, forget),
        cmocka_unit_test_teardown(what_people_see_is_short_and_printable, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
