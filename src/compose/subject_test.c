#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "compose/subject.h"

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466"
#define FLAG "\U0001F1ED\U0001F1F0"
#define ACCENT "e\u0301"
#define HANGUL "\u1112\u1161\u11AB"
#define FIVE(x) x x x x x
#define TWENTY(x) FIVE(x) FIVE(x) FIVE(x) FIVE(x)

static const struct {
    const char *text, *subject;
} texts[] = {
    {"", ""},
    {" \r\n\t \u3000", ""},
    {"short", "short"},
    {"  a\r\n\r\n b\u3000\tc  ", "a b c"},
    {"12345678901234567890more", "12345678901234567890"},
    {"1234567890123456789 more", "1234567890123456789"},
    {"親愛的客戶，您好！您的帳戶已於今天成功啟用。", "親愛的客戶，您好！您的帳戶已於今天成功啟"},
    {"a\x01\x7f"
     "b",
     "ab"},
    {"a\xFF"
     "b",
     "a\uFFFD"
     "b"},
    {TWENTY(FAMILY) "x", TWENTY(FAMILY)},
    {TWENTY(FLAG) "x", TWENTY(FLAG)},
    {TWENTY(ACCENT) "x", TWENTY(ACCENT)},
    {TWENTY(HANGUL) "x", TWENTY(HANGUL)},
};

static void R17_first_twenty_clusters_of_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mes_buf out;
        mes_buf_init(&out, 2000);
        mes_compose_subject_from_text(mes_str_of(texts[i].text), &out);
        assert_string_equal(mes_buf_text(&out), texts[i].subject);
        mes_buf_fini(&out);
    }
}

static void R17_of_html_its_words_alone(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 2000);
    mes_compose_subject_from_html(
        MES_STR(
            "<html><head><title>no</title><style>no</style></head><body><!-- no --><script>no</script>\n"
            "<p>Tom &amp; <b>Jerry</b></p><p><a href='https://x'>go&nbsp; on</a> &#x4F60;</p></body></html>"),
        &out);
    assert_string_equal(mes_buf_text(&out), "Tom & Jerry go on 你");
    mes_buf_fini(&out);
}

/* Whatever stands at the twentieth place, no character and no cluster is cut, and no control character comes
 * through. */
static void D16_no_character_is_split(void **state)
{
    static const char *const ends[] = {FAMILY, FLAG, ACCENT, HANGUL, "\U0001F600", "\u202Ea", "\u200Ba"};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t before = 15; before <= 20; before++) {
            struct mes_buf text, out;
            mes_buf_init(&text, 2000);
            mes_buf_init(&out, 2000);
            for (size_t n = 0; n < before; n++)
                mes_buf_add_char(&text, 'x');
            mes_buf_add_text(&text, ends[i]);
            mes_buf_add_text(&text, "zzzzzzzzzz");
            mes_compose_subject_from_text(mes_buf_str(&text), &out);
            assert_true(mes_utf8_is_valid(mes_buf_str(&out)));
            bool has_end = mes_str_find(mes_buf_str(&out), mes_str_of(ends[i]), 0) != SIZE_MAX;
            bool is_cut_before = out.size == before;
            assert_true(has_end != is_cut_before || ends[i][strlen(ends[i]) - 1] == 'a');
            mes_buf_fini(&text);
            mes_buf_fini(&out);
        }
}

static void a_cluster_without_end_is_bounded(void **state)
{
    struct mes_buf text, out;
    (void)state;
    mes_buf_init(&text, 100000);
    mes_buf_init(&out, 2000);
    mes_buf_add_char(&text, 'e');
    for (size_t n = 0; n < 10000; n++)
        mes_buf_add_text(&text, "\u0301");
    mes_compose_subject_from_text(mes_buf_str(&text), &out);
    assert_true(out.size > 700 && out.size <= 800 && mes_utf8_is_valid(mes_buf_str(&out)));
    mes_buf_fini(&text);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R17_first_twenty_clusters_of_the_text),
        cmocka_unit_test(R17_of_html_its_words_alone),
        cmocka_unit_test(D16_no_character_is_split),
        cmocka_unit_test(a_cluster_without_end_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
