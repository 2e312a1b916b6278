#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/pull.h"

static const char names[] = "?{}[]ks#tfn";

/* Writes the events down: "{k(a)s(b)}", and in the end "." or "!" with fault and offset. False: it wants
 * more. */
static bool note(struct mes_json_pull *pull, struct mes_buf *out)
{
    for (;;) {
        enum mes_json_event event = mes_json_pull_next(pull);
        if (event == MES_JSON_MORE)
            return false;
        if (event == MES_JSON_DONE || event == MES_JSON_BROKEN) {
            if (event == MES_JSON_DONE)
                mes_buf_add_char(out, '.');
            else
                mes_buf_add_format(out, "!%d@%d", (int)pull->fault, (int)pull->offset);
            return true;
        }
        mes_buf_add_char(out, names[event]);
        if (pull->text.data != NULL) {
            mes_buf_add_char(out, '(');
            mes_buf_add_str(out, pull->text);
            mes_buf_add_char(out, ')');
        }
    }
}

/* The events of `text` given in three pieces. */
static const char *events(struct mes_str text, size_t first, size_t second, struct mes_buf *out)
{
    struct mes_json_pull pull;
    const struct mes_str pieces[] = {mes_str_cut(text, 0, first), mes_str_cut(text, first, second - first),
                                     mes_str_skip(text, second)};
    mes_json_pull_init(&pull, 64);
    mes_buf_clear(out);
    bool is_over = false;
    for (size_t i = 0; i < 3 && !is_over; i++) {
        /* A copy of the exact size, so that the sanitizer sees each byte too far. */
        char *copy = malloc(pieces[i].size + 1);
        memcpy(copy, pieces[i].data, pieces[i].size);
        mes_json_pull_feed(&pull, mes_str_make(copy, pieces[i].size));
        if (i == 2)
            mes_json_pull_end(&pull);
        is_over = note(&pull, out);
        free(copy);
    }
    assert_true(is_over);
    mes_json_pull_fini(&pull);
    return mes_buf_text(out);
}

static void assert_events_of(struct mes_str text, const char *expected)
{
    struct mes_buf out;
    mes_buf_init(&out, 100000);
    for (size_t first = 0; first <= text.size; first++)
        for (size_t second = first; second <= text.size; second++)
            assert_string_equal(events(text, first, second, &out), expected);
    mes_buf_fini(&out);
}

static void assert_events(const char *text, const char *expected)
{
    assert_events_of(mes_str_of(text), expected);
}

static void every_split_gives_the_same_events(void **state)
{
    (void)state;
    assert_events("{\"address\":\"a@b.hk\", \"vars\" : {\"n\":-12.5e+3,\"k\":[true,false,null,[],{}]}}",
                  "{k(address)s(a@b.hk)k(vars){k(n)#(-12.5e+3)k(k)[t(true)f(false)n(null)[]{}]}}.");
    assert_events(" [\"\\u4f60\\ud83d\\uDE00\\n\\\"\\\\\\/\", \"好😀\", \"\"]\r\n",
                  "[s(你😀\n\"\\/)s(好😀)s()].");
    assert_events("0", "#(0).");
    assert_events("\"x\"", "s(x).");
}

static const struct {
    const char *text;
    enum mes_json_pull_fault fault;
    int offset;
} broken[] = {
    {"", MES_JSON_FAULT_EARLY, 0},
    {" ", MES_JSON_FAULT_EARLY, 1},
    {"{", MES_JSON_FAULT_EARLY, 1},
    {"\"ab", MES_JSON_FAULT_EARLY, 3},
    {"\"ab\\\"", MES_JSON_FAULT_EARLY, 5},
    {"]", MES_JSON_FAULT_TOKEN, 0},
    {"[}", MES_JSON_FAULT_TOKEN, 1},
    {"[1,]", MES_JSON_FAULT_TOKEN, 3},
    {"[,1]", MES_JSON_FAULT_TOKEN, 1},
    {"[1 2]", MES_JSON_FAULT_TOKEN, 3},
    {"[1,,2]", MES_JSON_FAULT_TOKEN, 3},
    {"{\"a\"}", MES_JSON_FAULT_TOKEN, 4},
    {"{\"a\":}", MES_JSON_FAULT_TOKEN, 5},
    {"{\"a\":1,}", MES_JSON_FAULT_TOKEN, 7},
    {"{\"a\"::1}", MES_JSON_FAULT_TOKEN, 5},
    {"{a:1}", MES_JSON_FAULT_TOKEN, 1},
    {"{1:1}", MES_JSON_FAULT_TOKEN, 1},
    {"{'a':1}", MES_JSON_FAULT_TOKEN, 1},
    {"{\"a\" 1}", MES_JSON_FAULT_TOKEN, 5},
    {"{\"a\",1}", MES_JSON_FAULT_TOKEN, 4},
    {"{} {}", MES_JSON_FAULT_TOKEN, 3},
    {"1 1", MES_JSON_FAULT_TOKEN, 2},
    {"[1]//x", MES_JSON_FAULT_TOKEN, 3},
    {"/**/1", MES_JSON_FAULT_TOKEN, 0},
    {"\xEF\xBB\xBF{}", MES_JSON_FAULT_TOKEN, 0},
    {"[01]", MES_JSON_FAULT_WORD, 1},
    {"[-]", MES_JSON_FAULT_WORD, 1},
    {"[+1]", MES_JSON_FAULT_WORD, 1},
    {"[1.]", MES_JSON_FAULT_WORD, 1},
    {"[.1]", MES_JSON_FAULT_WORD, 1},
    {"[1e]", MES_JSON_FAULT_WORD, 1},
    {"[1e+]", MES_JSON_FAULT_WORD, 1},
    {"[0x1]", MES_JSON_FAULT_WORD, 1},
    {"[1a]", MES_JSON_FAULT_WORD, 1},
    {"[NaN]", MES_JSON_FAULT_WORD, 1},
    {"[True]", MES_JSON_FAULT_WORD, 1},
    {"[nul]", MES_JSON_FAULT_WORD, 1},
    {"[\"a\tb\"]", MES_JSON_FAULT_TEXT, 3},
    {"[\"\\x\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"\\u12g4\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"\\u12\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"\\ud800\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"\\udc00\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"\\ud800\\ud800\"]", MES_JSON_FAULT_TEXT, 2},
    {"[\"a\\u0000\"]", MES_JSON_FAULT_NUL, 3},
    {"[\"a\xFF\"]", MES_JSON_FAULT_UTF8, 3},
    {"[\"\xC0\xAF\"]", MES_JSON_FAULT_UTF8, 2},
    {"[\"\xED\xA0\x80\"]", MES_JSON_FAULT_UTF8, 2},
    {"[\"\\n\xF4\x90\x80\x80\"]", MES_JSON_FAULT_UTF8, 4},
};

static void what_is_no_json_is_refused_where_it_stands(void **state)
{
    struct mes_buf out;
    char expected[32];
    (void)state;
    mes_buf_init(&out, 100000);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct mes_str text = mes_str_of(broken[i].text);
        snprintf(expected, sizeof expected, "!%d@%d", (int)broken[i].fault, broken[i].offset);
        for (size_t at = 0; at <= text.size; at++)
            if (strstr(events(text, at, at, &out), expected) == NULL)
                fail_msg("%s split at %zu: %s, not %s", broken[i].text, at, mes_buf_text(&out), expected);
    }
    mes_buf_fini(&out);
    assert_events_of(MES_STR("[\"a\0b\"]"), "[!3@3");
}

static void limits_hold_whatever_the_pieces(void **state)
{
    char text[200];
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 100000);
    memset(text, 'x', sizeof text);
    text[0] = text[63] = '"';
    assert_events_of(mes_str_make(text, 64),
                     "s(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx).");
    text[63] = 'x';
    text[64] = '"';
    assert_events_of(mes_str_make(text, 65), "!8@0");
    memset(text, '[', sizeof text);
    events(mes_str_make(text, 64), 64, 64, &out);
    assert_non_null(strstr(mes_buf_text(&out), "!6@64"));
    events(mes_str_make(text, 65), 3, 64, &out);
    assert_non_null(strstr(mes_buf_text(&out), "!7@64"));
    mes_buf_fini(&out);
}

static void it_can_be_used_again(void **state)
{
    struct mes_json_pull pull;
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 1000);
    mes_json_pull_init(&pull, 64);
    mes_json_pull_feed(&pull, MES_STR("[\"a\\u0062"));
    assert_false(note(&pull, &out));
    mes_json_pull_reset(&pull);
    mes_json_pull_feed(&pull, MES_STR("{}"));
    mes_json_pull_end(&pull);
    assert_true(note(&pull, &out));
    assert_string_equal(mes_buf_text(&out), "[{}.");
    mes_json_pull_fini(&pull);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same_events),
        cmocka_unit_test(what_is_no_json_is_refused_where_it_stands),
        cmocka_unit_test(limits_hold_whatever_the_pieces),
        cmocka_unit_test(it_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
