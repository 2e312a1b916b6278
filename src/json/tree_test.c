#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "json/tree.h"

static struct mes_arena arena;

static int begin(void **state)
{
    (void)state;
    mes_arena_init(&arena, 16 * 1024 * 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    mes_arena_fini(&arena);
    return 0;
}

static void assert_refused(struct mes_str text, int code, const char *sentence)
{
    const struct mes_json_value *root;
    struct mes_error error = {0};
    char shown[512];
    assert_int_equal(mes_json_tree(text, 100, &arena, &root, &error), code);
    assert_null(root);
    mes_error_text(&error, MES_EN, shown, sizeof shown);
    if (strncmp(shown, sentence, strlen(sentence)) != 0)
        fail_msg("%s\n  is: %s\n not: %s", text.data, shown, sentence);
}

static void a_tree_has_every_value(void **state)
{
    const char *text = "{ \"密\\n\": [1, -2.5e1, \"t\\u0041\", true, null], \"o\": {} }";
    const struct mes_json_value *root;
    struct mes_error error;
    (void)state;
    assert_int_equal(mes_json_tree(mes_str_of(text), 100, &arena, &root, &error), 0);
    assert_int_equal(root->kind, MES_JSON_OBJECT);
    assert_int_equal(root->count, 2);
    assert_int_equal(root->size, strlen(text));
    const struct mes_json_value *list = mes_json_member(root, MES_STR("密\n"));
    assert_ptr_equal(list->parent, root);
    assert_int_equal(list->count, 5);
    assert_memory_equal(text + list->offset, "[1, -2.5e1, \"t\\u0041\", true, null]", list->size);
    assert_int_equal(mes_json_item(list, 0)->integer, 1);
    assert_int_equal(mes_json_item(list, 1)->kind, MES_JSON_REAL);
    assert_true(mes_json_item(list, 1)->real == -25.0);
    assert_string_equal(mes_json_item(list, 2)->text.data, "tA");
    assert_memory_equal(text + mes_json_item(list, 2)->offset, "\"t\\u0041\"", mes_json_item(list, 2)->size);
    assert_int_equal(mes_json_item(list, 3)->integer, 1);
    assert_int_equal(mes_json_item(list, 4)->kind, MES_JSON_NULL);
    assert_int_equal(mes_json_member(root, MES_STR("o"))->kind, MES_JSON_OBJECT);
}

static void complaints_name_line_and_column(void **state)
{
    (void)state;
    assert_refused(MES_STR("{\n \"你\": x}"), MES_E_INPUT, "Line 2, column 7: what begins here is neither");
    assert_refused(MES_STR("[1,]"), MES_E_INPUT, "Line 1, column 4: ] cannot stand here.");
    assert_refused(MES_STR("{\"a\":1,\"a\":2}"), MES_E_INPUT, "Line 1, column 8: this key stands twice");
    assert_refused(MES_STR("9223372036854775808"), MES_E_INPUT, "Line 1, column 1: the number is too large.");
    assert_refused(MES_STR("1e400"), MES_E_INPUT, "Line 1, column 1: the number is too large.");
    assert_refused(MES_STR("[\"\\u0000\"]"), MES_E_INPUT, "Line 1, column 3: a text must not hold \\u0000.");
    assert_refused(MES_STR("[\"\\ud800\"]"), MES_E_INPUT, "Line 1, column 3: a text must not hold this.");
    assert_refused(MES_STR("[\"\xff\"]"), MES_E_INPUT, "Line 1, column 3: this is not UTF-8.");
    assert_refused(MES_STR("[\"a"), MES_E_INPUT, "Line 1, column 4: the JSON ends too early.");
    assert_refused(MES_STR(""), MES_E_INPUT, "Line 1, column 1: the JSON ends too early.");
}

static void limits_are_limits(void **state)
{
    char deep[65], many[300];
    (void)state;
    memset(deep, '[', sizeof deep);
    assert_refused(mes_str_make(deep, sizeof deep), MES_E_LIMIT, "Line 1, column 65: more than 64 brackets");
    memset(many, '1', sizeof many);
    for (size_t i = 1; i < 300; i += 2)
        many[i] = ',';
    many[0] = '[';
    many[1] = '1';
    many[2] = ',';
    many[3] = '1';
    for (size_t i = 4; i < 299; i++)
        many[i] = i % 2 == 0 ? ',' : '1';
    many[299] = ']';
    assert_refused(mes_str_make(many, sizeof many), MES_E_LIMIT,
                   "Line 1, column 200: there are too many values.");
}

static void a_key_among_many_stands_once(void **state)
{
    char text[2000] = "{";
    size_t size = 1;
    (void)state;
    for (int i = 0; i < 40; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "\"k%d\":1,", i);
    snprintf(text + size, sizeof text - size, "\"k7\":2}");
    assert_refused(mes_str_of(text), MES_E_INPUT, "Line 1, column 312: this key stands twice");
    text[size - 1] = '}';
    const struct mes_json_value *root;
    assert_int_equal(mes_json_tree(mes_str_make(text, size), 100, &arena, &root, NULL), 0);
    assert_int_equal(root->count, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_has_every_value, begin, end),
        cmocka_unit_test_setup_teardown(complaints_name_line_and_column, begin, end),
        cmocka_unit_test_setup_teardown(limits_are_limits, begin, end),
        cmocka_unit_test_setup_teardown(a_key_among_many_stands_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
