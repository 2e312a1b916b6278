#include "http/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_added_is_found_again(void **state)
{
    static const struct mes_str values[] = {
        {"", 0}, {"a b", 3}, {"=&?#%+", 6}, {"\xe6\xbc\xa2\r\n\x01\x7f", 7}, {"AZaz09-._~", 10}};
    struct mes_buf form, value;
    (void)state;
    mes_buf_init(&form, 1000);
    mes_buf_init(&value, 1000);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        mes_http_form_add(&form, name, values[i]);
    }
    assert_string_equal(mes_buf_text(&form),
                        "a=&b=a%20b&c=%3D%26%3F%23%25%2B&d=%E6%BC%A2%0D%0A%01%7F&e=AZaz09-._~");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        mes_buf_clear(&value);
        assert_true(mes_http_form_find(mes_buf_str(&form), name, &value));
        assert_true(mes_str_eq(mes_buf_str(&value), values[i]));
    }
    mes_buf_fini(&form);
    mes_buf_fini(&value);
}

static void it_goes_behind_the_query_of_an_address(void **state)
{
    struct mes_buf url;
    (void)state;
    mes_buf_init(&url, 100);
    mes_buf_add_text(&url, "https://x/?");
    mes_http_form_add(&url, "a", MES_STR("1"));
    mes_http_form_add(&url, "b", MES_STR("2"));
    assert_string_equal(mes_buf_text(&url), "https://x/?a=1&b=2");
    mes_buf_fini(&url);
}

static void what_is_not_well_formed_is_not_there(void **state)
{
    static const char *const wrong[] = {"",      "b=1", "a=1&a=1", "a=%",   "a=%4",   "a=%4g",
                                        "a=%00", "A=1", "aa=1",    "a%3D1", "b&c=a=1"};
    static const char *const right[][2] = {
        {"a", ""}, {"a=", ""}, {"b=&a=x+y&c", "x y"}, {"a=%e6%BC%a2", "\xe6\xbc\xa2"}, {"a=b=c", "b=c"}};
    struct mes_buf value;
    (void)state;
    mes_buf_init(&value, 4);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (mes_http_form_find(mes_str_of(wrong[i]), "a", &value))
            fail_msg("%s: taken", wrong[i]);
        assert_int_equal(value.size, 0);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        mes_buf_clear(&value);
        assert_true(mes_http_form_find(mes_str_of(right[i][0]), "a", &value));
        assert_string_equal(mes_buf_text(&value), right[i][1]);
    }
    mes_buf_clear(&value);
    assert_false(mes_http_form_find(MES_STR("a=12345"), "a", &value));
    mes_buf_fini(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_found_again),
        cmocka_unit_test(it_goes_behind_the_query_of_an_address),
        cmocka_unit_test(what_is_not_well_formed_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
