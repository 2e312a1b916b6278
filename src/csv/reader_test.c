#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "csv/reader.h"
#include "i18n/say.h"

/* What was read: "LINE:[field|field]\n" for each row, "LINE!sentence\n" for each bad one. */
struct seen {
    struct mes_buf rows;
    size_t stop_at; /* the row whose callback ends the reading; 0: none */
};

static int on_row(void *context, const struct mes_csv_row *row, struct mes_error *error)
{
    struct seen *seen = context;
    mes_buf_add_format(&seen->rows, "%d:[", (int)row->line);
    for (size_t i = 0; i < row->count; i++) {
        mes_buf_add_text(&seen->rows, i > 0 ? "|" : "");
        mes_buf_add_str(&seen->rows, row->fields[i]);
    }
    mes_buf_add_text(&seen->rows, "]\n");
    return row->number == seen->stop_at ? mes_fail_nomem(error) : 0;
}

static void on_bad_row(void *context, uint64_t line, const struct mes_error *why)
{
    struct seen *seen = context;
    mes_buf_add_format(&seen->rows, "%d!", (int)line);
    mes_say_error(&seen->rows, MES_EN, why);
    mes_buf_add_char(&seen->rows, '\n');
}

/* Reads `input` in pieces of `piece` bytes. */
static int read_all(struct seen *seen, struct mes_csv_options options, struct mes_str input, size_t piece,
                    enum mes_charset *charset_out)
{
    int code = 0;
    mes_buf_init(&seen->rows, 64 << 20);
    options.on_row = on_row;
    options.context = seen;
    struct mes_csv_reader *reader = mes_csv_reader_new(&options);
    for (size_t at = 0; at < input.size && code == 0; at += piece)
        code = mes_csv_reader_feed(reader, mes_str_cut(input, at, piece), NULL);
    if (code == 0)
        code = mes_csv_reader_end(reader, NULL);
    if (charset_out != NULL)
        *charset_out = mes_csv_reader_charset(reader);
    mes_csv_reader_free(&reader);
    return code;
}

/* The same whatever the pieces. */
static void assert_reads(struct mes_csv_options options, struct mes_str input, const char *expected)
{
    static const size_t pieces[] = {1, 2, 3, 7, 1 << 20};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct seen seen = {.stop_at = 0};
        options.on_bad_row = on_bad_row;
        assert_int_equal(read_all(&seen, options, input, pieces[i], NULL), 0);
        assert_string_equal(mes_buf_text(&seen.rows), expected);
        mes_buf_fini(&seen.rows);
    }
}

static const struct {
    const char *name, *input, *rows;
} cases[] = {
    {"nothing", "", ""},
    {"one field", "a", "1:[a]\n"},
    {"rows and line ends", "a,b\r\nc,d\ne,f\rg,h", "1:[a|b]\n2:[c|d]\n3:[e|f]\n4:[g|h]\n"},
    {"empty fields", ",\n,,\n\"\"\n", "1:[|]\n2:[||]\n3:[]\n"},
    {"blank lines are no rows", "\n\na\n\r\n\r\nb\n\n", "3:[a]\n6:[b]\n"},
    {"quotes", "\"a,b\",\"c \"\"d\"\"\",\"\"\r\n", "1:[a,b|c \"d\"|]\n"},
    {"line ends in quotes", "a,\"b\r\nc\n\rd\"\ne,f\n", "1:[a|b\nc\n\nd]\n5:[e|f]\n"},
    {"a quote within a bare field", "a\"b,c\"\n", "1:[a\"b|c\"]\n"},
    {"blanks behind a quote", "\"a\" ,\"b\"\t\n", "1:[a|b]\n"},
    {"blanks stay", " a , b \n", "1:[ a | b ]\n"},
    {"semicolons", "a;b,c;d\n1;2;3\n", "1:[a|b,c|d]\n2:[1|2|3]\n"},
    {"tabs", "a\tb\n1,5\t2\n", "1:[a|b]\n2:[1,5|2]\n"},
    {"separators in quotes do not count", "\"a;b;c;d\",e\n1;2,3\n", "1:[a;b;c;d|e]\n2:[1;2|3]\n"},
    {"a named separator", "sep=|\r\na|b\n", "2:[a|b]\n"},
    {"UTF-8 with mark",
     "\xEF\xBB\xBF"
     "地址,姓名\n甲@x.hk,陳\n",
     "1:[地址|姓名]\n2:[甲@x.hk|陳]\n"},
    {"UTF-8 without mark", "地址,姓名\n甲@x.hk,陳\n", "1:[地址|姓名]\n2:[甲@x.hk|陳]\n"},
    {"text behind a quote", "a,b\n\"a\"b,c\nd,e\n",
     "1:[a|b]\n2!Line 2, character 4: text behind a closing quote. Write a quote within a field twice: "
     "\"\".\n3:[d|e]\n"},
    {"a quote that is never closed", "a,b\nc,\"d\ne,f\n",
     "1:[a|b]\n2!Line 2, column 2: the quote that opens this field is never closed. Close it.\n"},
    {"a closing quote at the very end", "a,\"b\"", "1:[a|b]\n"},
    {"a broken character", "甲,乙,丙,丁,戊,己,庚,辛,壬,癸\nab\xE5\xAD,x\nc\n",
     "1:[甲|乙|丙|丁|戊|己|庚|辛|壬|癸]\n2!Line 2, character 3: these bytes are no text in UTF-8. Save the "
     "file as UTF-8, or "
     "name its character set.\n3:[c]\n"},
};

static void rows_are_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].name);
        assert_reads((struct mes_csv_options){.separator = 0}, mes_str_of(cases[i].input), cases[i].rows);
    }
}

static void given_separator_and_charset_win(void **state)
{
    (void)state;
    assert_reads((struct mes_csv_options){.separator = ';', .charset = MES_CHARSET_GB18030},
                 MES_STR("a,b;\xC4\xE3\xBA\xC3\n"), "1:[a,b|你好]\n");
    assert_reads((struct mes_csv_options){.charset = MES_CHARSET_UTF_16LE}, MES_STR("\xFF\xFE`O,\0}Y"),
                 "1:[你|好]\n");
    assert_reads((struct mes_csv_options){.charset = MES_CHARSET_UTF_8}, MES_STR("a,\xC4\xE3\n"),
                 "1!Line 1, character 3: these bytes are no text in UTF-8. Save the file as UTF-8, or name "
                 "its character "
                 "set.\n");
}

static void F13_NUL_is_refused(void **state)
{
    (void)state;
    assert_reads((struct mes_csv_options){.separator = 0}, MES_STR("a,b\nc\0,d\ne,f\n"),
                 "1:[a|b]\n2!Line 2, character 2: a NUL byte. Is this a text file? Export it again as "
                 "CSV.\n3:[e|f]\n");
}

static void F13_UTF_16_is_read(void **state)
{
    struct mes_str little = MES_STR("a\0d\0d\0,\0\x73\x96\n\0x\0,\0=\xD8\0\xDE");
    char big[64];
    (void)state;
    assert_reads((struct mes_csv_options){.separator = 0}, little, "1:[add|陳]\n2:[x|\U0001F600]\n");
    for (size_t i = 0; i < little.size; i++)
        big[i ^ 1] = little.data[i];
    assert_reads((struct mes_csv_options){.separator = 0}, mes_str_make(big, little.size),
                 "1:[add|陳]\n2:[x|\U0001F600]\n");
    assert_reads(
        (struct mes_csv_options){.separator = 0}, MES_STR("\xFE\xFF\0a\0,\x96\x73\xD8\x3D\0,\0b\0\n\0c"),
        "1!Line 1, character 4: these bytes are no text in UTF-16BE. Save the file as UTF-8, or name its "
        "character set.\n2:[c]\n");
}

static size_t largest;

static bool note_size(size_t size)
{
    largest = size > largest ? size : largest;
    return true;
}

static void fill(struct mes_buf *buf, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        mes_buf_add_text(buf, piece);
}

/* A row that is too large is one bad row; what stands around it is read, and memory stays bounded. */
static void F13_large_rows_are_refused_at_bounded_memory(void **state)
{
    static const struct {
        const char *piece;
        size_t times;
        const char *complaint;
    } large[] = {
        {",", 1000000, "more than 10000 columns"},
        {"x", 3000000, "a field has more than 65536 bytes"},
        {"0123456789012345678901234567890123456789,", 100000, "columns"},
        {"\"", 1, "never closed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct mes_buf input;
        struct seen seen = {.stop_at = 0};
        mes_buf_init(&input, 16 << 20);
        mes_buf_add_text(&input, "first,row\n");
        fill(&input, large[i].piece, large[i].times);
        mes_buf_add_text(&input, "\nlast,row\n");
        largest = 0;
        mes_alloc_set_hook(note_size);
        int code = read_all(&seen, (struct mes_csv_options){.on_bad_row = on_bad_row}, mes_buf_str(&input),
                            65536, NULL);
        mes_alloc_set_hook(NULL);
        assert_int_equal(code, 0);
        assert_true(largest <= 2 << 20);
        assert_memory_equal(mes_buf_text(&seen.rows), "1:[first|row]\n2!", 16);
        assert_non_null(strstr(mes_buf_text(&seen.rows), large[i].complaint));
        assert_true(i == 3 || strstr(mes_buf_text(&seen.rows), "\n3:[last|row]\n") != NULL);
        mes_buf_fini(&seen.rows);
        mes_buf_fini(&input);
    }
}

static void F13_a_quote_left_open_costs_one_field(void **state)
{
    struct mes_buf input;
    struct seen seen = {.stop_at = 0};
    (void)state;
    mes_buf_init(&input, 16 << 20);
    mes_buf_add_text(&input, "first,\"row\n");
    fill(&input, "0123456789,x\n", 10000);
    mes_buf_add_text(&input, "last,row\n");
    int code =
        read_all(&seen, (struct mes_csv_options){.on_bad_row = on_bad_row}, mes_buf_str(&input), 65536, NULL);
    assert_int_equal(code, 0);
    assert_non_null(strstr(mes_buf_text(&seen.rows), "1!Line 5042, character"));
    assert_non_null(strstr(mes_buf_text(&seen.rows), "\n10002:[last|row]\n"));
    mes_buf_fini(&seen.rows);
    mes_buf_fini(&input);
}

static void without_a_taker_a_bad_row_ends_the_reading(void **state)
{
    struct seen seen = {.stop_at = 0};
    (void)state;
    assert_int_equal(
        read_all(&seen, (struct mes_csv_options){.separator = 0}, MES_STR("a\n\"b\"c\nd\n"), 100, NULL),
        MES_E_INPUT);
    assert_string_equal(mes_buf_text(&seen.rows), "1:[a]\n");
    mes_buf_fini(&seen.rows);
    seen.stop_at = 2;
    assert_int_equal(
        read_all(&seen, (struct mes_csv_options){.separator = 0}, MES_STR("a\nb\nc\n"), 100, NULL),
        MES_E_NOMEM);
    assert_string_equal(mes_buf_text(&seen.rows), "1:[a]\n2:[b]\n");
    mes_buf_fini(&seen.rows);
}

static void convert(struct mes_buf *out, const char *charset, struct mes_str utf8)
{
    iconv_t to = iconv_open(charset, "UTF-8");
    char *in = (char *)(uintptr_t)utf8.data;
    size_t in_left = utf8.size, room = utf8.size * 2 + 16;
    char *begin = mes_buf_reserve(out, room), *end = begin;
    assert_non_null(begin);
    assert_int_equal(iconv(to, &in, &in_left, &end, &room), 0);
    mes_buf_commit(out, (size_t)(end - begin));
    iconv_close(to);
}

/* 100,000 contacts, fed in pieces that cut characters, come out as they went in. */
static void F13_hundred_thousand_contacts(const char *charset, enum mes_charset expected, const char *cells)
{
    struct mes_buf utf8, input, rows;
    struct seen seen = {.stop_at = 0};
    enum mes_charset found;
    mes_buf_init(&utf8, 64 << 20);
    mes_buf_init(&input, 64 << 20);
    mes_buf_init(&rows, 64 << 20);
    mes_buf_add_text(&utf8, "address,name,city\r\n");
    mes_buf_add_text(&rows, "1:[address|name|city]\n");
    for (int i = 0; i < 100000; i++) {
        mes_buf_add_format(&utf8, "user%d@example.hk,%s\r\n", i, cells);
        mes_buf_add_format(&rows, "%d:[user%d@example.hk|", i + 2, i);
        for (const char *c = cells; *c != '\0'; c++)
            mes_buf_add_char(&rows, *c == ',' ? '|' : *c);
        mes_buf_add_text(&rows, "]\n");
    }
    convert(&input, charset, mes_buf_str(&utf8));
    largest = 0;
    mes_alloc_set_hook(note_size);
    struct mes_csv_options options = {.on_bad_row = on_bad_row};
    assert_int_equal(read_all(&seen, options, mes_buf_str(&input), 997, &found), 0);
    mes_alloc_set_hook(NULL);
    assert_int_equal(found, expected);
    assert_int_equal(seen.rows.size, rows.size);
    assert_memory_equal(seen.rows.data, rows.data, rows.size);
    mes_buf_fini(&utf8);
    mes_buf_fini(&input);
    mes_buf_fini(&rows);
    mes_buf_fini(&seen.rows);
}

static void F13_hundred_thousand_contacts_in_Big5(void **state)
{
    (void)state;
    F13_hundred_thousand_contacts("BIG5-HKSCS", MES_CHARSET_BIG5, "陳大文,香港九龍灣仔邨咗");
}

static void F13_hundred_thousand_contacts_in_GB18030(void **state)
{
    (void)state;
    F13_hundred_thousand_contacts("GB18030", MES_CHARSET_GB18030, "陈大文,广州市天河区𠮷");
}

/* A single name is enough to tell the sets apart. */
static void charsets_are_told_apart(void **state)
{
    static const struct {
        const char *text, *charset;
        enum mes_charset expected;
    } samples[] = {
        {"王小明", "GB18030", MES_CHARSET_GB18030},
        {"李娜", "GB18030", MES_CHARSET_GB18030},
        {"张伟", "GB18030", MES_CHARSET_GB18030},
        {"姓名,电话,地址", "GB18030", MES_CHARSET_GB18030},
        {"北京市朝阳区建国路", "GB18030", MES_CHARSET_GB18030},
        {"王小明", "BIG5", MES_CHARSET_BIG5},
        {"陳大文", "BIG5", MES_CHARSET_BIG5},
        {"黃美玲", "BIG5", MES_CHARSET_BIG5},
        {"姓名,電話,地址", "BIG5", MES_CHARSET_BIG5},
        {"香港中環皇后大道中", "BIG5-HKSCS", MES_CHARSET_BIG5},
        {"王小明", "UTF-8", MES_CHARSET_UTF_8},
        {"é", "UTF-8", MES_CHARSET_UTF_8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct mes_buf bytes;
        size_t mark;
        mes_buf_init(&bytes, 1000);
        convert(&bytes, samples[i].charset, mes_str_of(samples[i].text));
        enum mes_charset found = mes_csv_charset_detect(mes_buf_str(&bytes), &mark);
        if (found != samples[i].expected)
            fail_msg("%s in %s was taken for %s", samples[i].text, samples[i].charset,
                     mes_csv_charset_name(found));
        mes_buf_fini(&bytes);
    }
}

static void charsets_have_names(void **state)
{
    enum mes_charset charset;
    (void)state;
    assert_true(mes_csv_charset_parse(MES_STR("gbk"), &charset) && charset == MES_CHARSET_GB18030);
    assert_string_equal(mes_csv_charset_name(charset), "GB18030");
    assert_true(mes_csv_charset_parse(MES_STR("BIG5"), &charset) && charset == MES_CHARSET_BIG5);
    assert_false(mes_csv_charset_parse(MES_STR("EBCDIC"), &charset));
}

static int make_header(const char *const *names, size_t count, struct mes_csv_header **header,
                       struct mes_error *error)
{
    struct mes_str fields[8];
    for (size_t i = 0; i < count; i++)
        fields[i] = mes_str_of(names[i]);
    return mes_csv_header_new(&(struct mes_csv_row){.line = 1, .fields = fields, .count = count}, header,
                              error);
}

static void header_names_columns(void **state)
{
    struct mes_csv_header *header;
    struct mes_error error;
    (void)state;
    assert_int_equal(make_header((const char *[]){" Address ", "姓名", "", " "}, 4, &header, &error), 0);
    assert_int_equal(mes_csv_header_count(header), 2);
    assert_int_equal(mes_csv_header_find(header, "address"), 0);
    assert_int_equal(mes_csv_header_find(header, "姓名"), 1);
    assert_int_equal(mes_csv_header_find(header, "name"), SIZE_MAX);
    assert_string_equal(mes_csv_header_name(header, 1), "姓名");
    assert_null(mes_csv_header_name(header, 2));
    mes_csv_header_free(&header);
    assert_int_equal(make_header((const char *[]){"a", "", "b"}, 3, &header, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_csv_unnamed_column);
    assert_int_equal(make_header((const char *[]){"a", "b", "A"}, 3, &header, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_csv_column_twice);
    assert_null(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_in_pieces_of_any_size),
        cmocka_unit_test(given_separator_and_charset_win),
        cmocka_unit_test(F13_NUL_is_refused),
        cmocka_unit_test(F13_UTF_16_is_read),
        cmocka_unit_test(F13_large_rows_are_refused_at_bounded_memory),
        cmocka_unit_test(F13_a_quote_left_open_costs_one_field),
        cmocka_unit_test(F13_hundred_thousand_contacts_in_Big5),
        cmocka_unit_test(F13_hundred_thousand_contacts_in_GB18030),
        cmocka_unit_test(without_a_taker_a_bad_row_ends_the_reading),
        cmocka_unit_test(charsets_are_told_apart),
        cmocka_unit_test(charsets_have_names),
        cmocka_unit_test(header_names_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
