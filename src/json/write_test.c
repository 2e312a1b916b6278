#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/parse.h"
#include "json/write.h"

static void a_result_line_is_one_line(void **state)
{
    struct mes_buf buf;
    struct mes_json_writer writer;
    (void)state;
    mes_buf_init(&buf, 1000);
    mes_json_writer_init(&writer, &buf);
    mes_json_write_object(&writer, NULL);
    mes_json_write_text(&writer, "a", MES_STR("x\"y\\z"));
    mes_json_write_list(&writer, "list");
    mes_json_write_object(&writer, NULL);
    mes_json_write_object_end(&writer);
    mes_json_write_integer(&writer, NULL, -5);
    mes_json_write_integer(&writer, NULL, INT64_MIN);
    mes_json_write_list_end(&writer);
    mes_json_write_flag(&writer, "yes", true);
    mes_json_write_null(&writer, "none");
    mes_json_write_object_end(&writer);
    assert_string_equal(mes_buf_text(&buf), "{\"a\":\"x\\\"y\\\\z\",\"list\":[{},-5,-9223372036854775808],"
                                            "\"yes\":true,\"none\":null}");
    mes_buf_fini(&buf);
}

static void no_text_can_break_out(void **state)
{
    struct mes_buf buf;
    struct mes_json_writer writer;
    (void)state;
    mes_buf_init(&buf, 1000);
    mes_json_writer_init(&writer, &buf);
    mes_json_write_text(
        &writer, NULL,
        MES_STR("\n\t\x01\x1b[31m\x7f\xc2\x9b \xe2\x80\xa8 \xff\xc0\x80 \xed\xa0\x80 \0 你好"));
    assert_string_equal(
        mes_buf_text(&buf),
        "\"\\n\\t\\u0001\\u001b[31m\\u007f\\u009b \\u2028 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \\u0000 你好\"");
    mes_buf_fini(&buf);
}

static void every_byte_comes_back(void **state)
{
    struct mes_buf buf;
    struct mes_json_writer writer;
    struct mes_json *json;
    char text[127];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i + 1);
    mes_buf_init(&buf, 10000);
    mes_json_writer_init(&writer, &buf);
    mes_json_write_list(&writer, NULL);
    mes_json_write_text(&writer, NULL, mes_str_make(text, sizeof text));
    mes_json_write_list_end(&writer);
    assert_int_equal(mes_json_parse("x", mes_buf_str(&buf), MES_JSON_KEYS_EXACT, &json, NULL), 0);
    assert_true(mes_str_eq(mes_json_root(json)->first->text, mes_str_make(text, sizeof text)));
    mes_json_free(&json);
    mes_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_line_is_one_line),
        cmocka_unit_test(no_text_can_break_out),
        cmocka_unit_test(every_byte_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
