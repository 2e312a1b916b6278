#include "queue/roster.h"

#include "account/folder_test.h"

#define ACCOUNT(name)                                                                                        \
    "{\"name\":\"" name "\",\"senderServerHost\":\"relay.example\",\"fromMailAddress\":\"a@b.example\"}"

static int load(struct testing *testing, struct mes_roster **roster_out)
{
    static const char *const nothing[] = {NULL};
    struct mes_findings findings = {testing_keep, testing};
    struct mes_account_source source = {
        .path = testing_path(testing, "AppSetting.json"), .environment = nothing, .findings = &findings};
    mes_buf_clear(&testing->findings);
    return mes_roster_load(&source, roster_out, &testing->error);
}

static void put_general(struct testing *testing)
{
    testing_put(testing, "AppSetting.json",
                "{\"globalConfig\":{\"timeZone\":\"Asia/Tokyo\"},"
                "\"senderEmailAccountList\":[" ACCOUNT("general") "]}");
}

static void a_company_has_its_own_list_or_the_general_one(void **state)
{
    struct testing *testing = *state;
    struct mes_roster *roster;
    put_general(testing);
    testing_put(testing, "Config/SenderEmailAccountList_Acme.json", "[" ACCOUNT("acme") "]");
    testing_put(testing, "SenderEmailAccountList7.json", "[" ACCOUNT("seven") "]");
    testing_put(testing, "SenderEmailAccountList_acme.json", "[" ACCOUNT("not this one") "]");
    if (load(testing, &roster) != 0)
        fail_msg("%s", mes_buf_text(&testing->findings));
    assert_int_equal(mes_roster_count(roster), 3);
    assert_string_equal(mes_roster_at(roster, 0)->company, "");
    assert_string_equal(mes_account_list_name(mes_roster_list(roster, "acme"), 0), "acme");
    assert_string_equal(mes_roster_owner(roster, "ACME"), "Acme");
    assert_string_equal(mes_account_list_name(mes_roster_list(roster, "7"), 0), "seven");
    assert_string_equal(mes_account_list_name(mes_roster_list(roster, "other"), 0), "general");
    assert_string_equal(mes_account_list_name(mes_roster_list(roster, ""), 0), "general");
    assert_string_equal(mes_account_list_name(mes_roster_list(roster, NULL), 0), "general");
    assert_string_equal(mes_roster_owner(roster, "other"), "");
    assert_string_equal(mes_roster_zone(roster, "acme"), "Asia/Tokyo");
    assert_int_equal(mes_zone_offset(mes_roster_zone_read(roster, "acme"), 0), 9 * 60 * 60);
    mes_roster_drop(&roster);
    assert_null(roster);
}

static void a_fault_in_any_list_is_a_fault_of_the_whole(void **state)
{
    struct testing *testing = *state;
    struct mes_roster *roster;
    put_general(testing);
    testing_put(testing, "SenderEmailAccountList_a.json", "[" ACCOUNT("a") "]");
    testing_put(testing, "SenderEmailAccountList_b.json",
                "[{\"name\":\"b\",\"senderServerHostPort\":\"x\"}]");
    testing_put(testing, "SenderEmailAccountList_c.json", "[");
    assert_int_equal(load(testing, &roster), MES_E_CONFIG);
    assert_null(roster);
    assert_found(testing, "problem: SenderEmailAccountList_b.json:1:");
    assert_found(testing, "problem: SenderEmailAccountList_c.json:1:");
}

static void the_settings_file_is_complained_of_once(void **state)
{
    struct testing *testing = *state;
    struct mes_roster *roster;
    testing_put(
        testing, "AppSetting.json",
        "{\"globalConfig\":{\"timeZone\":\"No/Where\"},\"senderEmailAccountList\":[" ACCOUNT("general") "]}");
    testing_put(testing, "SenderEmailAccountList_a.json", "[" ACCOUNT("a") "]");
    assert_int_equal(load(testing, &roster), MES_E_CONFIG);
    struct mes_str findings = mes_buf_str(&testing->findings);
    size_t at = mes_str_find(findings, MES_STR("No/Where"), 0);
    assert_int_not_equal(at, SIZE_MAX);
    assert_int_equal(mes_str_find(findings, MES_STR("No/Where"), at + 1), SIZE_MAX);
}

static void it_lives_as_long_as_anyone_holds_it(void **state)
{
    struct testing *testing = *state;
    struct mes_roster *roster;
    put_general(testing);
    assert_int_equal(load(testing, &roster), 0);
    struct mes_roster *other = mes_roster_hold(roster);
    mes_roster_drop(&roster);
    assert_string_equal(mes_account_list_name(mes_roster_list(other, ""), 0), "general");
    mes_roster_drop(&other);
}

static void the_stamp_tells_every_change(void **state)
{
    struct testing *testing = *state;
    char settings[512];
    put_general(testing);
    (void)snprintf(settings, sizeof settings, "%s", testing_path(testing, "AppSetting.json"));
    uint64_t first = mes_roster_stamp(settings);
    assert_int_not_equal(first, 0);
    assert_true(mes_roster_stamp(settings) == first);
    testing_put(testing, "notes.txt", "x");
    assert_true(mes_roster_stamp(settings) == first);
    put_general(testing); /* written anew: another file of the same content */
    uint64_t second = mes_roster_stamp(settings);
    assert_false(second == first);
    testing_put(testing, "Config/SenderEmailAccountList_a.json", "[]");
    uint64_t third = mes_roster_stamp(settings);
    assert_false(third == second);
    assert_int_equal(mes_file_remove(testing_path(testing, "Config/SenderEmailAccountList_a.json"), NULL), 0);
    assert_true(mes_roster_stamp(settings) == second);
    assert_int_equal(mes_file_remove(settings, NULL), 0);
    assert_true(mes_roster_stamp(settings) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_company_has_its_own_list_or_the_general_one, testing_begin,
                                        testing_end),
        cmocka_unit_test_setup_teardown(a_fault_in_any_list_is_a_fault_of_the_whole, testing_begin,
                                        testing_end),
        cmocka_unit_test_setup_teardown(the_settings_file_is_complained_of_once, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(it_lives_as_long_as_anyone_holds_it, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(the_stamp_tells_every_change, testing_begin, testing_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
