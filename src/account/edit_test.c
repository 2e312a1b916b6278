/* A settings file is changed in one place and stays as it was everywhere else. */
#include "account/edit.h"

#include "account/folder_test.h"

static void assert_edited(const char *text, const char *expected)
{
    struct mes_json *json = NULL;
    struct mes_error error = {0};
    struct mes_buf out;
    char said[1024];
    mes_buf_init(&out, 10000);
    if (mes_json_parse("x", mes_str_of(text), MES_JSON_KEYS_ANY_CASE, &json, &error) != 0)
        fail_msg("%s: %s", text, mes_error_text(&error, MES_EN, said, sizeof said));
    const struct mes_json_value *object = mes_json_item(mes_json_root(json), 0);
    mes_account_edit_member(mes_str_of(text), object, "key", MES_STR("new"), &out);
    mes_json_free(&json);
    assert_string_equal(mes_buf_text(&out), expected);
    /* Read again it says so, and nothing else has come or gone. */
    assert_int_equal(mes_json_parse("x", mes_buf_str(&out), MES_JSON_KEYS_ANY_CASE, &json, &error), 0);
    object = mes_json_item(mes_json_root(json), 0);
    assert_true(mes_str_eq(mes_json_member_any_case(object, MES_STR("key"))->text, MES_STR("new")));
    mes_json_free(&json);
    mes_buf_fini(&out);
}

static void an_old_value_is_replaced(void **state)
{
    (void)state;
    assert_edited("[{\"a\":1, \"KEY\" : \"old\\n\" /* b */, \"c\":2}]",
                  "[{\"a\":1, \"KEY\" : \"new\" /* b */, \"c\":2}]");
    assert_edited("[{\"key\":null}]", "[{\"key\":\"new\"}]");
    assert_edited("[{\"key\":[1,\n2]}]", "[{\"key\":\"new\"}]");
}

static void a_new_one_comes_behind_the_last(void **state)
{
    (void)state;
    assert_edited("[{}]", "[{\"key\": \"new\"}]");
    assert_edited("[{ /* empty */ }]", "[{\"key\": \"new\" /* empty */ }]");
    assert_edited("[{ \"a\": 1 }]", "[{ \"a\": 1, \"key\": \"new\" }]");
    assert_edited("[{ \"a\": 1, }]", "[{ \"a\": 1, \"key\": \"new\" }]");
    assert_edited("[\n  {\n    \"a\": 1,\n    \"b\": \"x\"\n  }\n]",
                  "[\n  {\n    \"a\": 1,\n    \"b\": \"x\",\n    \"key\": \"new\"\n  }\n]");
    assert_edited("[\r\n\t{\r\n\t\t\"a\": {\"z\":1}\r\n\t}]",
                  "[\r\n\t{\r\n\t\t\"a\": {\"z\":1},\r\n\t\t\"key\": \"new\"\r\n\t}]");
}

static void a_remark_stays_with_its_value(void **state)
{
    (void)state;
    assert_edited("[{\n  \"a\": 1 // one\n}]", "[{\n  \"a\": 1, // one\n  \"key\": \"new\"\n}]");
    assert_edited("[{\n  \"a\": 1, // one, or /* two\n}]",
                  "[{\n  \"a\": 1, // one, or /* two\n  \"key\": \"new\"\n}]");
    assert_edited("[{\r\n  \"a\": 1 // one\r\n}]", "[{\r\n  \"a\": 1, // one\r\n  \"key\": \"new\"\r\n}]");
    assert_edited("[{\n  \"a\": 1 /* one */\n}]", "[{\n  \"a\": 1, /* one */\n  \"key\": \"new\"\n}]");
    assert_edited("[{\n  \"a\": 1 /* one */,\n}]", "[{\n  \"a\": 1, /* one */\n  \"key\": \"new\",\n}]");
    assert_edited("[{\n  \"a\": 1\n  // the end\n}]",
                  "[{\n  \"a\": 1,\n  \"key\": \"new\"\n  // the end\n}]");
    assert_edited("[{\n  \"a\": 1\n  ,\n}]", "[{\n  \"a\": 1,\n  \"key\": \"new\"\n  ,\n}]");
}

static void a_link_stays_one_and_the_version_before_is_kept(void **state)
{
    struct testing *testing = *state;
    struct mes_arena arena;
    struct mes_buf content;
    struct stat status;
    const char *backup;
    testing_put(testing, "real.json", "old");
    assert_int_equal(chmod(testing_path(testing, "real.json"), 0640), 0);
    assert_int_equal(symlink("real.json", testing_path(testing, "link.json")), 0);
    mes_arena_init(&arena, 10000);
    mes_buf_init(&content, 100);
    const struct mes_account_edit edit = {testing_path(testing, "link.json"), MES_STR("old"), MES_STR("new")};
    assert_int_equal(mes_account_edit_write(&edit, &arena, &backup, NULL), 0);
    assert_int_equal(lstat(testing_path(testing, "link.json"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(testing_path(testing, "real.json"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(stat(backup, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(mes_file_read(testing_path(testing, "link.json"), &content, NULL), 0);
    assert_int_equal(mes_file_read(backup, &content, NULL), 0);
    assert_string_equal(mes_buf_text(&content), "newold");
    mes_buf_fini(&content);
    mes_arena_fini(&arena);
}

#define EDIT_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EDIT_TEST(an_old_value_is_replaced),
        EDIT_TEST(a_new_one_comes_behind_the_last),
        EDIT_TEST(a_remark_stays_with_its_value),
        EDIT_TEST(a_link_stays_one_and_the_version_before_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
