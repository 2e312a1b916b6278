/* TLS mode, port and provider: what follows from the flags of old and new files. */
#include "account/config.h"
#include "account/folder_test.h"
#include "account/setting.h"

static const struct mes_account *load_with(struct testing *testing, const char *text)
{
    static char content[2048];
    (void)snprintf(content, sizeof content,
                   "[{\"senderUserName\":\"a@x.hk\",\"senderUserPassword\":\"p\",\n%s}]", text);
    assert_loads(testing, content);
    return mes_account_list_at(testing->list, 0);
}

static const struct {
    const char *text;
    enum mes_account_tls tls;
    int port;
    const char *warning; /* NULL: none at all */
} modes[] = {
    {"\"senderServerHost\":\"x\",\"enableSSL\":true", MES_ACCOUNT_TLS_AT_ONCE, 465, NULL},
    {"\"senderServerHost\":\"x\",\"enableTSL\":true", MES_ACCOUNT_TLS_STARTTLS, 587, NULL},
    {"\"senderServerHost\":\"x\",\"enableTLS\":true,\"senderServerHostPort\":25", MES_ACCOUNT_TLS_STARTTLS,
     25, NULL},
    {"\"senderServerHost\":\"x\",\"allowPlaintextAuth\":true", MES_ACCOUNT_TLS_NONE, 25, NULL},
    {"\"senderServerHost\":\"x\",\"enableSSL\":false", MES_ACCOUNT_TLS_NONE, 25,
     "a.json:1:2: the password is not sent without TLS, so this account will not work on port 25."},
    {"\"senderServerHost\":\"x\",\"enablePasswordAuthentication\":false", MES_ACCOUNT_TLS_NONE, 25, NULL},
    /* Ports that do not go with the flag. */
    {"\"senderServerHost\":\"x\",\"senderServerHostPort\":465,\n\"enableTSL\":true", MES_ACCOUNT_TLS_STARTTLS,
     465,
     "a.json:3:13: port 465 expects TLS at once, not STARTTLS. Write \"enableSSL\": true and "
     "\"enableTSL\": false"},
    {"\"senderServerHost\":\"x\",\"senderServerHostPort\":994,\n\"enableTSL\":true", MES_ACCOUNT_TLS_STARTTLS,
     994, "a.json:3:13: port 994 expects TLS at once"},
    {"\"senderServerHost\":\"x\",\"senderServerHostPort\":587,\n\"enableSSL\":true", MES_ACCOUNT_TLS_AT_ONCE,
     587,
     "a.json:3:13: port 587 expects STARTTLS, not TLS at once. Write \"enableSSL\": false and "
     "\"enableTSL\": true"},
    {"\"senderServerHost\":\"x\",\"senderServerHostPort\":465", MES_ACCOUNT_TLS_NONE, 465,
     "a.json:2:47: port 465 expects TLS at once, but neither enableSSL nor enableTSL is true."},
    /* The old library behind mailTool 0 knew STARTTLS alone. */
    {"\"senderServerHost\":\"x\",\"mailTool\":0,\"senderServerHostPort\":587,\n\"enableSSL\":true",
     MES_ACCOUNT_TLS_STARTTLS, 587,
     "a.json:3:13: with \"mailTool\": 0, enableSSL on port 587 is taken as STARTTLS"},
    {"\"senderServerHost\":\"x\",\"mailTool\":0,\"senderServerHostPort\":465,\"enableSSL\":true",
     MES_ACCOUNT_TLS_AT_ONCE, 465, NULL},
    {"\"senderServerHost\":\"x\",\"mailTool\":0,\"senderServerHostPort\":994,\"enableSSL\":true",
     MES_ACCOUNT_TLS_AT_ONCE, 994, NULL},
    {"\"senderServerHost\":\"x\",\"mailTool\":1,\"senderServerHostPort\":2465,\"enableSSL\":true",
     MES_ACCOUNT_TLS_AT_ONCE, 2465, NULL},
    {"\"senderServerHost\":\"x\",\"mailTool\":0,\"enableTSL\":true", MES_ACCOUNT_TLS_STARTTLS, 587, NULL},
    {"\"senderServerHost\":\"x\",\"senderServerHostPort\":587,\n\"mailTool\":0", MES_ACCOUNT_TLS_IF_OFFERED,
     587,
     "a.json:3:12: with \"mailTool\": 0 and neither enableSSL nor enableTSL, STARTTLS is used where port "
     "587"},
    {"\"senderServerHost\":\"x\",\"mailTool\":0,\"enableSSL\":false,\n\"enableTSL\":false",
     MES_ACCOUNT_TLS_IF_OFFERED, 25, "a.json:3:13: with \"mailTool\": 0 and neither"},
    /* What the provider's row knows. */
    {"\"senderOfCompany\":\"163.COM\"", MES_ACCOUNT_TLS_AT_ONCE, 465, NULL},
    {"\"senderOfCompany\":\"126\",\"enableTSL\":true", MES_ACCOUNT_TLS_STARTTLS, 587, NULL},
    {"\"senderOfCompany\":\"google\"", MES_ACCOUNT_TLS_STARTTLS, 587, NULL},
    {"\"senderOfCompany\":\"google\",\"senderServerHostPort\":465", MES_ACCOUNT_TLS_AT_ONCE, 465, NULL},
    {"\"senderOfCompany\":\"163\",\"senderServerHostPort\":587", MES_ACCOUNT_TLS_STARTTLS, 587, NULL},
    {"\"senderServerHost\":\"smtp.gmail.com\",\"enableTSL\":false,\"enableSSL\":false", MES_ACCOUNT_TLS_NONE,
     25, "a.json:2:49: Gmail does not take mail in plain text."},
};

static void flags_port_and_provider_give_the_mode(void **state)
{
    struct testing *testing = *state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char warning[300];
        const struct mes_account *account = load_with(testing, modes[i].text);
        (void)snprintf(warning, sizeof warning, "warning: %s",
                       modes[i].warning != NULL ? modes[i].warning : "");
        if (account->tls != modes[i].tls || account->port != modes[i].port)
            fail_msg("%s: mode %d port %d", modes[i].text, (int)account->tls, (int)account->port);
        size_t first = mes_str_find(mes_buf_str(&testing->findings), MES_STR("warning:"), 0);
        size_t second = first == SIZE_MAX
                            ? SIZE_MAX
                            : mes_str_find(mes_buf_str(&testing->findings), MES_STR("warning:"), first + 1);
        if ((first == SIZE_MAX) != (modes[i].warning == NULL) || second != SIZE_MAX)
            fail_msg("%s:\n%s", modes[i].text, mes_buf_text(&testing->findings));
        if (modes[i].warning != NULL)
            assert_found(testing, warning);
    }
}

static void the_provider_is_found_by_name_alias_or_host(void **state)
{
    static const struct {
        const char *name;
        const char *host;
        const char *id;
    } rows[] = {
        {"qq", "", "qq.com"},
        {"QQ.COM", "smtp.example", "qq.com"},
        {"example.hk", "smtp-relay.brevo.com", "brevo.com"},
        {"", "SMTP.163.com", "163.com"},
        {"", "eu.smtp.126.com", "126.com"},
        {"", "notsmtp.126.com", NULL},
        {"", "smtp.126.com.evil.example", NULL},
        {"", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mes_provider *provider =
            mes_account_provider_find(mes_str_of(rows[i].name), mes_str_of(rows[i].host));
        if (rows[i].id == NULL)
            assert_null(provider);
        else
            assert_string_equal(provider->id, rows[i].id);
    }
}

static void own_values_win_over_the_providers(void **state)
{
    struct testing *testing = *state;
    const struct mes_account *account = load_with(
        testing, "\"senderOfCompany\":\"qq\",\"pipelining\":\"off\",\"senderServerHost\":\"relay.example\"");
    assert_string_equal(account->host, "relay.example");
    assert_int_equal(account->pipelining, MES_PIPELINING_OFF);
    assert_string_equal(account->provider->id, "qq.com");
    account = load_with(testing, "\"senderOfCompany\":\"qq\",\n\"fromMailAddress\":\"b@x.hk\"");
    assert_int_equal(account->pipelining, MES_PIPELINING_P);
    assert_int_equal(account->origins[MES_ACCOUNT_SETTING_pipelining].kind, MES_ORIGIN_PROVIDER);
    assert_found(testing, "warning: a.json:3:19: ");
}

static void settings_and_enums_agree(void **state)
{
    static const struct {
        enum mes_account_setting setting;
        int choice;
        const char *word;
    } rows[] = {
        {MES_ACCOUNT_SETTING_transport, MES_ACCOUNT_TRANSPORT_SMTP, "smtp"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_AUTO, "auto"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_PLAIN, "PLAIN"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_LOGIN, "LOGIN"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_CRAM_MD5, "CRAM-MD5"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_SCRAM_SHA_1, "SCRAM-SHA-1"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_SCRAM_SHA_256, "SCRAM-SHA-256"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_SCRAM_SHA_1_PLUS, "SCRAM-SHA-1-PLUS"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_NONE, "none"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_CRAM_MD5, "CRAM-MD5"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_SCRAM_SHA_1, "SCRAM-SHA-1"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_SCRAM_SHA_256, "SCRAM-SHA-256"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_SCRAM_SHA_1_PLUS, "SCRAM-SHA-1-PLUS"},
        {MES_ACCOUNT_SETTING_auth_minimum, MES_AUTH_MINIMUM_SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_XOAUTH2, "XOAUTH2"},
        {MES_ACCOUNT_SETTING_auth_mechanism, MES_AUTH_OAUTHBEARER, "OAUTHBEARER"},
        {MES_ACCOUNT_SETTING_tls_min_version, MES_ACCOUNT_TLS_1_2, "1.2"},
        {MES_ACCOUNT_SETTING_tls_min_version, MES_ACCOUNT_TLS_1_3, "1.3"},
        {MES_ACCOUNT_SETTING_pipelining, MES_PIPELINING_AUTO, "auto"},
        {MES_ACCOUNT_SETTING_pipelining, MES_PIPELINING_OFF, "off"},
        {MES_ACCOUNT_SETTING_pipelining, MES_PIPELINING_P, "P"},
        {MES_ACCOUNT_SETTING_pipelining, MES_PIPELINING_X, "X"},
        {MES_ACCOUNT_SETTING_pipelining, MES_PIPELINING_B, "B"},
        {MES_ACCOUNT_SETTING_use, MES_USE_ANY, "any"},
        {MES_ACCOUNT_SETTING_use, MES_USE_TRANSACTIONAL, "transactional"},
        {MES_ACCOUNT_SETTING_use, MES_USE_BULK, "bulk"},
        {MES_ACCOUNT_SETTING_on_doubt, MES_ON_DOUBT_RESEND, "resend"},
        {MES_ACCOUNT_SETTING_on_doubt, MES_ON_DOUBT_HOLD, "hold"},
    };
    const struct mes_setting *failover =
        mes_account_setting_at(MES_SCOPE_GLOBAL, MES_GLOBAL_SETTING_failover_on);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mes_setting *setting = mes_account_setting_at(MES_SCOPE_ACCOUNT, rows[i].setting);
        assert_int_equal(mes_account_setting_choice(setting, mes_str_of(rows[i].word)), rows[i].choice);
        assert_true(mes_str_eq(mes_account_setting_word(setting, rows[i].choice), mes_str_of(rows[i].word)));
    }
    assert_int_equal(mes_account_setting_choice(failover, MES_STR("ANY")), MES_FAILOVER_ON_ANY);
    assert_int_equal(mes_account_setting_choice(failover, MES_STR("none")), -1);
}

static void keep_row(void *context, const struct mes_config_row *row)
{
    struct testing *testing = context;
    mes_buf_add_format(&testing->findings, "row: %s %s=%s ", row->account != NULL ? row->account : "-",
                       row->setting->key, row->value);
    mes_account_config_origin(&testing->findings, MES_EN, row->origin);
    mes_buf_add_char(&testing->findings, '\n');
    assert_true(mes_say_text(MES_ZH_HK, row->setting->sentence)[0] != '\0');
}

static void config_show_tells_value_and_origin(void **state)
{
    static const char *const environment[] = {"senderEmailAccountList__0__perDay=500", NULL};
    struct testing *testing = *state;
    testing_put(
        testing, "a.json",
        "[{\"senderOfCompany\":\"qq\",\"senderUserName\":\"1@qq.com\",\"senderUserPassword\":\"hush\",\n"
        "\"allowedFrom\":[\"b@x.hk\",\"*@y.hk\"]}]");
    assert_int_equal(testing_load(testing, "a.json", NULL, environment), 0);
    assert_found(testing, "note: 1@qq.com: smtp.qq.com port 465, TLS at once, provider ");
    assert_int_equal(mes_account_config_walk(testing->list, keep_row, testing, NULL), 0);
    assert_found(testing, "row: - timeZone=Asia/Hong_Kong default");
    assert_found(testing, "row: 1@qq.com senderServerHost=smtp.qq.com provider qq.com");
    assert_found(testing, "row: 1@qq.com senderServerHostPort=465 provider qq.com");
    assert_found(testing, "row: 1@qq.com enableSSL=true provider qq.com");
    assert_found(testing, "row: 1@qq.com enableTSL=false default");
    assert_found(testing, "row: 1@qq.com perDay=500 variable senderEmailAccountList__0__perDay");
    assert_found(testing, "row: 1@qq.com pipelining=P provider qq.com");
    assert_found(testing, "row: 1@qq.com senderUserPassword=*** /tmp/");
    assert_found(testing, "row: 1@qq.com allowedFrom=b@x.hk, *@y.hk /tmp/");
    assert_found(testing, "row: 1@qq.com clientCertificatePassword= default");
    assert_null(strstr(mes_buf_text(&testing->findings), "hush"));
}

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(flags_port_and_provider_give_the_mode),
        TLS_TEST(the_provider_is_found_by_name_alias_or_host),
        TLS_TEST(own_values_win_over_the_providers),
        TLS_TEST(settings_and_enums_agree),
        TLS_TEST(config_show_tells_value_and_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
