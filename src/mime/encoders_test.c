#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "mime/encoders.h"

static void decode_quoted(struct mes_str text, struct mes_buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char hex[3] = {0};
        if (text.data[i] != '=') {
            mes_buf_add_char(out, text.data[i]);
            continue;
        }
        assert_true(i + 2 < text.size);
        memcpy(hex, text.data + i + 1, 2);
        if (strcmp(hex, "\r\n") != 0)
            mes_buf_add_char(out, (char)strtol(hex, NULL, 16));
        i += 2;
    }
}

static void decode_base64_lines(struct mes_str text, struct mes_buf *out)
{
    struct mes_buf joined;
    mes_buf_init(&joined, SIZE_MAX);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '\r' && text.data[i] != '\n')
            mes_buf_add_char(&joined, text.data[i]);
    assert_true(mes_base64_decode(mes_buf_str(&joined), out));
    mes_buf_fini(&joined);
}

/* What holds for every encoded text: RFC 2045 6.7, RFC 5321 4.5.2, RFC 5322 2.3. */
static void is_fit_for_the_wire(struct mes_str text, size_t most)
{
    size_t column = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        assert_true((c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n');
        if (c == '\r')
            assert_true(i + 1 < text.size && text.data[i + 1] == '\n');
        if (c == '\n') {
            assert_true(i > 0 && text.data[i - 1] == '\r');
            column = 0;
            continue;
        }
        if (column == 0) {
            assert_int_not_equal(c, '.');
            assert_false(mes_str_starts(mes_str_skip(text, i), MES_STR("From ")));
        }
        column++;
        assert_true(column <= most + 1);
    }
}

static void goes_through(struct mes_str text, enum mes_encoding encoding, const char *expected)
{
    struct mes_buf encoded, decoded;
    mes_buf_init(&encoded, SIZE_MAX);
    mes_buf_init(&decoded, SIZE_MAX);
    mes_mime_text_encode(text, encoding, &encoded);
    is_fit_for_the_wire(mes_buf_str(&encoded), encoding == MES_ENCODING_7BIT ? 998 : 76);
    if (encoding == MES_ENCODING_BASE64)
        decode_base64_lines(mes_buf_str(&encoded), &decoded);
    else if (encoding == MES_ENCODING_QUOTED_PRINTABLE)
        decode_quoted(mes_buf_str(&encoded), &decoded);
    else
        mes_buf_add_str(&decoded, mes_buf_str(&encoded));
    assert_string_equal(mes_buf_text(&decoded), expected);
    mes_buf_fini(&encoded);
    mes_buf_fini(&decoded);
}

static void the_choice_is_the_shortest_that_is_safe(void **state)
{
    char line[1001] = {0};
    (void)state;
    memset(line, 'a', 999);
    assert_int_equal(mes_mime_encoding_of(MES_STR("")), MES_ENCODING_7BIT);
    assert_int_equal(mes_mime_encoding_of(MES_STR("Hello\r\nworld\tx\n")), MES_ENCODING_7BIT);
    assert_int_equal(mes_mime_encoding_of(mes_str_make(line, 998)), MES_ENCODING_7BIT);
    assert_int_equal(mes_mime_encoding_of(mes_str_make(line, 999)), MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("caf\u00e9 au lait et croissants")),
                     MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("你好 hello")), MES_ENCODING_BASE64);
    assert_int_equal(mes_mime_encoding_of(MES_STR("one\n.two")), MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("one\nFrom two")), MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("one \ntwo")), MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("one\t")), MES_ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(mes_mime_encoding_of(MES_STR("one two three\0four five")),
                     MES_ENCODING_QUOTED_PRINTABLE);
}

static void D11_no_lone_line_end_and_no_leading_dot_leaves(void **state)
{
    static const char *const texts[] = {
        "a\r\n.\r\nb", "a\n.\nb", "a\n.\r\nb",      "a\r.\r\nb", "a\r.\rb",
        ".a",          "..\n.\n", "\r\r\n\n",       "a\r",       ".",
        "\n.",         "a\n\r.",  "From x\nFrom y", " \n\t\n ",  "a \r\n.\r\n b "};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mes_str text = mes_str_of(texts[i]);
        struct mes_buf expected;
        mes_buf_init(&expected, SIZE_MAX);
        for (size_t at = 0; at < text.size; at++) {
            bool is_end = text.data[at] == '\r' || text.data[at] == '\n';
            if (text.data[at] == '\r' && at + 1 < text.size && text.data[at + 1] == '\n')
                at++;
            mes_buf_add(&expected, is_end ? "\r\n" : text.data + at, is_end ? 2 : 1);
        }
        enum mes_encoding chosen = mes_mime_encoding_of(text);
        goes_through(text, chosen, mes_buf_text(&expected));
        goes_through(text, MES_ENCODING_QUOTED_PRINTABLE, mes_buf_text(&expected));
        goes_through(text, MES_ENCODING_BASE64, mes_buf_text(&expected));
        mes_buf_fini(&expected);
    }
}

/* A soft break may put a dot or "From " at the front of a line: every length of what stands before it is
 * tried. */
static void D12_long_lines_come_back_whatever_their_length(void **state)
{
    static const char *const tails[] = {".", "..", "From me", "=", " ", "\t ", "é", "大", "😀", "", "x.y"};
    (void)state;
    for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++)
        for (size_t lead = 0; lead < 320; lead++) {
            struct mes_buf text;
            mes_buf_init(&text, SIZE_MAX);
            for (size_t i = 0; i < lead; i++)
                mes_buf_add_char(&text, 'a');
            for (size_t i = 0; i < 40; i++)
                mes_buf_add_text(&text, tails[t]);
            goes_through(mes_buf_str(&text), MES_ENCODING_QUOTED_PRINTABLE, mes_buf_text(&text));
            goes_through(mes_buf_str(&text), MES_ENCODING_BASE64, mes_buf_text(&text));
            mes_buf_fini(&text);
        }
}

static void D12_a_line_of_a_megabyte_is_broken_up(void **state)
{
    enum { SIZE = 1024 * 1024 };
    char *text = mes_alloc(SIZE + 1);
    (void)state;
    memset(text, 'x', SIZE);
    assert_int_equal(mes_mime_encoding_of(mes_str_make(text, SIZE)), MES_ENCODING_QUOTED_PRINTABLE);
    goes_through(mes_str_make(text, SIZE), MES_ENCODING_QUOTED_PRINTABLE, text);
    mes_free(text);
}

static void D12_soft_breaks_keep_characters_whole(void **state)
{
    struct mes_buf text, encoded;
    (void)state;
    mes_buf_init(&text, SIZE_MAX);
    mes_buf_init(&encoded, SIZE_MAX);
    mes_buf_add_text(&text, "ab");
    for (int i = 0; i < 50; i++)
        mes_buf_add_text(&text, "大");
    mes_mime_text_encode(mes_buf_str(&text), MES_ENCODING_QUOTED_PRINTABLE, &encoded);
    for (const char *at = mes_buf_text(&encoded); (at = strstr(at, "=\r\n")) != NULL; at += 3)
        assert_memory_equal(at + 3, "=E5=A4=A7", 9);
    mes_buf_fini(&text);
    mes_buf_fini(&encoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_choice_is_the_shortest_that_is_safe),
        cmocka_unit_test(D11_no_lone_line_end_and_no_leading_dot_leaves),
        cmocka_unit_test(D12_long_lines_come_back_whatever_their_length),
        cmocka_unit_test(D12_a_line_of_a_megabyte_is_broken_up),
        cmocka_unit_test(D12_soft_breaks_keep_characters_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
