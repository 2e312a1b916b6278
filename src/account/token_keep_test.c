/* A refresh token is replaced where it stands. */
#include "account/token_keep.h"

#include "account/folder_test.h"

#define ACCOUNT                                                                                              \
    "\"senderOfCompany\":\"gmail\",\"senderUserName\":\"a@gmail.com\",\"fromMailAddress\":\"a@gmail.com\""

static void assert_file(const struct testing *testing, const char *name, const char *content)
{
    struct mes_buf buf;
    struct stat status;
    mes_buf_init(&buf, 100000);
    if (mes_file_read(testing_path(testing, name), &buf, NULL) != 0)
        fail_msg("there is no %s", name);
    assert_string_equal(mes_buf_text(&buf), content);
    assert_int_equal(stat(testing_path(testing, name), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    mes_buf_fini(&buf);
}

/* Keeps `fresh` for the only account of a.json. */
static int keep(struct testing *testing, const char *fresh, struct mes_error *error)
{
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    const struct mes_token_home home = mes_account_token_home(account);
    struct mes_secret *secret = mes_secret_new(mes_str_of(fresh));
    struct mes_arena arena;
    const char *file = NULL;
    mes_arena_init(&arena, 100000);
    const struct mes_token_change change = {account->oauth_refresh_token, secret};
    int code = mes_account_token_keep(&home, &change, &arena, &file, error);
    assert_true((code == 0) == (file != NULL));
    mes_arena_fini(&arena);
    mes_secret_free(&secret);
    return code;
}

static void assert_kept(struct testing *testing, const char *fresh)
{
    struct mes_error error = {0};
    char text[1024];
    if (keep(testing, fresh, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    assert_int_equal(testing_load(testing, "a.json", NULL, NULL), 0);
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_true(mes_str_eq(mes_secret_reveal(account->oauth_refresh_token), mes_str_of(fresh)));
    assert_int_equal(account->token_place.kind, MES_TOKEN_FILE);
}

static void a_file_is_replaced_and_the_settings_stay(void **state)
{
    struct testing *testing = *state;
    static const char settings[] =
        "[ // one\n{" ACCOUNT ",\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"file:s/r\"}]";
    testing_put(testing, "s/r", "first\n");
    assert_loads(testing, settings);
    assert_kept(testing, "second");
    assert_file(testing, "s/r", "second\n");
    assert_file(testing, "s/r.bak", "first\n");
    assert_file(testing, "a.json", settings);
    assert_kept(testing, "third");
    assert_file(testing, "s/r.bak", "second\n");
}

static void a_file_that_is_named_and_missing_is_made(void **state)
{
    struct testing *testing = *state;
    assert_loads(testing, "[{" ACCOUNT ",\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"file:s/r\"}]");
    assert_kept(testing, "first");
    assert_file(testing, "s/r", "first\n");
}

static void a_token_in_the_settings_goes_into_a_file(void **state)
{
    struct testing *testing = *state;
    static const char before[] = "[\n  {" ACCOUNT ", // who\n    \"oauthClientId\":\"id\",\n"
                                 "    \"oauthRefreshToken\":\"fir\\u0073t\" // what\n  },\n]";
    assert_loads(testing, before);
    assert_kept(testing, "second");
    assert_file(testing, "secrets/a@gmail.com.oauthRefreshToken", "second\n");
    assert_file(testing, "a.json.bak", before);
    assert_file(testing, "a.json",
                "[\n  {" ACCOUNT ", // who\n    \"oauthClientId\":\"id\",\n"
                "    \"oauthRefreshToken\":\"file:secrets/a@gmail.com.oauthRefreshToken\" // what\n  },\n]");
    assert_kept(testing, "third");
    assert_file(testing, "secrets/a@gmail.com.oauthRefreshToken", "third\n");
}

static void the_first_token_comes_behind_the_last_setting(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "secrets/a@gmail.com.oauthRefreshToken", "of another account\n");
    assert_loads(testing, "[{" ACCOUNT ",\n  \"oauthClientId\": \"id\", // mine\n  }]");
    assert_kept(testing, "first");
    assert_file(testing, "secrets/a@gmail.com-2.oauthRefreshToken", "first\n");
    assert_file(testing, "a.json",
                "[{" ACCOUNT ",\n  \"oauthClientId\": \"id\", // mine\n"
                "  \"oauthRefreshToken\": \"file:secrets/a@gmail.com-2.oauthRefreshToken\"\n  }]");
}

static void nothing_is_written_where_the_account_is_not_any_more(void **state)
{
    static const char *const rows[] = {"\"oauthRefreshToken\":\"first\"", "\"Remarks\":1"};
    struct testing *testing = *state;
    for (size_t i = 0; i < 2; i++) {
        char settings[1000];
        struct mes_error error = {0};
        (void)snprintf(settings, sizeof settings, "[{" ACCOUNT ",\"oauthClientId\":\"id\",%s}]", rows[i]);
        assert_loads(testing, settings);
        testing_put(testing, "a.json", "[{},\n{" ACCOUNT ",\"oauthClientId\":\"id\"}]");
        assert_int_equal(keep(testing, "second", &error), MES_E_CONFIG);
        assert_int_equal(error.sentence, MES_SAY_account_token_place_changed);
        assert_file(testing, "a.json", "[{},\n{" ACCOUNT ",\"oauthClientId\":\"id\"}]");
        assert_false(mes_file_exists(testing_path(testing, "secrets")));
    }
}

static void a_variable_cannot_be_replaced(void **state)
{
    static const char *const environment[] = {"TOKEN=first", NULL};
    struct testing *testing = *state;
    struct mes_error error = {0};
    testing_put(testing, "a.json",
                "[{" ACCOUNT ",\"oauthClientId\":\"id\",\"oauthRefreshToken\":\"env:TOKEN\"}]");
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    assert_int_equal(keep(testing, "second", &error), MES_E_CONFIG);
    assert_int_equal(error.sentence, MES_SAY_account_token_in_variable);
    assert_string_equal(mes_error_argument(&error, 0), "TOKEN");
}

#define KEEP_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEEP_TEST(a_file_is_replaced_and_the_settings_stay),
        KEEP_TEST(a_file_that_is_named_and_missing_is_made),
        KEEP_TEST(a_token_in_the_settings_goes_into_a_file),
        KEEP_TEST(the_first_token_comes_behind_the_last_setting),
        KEEP_TEST(nothing_is_written_where_the_account_is_not_any_more),
        KEEP_TEST(a_variable_cannot_be_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
