#include "smtp/saslprep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_examples_of_rfc_4013(void **state)
{
    static const struct {
        const char *text, *prepared; /* NULL: prohibited */
    } rows[] = {
        {"I\xC2\xADX", "IX"},                     /* SOFT HYPHEN mapped to nothing */
        {"user", "user"},                         /* no transformation */
        {"USER", "USER"},                         /* case is kept */
        {"\xC2\xAA", "a"},                        /* NFKC */
        {"\xE2\x85\xA8", "IX"},                   /* NFKC */
        {"\x07", NULL},                           /* a control */
        {"\xD8\xA7\x31", NULL},                   /* ARABIC LETTER ALEF, 1 */
        {"", ""},                                 /* from here on our own */
        {"a b=c,d~", "a b=c,d~"},                 /* ASCII stays as it is */
        {"a\xC2\xA0z", "a z"},                    /* NO-BREAK SPACE */
        {"a\xE3\x80\x80z", "a z"},                /* IDEOGRAPHIC SPACE */
        {"\xE2\x80\x8B", ""},                     /* ZERO WIDTH SPACE */
        {"e\xCC\x81", "\xC3\xA9"},                /* composed */
        {"\xEF\xBC\xA1", "A"},                    /* FULLWIDTH LATIN CAPITAL LETTER A */
        {"密碼", "密碼"},                         /* Chinese */
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"}, /* an emoji, younger than the tables */
        {"\xD8\xA7\xD8\xA8", "\xD8\xA7\xD8\xA8"}, /* right to left all through */
        {"\xD7\x90"
         "1"
         "\xD7\x91",
         "\xD7\x90"
         "1"
         "\xD7\x91"},
        {"a\xD8\xA7", NULL}, /* both directions */
        {"\xE2\x80\xAE"
         "a",
         NULL}, /* RIGHT-TO-LEFT OVERRIDE */
        {"\x7F", NULL},
        {"a\tb", NULL},
        {"\xEE\x80\x80", NULL}, /* private use */
        {"\xEF\xB7\x90", NULL}, /* no character */
        {"\xEF\xBF\xBE", NULL},
        {"\xEF\xBF\xBD", NULL}, /* REPLACEMENT CHARACTER */
        {"\xFF", NULL},         /* not UTF-8 */
        {"\xED\xA0\x80", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mes_buf out;
        mes_buf_init(&out, 256);
        mes_buf_add_char(&out, '<');
        bool is_good = mes_smtp_saslprep(mes_str_of(rows[i].text), &out);
        if (is_good != (rows[i].prepared != NULL))
            fail_msg("row %zu", i);
        assert_int_equal(out.failed, 0);
        assert_string_equal(mes_buf_text(&out) + 1, is_good ? rows[i].prepared : "");
        mes_buf_fini(&out);
    }
}

static void what_does_not_fit_fails(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 8);
    assert_false(mes_smtp_saslprep(MES_STR("\xEF\xB7\xBA"), &out)); /* eighteen characters by NFKC */
    assert_int_equal(out.failed, MES_E_LIMIT);
    mes_buf_fini(&out);
    mes_buf_init(&out, 256);
    assert_true(mes_smtp_saslprep(MES_STR("\xEF\xB7\xBA"), &out));
    assert_int_equal(out.size, 33);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4013),
        cmocka_unit_test(what_does_not_fit_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
