#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "json/parse.h"

static struct mes_json *parsed(const char *text)
{
    struct mes_json *json;
    struct mes_error error = {0};
    char shown[512];
    if (mes_json_parse("a.json", mes_str_of(text), MES_JSON_KEYS_ANY_CASE, &json, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, shown, sizeof shown));
    return json;
}

static void assert_refused(const char *text, size_t size, const char *sentence)
{
    struct mes_json *json;
    struct mes_error error = {0};
    char shown[512];
    int code = mes_json_parse("a.json", mes_str_make(text, size), MES_JSON_KEYS_ANY_CASE, &json, &error);
    assert_int_equal(code, MES_E_CONFIG);
    assert_null(json);
    mes_error_text(&error, MES_EN, shown, sizeof shown);
    if (strncmp(shown, sentence, strlen(sentence)) != 0)
        fail_msg("%s\n  is: %s\n not: %s", text, shown, sentence);
}

static void comments_and_trailing_commas_are_allowed(void **state)
{
    struct mes_json *json =
        parsed("\xEF\xBB\xBF// 設定\r\n{ /* , ] } */ \"Url\": \"http://x/*y*/,]\", // \"a\": 1\n"
               "\"list\": [1, -2.5, true, null, {}, [],], /**/ }\n/* end */ // end");
    const struct mes_json_value *root = mes_json_root(json);
    (void)state;
    assert_int_equal(root->count, 2);
    assert_string_equal(mes_json_member_any_case(root, MES_STR("url"))->text.data, "http://x/*y*/,]");
    assert_null(mes_json_member(root, MES_STR("url")));
    const struct mes_json_value *list = mes_json_member(root, MES_STR("list"));
    assert_int_equal(list->count, 6);
    assert_int_equal(mes_json_item(list, 0)->integer, 1);
    assert_string_equal(mes_json_item(list, 1)->text.data, "-2.5");
    assert_int_equal(mes_json_item(list, 2)->kind, MES_JSON_FLAG);
    assert_int_equal(mes_json_item(list, 3)->kind, MES_JSON_NULL);
    assert_int_equal(mes_json_item(list, 5)->kind, MES_JSON_LIST);
    assert_null(mes_json_item(list, 6));
    mes_json_free(&json);
}

static void every_value_knows_its_place(void **state)
{
    const char *text = "\xEF\xBB\xBF{\n  /* 密碼 */ \"密\": \"碼\", \"b\" :\n\t[ 7 ,\n \"z\" ]\n}";
    struct mes_json *json = parsed(text);
    const struct mes_json_value *first = mes_json_root(json)->first;
    const struct mes_json_value *list = first->next;
    (void)state;
    assert_int_equal(mes_json_root(json)->place.line, 1);
    assert_int_equal(mes_json_root(json)->place.column, 1);
    assert_int_equal(first->key_place.line, 2);
    assert_int_equal(first->key_place.column, 12);
    assert_int_equal(first->place.column, 17);
    assert_int_equal(list->key_place.column, 22);
    assert_int_equal(list->place.line, 3);
    assert_int_equal(list->place.column, 2);
    assert_int_equal(list->first->next->place.line, 4);
    assert_int_equal(list->first->next->place.column, 2);
    assert_memory_equal(text + first->offset, "\"碼\"", first->size);
    assert_int_equal(first->size, strlen("\"碼\""));
    assert_memory_equal(text + first->key_offset, "\"密\":", 6);
    assert_memory_equal(text + list->offset, "[ 7 ,\n \"z\" ]", list->size);
    assert_int_equal(list->size, strlen("[ 7 ,\n \"z\" ]"));
    mes_json_free(&json);
}

static void mistakes_are_named_with_their_place(void **state)
{
    static const struct {
        const char *text;
        const char *sentence;
    } rows[] = {
        {"", "a.json:1:1: the file ends too early"},
        {"\xEF\xBB\xBF", "a.json:1:1: the file ends too early"},
        {"{\n\"a\": 1", "a.json:2:7: the file ends too early"},
        {"{\n \"a: 1\n}", "a.json:2:2: the text or word that begins here"},
        {"{\n \"a\": \"x", "a.json:2:7: the file ends too early"},
        {"{\"a\": 1\n \"b\": 2}", "a.json:2:2: the text or word that begins here"},
        {"{/*中*/\"a\": tru}", "a.json:1:12: the text or word that begins here"},
        {"{\"a\": 01}", "a.json:1:7: the text or word that begins here"},
        {"[,]", "a.json:1:2: , cannot stand here"},
        {"[1,,]", "a.json:1:4: , cannot stand here"},
        {"{\"a\":,}", "a.json:1:6: , cannot stand here"},
        {"{\"a\": \"C:\\q\"}", "a.json:1:7: the text or word that begins here"},
        {"[] []", "a.json:1:4: the content has ended, but more follows"},
        {"[1]\n}", "a.json:2:1: the content has ended, but more follows"},
        {"[\"\\u0000\"]", "a.json:1:2: a text must not hold \\u0000"},
        {"{\"\\u0000\":1}", "a.json:1:2: a text must not hold \\u0000"},
        {"[\"\\ud800\"]", "a.json:1:2: the text or word that begins here"},
        {"{\"a\":1,\n\"b\":2,\n \"a\":3}", "a.json:3:2: the key \"a\" stands twice"},
        {"{\"a\":1,\"c\":{\n\"Port\":2,\"b\":3,\n \"port\":3}}", "a.json:3:2: the key port stands twice"},
        {"[123456789012345678901234567890]", "a.json:1:2: the number is too large"},
        {"[\n/* x\n]", "a.json:2:1: the comment that begins here has no end"},
        {"[\n\"a\", \"\xff\"]", "a.json:2:7: this is not UTF-8"},
        {"[ // \xa4\xa4\n]", "a.json:1:6: this is not UTF-8"},
        {"\xff\xfe[\n", "a.json:1:1: this is not UTF-8"},
        {"'a'", "a.json:1:1: the text or word that begins here"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(rows[i].text, strlen(rows[i].text), rows[i].sentence);
    assert_refused("[\0]", 3, "a.json:1:2: this is not UTF-8");
    assert_refused("[]\0[]", 5, "a.json:1:3: this is not UTF-8");
}

static void escapes_are_decoded(void **state)
{
    struct mes_json *json = parsed(
        "[\"\\u0041\\u00e9\\u4F60\\ud83D\\uDE00\\n\\\"\\\\u\\/é你😀\", \"\", -9223372036854775808, -0]");
    const struct mes_json_value *list = mes_json_root(json);
    (void)state;
    assert_string_equal(list->first->text.data, "Aé你😀\n\"\\u/é你😀");
    assert_int_equal(mes_json_item(list, 1)->text.size, 0);
    assert_true(mes_json_item(list, 2)->integer == INT64_MIN);
    assert_int_equal(mes_json_item(list, 3)->integer, 0);
    mes_json_free(&json);
}

static void keys_that_differ_in_case_may_be_different(void **state)
{
    struct mes_json *json;
    (void)state;
    assert_int_equal(mes_json_parse("a", MES_STR("{\"a\":1,\"A\":2}"), MES_JSON_KEYS_EXACT, &json, NULL), 0);
    assert_int_equal(mes_json_member(mes_json_root(json), MES_STR("A"))->integer, 2);
    mes_json_free(&json);
}

static void depth_and_number_have_limits(void **state)
{
    static char text[2 * MES_JSON_MOST_VALUES + 16];
    (void)state;
    memset(text, '[', MES_JSON_MOST_DEPTH);
    memset(text + MES_JSON_MOST_DEPTH, ']', MES_JSON_MOST_DEPTH);
    text[2 * MES_JSON_MOST_DEPTH] = '\0';
    struct mes_json *json = parsed(text);
    mes_json_free(&json);
    memset(text, '[', MES_JSON_MOST_DEPTH + 1);
    assert_refused(text, MES_JSON_MOST_DEPTH + 1, "a.json:1:65: more than 64 brackets are open");
    for (size_t i = 0; i <= MES_JSON_MOST_VALUES; i++)
        memcpy(text + 2 * i, "1,", 2);
    text[0] = '[';
    assert_refused(text, 2 * MES_JSON_MOST_VALUES, "a.json:1:524288: the file has too many values");
}

static size_t allocations_left;

static bool count_down(size_t size)
{
    (void)size;
    return allocations_left-- > 0;
}

static void assert_whole(const struct mes_json *json)
{
    const struct mes_json_value *list = mes_json_member(mes_json_root(json), MES_STR("a"));
    const struct mes_json_value *object = mes_json_member(mes_json_root(json), MES_STR("d"));
    assert_string_equal(mes_json_item(list, 2)->text.data, "a text of more than sixteen");
    assert_non_null(mes_json_member(mes_json_item(list, 3), MES_STR("a key of more than sixteen")));
    assert_int_equal(mes_json_member(object, MES_STR("e"))->integer, 123456789012345678);
}

static void each_allocation_may_fail(void **state)
{
    struct mes_str text =
        MES_STR("{\"a\": [1, 2.5, \"a text of more than sixteen\", {\"b\": null, \"a key of more than "
                "sixteen\": true}], \"d\": {\"e\": 123456789012345678}}");
    int code = MES_E_NOMEM;
    (void)state;
    json_set_alloc_funcs(mes_alloc, mes_free);
    mes_alloc_set_hook(count_down);
    for (size_t most = 0; code == MES_E_NOMEM; most++) {
        struct mes_json *json;
        struct mes_error error = {0};
        allocations_left = most;
        code = mes_json_parse("a.json", text, MES_JSON_KEYS_ANY_CASE, &json, &error);
        assert_int_equal(code, error.code);
        assert_true((json == NULL) == (code != 0));
        if (json != NULL)
            assert_whole(json);
        mes_json_free(&json);
        assert_true(most < 1000);
    }
    mes_alloc_set_hook(NULL);
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_and_trailing_commas_are_allowed),
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(keys_that_differ_in_case_may_be_different),
        cmocka_unit_test(depth_and_number_have_limits),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
