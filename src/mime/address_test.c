#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "i18n/say.h"
#include "mime/address.h"
#include "mime/limits.h"

#define REPEAT_8(x) x x x x x x x x
#define REPEAT_64(x) REPEAT_8(REPEAT_8(x))

static struct mes_arena arena;
static unsigned notice_count;

static int open_arena(void **state)
{
    (void)state;
    notice_count = 0;
    mes_arena_init(&arena, SIZE_MAX);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    mes_arena_fini(&arena);
    return 0;
}

static void count_notice(void *context, const struct mes_error *notice)
{
    (void)context;
    assert_int_equal(notice->sentence, MES_SAY_address_full_width);
    notice_count++;
}

static const struct mes_notices notices = {count_notice, NULL};

struct good {
    const char *text, *name, *spec;
};

static void accepts(const struct good *row)
{
    struct mes_address address;
    struct mes_error error;
    int code = mes_mime_address_parse(mes_str_of(row->text), &arena, &notices, &address, &error);
    if (code != 0) {
        char text[500];
        fail_msg("%s: %s", row->text, mes_error_text(&error, MES_EN, text, sizeof text));
    }
    assert_string_equal(address.name, row->name);
    assert_string_equal(address.spec, row->spec);
    assert_int_equal(address.spec[address.local_size], '@');
}

static void D06_what_is_an_address_is_accepted(void **state)
{
    static const struct good rows[] = {
        {"a@x", "", "a@x"},
        {"  wong.tai-man+list@mail.Example.HK\t", "", "wong.tai-man+list@mail.Example.HK"},
        {"<a@x.hk>", "", "a@x.hk"},
        {"Wong Tai  Man <a@x.hk>", "Wong Tai Man", "a@x.hk"},
        {"王大文<a@x.hk>", "王大文", "a@x.hk"},
        {"\"Wong, Tai \\\"Man\\\"\" <a@x.hk>", "Wong, Tai \"Man\"", "a@x.hk"},
        {"Mr. \"T\" O'Neil, <a@x.hk>", "Mr. T O'Neil,", "a@x.hk"},
        {"\"a@evil.example x\"@good.example", "", "\"a@evil.example x\"@good.example"},
        {"\"plain\"@x.hk", "", "plain@x.hk"},
        {"\"a\\b\\\"c\"@x.hk", "", "\"ab\\\"c\"@x.hk"},
        {"\"a\\\\b\"@x.hk", "", "\"a\\\\b\"@x.hk"},
        {"\"a..b\"@x.hk", "", "\"a..b\"@x.hk"},
        {"!#$%&'*+/=?^_`{|}~@x.hk", "", "!#$%&'*+/=?^_`{|}~@x.hk"},
        {"a@[192.0.2.1]", "", "a@[192.0.2.1]"},
        {"a@1and1.3com", "", "a@1and1.3com"},
        {"a@例子.香港", "", "a@xn--fsqu00a.xn--j6w193g"},
        {"a@faß.de", "", "a@xn--fa-hia.de"},
        {"用户@例子.香港", "", "用户@xn--fsqu00a.xn--j6w193g"},
        {"\"用 户\"@x.hk", "", "\"用 户\"@x.hk"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        accepts(&rows[i]);
    assert_int_equal(notice_count, 0);
}

static void smtputf8_is_needed_for_the_local_part_alone(void **state)
{
    struct mes_address address;
    (void)state;
    assert_int_equal(mes_mime_address_parse(MES_STR("a@例子.香港"), &arena, NULL, &address, NULL), 0);
    assert_false(address.needs_smtputf8);
    assert_string_equal(address.shown, "a@例子.香港");
    assert_int_equal(mes_mime_address_parse(MES_STR("用户@例子.香港"), &arena, NULL, &address, NULL), 0);
    assert_true(address.needs_smtputf8);
    assert_string_equal(address.shown, "用户@例子.香港");
}

static void D02_full_width_signs_are_put_right_and_reported(void **state)
{
    static const struct good rows[] = {
        {"wong＠example．hk", "", "wong@example.hk"},
        {"王＠大文 <wong＠example。com。hk>", "王＠大文", "wong@example.com.hk"},
        {"\"a＠b\"＠x．hk", "", "\"a＠b\"@x.hk"},
        {"Ｗｏｎｇ＿８－９＠ｅｘａｍｐｌｅ.hk", "", "Wong_8-9@example.hk"},
    };
    (void)state;
    accepts(&rows[0]);
    assert_int_equal(notice_count, 1);
    accepts(&rows[1]);
    accepts(&rows[2]);
    accepts(&rows[3]);
    assert_int_equal(notice_count, 4);
}

struct bad {
    const char *text;
    enum mes_sentence sentence;
    int column;
};

static void refuses(struct mes_str text, enum mes_sentence sentence, int column)
{
    struct mes_address address;
    struct mes_error error = {0};
    int code = mes_mime_address_parse(text, &arena, &notices, &address, &error);
    if (code == 0)
        fail_msg("accepted: %s", text.data);
    if (error.sentence != (int)sentence ||
        (column > 0 && strtol(mes_error_argument(&error, 1), NULL, 10) != column)) {
        char said[1000];
        fail_msg("%s, column %d expected: %s", text.data, column,
                 mes_error_text(&error, MES_EN, said, sizeof said));
    }
    assert_int_equal(code, MES_E_INPUT);
}

static void refuse_all(const struct bad *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        refuses(mes_str_of(rows[i].text), rows[i].sentence, rows[i].column);
}

static void D01_line_ends_and_nul_are_refused_wherever_they_stand(void **state)
{
    static const char *const places[] = {"%a@x.hk",        "a%b@x.hk",        "a@%x.hk",
                                         "a@x.hk%",        "\"a%b\"@x.hk",    "\"a\\%\"@x.hk",
                                         "W%ong <a@x.hk>", "\"W%\" <a@x.hk>", "Wong <a%@x.hk>",
                                         "Wong <a@x.hk>%", "用户%@例子.香港", "a@例%子.香港"};
    static const char controls[] = {'\r', '\n', '\0', '\x7F', '\x01', '\x1B', '\x0B'};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (size_t c = 0; c < sizeof controls; c++) {
            char *text = mes_copy(places[i], strlen(places[i]));
            *strchr(text, '%') = controls[c];
            refuses(mes_str_make(text, strlen(places[i])), MES_SAY_address_control, 0);
            mes_free(text);
        }
}

static void D02_nothing_narrows_to_a_control_or_a_sign(void **state)
{
    /* U+760A and U+760D end in the bytes of LF and CR when someone keeps the low half alone. */
    static const struct good kept[] = {{"瘊瘍@x.hk", "", "瘊瘍@x.hk"}, {"瘊 瘍 <a@x.hk>", "瘊 瘍", "a@x.hk"}};
    static const struct bad rows[] = {
        {"a\u2028b@x.hk", MES_SAY_address_invisible, 2},
        {"a@x\u200B.hk", MES_SAY_address_invisible, 4},
        {"\uFEFFa@x.hk", MES_SAY_address_invisible, 1},
        {"a\xC2\x85@x.hk", MES_SAY_address_invisible, 2},
        {"a\u00A0b@x.hk", MES_SAY_address_invisible, 2},
        {"W <a\u202E@x.hk>", MES_SAY_address_invisible, 5},
        {"a@x\uFE6Bhk", MES_SAY_address_idn, 3},
        {"a@x\u2100.hk", MES_SAY_address_idn, 3},
        {"a@\xE5\xA4", MES_SAY_address_not_utf8, 3},
        {"\xED\xA0\xBD@x.hk", MES_SAY_address_not_utf8, 1},
        {"王 \xC0\x8D <a@x.hk>", MES_SAY_address_not_utf8, 3},
    };
    (void)state;
    accepts(&kept[0]);
    accepts(&kept[1]);
    refuse_all(rows, sizeof rows / sizeof rows[0]);
}

static void D06_what_parsers_disagree_about_is_refused(void **state)
{
    static const struct bad rows[] = {
        {"a(comment)@x.hk", MES_SAY_address_comment, 2},
        {"(c)a@x.hk", MES_SAY_address_comment, 1},
        {"a@x.hk (c)", MES_SAY_address_blank, 7},
        {"a@(c)x.hk", MES_SAY_address_comment, 3},
        {"Wong (HK) <a@x.hk>", MES_SAY_address_comment, 6},
        {"Friends: a@x.hk", MES_SAY_address_group, 8},
        {"Friends: <a@x.hk>", MES_SAY_address_group, 8},
        {"<@r.hk,@s.hk:a@x.hk>", MES_SAY_address_route, 2},
        {"@r.hk:a@x.hk", MES_SAY_address_route, 1},
        {"=?utf-8?q?a=40evil.hk=3E?=@x.hk", MES_SAY_address_encoded_word, 1},
        {"a@b@x.hk", MES_SAY_address_two_at, 4},
        {"a@evil.hk <b@x.hk>", MES_SAY_address_name_at, 2},
        {"<a@x.hk><b@x.hk>", MES_SAY_address_after_bracket, 9},
        {"<a@x.hk> b", MES_SAY_address_after_bracket, 10},
        {"<<a@x.hk>>", MES_SAY_address_after_bracket, 10},
        {"a@x.hk>", MES_SAY_address_bracket, 7},
        {"Wong > <a@x.hk>", MES_SAY_address_bracket, 6},
        {"Wong <a@x.hk", MES_SAY_address_bracket, 6},
        {".a@x.hk", MES_SAY_address_dot, 1},
        {"a.@x.hk", MES_SAY_address_dot, 2},
        {"a..b@x.hk", MES_SAY_address_dot, 2},
        {"a@.x.hk", MES_SAY_address_dot, 3},
        {"a@x.hk.", MES_SAY_address_dot, 8},
        {"a@x..hk", MES_SAY_address_dot, 5},
        {"\"a\"b@x.hk", MES_SAY_address_quote, 4},
        {"\"a\".b@x.hk", MES_SAY_address_quote, 4},
        {"a\"b\"@x.hk", MES_SAY_address_quote, 2},
        {"\"a@x.hk", MES_SAY_address_quote, 1},
        {"\"a\\\"@x.hk", MES_SAY_address_quote, 1},
        {"\"a\tb\"@x.hk", MES_SAY_address_quote, 1},
        {"\"\"@x.hk", MES_SAY_address_no_local, 1},
        {"a b@x.hk", MES_SAY_address_blank, 2},
        {"a @x.hk", MES_SAY_address_blank, 2},
        {"a@ x.hk", MES_SAY_address_blank, 3},
        {"a,b@x.hk", MES_SAY_address_group, 2},
        {"a[b@x.hk", MES_SAY_address_character, 2},
        {"王大文 <a\\b@x.hk>", MES_SAY_address_character, 7},
        {"a@x_y.hk", MES_SAY_address_label, 4},
        {"a@-x.hk", MES_SAY_address_label, 3},
        {"a@x-.hk", MES_SAY_address_label, 3},
        {"王@例子.-香港", MES_SAY_address_idn, 3},
        {"a@192.0.2.1", MES_SAY_address_literal, 3},
        {"a@[192.0.2.256]", MES_SAY_address_literal, 3},
        {"a@[192.0.02.1]", MES_SAY_address_literal, 3},
        {"a@[192.0.2.1", MES_SAY_address_literal, 3},
        {"a@[1.2.3]", MES_SAY_address_literal, 3},
    };
    (void)state;
    refuse_all(rows, sizeof rows / sizeof rows[0]);
}

static void D08_empty_long_and_dashed_addresses_are_refused(void **state)
{
    static const struct bad rows[] = {
        {"", MES_SAY_address_empty, 0},
        {" \t ", MES_SAY_address_empty, 0},
        {"wong", MES_SAY_address_no_at, 5},
        {"王 <>", MES_SAY_address_no_at, 4},
        {"@x.hk", MES_SAY_address_no_local, 1},
        {"a@", MES_SAY_address_no_domain, 3},
        {"-a@x.hk", MES_SAY_address_dash, 1},
        {"\"-a b\"@x.hk", MES_SAY_address_dash, 1},
        {"--config=/etc/passwd@x.hk", MES_SAY_address_dash, 1},
        {REPEAT_64("a") "a@x.hk", MES_SAY_address_local_too_long, 1},
        {"a@" REPEAT_64("a") ".hk", MES_SAY_address_label, 3},
        {"a@" REPEAT_64("a.b.") "hk", MES_SAY_address_too_long, 1},
        {REPEAT_64(REPEAT_64("n")) " <a@x.hk>", MES_SAY_address_too_long, 1},
    };
    static const struct good longest = {REPEAT_64("a") "@" REPEAT_8("ab.cdef.ijklmnop.qr.") "hk", "",
                                        REPEAT_64("a") "@" REPEAT_8("ab.cdef.ijklmnop.qr.") "hk"};
    (void)state;
    refuse_all(rows, sizeof rows / sizeof rows[0]);
    accepts(&longest);
}

struct seen {
    char good[1000], bad[1000];
    size_t good_count, bad_count;
};

static int see_good(void *context, const struct mes_address *address)
{
    struct seen *seen = context;
    seen->good_count++;
    if (strlen(seen->good) + strlen(address->spec) + 2 < sizeof seen->good) {
        strncat(seen->good, address->spec, 300);
        strncat(seen->good, " ", 2);
    }
    return 0;
}

static int see_bad(void *context, const struct mes_error *error)
{
    struct seen *seen = context;
    seen->bad_count++;
    strncat(seen->bad, mes_error_argument(error, 1), 20);
    strncat(seen->bad, " ", 2);
    return 0;
}

static int walk(const char *text, size_t most, struct seen *seen)
{
    const struct mes_address_sink sink = {
        .on_address = see_good, .on_bad = see_bad, .context = seen, .most = most};
    *seen = (struct seen){0};
    return mes_mime_address_list(mes_str_of(text), &arena, &sink, NULL);
}

static void lists_know_every_separator(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(walk("a@x.hk;b@x.hk, c@x.hk；王 <d@x.hk>，\"e; f\" <e@x.hk>、,; f@x.hk;", 0, &seen), 0);
    assert_string_equal(seen.good, "a@x.hk b@x.hk c@x.hk d@x.hk e@x.hk f@x.hk ");
    assert_int_equal(seen.bad_count, 0);
    assert_int_equal(walk(" ,; ", 0, &seen), 0);
    assert_int_equal(seen.good_count, 0);
}

static void every_bad_item_is_named_with_its_column_in_the_list(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(
        walk("a@x.hk, 王大文, \"q\\\"\" <b@x.hk>；c@@x.hk, d@x.hk; <@r,@s:e@x>, f@x.hk", 0, &seen), 0);
    assert_string_equal(seen.good, "a@x.hk b@x.hk d@x.hk f@x.hk ");
    assert_string_equal(seen.bad, "12 31 47 ");
}

static void a_list_has_its_limit(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(walk("a@x,b@x,c,d@x", 3, &seen), MES_E_LIMIT);
    assert_int_equal(walk("a@x,b@x,c@x", 3, &seen), 0);
}

static int stop(void *context, const struct mes_address *address)
{
    (void)address;
    ++*(int *)context;
    return 7;
}

static void a_sink_may_end_the_walk(void **state)
{
    int calls = 0;
    const struct mes_address_sink sink = {.on_address = stop, .context = &calls};
    (void)state;
    assert_int_equal(mes_mime_address_list(MES_STR("a@x,b@x"), &arena, &sink, NULL), 7);
    assert_int_equal(calls, 1);
}

/* No place of the text may be looked at more than a few times: the sanitizer build gets through 10 MB of each
 * in a moment, and a quadratic walk would not get through at all. */
static void D07_ten_megabytes_of_anything_end_soon(void **state)
{
    enum { SIZE = 10 * 1024 * 1024 };
    static const char *const patterns[] = {"a:", "@",    ",",  "<",    "\"",   "\\",
                                           "(",  "a@x,", "、", "\"\\", ";<\"", "a b "};
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct seen seen;
        char *text = mes_alloc(SIZE + 1);
        size_t period = strlen(patterns[i]);
        memcpy(text, patterns[i], period);
        for (size_t size = period; size < SIZE; size += period)
            memcpy(text + size, text, period < SIZE - size ? period : SIZE - size);
        int code = walk(text, 0, &seen);
        assert_true(code == 0 || code == MES_E_LIMIT);
        assert_true(seen.good_count <= MES_LIMIT_LIST);
        mes_free(text);
    }
}

static size_t allocations_left;

static bool count_down(size_t size)
{
    (void)size;
    return allocations_left > 0 && allocations_left-- > 0;
}

static void every_allocation_may_fail(void **state)
{
    struct mes_str text = MES_STR("\"W\" <\"用 户\"＠例子.香港>");
    int code = MES_E_NOMEM;
    (void)state;
    for (size_t n = 0; code == MES_E_NOMEM && n < 100; n++) {
        struct mes_address address;
        struct mes_error error;
        mes_arena_fini(&arena);
        mes_arena_init(&arena, SIZE_MAX);
        allocations_left = n;
        mes_alloc_set_hook(count_down);
        code = mes_mime_address_parse(text, &arena, NULL, &address, &error);
        mes_alloc_set_hook(NULL);
    }
    assert_int_equal(code, 0);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(D06_what_is_an_address_is_accepted),
        UNIT(smtputf8_is_needed_for_the_local_part_alone),
        UNIT(D02_full_width_signs_are_put_right_and_reported),
        UNIT(D01_line_ends_and_nul_are_refused_wherever_they_stand),
        UNIT(D02_nothing_narrows_to_a_control_or_a_sign),
        UNIT(D06_what_parsers_disagree_about_is_refused),
        UNIT(D08_empty_long_and_dashed_addresses_are_refused),
        UNIT(lists_know_every_separator),
        UNIT(every_bad_item_is_named_with_its_column_in_the_list),
        UNIT(a_list_has_its_limit),
        UNIT(a_sink_may_end_the_walk),
        UNIT(D07_ten_megabytes_of_anything_end_soon),
        UNIT(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
