/* The key of DKIM signatures: what is read, and each way in which it can be wrong. */
#include "account/folder_test.h"
#include "mime/dkim_key.h"

static const char ed25519_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                  "-----END PRIVATE KEY-----\n";
static const char rsa_1024_pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                                   "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
                                   "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
                                   "KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
                                   "AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
                                   "6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
                                   "zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
                                   "6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
                                   "uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
                                   "WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
                                   "WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
                                   "licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
                                   "o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
                                   "uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
                                   "-----END RSA PRIVATE KEY-----\n";

/* An account of a@news.example.hk with these members beside. */
static int load(struct testing *testing, const char *members)
{
    char content[1024];
    (void)snprintf(content, sizeof content,
                   "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@news.example.hk\",\n%s}]", members);
    return testing_load_text(testing, content);
}

static const char good[] =
    "\"dkimDomain\": \"Example.hk\", \"dkimSelector\": \"s1\", \"dkimKeyFile\": \"key.pem\"";

static void the_key_is_read_beside_the_settings(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "key.pem", ed25519_pem);
    assert_int_equal(load(testing, good), 0);
    assert_no_warning(testing);
    const struct mes_dkim_key *key = mes_account_list_at(testing->list, 0)->dkim;
    assert_non_null(key);
    assert_string_equal(mes_mime_dkim_key_domain(key), "Example.hk");
    assert_string_equal(mes_mime_dkim_key_selector(key), "s1");
}

static void without_the_keys_nothing_is_signed(void **state)
{
    struct testing *testing = *state;
    assert_int_equal(load(testing, "\"dkimDomain\": \"\""), 0);
    assert_null(mes_account_list_at(testing->list, 0)->dkim);
}

static void an_account_that_captures_signs_too(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "key.pem", ed25519_pem);
    assert_int_equal(load(testing, "\"transport\": \"capture\", \"dkimDomain\": \"example.hk\", "
                                   "\"dkimSelector\": \"s1\", \"dkimKeyFile\": \"key.pem\""),
                     0);
    assert_non_null(mes_account_list_at(testing->list, 0)->dkim);
}

static void each_fault_names_its_place_and_a_remedy(void **state)
{
    static const struct {
        const char *members, *finding;
    } rows[] = {
        {"\"dkimSelector\": \"s1\"", "a.json:2:17: dkimSelector and dkimKeyFile only work together."},
        {"\"dkimDomain\": \"x.hk\", \"dkimKeyFile\": \"key.pem\"",
         "a.json:2:38: dkimKeyFile and dkimSelector only work together."},
        {"\"dkimDomain\": \"a b\", \"dkimSelector\": \"s1\", \"dkimKeyFile\": \"key.pem\"",
         "a.json:2:15: dkimDomain: a b is no domain."},
        {"\"dkimDomain\": \"x.hk\", \"dkimSelector\": \"s_1\", \"dkimKeyFile\": \"key.pem\"",
         "a.json:2:39: dkimSelector: s_1 is no selector."},
        {"\"dkimDomain\": \"x.hk\", \"dkimSelector\": \"s\", \"dkimKeyFile\": \"none.pem\"",
         "a.json:2:59: dkimKeyFile names the file none.pem, which cannot be read"},
        {"\"dkimDomain\": \"x.hk\", \"dkimSelector\": \"s\", \"dkimKeyFile\": \"a.json\"",
         "a.json:2:59: dkimKeyFile: a.json holds no private key in PEM form. Make one: openssl genrsa"},
    };
    struct testing *testing = *state;
    char expected[512];
    testing_put(testing, "key.pem", ed25519_pem);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(load(testing, rows[i].members), MES_E_CONFIG);
        (void)snprintf(expected, sizeof expected, "problem: %s", rows[i].finding);
        assert_found(testing, expected);
    }
}

static void doubtful_keys_are_taken_and_warned_of(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "key.pem", rsa_1024_pem);
    assert_int_equal(chmod(testing_path(testing, "key.pem"), 0644), 0);
    assert_int_equal(load(testing, "\"dkimDomain\": \"ample.hk\", \"dkimSelector\": \"s1\", "
                                   "\"dkimKeyFile\": \"key.pem\""),
                     0);
    assert_non_null(mes_account_list_at(testing->list, 0)->dkim);
    assert_found(testing, "warning: a.json:2:64: dkimKeyFile: an RSA key of 1024 bits is weak");
    assert_found(testing, "warning: a.json:2:15: dkimDomain: a signature of ample.hk does not speak for "
                          "a@news.example.hk");
    assert_found(testing, "warning: key.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_key_is_read_beside_the_settings, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(without_the_keys_nothing_is_signed, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(an_account_that_captures_signs_too, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(each_fault_names_its_place_and_a_remedy, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(doubtful_keys_are_taken_and_warned_of, testing_begin, testing_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
