#include "account/folder_test.h"

static const char *data_file(const char *name)
{
    static char path[512];
    const char *slash = strrchr(__FILE__, '/');
    (void)snprintf(path, sizeof path, "%.*s/../../tests/data/accounts/%s", (int)(slash - __FILE__), __FILE__,
                   name);
    char *absolute = realpath(path, NULL);
    assert_non_null(absolute);
    (void)snprintf(path, sizeof path, "%s", absolute);
    free(absolute);
    return path;
}

static void files_of_the_old_form_load_unchanged(void **state)
{
    struct testing *testing = *state;
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), NULL, NULL), 0);
    assert_int_equal(mes_account_list_count(testing->list), 2);
    const struct mes_account *brevo = mes_account_list_at(testing->list, 0);
    assert_string_equal(brevo->identity, "service@example.hk");
    assert_string_equal(brevo->host, "smtp-relay.brevo.com");
    assert_int_equal(brevo->port, 587);
    assert_int_equal(brevo->tls, MES_ACCOUNT_TLS_STARTTLS);
    assert_string_equal(brevo->provider->id, "brevo.com");
    assert_string_equal(brevo->user_name, "login@smtp-brevo.com");
    assert_true(mes_str_eq(mes_secret_reveal(brevo->password), MES_STR("not-a-real-password")));
    assert_string_equal(brevo->from_name, "Service Center Of Example");
    assert_string_equal(brevo->remarks, "客戶服務中心\n第二行");
    assert_int_equal(brevo->mail_tool, 0);
    assert_int_equal(brevo->connect_timeout, 60);
    assert_int_equal(brevo->final_reply_timeout, 600);
    assert_int_equal(brevo->max_connections, 10);
    assert_int_equal(brevo->pipeline_depth, 4);
    assert_int_equal(brevo->reserve_transactional, 10);
    assert_int_equal(brevo->quota_reset_minute, -1);
    const struct mes_account *qq = mes_account_list_at(testing->list, 1);
    assert_int_equal(qq->tls, MES_ACCOUNT_TLS_AT_ONCE);
    assert_int_equal(qq->port, 465);
    assert_int_equal(qq->pipelining, MES_PIPELINING_P);
    assert_ptr_equal(mes_account_list_find(testing->list, MES_STR("12345678@QQ.com")), qq);
    assert_null(mes_account_list_at(testing->list, 2));
    assert_null(mes_account_list_name(testing->list, 2));
    const struct mes_origin *origin = &qq->origins[MES_ACCOUNT_SETTING_port];
    assert_int_equal(origin->kind, MES_ORIGIN_FILE);
    assert_int_equal(origin->line, 28);
    assert_int_equal(origin->column, 31);
}

static void the_node_may_stand_under_global_config(void **state)
{
    static const char *const environment[] = {"MAIL_CODE=code", NULL};
    struct testing *testing = *state;
    assert_int_equal(testing_load(testing, data_file("appsettings.json"), NULL, environment), 0);
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_string_equal(account->host, "smtp.163.com");
    assert_string_equal(account->from_address, "someone@163.com");
    assert_true(mes_str_eq(mes_secret_reveal(account->password), MES_STR("code")));
    assert_int_equal(account->port, 465);
    assert_int_equal(account->tls, MES_ACCOUNT_TLS_AT_ONCE);
    assert_int_equal(account->origins[MES_ACCOUNT_SETTING_host].kind, MES_ORIGIN_PROVIDER);
    const char *folder = mes_account_list_globals(testing->list)->mail_template_folder;
    assert_non_null(strstr(folder, "tests/data/accounts/MailTemplate"));
}

static void a_company_has_its_own_file(void **state)
{
    struct testing *testing = *state;
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), "6000014", NULL), 0);
    assert_string_equal(mes_account_list_name(testing->list, 0), "internal");
    assert_int_equal(mes_account_list_at(testing->list, 0)->tls, MES_ACCOUNT_TLS_NONE);
    assert_string_equal(mes_account_list_file(testing->list),
                        data_file("Config/SenderEmailAccountList_6000014.Json"));
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), "6000015", NULL), 0);
    assert_string_equal(mes_account_list_at(testing->list, 0)->host, "smtp.gmail.com");
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), "6000016", NULL), 0);
    assert_string_equal(mes_account_list_name(testing->list, 0), "service@example.hk");
    assert_string_equal(mes_account_list_file(testing->list), data_file("AppSetting.json"));
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), "../6", NULL), MES_E_CONFIG);
    assert_found(testing, "problem: ../6 is no company id");
    assert_int_equal(testing_load(testing, data_file("AppSetting.json"), "", NULL), MES_E_CONFIG);
}

static void the_general_list_may_have_a_file(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "appSettings.JSON", "{\"globalConfig\":{}}");
    assert_int_equal(testing_load(testing, "appSettings.JSON", NULL, NULL), MES_E_CONFIG);
    assert_found(testing, "problem: appSettings.JSON has no account");
    testing_put(
        testing, "senderEmailAccountlist.JSON",
        "{\"senderEmailAccountList\":[{\"senderServerHost\":\"beside\",\"fromMailAddress\":\"a@x\"}]}");
    assert_int_equal(testing_load(testing, "AppSettings.json", "1", NULL), 0);
    assert_string_equal(mes_account_list_at(testing->list, 0)->host, "beside");
    testing_put(testing, "config/SenderEmailAccountList.Json",
                "[{\"senderServerHost\":\"config\",\"fromMailAddress\":\"a@x\"}]");
    assert_int_equal(testing_load(testing, "", NULL, NULL), 0);
    assert_string_equal(mes_account_list_at(testing->list, 0)->host, "config");
    assert_found(testing, "note: The accounts are those of config/SenderEmailAccountList.Json.");
    assert_non_null(strstr(mes_account_list_settings_file(testing->list), "appSettings.JSON"));
}

static void a_missing_file_is_said_so(void **state)
{
    struct testing *testing = *state;
    assert_int_equal(testing_load(testing, "nothing.json", NULL, NULL), MES_E_NOT_FOUND);
    assert_int_equal(testing_load(testing, "no/folder.json", NULL, NULL), MES_E_NOT_FOUND);
    assert_found(testing, "problem: There is no file ");
    assert_int_equal(testing_load(testing, "", NULL, NULL), MES_E_NOT_FOUND);
    assert_found(testing, "problem: There is no AppSetting.json in the folder ");
}

static void the_environment_overrides(void **state)
{
    static const char *const environment[] = {
        "PATH=/bin",
        "DOTNET_ENVIRONMENT=Production",
        "SENDERemailAccountList__0__senderUserPassword=secret=1",
        "globalConfig__senderEmailAccountList__1__senderServerHost=added",
        "senderEmailAccountList__1__fromMailAddress=b@x",
        "globalconfig__LISTEN=127.0.0.1:8080",
        "globalConfig__languageFallback=zh-CN, en-US",
        "senderEmailAccountList__0__senderServerHots=x",
        "senderEmailAccountList__x__name=x",
        "globalConfigured=x",
        NULL};
    struct testing *testing = *state;
    testing_put(
        testing, "AppSetting.json",
        "{\"senderEmailAccountList\":[{\"senderServerHost\":\"base\",\"fromMailAddress\":\"a@x\",\n"
        "\"senderUserName\":\"u\",\"senderUserPassword\":\"p\",\"enableTSL\":true}],\"globalConfig\":{"
        "\"failoverOn\":\"any\",\"timeZone\":\"Asia/Shanghai\"}}");
    testing_put(
        testing, "appsettings.production.json",
        "{\"senderEmailAccountList\":[{\"senderServerHost\":\"production\",\"senderUserName\":null}],\n"
        "\"globalConfig\":{\"timeZone\":\"Europe/Paris\"}}");
    assert_int_equal(testing_load(testing, "AppSetting.json", NULL, environment), 0);
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_string_equal(account->host, "production");
    assert_string_equal(account->user_name, "u");
    assert_true(mes_str_eq(mes_secret_reveal(account->password), MES_STR("secret=1")));
    const struct mes_origin *origin = &account->origins[MES_ACCOUNT_SETTING_password];
    assert_int_equal(origin->kind, MES_ORIGIN_ENVIRONMENT);
    assert_string_equal(origin->place, "SENDERemailAccountList__0__senderUserPassword");
    assert_int_equal(mes_account_list_count(testing->list), 2);
    assert_string_equal(mes_account_list_at(testing->list, 1)->host, "added");
    const struct mes_account_globals *globals = mes_account_list_globals(testing->list);
    assert_string_equal(globals->listen, "127.0.0.1:8080");
    assert_string_equal(globals->time_zone, "Europe/Paris");
    assert_int_equal(globals->failover_on, MES_FAILOVER_ON_ANY);
    assert_int_equal(globals->language_fallback.count, 2);
    assert_string_equal(globals->language_fallback.texts[1], "en-US");
    assert_found(testing, "note: Settings in appsettings.production.json override");
    assert_found(testing,
                 "warning: The variable senderEmailAccountList__0__senderServerHots names no setting and has "
                 "no effect. Should it end with senderServerHost?");
    assert_found(testing, "warning: The variable senderEmailAccountList__x__name names no setting");
    assert_false(testing_found(testing, "warning: The variable globalConfigured"));
}

static void overrides_leave_a_company_alone(void **state)
{
    static const char *const environment[] = {"DOTNET_ENVIRONMENT=Production",
                                              "senderEmailAccountList__0__senderServerHost=general",
                                              "globalConfig__timeZone=Asia/Tokyo", NULL};
    struct testing *testing = *state;
    testing_put(testing, "AppSetting.json", "{\"senderEmailAccountList\":[]}");
    testing_put(testing, "AppSetting.Production.json",
                "{\"senderEmailAccountList\":[{\"senderServerHost\":\"production\"}]}");
    testing_put(testing, "SenderEmailAccountList_7.json",
                "[{\"senderServerHost\":\"seven\",\"fromMailAddress\":\"a@x\"}]");
    assert_int_equal(testing_load(testing, "AppSetting.json", "7", environment), 0);
    assert_int_equal(mes_account_list_count(testing->list), 1);
    assert_string_equal(mes_account_list_at(testing->list, 0)->host, "seven");
    assert_string_equal(mes_account_list_globals(testing->list)->time_zone, "Asia/Tokyo");
}

static void secrets_may_stand_elsewhere(void **state)
{
    static const char *const environment[] = {"CODE=from variable", "EMPTY=", NULL};
    struct testing *testing = *state;
    testing_put(testing, "keys/one", " from file \r\n");
    testing_put(testing, "keys/empty", "\n");
    testing_put(testing, "a.json",
                "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\",\"senderUserName\":\"u\","
                "\"enableTSL\":true,\n"
                "\"senderUserPassword\":\"file:keys/one\",\"clientCertificatePassword\":\"ENV:CODE\"}]");
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_true(mes_str_eq(mes_secret_reveal(account->password), MES_STR(" from file ")));
    assert_true(
        mes_str_eq(mes_secret_reveal(account->client_certificate_password), MES_STR("from variable")));
    assert_no_warning(testing);
    assert_int_equal(chmod(testing_path(testing, "keys/one"), 0644), 0);
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    assert_found(testing, "warning: keys/one holds a secret and can be read by others");

    assert_int_equal(testing_load_text(testing,
                                       "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\",\n"
                                       "\"senderUserName\":\"u\",\"senderUserPassword\":\"env:EMPTY\"}]"),
                     MES_E_CONFIG);
    assert_found(testing,
                 "problem: a.json:2:43: senderUserPassword names the variable EMPTY, which is not set");
    assert_false(testing_found(testing, "problem: a.json:1:2"));
    assert_int_equal(testing_load_text(testing, "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\",\n"
                                                "\"senderUserPassword\":\"file:keys/none\"}]"),
                     MES_E_CONFIG);
    assert_found(testing,
                 "problem: a.json:2:22: senderUserPassword names the file keys/none, which cannot be read");
    assert_int_equal(testing_load_text(testing, "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\",\n"
                                                "\"senderUserPassword\":\"file:keys/empty\"}]"),
                     MES_E_CONFIG);
    assert_found(testing,
                 "problem: a.json:2:22: senderUserPassword names the file keys/empty, which is empty");
}

static void a_disabled_account_is_left_out(void **state)
{
    struct testing *testing = *state;
    assert_loads(testing, "[{\"enabled\":false},{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\"}]");
    assert_int_equal(mes_account_list_count(testing->list), 1);
    assert_found(testing, "note: a.json:1:13: this account is left out");
    assert_int_equal(testing_load_text(testing, "[{\"enabled\":false}]"), MES_E_CONFIG);
    assert_found(testing, "problem: a.json: every account has");
}

static void each_account_has_an_identity(void **state)
{
    struct testing *testing = *state;
    assert_loads(testing, "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\"},\n"
                          "{\"senderServerHost\":\"x\",\"fromMailAddress\":\"A@x\"},\n"
                          "{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\",\"name\":\"a@x#3\"},\n"
                          "{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x\"}]");
    assert_string_equal(mes_account_list_name(testing->list, 0), "a@x");
    assert_string_equal(mes_account_list_name(testing->list, 1), "A@x#2");
    assert_string_equal(mes_account_list_name(testing->list, 2), "a@x#3");
    assert_string_equal(mes_account_list_name(testing->list, 3), "a@x#4");
}

#define ACCOUNT_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCOUNT_TEST(files_of_the_old_form_load_unchanged),
        ACCOUNT_TEST(the_node_may_stand_under_global_config),
        ACCOUNT_TEST(a_company_has_its_own_file),
        ACCOUNT_TEST(the_general_list_may_have_a_file),
        ACCOUNT_TEST(a_missing_file_is_said_so),
        ACCOUNT_TEST(the_environment_overrides),
        ACCOUNT_TEST(overrides_leave_a_company_alone),
        ACCOUNT_TEST(secrets_may_stand_elsewhere),
        ACCOUNT_TEST(a_disabled_account_is_left_out),
        ACCOUNT_TEST(each_account_has_an_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
