/* Every refusal names file:line:column, the key, what is wrong and what to write. */
#include <jansson.h>

#include "account/folder_test.h"
#include "base/alloc.h"

static void assert_refused(struct testing *testing, const char *content, const char *finding)
{
    char expected[512];
    if (testing_load_text(testing, content) != MES_E_CONFIG)
        fail_msg("taken: %s", content);
    (void)snprintf(expected, sizeof expected, "problem: %s", finding);
    assert_found(testing, expected);
}

/* A list with one sound account that also has `text`, on a line of its own. */
static const char *account_with(const char *text)
{
    static char content[4096];
    (void)snprintf(content, sizeof content,
                   "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x.hk\",\"senderUserName\":\"u\",\n"
                   "\"senderUserPassword\":\"p\",\"enableTSL\":true,\n%s}]",
                   text);
    return content;
}

static void a_refusal_names_place_key_and_remedy(void **state)
{
    static const struct {
        const char *text;
        const char *finding;
    } rows[] = {
        {" \"enableSSL\": true", "a.json:2:38: enableSSL and enableTSL are both true. Write"},
        {" \"senderServerHostPort\": \"ssl\"",
         "a.json:3:26: senderServerHostPort is not a number. Write a whole number from 1 to 65535."},
        {" \"senderServerHostPort\": 465.5", "a.json:3:26: senderServerHostPort is not a number."},
        {" \"senderServerHostPort\": \"\"", "a.json:3:26: senderServerHostPort is not a number."},
        {" \"senderServerHostPort\": -1", "a.json:3:26: senderServerHostPort is not a number."},
        {" \"senderServerHostPort\": true", "a.json:3:26: senderServerHostPort is not a number."},
        {" \"senderServerHostPort\": 0", "a.json:3:26: senderServerHostPort is out of range."},
        {" \"senderServerHostPort\": 65536", "a.json:3:26: senderServerHostPort is out of range."},
        {" \"connectTimeoutSeconds\": 0",
         "a.json:3:27: connectTimeoutSeconds is out of range. Write a whole number from 1 to 3600."},
        {" \"mailTool\": 2", "a.json:3:14: mailTool is out of range. Write a whole number from 0 to 1."},
        {" \"enableTLS\": true", "a.json:3:2: enableTLS stands beside enableTSL, which is the same setting."},
        {" \"EnablePasswordAuthentication\": \"yes\"",
         "a.json:3:34: enablePasswordAuthentication must be true or false."},
        {" \"enabled\": 1", "a.json:3:13: enabled must be true or false."},
        {" \"pipelining\": \"Z\"", "a.json:3:16: pipelining must be one of: auto off P X B."},
        {" \"use\": [\"any\"]", "a.json:3:9: use must be one of: any transactional bulk."},
        {" \"tlsMinVersion\": 1.1", "a.json:3:19: tlsMinVersion must be one of: 1.2 1.3."},
        {" \"name\": {}", "a.json:3:10: name must be a text in quotation marks."},
        {" \"clientCertificatePassword\": false",
         "a.json:3:31: clientCertificatePassword must be a text in quotation marks."},
        {" \"ehloName\": \"a\\r\\nMAIL\"",
         "a.json:3:14: ehloName holds a line end or another control character."},
        {" \"ehloName\": \"a b\"", "a.json:3:14: ehloName must be one word of ASCII"},
        {" \"allowedFrom\": [\"b@x.hk\", 7, \"c\\u007f\"]",
         "a.json:3:31: allowedFrom holds a line end or another control character."},
        {" \"allowedFrom\": \"*@x.hk; none\"", "a.json:3:17: allowedFrom: none is no mail address."},
        {" \"allowedFrom\": \"*\"", "a.json:3:17: allowedFrom: * is neither an address nor a pattern."},
        {" \"replyToDefault\": \"a@b@c\"", "a.json:3:20: replyToDefault: a@b@c is no mail address."},
        {" \"authMechanism\": \"SCRAM-SHA-1\", \"authMinimum\": \"SCRAM-SHA-256\"",
         "a.json:3:19: authMechanism names a way to log in that is weaker than authMinimum allows."},
        {" \"authMechanism\": \"LOGIN\", \"authMinimum\": \"CRAM-MD5\"",
         "a.json:3:19: authMechanism names a way to log in that is weaker than authMinimum allows."},
        {" \"quotaReset\": \"24:00 UTC\"", "a.json:3:16: quotaReset: 24:00 UTC cannot be read."},
        {" \"quotaReset\": \"00:00 Mars/Base\"",
         "a.json:3:16: quotaReset: there is no time zone Mars/Base. Write a name such as Asia/Hong_Kong"},
    };
    struct testing *testing = *state;
    assert_loads(testing, account_with("\"Remarks\":null"));
    assert_loads(testing, account_with("\"authMechanism\":\"CRAM-MD5\",\"authMinimum\":\"CRAM-MD5\""));
    assert_loads(testing, account_with("\"authMechanism\":\"XOAUTH2\",\"authMinimum\":\"SCRAM-SHA-256\""));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(testing, account_with(rows[i].text), rows[i].finding);
}

static void H05_settings_of_the_service_are_refused_with_their_place(void **state)
{
    static const char *const rows[][2] = {
        {"\"listen\": [8025]", "a.json:2:13: listen must be a text"},
        {"\"keepProofDays\": 0", "a.json:2:20: keepProofDays"},
        {"\"logFormat\": \"xml\"", "a.json:2:16: logFormat must be one of: keyvalue"},
        {"\"latePolicy\": \"never\"", "a.json:2:17: latePolicy must be one of: send"},
        {"\"backupAt\": \"3:30\"", "a.json:2:15: backupAt: 3:30 is no time of day."},
        {"\"backupAt\": \"24:00\"", "a.json:2:15: backupAt: 24:00 is no time of day."},
        {"\"publicUrl\": \"mail.example\"", "a.json:2:16: publicUrl: mail.example is no address of the web."},
        {"\"tlsKeyFile\": \"key.pem\"", "a.json:2:17: tlsCertificateFile and tlsKeyFile only work together."},
    };
    struct testing *testing = *state;
    char text[512];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "{\"globalConfig\":{\n  %s},\"senderEmailAccountList\":[{\"senderServerHost\":\"x\","
                       "\"fromMailAddress\":\"a@x.hk\"}]}",
                       rows[i][0]);
        assert_refused(testing, text, rows[i][1]);
    }
}

static void what_is_missing_is_named(void **state)
{
    struct testing *testing = *state;
    assert_refused(testing, "[\n  { \"fromMailAddress\": \"a@x.hk\" }]",
                   "a.json:2:3: senderServerHost is missing.");
    assert_refused(testing, "[{ \"senderOfCompany\": \"qqq.com\", \"senderUserName\": \"a@x.hk\" }]",
                   "a.json:1:23: senderOfCompany: qqq.com is no known provider. Did you mean qq.com?");
    assert_null(strstr(mes_buf_text(&testing->findings), "port 25"));
    assert_refused(testing, "[{ \"senderOfCompany\": \"Our Shop Ltd\", \"fromMailAddress\": \"a@x.hk\" }]",
                   "a.json:1:23: senderOfCompany: Our Shop Ltd is no known provider. Write the name");
    assert_refused(testing, "[{ \"senderServerHost\": \"smtp.qq.com:465\" }]",
                   "a.json:1:24: senderServerHost: smtp.qq.com:465 is no server name.");
    assert_refused(testing, "[{ \"senderServerHost\": \"https://x\" }]",
                   "a.json:1:24: senderServerHost: https://x is no");
    assert_refused(testing, "[{ \"senderServerHost\": \"x\" }]", "a.json:1:2: fromMailAddress is missing.");
    assert_refused(testing, "[{ \"senderServerHost\": \"x\", \"fromMailAddress\": \"a\" }]",
                   "a.json:1:48: fromMailAddress: a is no mail address.");
    assert_refused(testing,
                   "[{ \"senderServerHost\": \"x\", \"fromMailAddress\": "
                   "\"a@x.hk\",\n\"enablePasswordAuthentication\":true }]",
                   "a.json:2:32: with enablePasswordAuthentication, senderUserName is missing.");
    assert_found(testing,
                 "problem: a.json:2:32: with enablePasswordAuthentication, senderUserPassword is missing.");
    assert_refused(
        testing,
        "[{ \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x.hk\",\n\"senderUserName\":\"u\","
        "\"senderUserPassword\":\"\" }]",
        "a.json:1:2: with enablePasswordAuthentication, senderUserPassword is missing.");
}

static void the_list_itself_may_be_wrong(void **state)
{
    struct testing *testing = *state;
    assert_refused(testing, "[]", "a.json has no account in a node senderEmailAccountList");
    assert_refused(testing, "{}", "a.json has no account in a node senderEmailAccountList");
    assert_refused(testing, "[\n 7]", "a.json:2:2: an account must be an object");
    assert_refused(testing, "{\n\"SenderEmailAccountList\": {}}",
                   "a.json:2:27: SenderEmailAccountList must be a list");
    assert_refused(testing, "{\"globalConfig\": []}", "a.json:1:18: globalConfig must be an object");
    assert_refused(testing, "{\"globalConfig\": {\"timeZone\": \"Asia/HongKong\"}}",
                   "a.json:1:31: timeZone: there is no time zone Asia/HongKong.");
    assert_refused(testing, "[{\"name\":\"a\",}", "a.json:1:15: the file ends too early");
    assert_refused(testing,
                   "[{\"name\":\"a\",\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x.hk\"},\n"
                   "{\"name\":\"A\",\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x.hk\"}]",
                   "a.json:2:9: name is A, which another account has already.");
}

static void a_missing_template_folder_is_warned_of(void **state)
{
    struct testing *testing = *state;
    assert_loads(testing,
                 "{\"globalConfig\": {\"mailTemplateFolder\": \"none\"},\n\"senderEmailAccountList\": "
                 "[{\"senderServerHost\":\"x\",\"fromMailAddress\":\"a@x.hk\"}]}");
    assert_found(testing, "warning: a.json:1:41: mailTemplateFolder: there is no folder ");
}

static void all_problems_are_told_at_once(void **state)
{
    struct testing *testing = *state;
    char text[512];
    assert_int_equal(testing_load_text(testing, "[{\"senderServerHostPort\":\"x\"},\n{\"enabled\":7}]"),
                     MES_E_CONFIG);
    assert_found(testing, "problem: a.json:1:26: senderServerHostPort is not a number");
    assert_found(testing, "problem: a.json:1:2: senderServerHost is missing");
    assert_found(testing, "problem: a.json:2:12: enabled must be true or false");
    /* The first of them is the error. */
    mes_error_text(&testing->error, MES_EN, text, sizeof text);
    assert_non_null(strstr(text, "a.json:1:26: senderServerHostPort is not a number"));
    mes_error_text(&testing->error, MES_ZH_HK, text, sizeof text);
    assert_non_null(strstr(text, "a.json:1:26：senderServerHostPort 不是數字"));
}

static void unknown_keys_are_warned_of(void **state)
{
    struct testing *testing = *state;
    assert_loads(testing,
                 account_with(" \"SenderUserPasword\": \"p\", \"colour\": 1, \"$schema\": \"\", \"//\": 1"));
    assert_found(testing,
                 "warning: a.json:3:2: the key SenderUserPasword is unknown and has no effect. Did you mean "
                 "senderUserPassword?");
    assert_found(testing, "warning: a.json:3:28: the key colour is unknown and has no effect. Take it out.");
    assert_false(testing_found(testing, "warning: a.json:3:41"));
    assert_loads(testing,
                 "{\"globalConfig\":{\"timezome\":1,\"senderEmailAccountList\":[{\"senderServerHost\":\"x\","
                 "\"fromMailAddress\":\"a@x.hk\"}]},\"AllowedHosts\":\"*\"}");
    assert_found(
        testing,
        "warning: a.json:1:18: the key timezome is unknown and has no effect. Did you mean timeZone?");
    assert_false(testing_found(testing, "warning: a.json:1:2"));
}

static void files_that_are_not_there_are_warned_of(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "ca.pem", "x");
    assert_loads(testing,
                 account_with(" \"tlsCaFile\": \"ca.pem\", \"clientCertificateFile\": \"none.pfx\""));
    assert_found(testing, "warning: a.json:3:50: clientCertificateFile: there is no file none.pfx.");
    assert_false(testing_found(testing, "warning: a.json:3:15"));
    assert_loads(testing, account_with(" \"allowInvalidCertificate\": true"));
    assert_found(testing, "warning: a.json:3:29: with allowInvalidCertificate anybody on the way can read");
}

static size_t allocations_left;

static bool count_down(size_t size)
{
    (void)size;
    return allocations_left-- > 0;
}

/* Each allocation fails in turn: a clean error, nothing kept, nothing taken for a mistake in the file. */
static void each_allocation_may_fail(void **state)
{
    static const char *const environment[] = {"CODE=c", "DOTNET_ENVIRONMENT=Production",
                                              "senderEmailAccountList__0__name=n", NULL};
    struct testing *testing = *state;
    char path[256];
    struct mes_account_source source = {.path = path, .environment = environment};
    int code = MES_E_NOMEM;
    testing_put(testing, "secret", "s\n");
    testing_put(testing, "AppSetting.json", "{\"globalConfig\":{\"timeZone\":\"Asia/Shanghai\"}}");
    testing_put(testing, "AppSetting.Production.json",
                "{\"globalConfig\":{\"languageFallback\":[\"zh-CN\"]}}");
    testing_put(
        testing, "Config/SenderEmailAccountList.json",
        "[{\"senderOfCompany\":\"qq\",\"senderUserName\":\"u@qq.com\",\"senderUserPassword\":\"env:CODE\","
        "\"clientCertificatePassword\":\"file:../secret\",\"allowedFrom\":[\"*@x.hk\"],"
        "\"quotaReset\":\"00:00 Asia/Shanghai\",\"colour\":1},"
        "{\"senderServerHost\":\"x\",\"fromMailAddress\":\"b@x.hk\",\"enabled\":false},"
        "{\"senderServerHost\":\"x\",\"fromMailAddress\":\"客@例子.測試\",\"Remarks\":\"r\"}]");
    (void)snprintf(path, sizeof path, "%s", testing->folder);
    json_set_alloc_funcs(mes_alloc, mes_free);
    mes_alloc_set_hook(count_down);
    size_t most = 0;
    for (; code == MES_E_NOMEM && most < 5000; most++) {
        struct mes_account_list *list;
        struct mes_error error = {0};
        allocations_left = most;
        code = mes_account_load(&source, &list, &error);
        if (code != error.code || (code != 0 && code != MES_E_NOMEM)) {
            char text[1000];
            mes_alloc_set_hook(NULL);
            fail_msg("%zu: %d %s", most, code, mes_error_text(&error, MES_EN, text, sizeof text));
        }
        mes_account_list_free(&list);
    }
    mes_alloc_set_hook(NULL);
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(code, 0);
    assert_true(most > 20);
}

#define REFUSE_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REFUSE_TEST(a_refusal_names_place_key_and_remedy),
        REFUSE_TEST(H05_settings_of_the_service_are_refused_with_their_place),
        REFUSE_TEST(what_is_missing_is_named),
        REFUSE_TEST(the_list_itself_may_be_wrong),
        REFUSE_TEST(a_missing_template_folder_is_warned_of),
        REFUSE_TEST(all_problems_are_told_at_once),
        REFUSE_TEST(unknown_keys_are_warned_of),
        REFUSE_TEST(files_that_are_not_there_are_warned_of),
        REFUSE_TEST(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
