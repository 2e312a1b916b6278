#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/multipart.h"

static int on_part(void *context, const struct mes_api_part *part, struct mes_error *error)
{
    (void)error;
    mes_buf_add_char(context, '<');
    mes_buf_add_str(context, part->name);
    mes_buf_add_char(context, '|');
    mes_buf_add_str(context, part->file);
    mes_buf_add_char(context, '|');
    mes_buf_add_str(context, part->type);
    mes_buf_add_char(context, '>');
    return 0;
}

static int on_bytes(void *context, struct mes_str bytes, struct mes_error *error)
{
    (void)error;
    mes_buf_add_str(context, bytes);
    return 0;
}

static int on_end(void *context, struct mes_error *error)
{
    (void)error;
    mes_buf_add_text(context, "</>");
    return 0;
}

/* Reads `body` in three pieces; what came of it, with '!' behind it when it was refused. */
static const char *parts(struct mes_str body, size_t first, size_t second, struct mes_buf *out)
{
    const struct mes_api_part_sink sink = {on_part, on_bytes, on_end, out};
    const struct mes_str pieces[] = {mes_str_cut(body, 0, first), mes_str_cut(body, first, second - first),
                                     mes_str_skip(body, second)};
    struct mes_api_multipart reader;
    mes_buf_clear(out);
    int code = mes_api_multipart_init(&reader, MES_STR("multipart/form-data; charset=x; BOUNDARY=\"-a b\""),
                                      &sink, NULL);
    for (size_t i = 0; i < 3 && code == 0; i++) {
        char *copy = malloc(pieces[i].size + 1);
        memcpy(copy, pieces[i].data, pieces[i].size);
        code = mes_api_multipart_feed(&reader, mes_str_make(copy, pieces[i].size), NULL);
        free(copy);
    }
    if (code == 0)
        code = mes_api_multipart_end(&reader, NULL);
    if (code != 0)
        mes_buf_add_char(out, '!');
    mes_api_multipart_fini(&reader);
    return mes_buf_text(out);
}

static void assert_parts(const char *body, const char *expected)
{
    struct mes_str text = mes_str_of(body);
    struct mes_buf out;
    mes_buf_init(&out, 100000);
    for (size_t first = 0; first <= text.size; first++)
        for (size_t second = first; second <= text.size; second++)
            assert_string_equal(parts(text, first, second, &out), expected);
    mes_buf_fini(&out);
}

static void every_split_gives_the_same_parts(void **state)
{
    (void)state;
    assert_parts("---a b\r\nContent-Disposition: form-data; name=\"head\"\r\n\r\n{}\r\n"
                 "---a b \r\ncontent-type: text/csv; charset=Big5\r\ncontent-disposition: form-data; "
                 "filename=\"名;.csv\"; name=r\r\n\r\na\r\n\r\n---a\r\r\n--\r\n-\r\n---a b--",
                 "<head||>{}</><r|名;.csv|text/csv; charset=Big5>a\r\n\r\n---a\r\r\n--\r\n-</>");
    assert_parts("pre\r\n---a b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n---a "
                 "b--\r\nepilogue\r\n---a b",
                 "<||></>");
    assert_parts("---a b--", "");
}

static void what_is_no_form_is_refused(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 100000);
    assert_parts("", "!");
    assert_parts("{}", "!");
    assert_parts("---a b", "!");
    assert_parts("---a b-x", "!");
    assert_parts("---a b\r\r", "!");
    assert_parts("---a bx\r\n", "!");
    assert_parts("---a b\r\nContent-Disposition: form-data\r\n\r\nx\r\n---a b--", "!");
    assert_parts("---a b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n---a b--", "!");
    assert_parts("---a b\r\n\r\nx\r\n---a b--", "!");
    assert_parts("---a b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n---a b", "<a||>x</>!");
    mes_buf_fini(&out);
}

static void a_boundary_is_needed(void **state)
{
    static const char *const types[] = {
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a\rb\"",
        "multipart/form-data; xboundary=a", "multipart/form-data; boundary"};
    const struct mes_api_part_sink sink = {0};
    struct mes_api_multipart reader;
    char text[120] = "multipart/form-data; boundary=";
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_int_equal(mes_api_multipart_init(&reader, mes_str_of(types[i]), &sink, NULL), MES_E_INPUT);
    memset(text + strlen(text), 'x', 71);
    assert_int_equal(mes_api_multipart_init(&reader, mes_str_of(text), &sink, NULL), MES_E_INPUT);
    text[strlen(text) - 1] = '\0';
    assert_int_equal(mes_api_multipart_init(&reader, mes_str_of(text), &sink, NULL), 0);
}

static void a_head_has_a_limit(void **state)
{
    struct mes_buf body, out;
    (void)state;
    mes_buf_init(&body, 100000);
    mes_buf_init(&out, 100000);
    mes_buf_add_text(&body, "---a b\r\nContent-Disposition: form-data; name=a\r\nX: ");
    for (int i = 0; i < MES_API_PART_HEAD_MOST; i++)
        mes_buf_add_char(&body, 'x');
    mes_buf_add_text(&body, "\r\n\r\nx\r\n---a b--");
    assert_string_equal(parts(mes_buf_str(&body), 0, 0, &out), "!");
    mes_buf_fini(&body);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same_parts),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(a_boundary_is_needed),
        cmocka_unit_test(a_head_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
