#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mime/html.h"
#include "mime/htmltext.h"

static const struct {
    const char *name, *html, *text;
} cases[] = {
    {"words", "  one\n two\t<b>three</b>four ", "one two threefour\n"},
    {"blanks around inline elements", "a <b> b </b> c<i> d</i>", "a b c d\n"},
    {"paragraphs", "<p>one</p><p>two</p>\n<div>three</div><div>four</div>", "one\n\ntwo\n\nthree\nfour\n"},
    {"br", "a<br>b<br/><br>c<br><br><br><br>d", "a\nb\n\nc\n\nd\n"},
    {"link", "See <a href=\"https://x.hk/a?b=1&amp;c=2\">the page</a>.",
     "See the page (https://x.hk/a?b=1&c=2).\n"},
    {"link that shows its URL", "<a href='https://x.hk/'>https://x.hk</a> <a href=mailto:a@x.hk>a@x.hk</a>",
     "https://x.hk a@x.hk\n"},
    {"link without text", "<p>a</p><a href='https://x.hk/b'><img src=x></a>", "a\n\n(https://x.hk/b)\n"},
    {"links that lead nowhere", "<p>a</p><a href='#top'></a><a href='javascript:x()'>b</a><a name=c>c</a>",
     "a\n\nbc\n"},
    {"link around a block", "<a href='https://x.hk'><div>a</div></a><div>b</div>", "a (https://x.hk)\nb\n"},
    {"link that is never closed", "<a href='https://x.hk'>a<a href='https://y.hk'>b",
     "a (https://x.hk)b (https://y.hk)\n"},
    {"bulleted list", "<ul><li>a<li><p>b</p></li><ul><li>c</ul></ul>d", "- a\n- b\n\n  - c\n\nd\n"},
    {"numbered list", "<ol start=9><li>a</li><li>b</li></ol>", "9. a\n10. b\n"},
    {"empty item", "<ul><li></li><li>b</li></ul>", "- \n- b\n"},
    {"table", "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "a b\n1 2\n"},
    {"pre", "<p>x</p><pre>\n a\n\n  b &lt;\n</pre>y", "x\n\n a\n\n  b <\n\ny\n"},
    {"image", "<img alt='a &amp; b' src=x><img src=y>", "a & b\n"},
    {"rule", "a<hr>b", "a\n---\nb\n"},
    {"head, title, style, script, comments",
     "<!DOCTYPE html><html><head>x<title>t &amp; <b></title><style>p>a{}</style></head><body><!-- c --> "
     "a<script>if "
     "(a<b) '</p>'</script><!--[if mso]><p>o</p><![endif]-->b<!--[if !mso]><!--> "
     "c<!--<![endif]--></body></html>",
     "ab c\n"},
    {"body without end of head", "<head><title>t</title><p>a", "a\n"},
    {"hidden preheader",
     "<div style='font-size:1px; DISPLAY : none'>x<div>y</div>z</div>a<span hidden>b</span>c", "ac\n"},
    {"references",
     "&lt;&#20320;&#x597D;&copy;2026 &copyx &notit; &unknown; &nbsp; &#128; &#0; &euro;&amp &ampx&apos;",
     "<你好©2026 ©x ¬it; &unknown; € \xEF\xBF\xBD €& &x'\n"},
    {"references in a URL", "<a href='https://x/?a&copy=1&lt;=2&lt'>t</a>", "t (https://x/?a&copy=1<=2<)\n"},
    {"soft hyphens and zero width", "Zu&shy;sam&#8203;men\xEF\xBB\xBF", "Zusammen\n"},
    {"no markup", "1 < 2 & 3 > 2 <3 a<", "1 < 2 & 3 > 2 <3 a<\n"},
    {"tag cut off", "a<b c=\"d", "a\n"},
    {"'>' in a quoted value", "<p title='a>b'>x</p>", "x\n"},
    {"comment ends", "a<!-->b<!--->c<!-- -- >d--!>e<!x>f</ g>h<?i?>j<!-- open", "abcefhj\n"},
    {"invalid bytes", "a\xFF<b>\xE4\xBD</b>", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n"},
    {"nothing", "<html><body> <p> </p> </body></html>", ""},
};

static void html_becomes_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_buf out;
        mes_buf_init(&out, 10000);
        mes_mime_html_to_text(mes_str_of(cases[i].html), &out);
        if (strcmp(mes_buf_text(&out), cases[i].text) != 0)
            fail_msg("%s: \"%s\" and not \"%s\"", cases[i].name, mes_buf_text(&out), cases[i].text);
        mes_buf_fini(&out);
    }
}

static void words_on_one_line(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 1000);
    mes_mime_html_to_line(
        MES_STR("<title>t</title><p>a</p><ul><li>b<li><a href='https://x'>c</a></ul><img alt=d><hr>e"),
        SIZE_MAX, &out);
    assert_string_equal(mes_buf_text(&out), "a b c e");
    mes_buf_clear(&out);
    mes_mime_html_to_line(MES_STR("<p>你好你好你好</p><p>more"), 5, &out);
    assert_string_equal(mes_buf_text(&out), "你好");
    mes_buf_fini(&out);
}

static void title_is_found(void **state)
{
    struct mes_buf out;
    size_t at = 0;
    (void)state;
    mes_buf_init(&out, 1000);
    assert_true(mes_mime_html_title(
        MES_STR("<html><!-- <title>no</title> --><TITLE lang=x>\n a &amp;\n <b> </Title>"), &out, &at));
    assert_string_equal(mes_buf_text(&out), "a & <b>");
    assert_int_equal(at, 46);
    mes_buf_clear(&out);
    assert_true(mes_mime_html_title(MES_STR("<title></title><p>a"), &out, NULL));
    assert_false(mes_mime_html_title(MES_STR("<p>a</p>"), &out, NULL));
    assert_int_equal(out.size, 0);
    mes_buf_fini(&out);
}

static void attributes_are_read(void **state)
{
    struct mes_mime_html html;
    struct mes_mime_html_token token;
    struct mes_str value;
    (void)state;
    mes_mime_html_init(&html, MES_STR("<a href = 'x y'/b=c>d HREF=z checked>"));
    assert_true(mes_mime_html_next(&html, &token));
    assert_true(mes_mime_html_attribute(&token, "Href", &value) && mes_str_eq(value, MES_STR("x y")));
    assert_true(mes_mime_html_attribute(&token, "b", &value) && mes_str_eq(value, MES_STR("c")));
    assert_false(mes_mime_html_attribute(&token, "checked", &value));
    assert_true(mes_str_eq(token.whole, MES_STR("<a href = 'x y'/b=c>")));
    assert_true(mes_mime_html_next(&html, &token));
    assert_true(mes_str_eq(token.whole, MES_STR("d HREF=z checked>")));
    assert_false(mes_mime_html_next(&html, &token));
}

/* Each input is passed over once, whatever it is made of: a pass that were quadratic in one of these pieces
 * would not come to its end within the time of a test run. */
static void D07_hostile_html_is_passed_over_once(void **state)
{
    static const char *const pieces[] = {"<div>", "<",  "</",      "<!--", "<a href='", "<b c=\"",
                                         "&",     "&#", "<title>", "<li>", "<pre>"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct mes_buf input, out;
        mes_buf_init(&input, 8 << 20);
        mes_buf_init(&out, 64 << 20);
        for (size_t n = 0; n < 50000; n++)
            mes_buf_add_text(&input, pieces[i]);
        mes_mime_html_to_text(mes_buf_str(&input), &out);
        assert_int_equal(out.failed, 0);
        assert_true(out.size <= input.size * 16);
        mes_buf_fini(&input);
        mes_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_becomes_text),
        cmocka_unit_test(words_on_one_line),
        cmocka_unit_test(title_is_found),
        cmocka_unit_test(attributes_are_read),
        cmocka_unit_test(D07_hostile_html_is_passed_over_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
