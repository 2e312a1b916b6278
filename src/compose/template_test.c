#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "compose/template.h"
#include "i18n/say.h"
#include "mime/htmltext.h"

#define URL "https://x.hk/r?a=1&b=2"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/mes-template-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static void remove_file(void *context, const char *name)
{
    char path[512];
    (void)context;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return mes_file_list(folder, remove_file, NULL, NULL) != 0 || rmdir(folder) != 0;
}

static void put_file(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mes_file_replace(path, mes_str_of(text), NULL), 0);
}

static struct mes_compose_template *loaded(const char *where, const char *name, const char *language)
{
    struct mes_compose_wish wish = {
        .folder = where, .name = mes_str_of(name), .language = mes_str_of(language)};
    struct mes_compose_template *template;
    struct mes_error error;
    char text[1500];
    if (mes_compose_template_load(&wish, &template, &error) != 0)
        fail_msg("%s %s: %s", name, language, mes_error_text(&error, MES_EN, text, sizeof text));
    return template;
}

static void assert_found(const char *where, const char *name, const char *language, const char *expected)
{
    struct mes_compose_template *template = loaded(where, name, language);
    char found[100];
    (void)snprintf(found, sizeof found, "%s %s", template->name, template->language);
    assert_string_equal(found, expected);
    mes_compose_template_free(&template);
}

/* Renders one part with {{callbackurl}} and, when it is not NULL, {{name}}. */
static char *rendered(const struct mes_template *template, const char *url, const char *name)
{
    struct mes_variable variables[] = {{MES_STR("callbackurl"), mes_template_value_text(mes_str_of(url))},
                                       {MES_STR("name"), mes_template_value_text(mes_str_of(name))}};
    struct mes_values values = {mes_template_value_map(variables, name != NULL ? 2 : 1), NULL};
    struct mes_buf out;
    struct mes_error error;
    char text[1500];
    mes_buf_init(&out, 1 << 20);
    if (mes_template_render(template, &values, &out, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    return mes_buf_take(&out, NULL);
}

static void R18_six_templates_are_built_in(void **state)
{
    static const char *const names[] = {"Register", "ForgetPassword"};
    static const char *const languages[] = {"zh-HK", "zh-CN", "en-US"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct mes_compose_template *template = loaded(NULL, names[i / 3], languages[i % 3]);
        struct mes_buf text;
        assert_true(template->is_built_in && template->text == NULL && template->subject != NULL);
        assert_string_equal(template->language, languages[i % 3]);
        char *html = rendered(template->html, URL, "<陳>");
        char *subject = rendered(template->subject, URL, NULL);
        assert_non_null(strstr(html, "href=\"https://x.hk/r?a=1&amp;b=2\""));
        assert_non_null(strstr(html, "&lt;陳&gt;"));
        assert_null(strstr(html, "{{"));
        assert_null(strstr(html, "<img"));
        assert_true(strlen(subject) > 10 && strchr(subject, '{') == NULL);
        mes_buf_init(&text, 1 << 20);
        mes_mime_html_to_text(mes_str_of(html), &text);
        assert_non_null(strstr(mes_buf_text(&text), " (" URL ")\n"));
        mes_buf_fini(&text);
        free(html);
        free(subject);
        mes_compose_template_free(&template);
    }
}

static void note_name(void *context, struct mes_str name, bool is_required)
{
    bool *is_only_url = context;
    *is_only_url = *is_only_url && is_required == mes_str_eq(name, MES_STR("callbackurl"));
}

static void R18_built_in_ones_need_callbackurl_alone(void **state)
{
    struct mes_compose_template *template = loaded(NULL, "Register", "en-US");
    bool is_only_url = true;
    (void)state;
    mes_template_each_name(template->html, note_name, &is_only_url);
    assert_true(is_only_url);
    mes_compose_template_free(&template);
}

static void R18_by_number_and_in_any_case(void **state)
{
    (void)state;
    assert_found(NULL, "0", "zh-CN", "Register zh-CN");
    assert_found(NULL, "1", "ZH-cn", "ForgetPassword zh-CN");
    assert_found(NULL, "forgetpassword", "en-US", "ForgetPassword en-US");
}

static void R18_language_falls_back(void **state)
{
    (void)state;
    assert_found(NULL, "Register", "zh-TW", "Register zh-HK");
    assert_found(NULL, "Register", "", "Register zh-HK");
    assert_found(NULL, "Register", "ja-JP", "Register zh-HK");
    put_file("News_zh-CN.html", "a");
    put_file("News_en-US.html", "a");
    put_file("Only_fr-FR.html", "a");
    assert_found(folder, "news", "zh-HK", "News_zh-CN.html zh-CN");
    assert_found(folder, "News", "en-US", "News_en-US.html en-US");
    assert_found(folder, "Only", "zh-HK", "Only_fr-FR.html fr-FR");
    struct mes_compose_wish wish = {
        folder, MES_STR("News"), MES_STR("zh-HK"), MES_STR("zh-HK; en-US,zh-CN"), NULL, NULL};
    struct mes_compose_template *template;
    assert_int_equal(mes_compose_template_load(&wish, &template, NULL), 0);
    assert_string_equal(template->language, "en-US");
    mes_compose_template_free(&template);
}

static void R18_a_kindred_language_comes_before_a_foreign_one(void **state)
{
    static const char *const wished[] = {"en", "en_US",      "en-GB",      "zh_CN", "zh-SG", "zh-Hans",
                                         "zh", "zh-Hant-TW", "zh-Hans-SG", "zh_HK", "zh-MO"};
    static const char *const expected[] = {"en-US", "en-US", "en-US", "zh-CN", "zh-CN", "zh-CN",
                                           "zh-HK", "zh-HK", "zh-CN", "zh-HK", "zh-HK"};
    (void)state;
    for (size_t i = 0; i < sizeof wished / sizeof wished[0]; i++) {
        struct mes_compose_template *template = loaded(NULL, "Register", wished[i]);
        assert_string_equal(template->language, expected[i]);
        mes_compose_template_free(&template);
    }
    put_file("Note_zh-CN.html", "a");
    put_file("Note_pt-BR.html", "a");
    assert_found(folder, "Note", "pt-PT", "Note_pt-BR.html pt-BR");
    assert_found(folder, "Note", "zh-HK", "Note_zh-CN.html zh-CN");
}

static void R18_files_come_before_built_in_ones(void **state)
{
    (void)state;
    put_file("rEGISTER_Zh-hk.HTML", "<title>T {{x | default: 'y'}}</title>");
    put_file("Register_zh-TW.htm", "a");
    assert_found(folder, "Register", "zh-HK", "rEGISTER_Zh-hk.HTML Zh-hk");
    assert_found(folder, "Register", "zh-TW", "Register_zh-TW.htm zh-TW");
    assert_found(folder, "Register", "en-US", "Register en-US");
    assert_found(folder, "0", "zh-HK", "rEGISTER_Zh-hk.HTML Zh-hk");
}

static void R18_the_old_form_works(void **state)
{
    struct mes_compose_template *template;
    (void)state;
    put_file("Old_en-US.html",
             "\xEF\xBB\xBF<style>p {color: red} a{callback}</style><p>{CallBackUrl} {name}\n"
             "<a href='{callbackurl}'>x</a> <a href={callbackurl}>");
    template = loaded(folder, "Old", "en-US");
    char *html = rendered(template->html, "https://x.hk/?a=<1>&b='2'", NULL);
    assert_string_equal(
        html,
        "<style>p {color: red} a{callback}</style><p>https://x.hk/?a=&lt;1&gt;&amp;b=&#39;2&#39; {name}\n"
        "<a href='https://x.hk/?a=%3C1%3E&amp;b=&#39;2&#39;'>x</a> "
        "<a href=https://x.hk/?a=%3C1%3E&amp;b=&#39;2&#39;>");
    free(html);
    mes_compose_template_free(&template);
}

static void R18_text_twin_partials_and_title(void **state)
{
    struct mes_compose_template *template;
    (void)state;
    put_file("Twin_en-US.html", "<title>\n Tom &amp; {{name}}\n</title>{{>footer}}");
    put_file("Twin_en-US.TXT", "Hi {{name}} & {{>footer}}");
    put_file("footer_en-US.html", "<i>{{name}}</i>");
    put_file("footer_en-US.txt", "-- {{name}}");
    template = loaded(folder, "Twin", "en-US");
    char *html = rendered(template->html, URL, "A&B");
    char *text = rendered(template->text, URL, "A&B");
    char *subject = rendered(template->subject, URL, "A&B");
    assert_string_equal(html, "<title>\n Tom &amp; A&amp;B\n</title><i>A&amp;B</i>");
    assert_string_equal(text, "Hi A&B & -- A&B");
    assert_string_equal(subject, "Tom & A&B");
    free(html);
    free(text);
    free(subject);
    mes_compose_template_free(&template);
}

static void assert_refused(const char *where, const char *name, int code, const char *part)
{
    struct mes_compose_wish wish = {.folder = where, .name = mes_str_of(name), .language = MES_STR("zh-HK")};
    struct mes_compose_template *template;
    struct mes_error error;
    char text[1500];
    assert_int_equal(mes_compose_template_load(&wish, &template, &error), code);
    assert_null(template);
    mes_error_text(&error, MES_EN, text, sizeof text);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void a_missing_template_is_an_error_that_lists_what_there_is(void **state)
{
    (void)state;
    assert_refused(NULL, "Welcome", MES_E_NOT_FOUND,
                   "ForgetPassword (en-US, zh-CN, zh-HK), Register (en-US, zh-CN, zh-HK)");
    put_file("News_zh-CN.html", "a");
    put_file("News_zh-CN.txt", "a");
    put_file("notes.html", "a");
    assert_refused(folder, "Welcome", MES_E_NOT_FOUND, "News (zh-CN), Register");
    assert_refused("/nowhere/at/all", "Register", MES_E_FILE, "/nowhere/at/all");
    assert_refused(NULL, "2", MES_E_NOT_FOUND, "\"2\"");
}

/* "There is no such partial" would send its reader the wrong way. */
static void a_partial_that_cannot_be_read_is_not_called_missing(void **state)
{
    (void)state;
    put_file("Whole_zh-HK.html", "<p>{{>part}}</p>");
    assert_refused(folder, "Whole", MES_E_INPUT, "\"part\"");
    put_file("part_zh-HK.html", "\xff");
    assert_refused(folder, "Whole", MES_E_INPUT, "part_zh-HK.html is not in UTF-8");
}

static void names_carry_no_path(void **state)
{
    static const char *const names[] = {"", "../Register", "a/b", ".hidden", "a b", "a\\b", "a%2fb", "註冊"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_refused(folder, names[i], MES_E_INPUT, "is not the name of a template");
}

static void D15_faulty_files_are_refused_with_line_and_column(void **state)
{
    (void)state;
    put_file("Bad_zh-HK.html", "<p>\n  {{#a}}");
    assert_refused(folder, "Bad", MES_E_INPUT, "Bad_zh-HK.html:2:3: the section a is not closed");
    put_file("Gbk_zh-HK.html", "\xC4\xE3\xBA\xC3");
    assert_refused(folder, "Gbk", MES_E_INPUT, "not in UTF-8");
}

static void D15_line_end_in_a_variable_of_the_subject(void **state)
{
    struct mes_variable variable = {MES_STR("name"), mes_template_value_text(MES_STR("a\r\nBcc: b@x.hk"))};
    struct mes_values values = {mes_template_value_map(&variable, 1), NULL};
    struct mes_buf out;
    struct mes_error error;
    (void)state;
    put_file("Head_en-US.html", "<title>For {{name}}</title>");
    struct mes_compose_template *template = loaded(folder, "Head", "en-US");
    mes_buf_init(&out, 1000);
    assert_int_equal(mes_template_render(template->subject, &values, &out, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_template_line_end);
    assert_int_equal(out.size, 0);
    mes_buf_fini(&out);
    mes_compose_template_free(&template);
}

static void on_listed(void *context, const char *name, const char *language, bool is_built_in)
{
    mes_buf_add_format(context, "%s %s %d\n", name, language, is_built_in);
}

static void all_are_listed(void **state)
{
    struct mes_buf list;
    (void)state;
    put_file("Register_EN-us.html", "a");
    put_file("Register_EN-us.txt", "a");
    mes_buf_init(&list, 10000);
    assert_int_equal(mes_compose_template_list(folder, on_listed, &list, NULL), 0);
    assert_string_equal(mes_buf_text(&list),
                        "ForgetPassword en-US 1\nForgetPassword zh-CN 1\nForgetPassword zh-HK 1\n"
                        "Register EN-us 0\nRegister zh-CN 1\nRegister zh-HK 1\n");
    mes_buf_fini(&list);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R18_six_templates_are_built_in),
        cmocka_unit_test(R18_built_in_ones_need_callbackurl_alone),
        cmocka_unit_test(R18_by_number_and_in_any_case),
        WITH_FOLDER(R18_language_falls_back),
        WITH_FOLDER(R18_a_kindred_language_comes_before_a_foreign_one),
        WITH_FOLDER(R18_files_come_before_built_in_ones),
        WITH_FOLDER(R18_the_old_form_works),
        WITH_FOLDER(R18_text_twin_partials_and_title),
        WITH_FOLDER(a_missing_template_is_an_error_that_lists_what_there_is),
        WITH_FOLDER(a_partial_that_cannot_be_read_is_not_called_missing),
        WITH_FOLDER(names_carry_no_path),
        WITH_FOLDER(D15_faulty_files_are_refused_with_line_and_column),
        WITH_FOLDER(D15_line_end_in_a_variable_of_the_subject),
        WITH_FOLDER(all_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
