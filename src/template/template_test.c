#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "template/template.h"

static const struct mes_str old_names[] = {{"callbackurl", 11}};

static struct mes_template_source source_of(enum mes_template_kind kind, const char *text)
{
    return (struct mes_template_source){.name = MES_STR("t.html"), .text = mes_str_of(text), .kind = kind};
}

/* Parses and renders; the result or the whole complaint is in `out`. */
static int run(const struct mes_template_source *source, const struct mes_values *values, struct mes_buf *out)
{
    struct mes_template *template;
    struct mes_error error = {0};
    char text[1200];
    mes_buf_init(out, 16 << 20);
    int code = mes_template_parse(source, &template, &error);
    if (code == 0)
        code = mes_template_render(template, values, out, &error);
    if (code != 0) {
        assert_int_equal(out->size, 0);
        mes_buf_add_text(out, mes_error_text(&error, MES_EN, text, sizeof text));
    }
    mes_template_free(&template);
    return code;
}

/* Renders with the single variable x. */
static int run_x(enum mes_template_kind kind, const char *text, const char *x, struct mes_buf *out)
{
    struct mes_variable variable = {MES_STR("x"), mes_template_value_text(mes_str_of(x))};
    struct mes_values values = {mes_template_value_map(&variable, x != NULL), NULL};
    struct mes_template_source source = source_of(kind, text);
    return run(&source, &values, out);
}

static void assert_gives(enum mes_template_kind kind, const char *text, const char *x, const char *expected)
{
    struct mes_buf out;
    int code = run_x(kind, text, x, &out);
    if (code != 0 || strcmp(mes_buf_text(&out), expected) != 0)
        fail_msg("%s with %s gave %s and not %s", text, x ? x : "-", mes_buf_text(&out), expected);
    mes_buf_fini(&out);
}

/* The complaint must begin with this. */
static void assert_fails(enum mes_template_kind kind, const char *text, const char *x, const char *complaint)
{
    struct mes_buf out;
    int code = run_x(kind, text, x, &out);
    if (code == 0 || strncmp(mes_buf_text(&out), complaint, strlen(complaint)) != 0)
        fail_msg("%s with %s gave %s and not %s", text, x, mes_buf_text(&out), complaint);
    mes_buf_fini(&out);
}

static void D15_values_are_escaped_for_their_place(void **state)
{
    static const struct {
        const char *template, *x, *result;
    } cases[] = {
        {"<p>{{x}}", "<script>alert('1')</script>&\"",
         "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"},
        {"<p title=\"{{x}}\">", "\" onload='a", "<p title=\"&quot; onload=&#39;a\">"},
        {"<p title='{{x}}'>", "' b=\"", "<p title='&#39; b=&quot;'>"},
        {"<td width={{x}}>", "1 onload=a`", "<td width=1&#32;onload&#61;a&#96;>"},
        {"<td width={{x}}", "a\tb\nc", "<td width=a&#9;b&#10;c"},
        {"<a href=\"{{x}}\">", " https://x.hk/a b?q=\"你&r='#f ",
         "<a href=\"https://x.hk/a%20b?q=%22%E4%BD%A0&amp;r=&#39;#f\">"},
        {"<a href={{x}}>", "https://x.hk/>\t", "<a href=https://x.hk/%3E>"},
        {"<a HREF='/go/{{x}}'>", "a b%20c%zz", "<a HREF='/go/a%20b%20c%25zz'>"},
        {"<a href=\"/go?to={{x}}\">", "a&b=c/d e%41", "<a href=\"/go?to=a%26b%3Dc%2Fd%20e%2541\">"},
        {"<a href=\"/go#{{x}}\">", "a&b", "<a href=\"/go#a%26b\">"},
        {"<img src='{{x}}'>", "cid:logo", "<img src='cid:logo'>"},
        {"<a href='{{x}}'>", "/a:b", "<a href='/a:b'>"},
        {"<a href='page{{x}}'>", "2", "<a href='page2'>"},
        {"<a href='app://{{x}}'>", "a:b", "<a href='app://a:b'>"},
        {"<a data-x='1' href=\n'{{x}}'>{{x}}</a>", "tel:+852 1",
         "<a data-x='1' href=\n'tel:+852%201'>tel:+852 1</a>"},
        {"<p style=\"color: {{x}}\">", "#a0b1c2", "<p style=\"color: #a0b1c2\">"},
        {"<style>p {color: {{x}}}</style>{{x}}", "#fff", "<style>p {color: #fff}</style>#fff"},
        {"<h{{x}}>", "2", "<h2>"},
        {"<p {{x}}>{{x}}", "dir", "<p dir>dir"},
        {"<!-- {{x}} -->{{x}}", "--><b>", "<!-- --&gt;&lt;b&gt; -->--&gt;&lt;b&gt;"},
        {"<!--[if mso]><a href=\"{{x}}\"><![endif]-->", "a b", "<!--[if mso]><a href=\"a%20b\"><![endif]-->"},
        {"<!--><a href=\"{{x}}\">", "a b", "<!--><a href=\"a%20b\">"},
        {"<title>{{x}}</title><a href='{{x}}'>", "<b>", "<title>&lt;b&gt;</title><a href='%3Cb%3E'>"},
        {"<title><a href='</title>{{x}}", "a b", "<title><a href='</title>a b"},
        {"<script>'<a href=\"'</script><p>{{x}}", "a b", "<script>'<a href=\"'</script><p>a b"},
        {"a < b {{x}} 3 <4 {{x}}", "a b", "a < b a b 3 <4 a b"},
        {"<p>{{{x}}}<a href='{{{x}}}'>{{&x}}", "<i>'", "<p><i>'<a href='<i>''><i>'"},
        {"<script>var a = {{{x}}};</script>", "{}", "<script>var a = {};</script>"},
        {"<a {{#x}}href=\"{{.}}\"{{/x}}>{{x}}", "a b", "<a href=\"a%20b\">a b"},
        {"<td {{#x}}nowrap{{/x}}>{{x}}", "<", "<td nowrap>&lt;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_gives(MES_TEMPLATE_HTML, cases[i].template, cases[i].x, cases[i].result);
    assert_gives(MES_TEMPLATE_TEXT, "<a href=\"{{x}}\">", "a&\"\r\n<b>", "<a href=\"a&\"\r\n<b>\">");
}

static void D15_schemes_that_run_something_are_refused(void **state)
{
    static const char *const values[] = {
        "javascript:alert(1)", " JavaScript:a", "java\tscript:a",   "data:text/html,a",
        "vbscript:a",          "file:///etc",   "\x01javascript:a", ":a"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_fails(MES_TEMPLATE_HTML, "<p>\n <a href=\"{{x}}\">", values[i],
                     "t.html:2:11: the link in x is not allowed");
    assert_fails(MES_TEMPLATE_HTML, "<a href=\"{{x}}{{x}}\">", "javascript:", "t.html:1:10: the link");
    assert_fails(MES_TEMPLATE_HTML, "<a href=\"{{#x}}/{{/x}}{{x}}\">",
                 "javascript:", "t.html:1:23: the link");
    assert_fails(MES_TEMPLATE_HTML, "<!--[if mso]><a href=\"{{x}}\"><![endif]-->",
                 "javascript:", "t.html:1:23: the link");
}

static void D15_scripts_and_styles_take_no_code(void **state)
{
    static const char *const scripts[] = {"<script>{{x}}</script>", "<p onclick=\"{{x}}\">",
                                          "<p ONLOAD={{x}}>",       "<iframe srcdoc='{{x}}'>",
                                          "<p {{{x}}}='{{x}}'>",    "<SCRIPT a>b</scrip {{x}}"};
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct mes_buf out;
        assert_int_equal(run_x(MES_TEMPLATE_HTML, scripts[i], "1", &out), MES_E_INPUT);
        assert_non_null(strstr(mes_buf_text(&out), "x stands in a script or an event attribute"));
        mes_buf_fini(&out);
    }
    assert_fails(MES_TEMPLATE_HTML, "<p style='a:{{x}}'>", "url(javascript:a)",
                 "t.html:1:13: the value of x cannot stand in a style");
    assert_fails(MES_TEMPLATE_HTML, "<style>{{x}}</style>", "</style><b>",
                 "t.html:1:8: the value of x cannot stand in a style");
    assert_fails(MES_TEMPLATE_HTML, "<p {{x}}>", "onload=a",
                 "t.html:1:4: the value of x cannot be part of a tag's");
    assert_fails(MES_TEMPLATE_HTML, "<{{x}}>", "b a", "t.html:1:2: the value of x cannot be part of a tag's");
}

static void D15_line_ends_in_headers_are_an_error(void **state)
{
    static const char *const tags[] = {"a {{x}}", "a {{{x}}}", "a {{&x}}", "a {{x | upper}}"};
    static const char *const values[] = {"b\r\nBcc: c@x.hk", "b\rc", "b\nc"};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < 3; n++)
            assert_fails(MES_TEMPLATE_HEADER, tags[i], values[n],
                         "t.html:1:3: the value of x holds a line end");
    assert_fails(MES_TEMPLATE_HEADER, "a\nb", "", "t.html:1:2: a header is one line");
    assert_fails(MES_TEMPLATE_HEADER, "a {{x | default: \"b\nc\"}}", "",
                 "t.html:1:3: the value of x holds a line end");
    assert_gives(MES_TEMPLATE_HEADER, "{{x}} & <{{x}}>", "a&b", "a&b & <a&b>");
    struct mes_variable variable = {MES_STR("x"), mes_template_value_text(MES_STR("a\0b"))};
    struct mes_values values_with_nul = {mes_template_value_map(&variable, 1), NULL};
    struct mes_template_source source = source_of(MES_TEMPLATE_HEADER, "{{x}}");
    struct mes_buf out;
    assert_int_equal(run(&source, &values_with_nul, &out), MES_E_INPUT);
    mes_buf_fini(&out);
}

static void D15_a_missing_variable_is_an_error(void **state)
{
    (void)state;
    assert_fails(MES_TEMPLATE_HTML, "<p>\r\n你好 {{x}}", NULL,
                 "t.html:2:4: the variable x has no value. Give it one (--var x=…, or a column of the list), "
                 "or write {{x | default: \"…\"}} in the template.");
    assert_fails(MES_TEMPLATE_HTML, "{{a.b}}", NULL, "t.html:1:1: the variable a.b has no value");
    assert_fails(MES_TEMPLATE_HTML, "{{{x | upper}}}", NULL, "t.html:1:1: the variable x has no value");
    assert_gives(MES_TEMPLATE_HTML, "{{#x}}a{{/x}}{{^x}}b{{/x}}", NULL, "b");
    assert_gives(MES_TEMPLATE_HTML, "[{{x}}]{{#x}}a{{/x}}", "", "[]");
}

static void D15_the_environment_is_out_of_reach(void **state)
{
    static const char *const names[] = {"env", "PATH", "env.PATH", "HOME", "__proto__", "this.constructor"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[64];
        assert_true(snprintf(text, sizeof text, "{{%s}}", names[i]) > 0);
        assert_fails(MES_TEMPLATE_TEXT, text, "a", "t.html:1:1: the variable");
    }
    assert_fails(MES_TEMPLATE_TEXT, "{{x | env: \"PATH\"}}", "a",
                 "t.html:1:1: there is no filter like this: env");
    assert_fails(MES_TEMPLATE_TEXT, "{{> /etc/passwd}}", "a", "t.html:1:1: there is no partial template");
}

static void D15_faults_are_found_when_it_is_parsed(void **state)
{
    static const struct {
        const char *template, *complaint;
    } cases[] = {
        {"a\n  {{x", "t.html:2:3: this tag is not closed. Write }} behind the name."},
        {"{{{x}}", "t.html:1:1: this tag is not closed."},
        {"{{=<% %>=}}<%x", "t.html:1:12: this tag is not closed. Write %>"},
        {"{{#a}}b", "t.html:1:1: the section a is not closed. Write {{/a}} where it ends."},
        {"a{{/b}}", "t.html:1:2: {{/b}} closes a section that was never opened."},
        {"{{#a}}{{#b}}{{/a}}{{/b}}",
         "t.html:1:13: {{/a}} closes no open section of that name. The open one is \"b\""},
        {"{{}}", "t.html:1:1: \"\" is not the name of a variable."},
        {"{{a..b}}", "t.html:1:1: \"a..b\" is not the name"},
        {"{{a.}}", "t.html:1:1: \"a.\" is not the name"},
        {"{{# if(x) > 1 }}", "t.html:1:1: \"if(x) > 1\" is not the name"},
        {"{{=<%=}}", "t.html:1:1: \"<%\" does not name two delimiters."},
        {"{{=a b c=}}", "t.html:1:1: \"a b c\" does not name two delimiters."},
        {"{{x | shout}}", "t.html:1:1: there is no filter like this: shout. The filters are default, upper"},
        {"{{x | default}}", "t.html:1:1: this filter cannot be understood: default"},
        {"{{x | default: \"a}}", "t.html:1:1: this filter cannot be understood: default: \"a"},
        {"{{x | upper: 1}}", "t.html:1:1: this filter cannot be understood: upper: 1"},
        {"{{x | upper lower}}", "t.html:1:1: there is no filter like this: upper lower"},
        {"{{x |}}", "t.html:1:1: there is no filter like this"},
        {"{{x | date: \"%Q\"}}", "t.html:1:1: this date format cannot be used"},
        {"{{x | date: \"%\"}}", "t.html:1:1: this date format cannot be used"},
        {"{{x | date: \"%d\", \"Hongkong\"}}", "t.html:1:1: this time zone cannot be used"},
        {"{{#a}}<p title=\"{{/a}}\">",
         "t.html:1:17: a opens or closes an HTML tag, attribute or script halfway."},
        {"{{#a}}<script>{{/a}}</script>", "t.html:1:15: a opens or closes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(MES_TEMPLATE_HTML, cases[i].template, "x", cases[i].complaint);
}

static void D15_a_loop_bomb_is_stopped(void **state)
{
    static struct mes_value items[1000];
    struct mes_variable variable = {MES_STR("l"), {.type = MES_VALUE_LIST, .items = items, .count = 1000}};
    struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
    struct mes_template_source bomb = source_of(MES_TEMPLATE_TEXT, "{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}");
    struct mes_template_source list = source_of(MES_TEMPLATE_TEXT, "{{#l}}{{#l}}{{/l}}{{/l}}");
    struct mes_buf out;
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        items[i] = mes_template_value_text(MES_STR("a"));
    assert_int_equal(run(&bomb, &values, &out), MES_E_LIMIT);
    assert_non_null(strstr(mes_buf_text(&out), "rendering took more than 100000 steps"));
    mes_buf_fini(&out);
    variable.value.count = 300; /* 90,902 steps */
    assert_int_equal(run(&list, &values, &out), 0);
    mes_buf_fini(&out);
}

static bool find_partial(void *context, struct mes_str name, struct mes_str *text_out)
{
    (void)context;
    if (mes_str_eq(name, MES_STR("self")))
        *text_out = MES_STR("x{{>self}}");
    else if (mes_str_eq(name, MES_STR("twice")))
        *text_out = MES_STR("{{>twice}}{{>twice}}");
    else if (mes_str_eq(name, MES_STR("open")))
        *text_out = MES_STR("<p title=\"");
    else if (mes_str_eq(name, MES_STR("url")))
        *text_out = MES_STR("{{x}}");
    else if (mes_str_eq(name, MES_STR("bad")))
        *text_out = MES_STR("a\n{{#b}}");
    else
        return false;
    return true;
}

static void D15_partials_are_bounded_and_escaped_where_they_stand(void **state)
{
    static const struct {
        const char *template, *result;
        int code;
    } cases[] = {
        {"{{>self}}", "self:1:2: more than 32 sections or partials stand inside one another", MES_E_LIMIT},
        {"{{>twice}}", "twice:1:1: more than 32", MES_E_LIMIT},
        {"{{>open}}", "open:1:1: open opens or closes an HTML tag", MES_E_INPUT},
        {"<p>{{>bad}}", "bad:2:1: the section b is not closed", MES_E_INPUT},
        {"{{>none}}", "t.html:1:1: there is no partial template \"none\"", MES_E_INPUT},
        {"{{>url}}<a href=\"{{>url}}\" title=\"{{>url}}\">", "a b&lt;<a href=\"a%20b%3C\" title=\"a b&lt;\">",
         0},
    };
    struct mes_variable variable = {MES_STR("x"), mes_template_value_text(MES_STR("a b<"))};
    struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mes_template_source source = source_of(MES_TEMPLATE_HTML, cases[i].template);
        struct mes_buf out;
        source.find_partial = find_partial;
        assert_int_equal(run(&source, &values, &out), cases[i].code);
        if (strncmp(mes_buf_text(&out), cases[i].result, strlen(cases[i].result)) != 0)
            fail_msg("%s gave %s", cases[i].template, mes_buf_text(&out));
        mes_buf_fini(&out);
    }
}

static void D15_nesting_is_bounded(void **state)
{
    struct mes_buf text, out;
    (void)state;
    mes_buf_init(&text, 4 << 20);
    for (int i = 0; i < 100000; i++)
        mes_buf_add_text(&text, "{{#x}}");
    assert_int_equal(run_x(MES_TEMPLATE_HTML, mes_buf_text(&text), "a", &out), MES_E_LIMIT);
    assert_non_null(strstr(mes_buf_text(&out), "more than 64 sections"));
    mes_buf_fini(&out);
    mes_buf_fini(&text);
}

static void the_limit_of_the_output_is_kept(void **state)
{
    struct mes_variable variable = {MES_STR("x"), mes_template_value_text(MES_STR("0123456789"))};
    struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
    struct mes_template_source source = source_of(MES_TEMPLATE_HTML, "{{x}}{{x}}{{x}}");
    struct mes_template *template;
    struct mes_buf out;
    (void)state;
    assert_int_equal(mes_template_parse(&source, &template, NULL), 0);
    mes_buf_init(&out, 35);
    mes_buf_add_text(&out, "before");
    assert_int_equal(mes_template_render(template, &values, &out, NULL), MES_E_LIMIT);
    assert_string_equal(mes_buf_text(&out), "before");
    mes_buf_clear(&out);
    assert_int_equal(mes_template_render(template, &values, &out, NULL), 0);
    assert_int_equal(out.size, 30);
    mes_buf_fini(&out);
    mes_template_free(&template);
}

static void filters_change_values(void **state)
{
    static const struct {
        const char *template, *x, *result;
    } cases[] = {
        {"{{x | default: \"friend\"}}", NULL, "friend"},
        {"{{x | default: \"friend\"}}", "", "friend"},
        {"{{x | default: \"friend\"}}", "Wong", "Wong"},
        {"{{x|default:'a \"b\" | c, d'}}", NULL, "a \"b\" | c, d"},
        {"{{x | default: friend | upper}}", NULL, "FRIEND"},
        {"{{x | upper | default: \"friend\"}}", NULL, "friend"},
        {"{{{ x | default: \"\" }}}", NULL, ""},
        {"{{x | upper}} {{x | lower}}", "Strada Éa 你", "STRADA ÉA 你 strada éa 你"},
        {"{{x | date: \"%Y-%m-%d %H:%M:%S %z\"}}", "2026-11-22T01:02:03+08:00", "2026-11-21 17:02:03 +00:00"},
        {"{{x | date: \"%d/%m/%y %I:%M %p\", \"+08:00\"}}", "2026-11-22T17:02:03Z", "23/11/26 01:02 AM"},
        {"{{x | date: \"%-d %B %Y, %A, day %j\"}}", "2024-02-09", "9 February 2024, Friday, day 040"},
        {"{{x | date: \"%Y年%-m月%-d日 %%\"}}", "20260105", "2026年1月5日 %"},
        {"{{x | date: \"%a %e %b %-H:%M\"}}", "2000-03-01 00:30", "Wed 1 Mar 0:30"},
        {"{{x | date: \"%Y-%m-%dT%H:%M:%S\"}}", "1700000000", "2023-11-14T22:13:20"},
        {"{{x | date: \"%Y-%m-%dT%H:%M:%S\"}}", "1700000000123", "2023-11-14T22:13:20"},
        {"{{x | date: \"%Y-%m-%d\", \"-01:00\"}}", "0001-01-01T00:30:00Z", "0000-12-31"},
        {"{{x | date: \"%Y\" | default: \"soon\"}}", "", "soon"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_gives(MES_TEMPLATE_TEXT, cases[i].template, cases[i].x, cases[i].result);
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const values[] = {
        "tomorrow", "2026-13-01",  "2026-02-29",           "2026-00-10",     "2026-11-22T25:00",
        "20261322", "2026-11-22x", "2026-11-22T10:00 HKT", "12345678901234", "0000-01-01"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_fails(MES_TEMPLATE_TEXT, "{{x | date: \"%Y\"}}", values[i],
                     "t.html:1:1: the value of x is not a date: ");
}

static int32_t hong_kong(const void *zone, int64_t utc_seconds)
{
    assert_ptr_equal(zone, old_names);
    assert_true(utc_seconds == 1795312800 || utc_seconds == 1795305600);
    return 8 * 3600;
}

static void dates_are_shown_in_the_zone_that_is_given(void **state)
{
    struct mes_variable variables[] = {
        {MES_STR("x"), mes_template_value_text(MES_STR("2026-11-22T02:00:00Z"))},
        {MES_STR("y"), mes_template_value_text(MES_STR("2026-11-22"))}};
    struct mes_values values = {mes_template_value_map(variables, 2), NULL};
    struct mes_template_source source =
        source_of(MES_TEMPLATE_TEXT,
                  "{{x | date: \"%H:%M %z\"}} {{y | date: \"%d %H:%M %z\"}} {{x | date: \"%H\", \"Z\"}}");
    struct mes_buf out;
    (void)state;
    source.utc_offset = hong_kong;
    source.zone = old_names;
    assert_int_equal(run(&source, &values, &out), 0);
    assert_string_equal(mes_buf_text(&out), "10:00 +08:00 22 00:00 +08:00 02");
    mes_buf_fini(&out);
}

static void inner_scopes_come_first(void **state)
{
    struct mes_variable message[] = {{MES_STR("a"), mes_template_value_text(MES_STR("message's a"))},
                                     {MES_STR("b"), mes_template_value_text(MES_STR("message's b"))}};
    struct mes_variable recipient[] = {{MES_STR("a"), mes_template_value_text(MES_STR("own a"))}};
    struct mes_values outer = {mes_template_value_map(message, 2), NULL};
    struct mes_values values = {mes_template_value_map(recipient, 1), &outer};
    struct mes_template_source source = source_of(MES_TEMPLATE_TEXT, "{{a}}, {{b}}");
    struct mes_buf out;
    (void)state;
    assert_int_equal(run(&source, &values, &out), 0);
    assert_string_equal(mes_buf_text(&out), "own a, message's b");
    mes_buf_fini(&out);
    source.text = MES_STR("{{.}}");
    assert_int_equal(run(&source, &values, &out), MES_E_INPUT);
    assert_non_null(strstr(mes_buf_text(&out), ". is a list or a group and cannot be shown"));
    mes_buf_fini(&out);
}

static void R18_old_form_takes_known_names_in_single_braces(void **state)
{
    struct mes_variable variable = {MES_STR("callbackurl"),
                                    mes_template_value_text(MES_STR("https://x.hk/?a=1&b=2"))};
    struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
    struct mes_template_source source = source_of(
        MES_TEMPLATE_HTML,
        "<style>a{b:c}\n{callback}</style>{ callbackurl } {other} <a href=\"{CallbackUrl}\">{callbackurl}");
    struct mes_buf out;
    (void)state;
    source.old_names = old_names;
    source.old_name_count = 1;
    assert_int_equal(run(&source, &values, &out), 0);
    assert_string_equal(mes_buf_text(&out),
                        "<style>a{b:c}\n{callback}</style>{ callbackurl } {other} "
                        "<a href=\"https://x.hk/?a=1&amp;b=2\">https://x.hk/?a=1&amp;b=2");
    mes_buf_fini(&out);
    source.text = MES_STR("{callbackurl} {{! a tag }}");
    assert_int_equal(run(&source, &values, &out), 0);
    assert_string_equal(mes_buf_text(&out), "{callbackurl} ");
    mes_buf_fini(&out);
    source.text = MES_STR("<p>{callbackurl}");
    assert_int_equal(run(&source, NULL, &out), MES_E_INPUT);
    assert_non_null(strstr(mes_buf_text(&out), "t.html:1:4: the variable callbackurl has no value"));
    mes_buf_fini(&out);
}

static void note_name(void *context, struct mes_str name, bool is_required)
{
    mes_buf_add_str(context, name);
    mes_buf_add_text(context, is_required ? "! " : " ");
}

static void names_are_listed(void **state)
{
    struct mes_template_source source =
        source_of(MES_TEMPLATE_HTML, "{{a}}{{b | default: 1}}{{#c}}{{d}}{{/c}}{{{e}}}{{^f}}{{/f}}");
    struct mes_template *template;
    struct mes_buf names;
    (void)state;
    mes_buf_init(&names, 1000);
    assert_int_equal(mes_template_parse(&source, &template, NULL), 0);
    mes_template_each_name(template, note_name, &names);
    assert_string_equal(mes_buf_text(&names), "a! b c d e! f ");
    assert_false(mes_template_is_fixed(template));
    mes_template_free(&template);
    mes_buf_fini(&names);
    source.text = MES_STR("a{b}{{! c }}");
    assert_int_equal(mes_template_parse(&source, &template, NULL), 0);
    assert_true(mes_template_is_fixed(template));
    mes_template_free(&template);
    mes_template_free(&template);
}

static size_t allowed;

static bool count_down(size_t size)
{
    (void)size;
    return allowed > 0 && allowed-- > 0;
}

/* Each allocation fails in turn: an error every time, nothing lost, nothing half done. */
static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n++) {
        struct mes_template_source source =
            source_of(MES_TEMPLATE_HTML, "{{>url}}{{#x}}{{x | upper | default: \"a\"}}{{/x}}");
        struct mes_variable variable = {MES_STR("x"), mes_template_value_text(MES_STR("a"))};
        struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
        struct mes_template *template = NULL;
        struct mes_buf out;
        mes_buf_init(&out, 1000);
        source.find_partial = find_partial;
        allowed = n;
        mes_alloc_set_hook(count_down);
        int code = mes_template_parse(&source, &template, NULL);
        if (code == 0)
            code = mes_template_render(template, &values, &out, NULL);
        mes_alloc_set_hook(NULL);
        assert_true(code == 0 || code == MES_E_NOMEM);
        assert_true(code == 0 || out.size == 0);
        mes_template_free(&template);
        mes_buf_fini(&out);
        if (code == 0) {
            assert_true(n > 5);
            return;
        }
    }
    fail_msg("it never came through");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(D15_values_are_escaped_for_their_place),
        cmocka_unit_test(D15_schemes_that_run_something_are_refused),
        cmocka_unit_test(D15_scripts_and_styles_take_no_code),
        cmocka_unit_test(D15_line_ends_in_headers_are_an_error),
        cmocka_unit_test(D15_a_missing_variable_is_an_error),
        cmocka_unit_test(D15_the_environment_is_out_of_reach),
        cmocka_unit_test(D15_faults_are_found_when_it_is_parsed),
        cmocka_unit_test(D15_a_loop_bomb_is_stopped),
        cmocka_unit_test(D15_partials_are_bounded_and_escaped_where_they_stand),
        cmocka_unit_test(D15_nesting_is_bounded),
        cmocka_unit_test(the_limit_of_the_output_is_kept),
        cmocka_unit_test(filters_change_values),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(dates_are_shown_in_the_zone_that_is_given),
        cmocka_unit_test(inner_scopes_come_first),
        cmocka_unit_test(R18_old_form_takes_known_names_in_single_braces),
        cmocka_unit_test(names_are_listed),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
