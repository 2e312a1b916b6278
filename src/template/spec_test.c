/* The Mustache specification, case by case, in words of our own. With a folder as its argument the program
 * reads the specification's JSON files there (comments.json, sections.json …) and runs those cases instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "template/template.h"

struct spec {
    const char *name;
    const char *data; /* JSON, written with ' for " */
    const char *template;
    const char *expected;
    const char *partials; /* JSON object; NULL: none */
};

static const struct spec specs[] = {
    /* interpolation */
    {"without tags", "{}", "Dear {reader} of } and {", "Dear {reader} of } and {", NULL},
    {"a variable", "{'city':'Hong Kong'}", "from {{city}}.", "from Hong Kong.", NULL},
    {"values are not templates", "{'a':'{{b}}','b':'no'}", "{{a}}!", "{{b}}!", NULL},
    {"escaped", "{'x':'a & b < c > d \\\"e\\\"'}", "{{x}}", "a &amp; b &lt; c &gt; d &quot;e&quot;", NULL},
    {"triple is raw", "{'x':'<b>&</b>'}", "{{{x}}}", "<b>&</b>", NULL},
    {"ampersand is raw", "{'x':'<b>&</b>'}", "{{&x}}", "<b>&</b>", NULL},
    {"integer", "{'n':42}", "{{n}} mails", "42 mails", NULL},
    {"integer, triple", "{'n':42}", "{{{n}}} mails", "42 mails", NULL},
    {"integer, ampersand", "{'n':42}", "{{&n}} mails", "42 mails", NULL},
    {"decimal", "{'n':7.25}", "HK${{n}}", "HK$7.25", NULL},
    {"decimal, triple", "{'n':7.25}", "HK${{{n}}}", "HK$7.25", NULL},
    {"decimal, ampersand", "{'n':7.25}", "HK${{&n}}", "HK$7.25", NULL},
    {"null shows nothing", "{'n':null}", "[{{n}}]", "[]", NULL},
    {"null, triple", "{'n':null}", "[{{{n}}}]", "[]", NULL},
    {"null, ampersand", "{'n':null}", "[{{&n}}]", "[]", NULL},
    {"missing shows nothing", "{}", "[{{n}}]", "[]", NULL},
    {"missing, triple", "{}", "[{{{n}}}]", "[]", NULL},
    {"missing, ampersand", "{}", "[{{&n}}]", "[]", NULL},
    {"member", "{'to':{'name':'Wong'}}", "{{to.name}}={{#to}}{{name}}{{/to}}", "Wong=Wong", NULL},
    {"member, triple", "{'to':{'name':'<W>'}}", "{{{to.name}}}", "<W>", NULL},
    {"member, ampersand", "{'to':{'name':'<W>'}}", "{{&to.name}}", "<W>", NULL},
    {"member of member of member", "{'a':{'b':{'c':{'d':'deep'}}}}", "{{a.b.c.d}}", "deep", NULL},
    {"a chain that breaks at its end", "{'a':{}}", "[{{a.b}}]", "[]", NULL},
    {"a chain that breaks in its middle", "{'a':{},'c':{'d':'no'}}", "[{{a.c.d}}]", "[]", NULL},
    {"the first part is looked up alone", "{'a':{'b':{'c':'yes'}},'b':{'c':'no'}}", "{{#a}}{{b.c}}{{/a}}",
     "yes", NULL},
    {"the nearest first part wins", "{'a':{'b':{}},'b':{'c':'no'}}", "[{{#a}}{{b.c}}{{/a}}]", "[]", NULL},
    {"a dotted key is no chain", "{'a.b':'no'}", "[{{a.b}}]", "[]", NULL},
    {"a dotted key hides no chain", "{'a.b':'no','a':{'b':'yes'}}", "{{a.b}}", "yes", NULL},
    {"the dot", "'me'", "it is {{.}}", "it is me", NULL},
    {"the dot, escaped", "'<'", "{{.}}", "&lt;", NULL},
    {"the dot, triple", "'<'", "{{{.}}}", "<", NULL},
    {"the dot, ampersand", "'<'", "{{&.}}", "<", NULL},
    {"the dot, integer", "12", "{{.}}", "12", NULL},
    {"blanks around stay", "{'x':'o'}", "a {{x}} b", "a o b", NULL},
    {"blanks around stay, triple", "{'x':'o'}", "a {{{x}}} b", "a o b", NULL},
    {"blanks around stay, ampersand", "{'x':'o'}", "a {{&x}} b", "a o b", NULL},
    {"alone on its line it still is text", "{'x':'o'}", "\t{{x}}\n", "\to\n", NULL},
    {"alone on its line, triple", "{'x':'o'}", "\t{{{x}}}\n", "\to\n", NULL},
    {"alone on its line, ampersand", "{'x':'o'}", "\t{{&x}}\n", "\to\n", NULL},
    {"blanks inside do not count", "{'x':'o'}", "<{{ \tx  }}>", "<o>", NULL},
    {"blanks inside do not count, triple", "{'x':'o'}", "({{{ x }}})", "(o)", NULL},
    {"blanks inside do not count, ampersand", "{'x':'o'}", "({{& x }})", "(o)", NULL},
    /* comments */
    {"comment", "{}", "one{{! not this }}two", "onetwo", NULL},
    {"comment over lines", "{}", "one{{!\n not\n this\n}}two\n", "onetwo\n", NULL},
    {"comment alone on a line takes it", "{}", "a\n{{! x }}\nb\n", "a\nb\n", NULL},
    {"indented comment alone", "{}", "a\n \t {{! x }}\nb\n", "a\nb\n", NULL},
    {"comment alone, CRLF", "{}", "a\r\n{{! x }}\r\nb", "a\r\nb", NULL},
    {"comment alone on the first line", "{}", "  {{! x }}\na", "a", NULL},
    {"comment alone on the last line", "{}", "a\n  {{! x }}", "a\n", NULL},
    {"comment over lines, alone", "{}", "a\n{{!\nx\ny\n}}\nb\n", "a\nb\n", NULL},
    {"indented comment over lines, alone", "{}", "a\n  {{!\n  x\n  }}\nb\n", "a\nb\n", NULL},
    {"comment behind text keeps the line", "{}", " a {{! b }}\n", " a \n", NULL},
    {"blanks around a comment stay", "{}", "a {{! b }} c", "a  c", NULL},
    {"a comment is no variable", "{'!x':1,'! x':2,'x':3}", "[{{! x }}]", "[]", NULL},
    /* delimiters */
    {"other delimiters", "{'x':'y'}", "{{=<% %>=}}[<%x%>]{{x}}", "[y]{{x}}", NULL},
    {"delimiters of special characters", "{'x':'y'}", "({{=[ ]=}}[x])", "(y)", NULL},
    {"delimiters and sections", "{'s':true,'x':'y'}",
     "{{#s}}\n{{x}}|x|\n{{/s}}\n{{=| |=}}\n|#s|\n{{x}}|x|\n|/s|\n", "y|x|\n{{x}}y\n", NULL},
    {"delimiters and inverted sections", "{'s':false,'x':'y'}",
     "{{^s}}\n{{x}}|x|\n{{/s}}\n{{=| |=}}\n|^s|\n{{x}}|x|\n|/s|\n", "y|x|\n{{x}}y\n", NULL},
    {"a partial begins with the usual delimiters", "{'x':'y'}", "{{>p}} {{=| |=}}|>p|", ".y. .y.",
     "{'p':'.{{x}}.'}"},
    {"a partial's delimiters stay its own", "{'x':'y'}", "{{>p}} {{x}}|x|", "y y|x|", "{'p':'{{=| |=}}|x|'}"},
    {"blanks around a change of delimiters stay", "{}", "a {{=@ @=}} b", "a  b", NULL},
    {"a change behind text keeps the line", "{}", " a {{=@ @=}}\n", " a \n", NULL},
    {"a change alone on a line takes it", "{}", "a\n{{=@ @=}}\nb\n", "a\nb\n", NULL},
    {"indented change alone", "{}", "a\n  {{=@ @=}}\nb\n", "a\nb\n", NULL},
    {"a change alone, CRLF", "{}", "a\r\n{{=@ @=}}\r\nb", "a\r\nb", NULL},
    {"a change alone on the first line", "{}", "  {{=@ @=}}\na", "a", NULL},
    {"a change alone on the last line", "{}", "a\n  {{=@ @=}}", "a\n", NULL},
    {"blanks between the new delimiters", "{'x':'y'}", "{{=@    @ =}}@x@", "y", NULL},
    /* sections */
    {"true", "{'s':true}", "({{#s}}in{{/s}})", "(in)", NULL},
    {"false", "{'s':false}", "({{#s}}in{{/s}})", "()", NULL},
    {"null is false", "{'s':null}", "({{#s}}in{{/s}})", "()", NULL},
    {"a map is the scope", "{'to':{'name':'Chan'}}", "{{#to}}Dear {{name}}{{/to}}", "Dear Chan", NULL},
    {"outer scopes are seen", "{'a':1,'b':2,'s':{'b':3},'c':{'d':4}}", "{{#s}}{{a}}{{b}}{{c.d}}{{/s}}", "134",
     NULL},
    {"text is true, and the dot", "{'x':'yes'}", "{{#x}}{{.}}={{x}}{{/x}}", "yes=yes", NULL},
    {"lists in lists", "{'rows':[{'r':{'n':'R','m':'r'},'cells':[{'c':1,'subs':[{'s':'x'},{'s':'y'}]}]}]}",
     "{{#rows}}{{#cells}}{{r.m}}{{c}};{{#subs}}{{r.n}}{{c}}{{s}};{{/subs}}{{/cells}}{{/rows}}", "r1;R1x;R1y;",
     NULL},
    {"scopes stand in scopes", "{'a':{'p':1},'b':{'q':2},'c':{'r':3,'d':{'s':4}}}",
     "{{#a}}\n{{p}}\n{{#b}}\n{{p}}{{q}}\n{{#c}}\n{{p}}{{q}}{{r}}\n{{#d}}\n{{p}}{{q}}{{r}}{{s}}\n{{#s}}\n{{.}}"
     "{{s}}\n"
     "{{/s}}\n{{/d}}\n{{q}}\n{{/c}}\n{{/b}}\n{{p}}\n{{/a}}\n",
     "1\n12\n123\n1234\n44\n2\n1\n", NULL},
    {"a list", "{'l':[{'n':1},{'n':2},{'n':3}]}", "{{#l}}{{n}},{{/l}}", "1,2,3,", NULL},
    {"an empty list", "{'l':[]}", "[{{#l}}x{{/l}}]", "[]", NULL},
    {"twice the same section", "{'s':true,'x':'mid'}", "{{#s}}\n1\n{{/s}}\n{{x}}\n{{#s}}\n2\n{{/s}}\n",
     "1\nmid\n2\n", NULL},
    {"nested, true", "{'s':true}", "a{{#s}}b{{#s}}c{{/s}}d{{/s}}e", "abcde", NULL},
    {"nested, false", "{'s':false}", "a{{#s}}b{{#s}}c{{/s}}d{{/s}}e", "ae", NULL},
    {"missing is false", "{}", "[{{#s}}in{{/s}}]", "[]", NULL},
    {"the dot over texts", "{'l':['a','b']}", "{{#l}}({{.}}){{/l}}", "(a)(b)", NULL},
    {"the dot over integers", "{'l':[1,2]}", "{{#l}}({{.}}){{/l}}", "(1)(2)", NULL},
    {"the dot over decimals", "{'l':[1.5,2.25]}", "{{#l}}({{.}}){{/l}}", "(1.5)(2.25)", NULL},
    {"the dot over lists", "{'l':[[1,2],['a']]}", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "(12)(a)", NULL},
    {"the dot in a list, escaped", "{'l':['<','&']}", "{{#l}}{{.}}{{/l}}", "&lt;&amp;", NULL},
    {"the dot in a list, triple", "{'l':['<','&']}", "{{#l}}{{{.}}}{{/l}}", "<&", NULL},
    {"the dot in a list, ampersand", "{'l':['<','&']}", "{{#l}}{{&.}}{{/l}}", "<&", NULL},
    {"the dot at the root", "[{'v':'a'},{'v':'b'}]", "{{#.}}({{v}}){{/.}}", "(a)(b)", NULL},
    {"member, true", "{'a':{'b':true}}", "{{#a.b}}in{{/a.b}}", "in", NULL},
    {"member, false", "{'a':{'b':false}}", "[{{#a.b}}in{{/a.b}}]", "[]", NULL},
    {"member, missing", "{'a':{}}", "[{{#a.b}}in{{/a.b}}]", "[]", NULL},
    {"blanks in a section stay", "{'s':true}", " . {{#s}}\t,\t{{/s}} . \n", " . \t,\t . \n", NULL},
    {"line ends in a section stay", "{'s':true}", " . {{#s}} {{! c }}\n {{/s}} . \n", " .  \n  . \n", NULL},
    {"two sections within their lines", "{'s':true}", " {{#s}}1{{/s}}\n {{#s}}2{{/s}}\n", " 1\n 2\n", NULL},
    {"section tags alone take their lines", "{'s':true}", "a\n{{#s}}\nb\n{{/s}}\nc\n", "a\nb\nc\n", NULL},
    {"indented section tags alone", "{'s':true}", "a\n  {{#s}}\nb\n\t{{/s}}\nc\n", "a\nb\nc\n", NULL},
    {"section tags alone, CRLF", "{'s':true}", "a\r\n{{#s}}\r\n{{/s}}\r\nb", "a\r\nb", NULL},
    {"section tag alone on the first line", "{'s':true}", "  {{#s}}\na{{/s}}\nb", "a\nb", NULL},
    {"section tag alone on the last line", "{'s':true}", "a{{#s}}\nb\n  {{/s}}", "a\nb\n", NULL},
    {"blanks inside section tags", "{'s':true}", "{{# s }}x{{/ s }}", "x", NULL},
    /* inverted sections */
    {"not false", "{'s':false}", "[{{^s}}in{{/s}}]", "[in]", NULL},
    {"not true", "{'s':true}", "[{{^s}}in{{/s}}]", "[]", NULL},
    {"not null", "{'s':null}", "[{{^s}}in{{/s}}]", "[in]", NULL},
    {"not a map", "{'s':{'a':1}}", "[{{^s}}in{{/s}}]", "[]", NULL},
    {"not a list", "{'s':[{'a':1}]}", "[{{^s}}in{{/s}}]", "[]", NULL},
    {"not an empty list", "{'s':[]}", "[{{^s}}in{{/s}}]", "[in]", NULL},
    {"inverted twice", "{'s':false,'x':'mid'}", "{{^s}}\n1\n{{/s}}\n{{x}}\n{{^s}}\n2\n{{/s}}\n",
     "1\nmid\n2\n", NULL},
    {"inverted nested, false", "{'s':false}", "a{{^s}}b{{^s}}c{{/s}}d{{/s}}e", "abcde", NULL},
    {"inverted nested, true", "{'s':true}", "a{{^s}}b{{^s}}c{{/s}}d{{/s}}e", "ae", NULL},
    {"not missing", "{}", "[{{^s}}none{{/s}}]", "[none]", NULL},
    {"not a member, true", "{'a':{'b':true}}", "[{{^a.b}}in{{/a.b}}]", "[]", NULL},
    {"not a member, false", "{'a':{'b':false}}", "[{{^a.b}}in{{/a.b}}]", "[in]", NULL},
    {"not a member, missing", "{'a':{}}", "[{{^a.b}}in{{/a.b}}]", "[in]", NULL},
    {"inverted: blanks stay", "{'s':false}", " . {{^s}}\t,\t{{/s}} . \n", " . \t,\t . \n", NULL},
    {"inverted: line ends stay", "{'s':false}", " . {{^s}} {{! c }}\n {{/s}} . \n", " .  \n  . \n", NULL},
    {"inverted: within their lines", "{'s':false}", " {{^s}}1{{/s}}\n {{^s}}2{{/s}}\n", " 1\n 2\n", NULL},
    {"inverted: tags alone take their lines", "{'s':false}", "a\n{{^s}}\nb\n{{/s}}\nc\n", "a\nb\nc\n", NULL},
    {"inverted: indented tags alone", "{'s':false}", "a\n  {{^s}}\nb\n\t{{/s}}\nc\n", "a\nb\nc\n", NULL},
    {"inverted: tags alone, CRLF", "{'s':false}", "a\r\n{{^s}}\r\n{{/s}}\r\nb", "a\r\nb", NULL},
    {"inverted: first line", "{'s':false}", "  {{^s}}\na{{/s}}\nb", "a\nb", NULL},
    {"inverted: last line", "{'s':false}", "a{{^s}}\nb\n  {{/s}}", "a\nb\n", NULL},
    {"inverted: blanks inside tags", "{'s':false}", "{{^ s }}x{{/ s }}", "x", NULL},
    /* partials */
    {"partial", "{}", "[{{>p}}]", "[inner]", "{'p':'inner'}"},
    {"a partial that is not there", "{}", "[{{>p}}]", "[]", "{}"},
    {"a partial sees the scope", "{'x':'y'}", "{{>p}}", "*y*", "{'p':'*{{x}}*'}"},
    {"a partial that calls itself", "{'n':1,'next':[{'n':2,'next':[]}]}", "{{>p}}", "1(2())",
     "{'p':'{{n}}({{#next}}{{>p}}{{/next}})'}"},
    {"a partial in a partial", "{'a':1,'b':2}", "{{>p}}", "1+2", "{'p':'{{a}}+{{>q}}','q':'{{b}}'}"},
    {"blanks around a partial stay", "{}", "a {{>p}} b", "a \t.\t b", "{'p':'\\t.\\t'}"},
    {"a partial within a line is not indented", "{'x':'y'}", "  {{x}} {{>p}}\n", "  y 1\n2\n",
     "{'p':'1\\n2'}"},
    {"a partial alone on a line, CRLF", "{}", "a\r\n{{>p}}\r\nb", "a\r\npb", "{'p':'p'}"},
    {"a partial alone on the first line", "{}", "  {{>p}}\na", "  1\n  2a", "{'p':'1\\n2'}"},
    {"a partial alone on the last line", "{}", "a\n  {{>p}}", "a\n  1\n  2", "{'p':'1\\n2'}"},
    {"each line of a partial is indented, its values are not", "{'x':'1\\n2'}", "a\n {{>p}}\nb\n",
     "a\n <\n 1\n2\n >\nb\n", "{'p':'<\\n{{{x}}}\\n>\\n'}"},
    {"indentation adds up", "{}", " {{>p}}\n", " 1\n   2\n 3\n", "{'p':'1\\n  {{>q}}\\n3\\n','q':'2\\n'}"},
    {"blanks inside a partial's tag", "{}", "[{{> p }}]", "[in]", "{'p':'in'}"},
};

static struct mes_arena arena;

static struct mes_str kept(const char *text)
{
    return mes_str_of(mes_arena_copy(&arena, mes_str_of(text)));
}

static struct mes_value scalar_of(const json_t *json)
{
    char number[40];
    switch (json_typeof(json)) {
    case JSON_STRING:
        return mes_template_value_text(kept(json_string_value(json)));
    case JSON_INTEGER:
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(json));
        return mes_template_value_text(kept(number));
    case JSON_REAL:
        (void)snprintf(number, sizeof number, "%g", json_real_value(json));
        return mes_template_value_text(kept(number));
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct mes_value){.type = MES_VALUE_BOOL, .truth = json_is_true(json)};
    default:
        return (struct mes_value){.type = MES_VALUE_NONE};
    }
}

/* Our own test data: its depth is known. */
static struct mes_value value_of(const json_t *json) // NOLINT(misc-no-recursion)
{
    if (json_is_array(json)) {
        size_t count = json_array_size(json);
        struct mes_value *items = mes_arena_alloc(&arena, (count + 1) * sizeof *items);
        for (size_t i = 0; i < count; i++)
            items[i] = value_of(json_array_get(json, i));
        return (struct mes_value){.type = MES_VALUE_LIST, .items = items, .count = count};
    }
    if (!json_is_object(json))
        return scalar_of(json);
    struct mes_variable *members = mes_arena_alloc(&arena, (json_object_size(json) + 1) * sizeof *members);
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value) members[count++] =
        (struct mes_variable){kept(key), value_of(value)};
    return mes_template_value_map(members, count);
}

static bool find_partial(void *context, struct mes_str name, struct mes_str *text_out)
{
    const json_t *partial = json_object_getn(context, name.data, name.size);
    if (partial == NULL)
        return false;
    *text_out = mes_str_of(json_string_value(partial));
    return true;
}

static bool matches(const char *name, const char *text, const char *expected, const json_t *data,
                    json_t *partials)
{
    struct mes_error error = {0};
    struct mes_template *template;
    struct mes_buf out;
    char message[600];
    struct mes_template_source source = {
        .name = mes_str_of("spec"),
        .text = mes_str_of(text),
        .kind = MES_TEMPLATE_HTML,
        .is_lenient = true,
        .find_partial = find_partial,
        .partial_context = partials,
    };
    mes_arena_init(&arena, 1 << 20);
    mes_buf_init(&out, 1 << 20);
    int code = mes_template_parse(&source, &template, &error);
    if (code == 0)
        code = mes_template_render(template, &(struct mes_values){.value = value_of(data)}, &out, &error);
    bool is_right = code == 0 && strcmp(mes_buf_text(&out), expected) == 0;
    if (!is_right)
        print_error("%s: \"%s\" gave \"%s\" and not \"%s\" (%s)\n", name, text, mes_buf_text(&out), expected,
                    code != 0 ? mes_error_text(&error, MES_EN, message, sizeof message) : "no error");
    mes_template_free(&template);
    mes_buf_fini(&out);
    mes_arena_fini(&arena);
    return is_right;
}

static json_t *json_of(const char *text)
{
    char quoted[1000];
    size_t size = strlen(text);
    assert_true(size < sizeof quoted);
    for (size_t i = 0; i <= size; i++)
        quoted[i] = text[i] == '\'' ? '"' : text[i];
    json_t *json = json_loads(quoted, JSON_DECODE_ANY, NULL);
    if (json == NULL)
        fail_msg("not JSON: %s", quoted);
    return json;
}

static void every_case_of_the_specification(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        json_t *data = json_of(specs[i].data);
        json_t *partials = json_of(specs[i].partials != NULL ? specs[i].partials : "{}");
        wrong += !matches(specs[i].name, specs[i].template, specs[i].expected, data, partials);
        json_decref(data);
        json_decref(partials);
    }
    assert_int_equal(wrong, 0);
}

static size_t run_file(const char *folder, const char *name, size_t *count)
{
    char path[1000];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL) {
        print_error("%s: %s\n", path, error.text);
        return 1;
    }
    size_t wrong = 0, index;
    json_t *test;
    json_array_foreach(json_object_get(file, "tests"), index, test)
    {
        wrong += !matches(json_string_value(json_object_get(test, "name")),
                          json_string_value(json_object_get(test, "template")),
                          json_string_value(json_object_get(test, "expected")), json_object_get(test, "data"),
                          json_object_get(test, "partials"));
        ++*count;
    }
    json_decref(file);
    return wrong;
}

static int run_folder(const char *folder)
{
    static const char *const names[] = {"comments", "delimiters", "interpolation",
                                        "inverted", "partials",   "sections"};
    size_t wrong = 0, count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        wrong += run_file(folder, names[i], &count);
    print_message("%zu cases of %s, %zu wrong\n", count, folder, wrong);
    return wrong > 0 || count == 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_of_the_specification)};
    if (argc == 2)
        return run_folder(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
