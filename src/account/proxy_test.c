/* The setting `proxy`. */
#include "account/config.h"
#include "account/folder_test.h"

#define ACCOUNT "\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x.hk\",\n"

static void urls_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum mes_account_proxy_kind kind;
        const char *host;
        int port;
        const char *user, *password, *shown;
    } cases[] = {
        {"socks5://127.0.0.1:1080", MES_ACCOUNT_PROXY_SOCKS5, "127.0.0.1", 1080, "", "",
         "socks5://127.0.0.1:1080"},
        {"SOCKS5h://Proxy_1.Example:1/", MES_ACCOUNT_PROXY_SOCKS5H, "Proxy_1.Example", 1, "", "",
         "socks5h://Proxy_1.Example:1"},
        {"http://[2001:db8::1]:65535", MES_ACCOUNT_PROXY_HTTP, "2001:db8::1", 65535, "", "",
         "http://[2001:db8::1]:65535"},
        {"http://wong:p:a@ss@proxy:3128", MES_ACCOUNT_PROXY_HTTP, "proxy", 3128, "wong", "p:a@ss",
         "http://wong@proxy:3128"},
        {"socks5://w%40x%3Ay:%e5%af%86%25@proxy:3128", MES_ACCOUNT_PROXY_SOCKS5, "proxy", 3128, "w@x:y",
         "密%", "socks5://w@x:y@proxy:3128"},
        {"socks5://wong@proxy:3128", MES_ACCOUNT_PROXY_SOCKS5, "proxy", 3128, "wong", "",
         "socks5://wong@proxy:3128"},
        {"socks5://wong:@proxy:3128", MES_ACCOUNT_PROXY_SOCKS5, "proxy", 3128, "wong", "",
         "socks5://wong@proxy:3128"},
    };
    struct mes_arena arena;
    struct mes_buf shown;
    mes_arena_init(&arena, 64 * 1024);
    mes_buf_init(&shown, 1024);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_account_proxy proxy;
        assert_int_equal(mes_account_proxy_parse(mes_str_of(cases[i].url), &arena, &proxy), 0);
        assert_int_equal(proxy.kind, cases[i].kind);
        assert_string_equal(proxy.host, cases[i].host);
        assert_int_equal(proxy.port, cases[i].port);
        assert_string_equal(proxy.user, cases[i].user);
        assert_true(mes_str_eq(mes_secret_reveal(proxy.password), mes_str_of(cases[i].password)));
        mes_buf_clear(&shown);
        mes_account_proxy_show(&proxy, &shown);
        assert_string_equal(mes_buf_text(&shown), cases[i].shown);
        assert_int_equal(mes_account_proxy_has_password(mes_str_of(cases[i].url)),
                         cases[i].password[0] != '\0');
        mes_secret_free(&proxy.password);
    }
    mes_buf_fini(&shown);
    mes_arena_fini(&arena);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "proxy:1080",
        "socks4://proxy:1080",
        "socks5:/proxy:1080",
        "https://proxy:443",
        "socks5://",
        "socks5://proxy",
        "socks5://proxy:",
        "socks5://proxy:0",
        "socks5://proxy:65536",
        "socks5://proxy:1x",
        "socks5://proxy:1080/path",
        "socks5://proxy:1080//",
        "socks5://proxy:1080?x",
        "socks5://:1080",
        "socks5://pro xy:1080",
        "socks5://pr/oxy:1080",
        "socks5://::1:1080",
        "socks5://[::1]1080",
        "socks5://[::1:1080",
        "socks5://[]:1080",
        "socks5://@proxy:1080",
        "socks5://:secret@proxy:1080",
        "socks5://w%4@proxy:1080",
        "socks5://w%zz@proxy:1080",
        "socks5://w%00@proxy:1080",
        "socks5://w%0d%0a@proxy:1080",
        "socks5://w:%7f@proxy:1080",
        "socks5://w%ff@proxy:1080",
        "http://w%3a:secret@proxy:1080",
    };
    struct mes_arena arena;
    mes_arena_init(&arena, 64 * 1024);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct mes_account_proxy proxy;
        if (mes_account_proxy_parse(mes_str_of(urls[i]), &arena, &proxy) != MES_E_CONFIG)
            fail_msg("%s was taken", urls[i]);
        assert_int_equal(proxy.kind, MES_ACCOUNT_PROXY_NONE);
    }
    char url[1000] = "socks5://";
    struct mes_account_proxy proxy;
    memset(url + 9, 'u', 256);
    memcpy(url + 9 + 256, "@proxy:1", 9);
    assert_int_equal(mes_account_proxy_parse(mes_str_of(url), &arena, &proxy), MES_E_CONFIG);
    memcpy(url + 9 + 255, "@proxy:1", 9);
    assert_int_equal(mes_account_proxy_parse(mes_str_of(url), &arena, &proxy), 0);
    memset(url + 9, 'h', 254);
    memcpy(url + 9 + 254, ":1", 3);
    assert_int_equal(mes_account_proxy_parse(mes_str_of(url), &arena, &proxy), MES_E_CONFIG);
    mes_arena_fini(&arena);
}

struct seen {
    char proxy[100], password[100], origin[200];
};

static void keep_row(void *context, const struct mes_config_row *row)
{
    struct seen *seen = context;
    if (strcmp(row->setting->key, "proxy") == 0)
        (void)snprintf(seen->proxy, sizeof seen->proxy, "%s", row->value);
    if (strcmp(row->setting->key, "proxyPassword") != 0)
        return;
    (void)snprintf(seen->password, sizeof seen->password, "%s", row->value);
    (void)snprintf(seen->origin, sizeof seen->origin, "%u:%u", row->origin->line, row->origin->column);
}

static void H01_the_password_of_a_proxy_is_never_shown(void **state)
{
    static const char *const environment[] = {"PROXY_CODE=from variable", NULL};
    struct testing *testing = *state;
    struct seen seen = {"", "", ""};
    assert_loads(testing, "[{" ACCOUNT "\"proxy\":\"socks5://wong:canary@proxy:1080\"}]");
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_null(account->proxy.password);
    assert_true(mes_str_eq(mes_secret_reveal(account->proxy_password), MES_STR("canary")));
    assert_int_equal(mes_account_config_walk(testing->list, keep_row, &seen, NULL), 0);
    assert_string_equal(seen.proxy, "socks5://wong@proxy:1080");
    assert_string_equal(seen.password, "***");
    assert_string_equal(seen.origin, "2:9");
    assert_null(strstr(mes_buf_text(&testing->findings), "canary"));
    assert_int_equal(chmod(testing_path(testing, "a.json"), 0644), 0);
    assert_int_equal(testing_load(testing, "a.json", NULL, NULL), 0);
    assert_found(testing, "warning: a.json holds passwords and can be read by others");

    testing_put(testing, "a.json",
                "[{" ACCOUNT "\"proxy\":\"http://wong@proxy:1080\",\"proxyPassword\":\"env:PROXY_CODE\"}]");
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    account = mes_account_list_at(testing->list, 0);
    assert_true(mes_str_eq(mes_secret_reveal(account->proxy_password), MES_STR("from variable")));
    assert_no_warning(testing);
}

static void faults_are_told_without_the_value(void **state)
{
    struct testing *testing = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"\"proxy\":\"socks5://wong:canary@proxy\"",
         "problem: a.json:2:9: proxy is no proxy. Write socks5://"},
        {"\"proxy\":17", "problem: a.json:2:9: proxy is no proxy. Write socks5://"},
        {"\"proxy\":{\"canary\":1}", "problem: a.json:2:9: proxy must be a text"},
        {"\"proxy\":\"socks5://w:canary@p:1\",\"proxyPassword\":\"canary\"",
         "problem: a.json:2:9: proxy holds a password, and so does proxyPassword."},
        {"\"proxy\":\"socks5://p:1\",\"proxyPassword\":\"canary\"",
         "problem: a.json:2:40: proxyPassword needs a user name. Write it in proxy"},
        {"\"proxyPassword\":\"canary\"", "problem: a.json:2:17: proxyPassword needs a user name."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char content[300];
        (void)snprintf(content, sizeof content, "[{" ACCOUNT "%s}]", cases[i].text);
        assert_int_equal(testing_load_text(testing, content), MES_E_CONFIG);
        assert_found(testing, cases[i].problem);
        assert_null(strstr(mes_buf_text(&testing->findings), "canary"));
    }
    assert_loads(testing, "[{" ACCOUNT "\"proxy\":\"\"}]");
    assert_int_equal(mes_account_list_at(testing->list, 0)->proxy.kind, MES_ACCOUNT_PROXY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test_setup_teardown(H01_the_password_of_a_proxy_is_never_shown, testing_begin,
                                        testing_end),
        cmocka_unit_test_setup_teardown(faults_are_told_without_the_value, testing_begin, testing_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
