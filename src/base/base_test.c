#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/utf8.h"

static void buf_grows_up_to_its_limit(void **state)
{
    struct mes_buf buf;
    struct mes_error error;
    (void)state;
    mes_buf_init(&buf, 10);
    mes_buf_add_text(&buf, "12345");
    mes_buf_add_uint(&buf, 6789);
    assert_string_equal(mes_buf_text(&buf), "123456789");
    assert_int_equal(mes_buf_check(&buf, &error), 0);
    mes_buf_add_text(&buf, "ab");
    assert_int_equal(mes_buf_check(&buf, &error), MES_E_LIMIT);
    mes_buf_add_text(&buf, "c");
    assert_string_equal(mes_buf_text(&buf), "123456789");
    mes_buf_clear(&buf);
    mes_buf_add_format(&buf, "%s-%d", "abcdef", 123);
    assert_string_equal(mes_buf_text(&buf), "abcdef-123");
    mes_buf_consume(&buf, 7);
    assert_string_equal(mes_buf_text(&buf), "123");
    size_t size;
    char *taken = mes_buf_take(&buf, &size);
    assert_string_equal(taken, "123");
    assert_int_equal(size, 3);
    mes_free(taken);
}

static bool refuse(size_t size)
{
    (void)size;
    return false;
}

static void out_of_memory_is_remembered(void **state)
{
    struct mes_buf buf;
    struct mes_error error;
    (void)state;
    mes_buf_init(&buf, SIZE_MAX);
    mes_alloc_set_hook(refuse);
    mes_buf_add_text(&buf, "x");
    assert_null(mes_copy("x", 1));
    mes_alloc_set_hook(NULL);
    mes_buf_add_text(&buf, "y");
    assert_int_equal(mes_buf_check(&buf, &error), MES_E_NOMEM);
    assert_int_equal(buf.size, 0);
    mes_buf_fini(&buf);
}

static void str_is_searched_and_split(void **state)
{
    struct mes_str rest = MES_STR("a,,b"), part;
    uint64_t value;
    (void)state;
    assert_true(mes_str_next(&rest, ',', &part) && mes_str_eq(part, MES_STR("a")));
    assert_true(mes_str_next(&rest, ',', &part) && part.size == 0);
    assert_true(mes_str_next(&rest, ',', &part) && mes_str_eq(part, MES_STR("b")));
    assert_false(mes_str_next(&rest, ',', &part));
    assert_int_equal(mes_str_find(MES_STR("hello"), MES_STR("lo"), 0), 3);
    assert_int_equal(mes_str_find_nocase(MES_STR("heLLo"), MES_STR("ll"), 0), 2);
    assert_true(mes_str_find(MES_STR("hello"), MES_STR("x"), 0) == SIZE_MAX);
    assert_true(mes_str_eq(mes_str_trim(MES_STR(" \tx y\r\n")), MES_STR("x y")));
    assert_true(mes_str_ends_nocase(MES_STR("smtp.QQ.com"), MES_STR(".qq.COM")));
    assert_true(mes_str_to_uint(MES_STR("18446744073709551615"), UINT64_MAX, &value) && value == UINT64_MAX);
    assert_false(mes_str_to_uint(MES_STR("18446744073709551616"), UINT64_MAX, &value));
    assert_false(mes_str_to_uint(MES_STR("-1"), UINT64_MAX, &value));
    assert_false(mes_str_to_uint(MES_STR("11"), 10, &value));
}

static void utf8_is_strict(void **state)
{
    (void)state;
    assert_true(mes_utf8_is_valid(MES_STR("大文é🇭🇰")));
    assert_false(mes_utf8_is_valid(MES_STR("\xC0\x80")));
    assert_false(mes_utf8_is_valid(MES_STR("\xED\xA0\x80")));
    assert_false(mes_utf8_is_valid(MES_STR("\xF4\x90\x80\x80")));
    assert_false(mes_utf8_is_valid(MES_STR("\xE5\xA4")));
    struct mes_buf buf;
    mes_buf_init(&buf, 100);
    size_t at = 0;
    uint32_t character;
    struct mes_str text = MES_STR("aé大🇭");
    while (mes_utf8_next(text, &at, &character))
        mes_utf8_add(&buf, character);
    assert_true(mes_str_eq(mes_buf_str(&buf), text));
    assert_int_equal(mes_utf8_cut(text, 5).size, 3);
    mes_buf_fini(&buf);
}

static void arena_keeps_its_limit(void **state)
{
    struct mes_arena arena;
    (void)state;
    mes_arena_init(&arena, 10000);
    char *copy = mes_arena_copy(&arena, MES_STR("hello"));
    assert_string_equal(copy, "hello");
    assert_non_null(mes_arena_alloc(&arena, 5000));
    assert_null(mes_arena_alloc(&arena, 5000));
    assert_null(mes_arena_alloc(&arena, SIZE_MAX));
    assert_string_equal(copy, "hello");
    mes_arena_fini(&arena);
}

static void error_arguments_are_made_safe(void **state)
{
    struct mes_error error;
    (void)state;
    assert_int_equal(mes_fail(&error, MES_E_INPUT, 7, MES_ARGS("a\r\n", "\xFF大", MES_NUMBER(-5))),
                     MES_E_INPUT);
    assert_string_equal(mes_error_argument(&error, 0), "a\\x0D\\x0A");
    assert_string_equal(mes_error_argument(&error, 1), "?大");
    assert_string_equal(mes_error_argument(&error, 2), "-5");
    assert_string_equal(mes_error_argument(&error, 3), "");
    assert_string_equal(mes_code_name(MES_E_INPUT), "INPUT");
}

static void file_is_replaced_whole(void **state)
{
    char path[] = "/tmp/mes-base-test-XXXXXX";
    struct mes_error error;
    struct mes_buf buf;
    (void)state;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(mes_file_replace(path, MES_STR("new content"), &error), 0);
    mes_buf_init(&buf, 11);
    assert_int_equal(mes_file_read(path, &buf, &error), 0);
    assert_string_equal(mes_buf_text(&buf), "new content");
    mes_buf_fini(&buf);
    mes_buf_init(&buf, 10);
    assert_int_equal(mes_file_read(path, &buf, &error), MES_E_FILE);
    mes_buf_fini(&buf);
    assert_false(mes_file_is_exposed(path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mes_file_read(path, &buf, &error), MES_E_FILE);
    assert_string_equal(mes_error_argument(&error, 0), path);
}

static void secrets_and_random(void **state)
{
    char one[27], two[27];
    struct mes_error error;
    (void)state;
    struct mes_secret *secret = mes_secret_new(MES_STR("pass"));
    assert_true(mes_str_eq(mes_secret_reveal(secret), MES_STR("pass")));
    mes_secret_free(&secret);
    assert_null(secret);
    assert_true(mes_secret_is_empty(secret));
    assert_int_equal(mes_random_text(one, sizeof one, &error), 0);
    assert_int_equal(mes_random_text(two, sizeof two, &error), 0);
    assert_int_equal(strlen(one), 26);
    assert_string_not_equal(one, two);
}

static void a_file_may_be_as_large_as_the_limit(void **state)
{
    static char content[64 * 1024];
    char path[] = "/tmp/mes-base-XXXXXX";
    struct mes_buf buf;
    struct mes_error error;
    (void)state;
    close(mkstemp(path));
    for (size_t size = 0; size <= sizeof content; size = size == 0 ? 1 : size * sizeof content) {
        assert_int_equal(mes_file_replace(path, mes_str_make(content, size), &error), 0);
        mes_buf_init(&buf, sizeof content);
        assert_int_equal(mes_file_read(path, &buf, &error), 0);
        assert_int_equal(buf.size, size);
        mes_buf_fini(&buf);
    }
    mes_buf_init(&buf, sizeof content - 1);
    assert_int_equal(mes_file_read(path, &buf, &error), MES_E_FILE);
    mes_buf_fini(&buf);
    unlink(path);
}

/* As in AUTH PLAIN and XOAUTH2, whose base64 is of the secret and something around it. */
static void H01_a_secret_is_hidden_inside_longer_base64(void **state)
{
    struct mes_secret *secret = mes_secret_new(MES_STR("canary-of-some-length"));
    char text[100];
    struct mes_buf line, out;
    (void)state;
    mes_buf_init(&line, 1000);
    mes_buf_init(&out, 1000);
    for (int before = 0; before < 7; before++)
        for (int behind = 0; behind < 4; behind++) {
            (void)snprintf(text, sizeof text, "%.*scanary-of-some-length%.*s", before, "\1\2user=", behind,
                           "\1\1=");
            mes_buf_clear(&line);
            mes_buf_clear(&out);
            mes_base64_add(&line, text, strlen(text));
            mes_secret_hide(secret, mes_buf_str(&line), &out);
            const char *stars = strstr(mes_buf_text(&out), "***");
            assert_non_null(stars);
            /* Of its 28 characters or so two may be left at either end. */
            assert_true(out.size <= line.size - 26 + 3);
        }
    mes_secret_free(&secret);
    mes_buf_fini(&line);
    mes_buf_fini(&out);
}

static void secrets_are_hidden_in_what_a_relay_repeats(void **state)
{
    struct mes_secret *secret = mes_secret_new(MES_STR("pa55 wörd"));
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 1000);
    mes_secret_hide(secret, MES_STR("no pa55 wörd, cGE1NSB3w7ZyZA== and pa55"), &out);
    assert_string_equal(mes_buf_text(&out), "no ***, *** and pa55");
    mes_secret_free(&secret);
    mes_buf_clear(&out);
    secret = mes_secret_new(MES_STR("no"));
    mes_secret_hide(secret, MES_STR("not now"), &out);
    mes_secret_hide(NULL, MES_STR("."), &out);
    assert_string_equal(mes_buf_text(&out), "not now.");
    mes_secret_free(&secret);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_grows_up_to_its_limit),
        cmocka_unit_test(out_of_memory_is_remembered),
        cmocka_unit_test(str_is_searched_and_split),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(arena_keeps_its_limit),
        cmocka_unit_test(error_arguments_are_made_safe),
        cmocka_unit_test(file_is_replaced_whole),
        cmocka_unit_test(secrets_and_random),
        cmocka_unit_test(H01_a_secret_is_hidden_inside_longer_base64),
        cmocka_unit_test(secrets_are_hidden_in_what_a_relay_repeats),
        cmocka_unit_test(a_file_may_be_as_large_as_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
