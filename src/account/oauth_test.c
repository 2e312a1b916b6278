/* Accounts that log in by an access token. */
#include "account/account.h"
#include "account/folder_test.h"

/* One account at a known provider, with these members on a line of their own. */
static const char *google_with(const char *members)
{
    static char content[4096];
    (void)snprintf(content, sizeof content,
                   "[{\"senderOfCompany\":\"gmail\",\"senderUserName\":\"a@gmail.com\",\n%s}]", members);
    return content;
}

static const struct mes_account *loaded(struct testing *testing, const char *members)
{
    assert_loads(testing, google_with(members));
    return mes_account_list_at(testing->list, 0);
}

static void what_the_provider_publishes_is_filled_in(void **state)
{
    const struct mes_account *account =
        loaded(*state, "\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"r\"");
    assert_true(account->uses_token);
    assert_true(account->password_authentication);
    assert_string_equal(account->oauth_token_url, "https://oauth2.googleapis.com/token");
    assert_string_equal(account->oauth_scope, "https://mail.google.com/");
    assert_string_equal(account->oauth_device_url, "");
    assert_int_equal(account->origins[MES_ACCOUNT_SETTING_oauth_token_url].kind, MES_ORIGIN_PROVIDER);
}

static void what_is_written_wins(void **state)
{
    const struct mes_account *account =
        loaded(*state, "\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"r\",\n"
                       "\"authMechanism\":\"XOAUTH2\",\"oauthTokenUrl\":\"http://127.0.0.1:8/"
                       "t\",\"oauthDeviceUrl\":\"http://[::1]/d\"");
    assert_string_equal(account->oauth_token_url, "http://127.0.0.1:8/t");
    assert_int_equal(account->auth_mechanism, MES_AUTH_XOAUTH2);
    assert_string_equal(account->oauth_device_url, "http://[::1]/d");
}

static void a_password_needs_no_token(void **state)
{
    const struct mes_account *account = loaded(*state, "\"senderUserPassword\":\"p\"");
    assert_false(account->uses_token);
    assert_string_equal(account->oauth_token_url, "");
}

static void contradictions_are_refused_with_their_place(void **state)
{
    static const char *const rows[][2] = {
        {"\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"r\",\"senderUserPassword\":\"p\"",
         "problem: a.json:2:42: oauthRefreshToken stands beside senderUserPassword"},
        {"\"oauthClientId\":\"id\",\"senderUserPassword\":\"p\"",
         "problem: a.json:2:17: oauthClientId stands beside senderUserPassword"},
        {"\"oauthRefreshToken\":\"r\"", "problem: a.json:1:2: oauthClientId is missing."},
        {"\"oauthClientId\":\"id\",\"oauthTokenUrl\":\"http://token.example.com/\"",
         "problem: a.json:2:38: oauthTokenUrl must begin with https://"},
        {"\"oauthClientId\":\"id\",\"oauthTokenUrl\":\"http://127.0.0.1.example.com/\"",
         "problem: a.json:2:38: oauthTokenUrl must begin with https://"},
        {"\"oauthClientId\":\"id\",\"oauthTokenUrl\":\"ftp://127.0.0.1/\"",
         "problem: a.json:2:38: oauthTokenUrl cannot be called: neither http nor https."},
        {"\"oauthClientId\":\"id\",\"oauthAuthorizeUrl\":\"https://me:pw@example.com/\"",
         "problem: a.json:2:42: oauthAuthorizeUrl cannot be called: "},
        {"\"oauthClientId\":\"id\",\"oauthDeviceUrl\":\"nowhere\"",
         "problem: a.json:2:39: oauthDeviceUrl cannot be called: "},
        {"\"oauthClientId\":\"id\",\"authMechanism\":\"PLAIN\"",
         "problem: a.json:2:38: authMechanism names a way to log in by password"},
        {"\"oauthClientId\":\"id\",\"authMechanism\":\"SCRAM-SHA-256-PLUS\"",
         "problem: a.json:2:38: authMechanism names a way to log in by password"},
        {"\"oauthClientId\":\"id\",\"oauthScope\":\"a\\r\\nb\"",
         "problem: a.json:2:35: oauthScope holds a line end"},
    };
    struct testing *testing = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (testing_load_text(testing, google_with(rows[i][0])) != MES_E_CONFIG)
            fail_msg("taken: %s", rows[i][0]);
        assert_found(testing, rows[i][1]);
    }
}

static void an_unknown_provider_needs_the_address_of_its_tokens(void **state)
{
    struct testing *testing = *state;
    assert_int_equal(testing_load_text(testing, "[{\"senderServerHost\":\"mail.x.hk\",\"enableTSL\":true,\n"
                                                "\"senderUserName\":\"a@x.hk\",\"oauthClientId\":\"id\"}]"),
                     MES_E_CONFIG);
    assert_found(testing, "problem: a.json:1:2: oauthTokenUrl is missing");
}

static void who_is_not_authorized_yet_is_loaded_and_warned_of(void **state)
{
    static const char *const rows[][2] = {
        {"\"oauthClientId\":\"id\"", "17"},
        {"\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"\"", "42"},
        {"\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"file:not-there\"", "42"},
    };
    char expected[100];
    struct testing *testing = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mes_account *account = loaded(testing, rows[i][0]);
        (void)snprintf(expected, sizeof expected, "warning: a.json:2:%s: a@gmail.com is not authorized yet",
                       rows[i][1]);
        assert_true(account->uses_token);
        assert_true(mes_secret_is_empty(account->oauth_refresh_token));
        assert_found(testing, expected);
    }
}

static void the_place_of_the_refresh_token_is_known(void **state)
{
    struct testing *testing = *state;
    char expected[600];
    const struct mes_account *account =
        loaded(testing, "\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"file:secrets/r\"");
    (void)snprintf(expected, sizeof expected, "%s", testing_path(testing, "secrets/r"));
    assert_int_equal(account->token_place.kind, MES_TOKEN_FILE);
    assert_string_equal(account->token_place.name, expected);
    account = loaded(testing, "\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"inline\"");
    assert_int_equal(account->token_place.kind, MES_TOKEN_SETTINGS);
    assert_string_equal(account->token_place.name, testing_path(testing, "a.json"));
    static const char *const environment[] = {"MES_TEST_REFRESH=r", NULL};
    testing_put(testing, "a.json",
                google_with("\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"env:MES_TEST_REFRESH\""));
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    account = mes_account_list_at(testing->list, 0);
    assert_int_equal(account->token_place.kind, MES_TOKEN_VARIABLE);
    assert_string_equal(account->token_place.name, "MES_TEST_REFRESH");
    assert_found(testing, "note: a.json:2:42: oauthRefreshToken comes from the variable MES_TEST_REFRESH");
    account = loaded(testing, "\"oauthClientId\":\"id\"");
    assert_int_equal(account->token_place.kind, MES_TOKEN_NOWHERE);
}

#define TOKEN_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST(what_the_provider_publishes_is_filled_in),
        TOKEN_TEST(what_is_written_wins),
        TOKEN_TEST(a_password_needs_no_token),
        TOKEN_TEST(contradictions_are_refused_with_their_place),
        TOKEN_TEST(an_unknown_provider_needs_the_address_of_its_tokens),
        TOKEN_TEST(who_is_not_authorized_yet_is_loaded_and_warned_of),
        TOKEN_TEST(the_place_of_the_refresh_token_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
