#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/header.h"
#include "mime/limits.h"
#include "mime/parameter.h"
#include "mime/part.h"
#include "mime/words.h"

static struct mes_buf out;

static int open_buf(void **state)
{
    (void)state;
    mes_buf_init(&out, SIZE_MAX);
    return 0;
}

static int close_buf(void **state)
{
    (void)state;
    mes_buf_fini(&out);
    return 0;
}

static void text_is(const char *value, const char *expected)
{
    mes_buf_clear(&out);
    mes_mime_header_add_text(&out, "Subject", mes_str_of(value));
    assert_string_equal(mes_buf_text(&out), expected);
}

static void text_is_encoded_only_when_it_must_be(void **state)
{
    (void)state;
    text_is("Hello, world", "Subject: Hello, world\r\n");
    text_is("  trimmed \t", "Subject: trimmed\r\n");
    text_is("你好", "Subject: =?UTF-8?B?5L2g5aW9?=\r\n");
    text_is("caf\u00e9 au lait", "Subject: =?UTF-8?Q?caf=C3=A9_au_lait?=\r\n");
    text_is("=?UTF-8?Q?x?=", "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n");
    text_is("1 =? 2", "Subject: =?UTF-8?B?MSA9PyAy?=\r\n");
    text_is("", "Subject: \r\n");
}

static void plain_text_is_folded_at_its_blanks(void **state)
{
    (void)state;
    text_is("aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff gggggggg  hhhhhhhhh iiiiiiiii",
            "Subject: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff gggggggg\r\n"
            "  hhhhhhhhh iiiiiiiii\r\n");
}

static void decode_q(struct mes_str payload, struct mes_buf *decoded)
{
    for (size_t i = 0; i < payload.size; i++) {
        char hex[3] = {0}, c = payload.data[i];
        assert_true(c > ' ' && c <= '~' && c != '?');
        if (c == '=') {
            memcpy(hex, payload.data + i + 1, 2);
            c = (char)strtol(hex, NULL, 16);
            i += 2;
        } else if (c == '_') {
            c = ' ';
        }
        mes_buf_add_char(decoded, c);
    }
}

/* Undoes what mes_mime_words_add does; fails the test for anything that RFC 2047 does not allow, and for
 * padding that is not at the end of all words. */
static void decode_words(struct mes_str text, struct mes_buf *decoded)
{
    while (text.size > 0) {
        assert_true(mes_str_starts(text, MES_STR("=?UTF-8?")));
        size_t end = mes_str_find(text, MES_STR("?="), 10);
        assert_true(end != SIZE_MAX && end + 2 <= 75);
        struct mes_str payload = mes_str_cut(text, 10, end - 10);
        size_t before = decoded->size;
        bool is_b = text.data[8] == 'B';
        if (is_b)
            assert_true(mes_base64_decode(payload, decoded));
        else
            decode_q(payload, decoded);
        assert_true(mes_utf8_is_valid(mes_str_skip(mes_buf_str(decoded), before)));
        text = mes_str_skip(text, end + 2);
        assert_true(text.size == 0 || mes_str_starts(text, MES_STR("\r\n ")));
        assert_true(!is_b || text.size == 0 || payload.data[payload.size - 1] != '=');
        text = mes_str_skip(text, 3);
    }
}

static void lines_are_at_most(struct mes_str text, size_t most)
{
    for (size_t from = 0; from < text.size;) {
        size_t end = mes_str_find(text, MES_STR("\r\n"), from);
        end = end != SIZE_MAX ? end : text.size;
        if (end - from > most)
            fail_msg("%zu bytes on a line: %.*s", end - from, (int)(end - from), text.data + from);
        from = end + 2;
    }
}

/* Every character at every place of a line, so that each of its bytes once falls on the edge. */
static void D16_no_character_is_split_whatever_the_edge(void **state)
{
    static const char *const units[] = {
        "大", "é", "😀", "👩‍👩‍👧‍👦", "🇭🇰", "שלום ", "\u200B\u202Eab", "a=", "é大😀 "};
    (void)state;
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        for (size_t lead = 0; lead < 100; lead++) {
            struct mes_buf text, decoded;
            size_t column = lead;
            mes_buf_init(&text, SIZE_MAX);
            mes_buf_init(&decoded, SIZE_MAX);
            for (size_t i = 0; i < lead % 13; i++)
                mes_buf_add_char(&text, 'x');
            for (size_t i = 0; i < 30; i++)
                mes_buf_add_text(&text, units[u]);
            mes_buf_clear(&out);
            mes_mime_words_add(mes_buf_str(&text), &column, &out);
            struct mes_str words = mes_buf_str(&out);
            if (mes_str_starts(words, MES_STR("\r\n ")))
                words = mes_str_skip(words, 3);
            decode_words(words, &decoded);
            assert_string_equal(mes_buf_text(&decoded), mes_buf_text(&text));
            lines_are_at_most(words, 76);
            mes_buf_fini(&text);
            mes_buf_fini(&decoded);
        }
}

static void D13_an_endless_word_still_gets_lines(void **state)
{
    char *text = mes_alloc(MES_LIMIT_HEADER + 1);
    (void)state;
    memset(text, 'a', MES_LIMIT_HEADER);
    mes_mime_header_add_text(&out, "X-Long", mes_str_of(text));
    lines_are_at_most(mes_buf_str(&out), 998);
    mes_free(text);
}

static void list_unsubscribe_is_never_encoded(void **state)
{
    struct mes_buf value;
    (void)state;
    mes_buf_init(&value, SIZE_MAX);
    for (int i = 0; i < 6; i++) {
        mes_buf_add_text(&value, i > 0 ? "," : "");
        mes_buf_add_text(&value, "<https://example.hk/unsubscribe?token=");
        for (int j = 0; j < 470; j++)
            mes_buf_add_char(&value, (char)('a' + j % 26));
        mes_buf_add_char(&value, '>');
    }
    assert_true(value.size > 3000);
    assert_int_equal(mes_mime_header_check(MES_STR("List-Unsubscribe"), mes_buf_str(&value), NULL), 0);
    mes_mime_header_add_custom(&out, "List-Unsubscribe", mes_buf_str(&value));
    lines_are_at_most(mes_buf_str(&out), 998);
    assert_null(strstr(mes_buf_text(&out), "=?"));
    const char *line = mes_buf_text(&out);
    for (int i = 0; i < 6; i++) {
        const char *next = strstr(line, ">");
        assert_non_null(next);
        assert_memory_equal(next, i < 5 ? ">,\r\n <" : ">\r\n", i < 5 ? 6 : 3);
        line = next + 1;
    }
    mes_buf_fini(&value);
    mes_buf_clear(&out);
    mes_mime_header_add_custom(&out, "List-Unsubscribe-Post", MES_STR("List-Unsubscribe=One-Click"));
    assert_string_equal(mes_buf_text(&out), "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

static void refuses(const char *name, struct mes_str value, enum mes_sentence sentence)
{
    struct mes_error error = {0};
    if (mes_mime_header_check(mes_str_of(name), value, &error) == 0)
        fail_msg("accepted: %s: %s", name, value.data);
    assert_int_equal(error.sentence, sentence);
}

static void D04_custom_fields_cannot_smuggle_others(void **state)
{
    (void)state;
    assert_int_equal(mes_mime_header_check(MES_STR("X-Order"), MES_STR("第 42 號\t是"), NULL), 0);
    refuses("X-A", MES_STR("b\r\nBcc: c@x.hk"), MES_SAY_field_control);
    refuses("X-A", MES_STR("b\nc"), MES_SAY_field_control);
    refuses("X-A", MES_STR("b\rc"), MES_SAY_field_control);
    refuses("X-A", MES_STR("b\0c"), MES_SAY_field_control);
    refuses("X-A", MES_STR("b\x7F"), MES_SAY_field_control);
    refuses("X-A", MES_STR("\xED\xA0\xBD"), MES_SAY_field_not_utf8);
    refuses("X-A", MES_STR(" \t"), MES_SAY_header_empty);
    static const char *const names[] = {"",    "X A",  "X:A",  "X-A\r\nBcc", "X\xC3\xA9",
                                        "(x)", "\x7F", "a\tb", "a=b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        refuses(names[i], MES_STR("v"), MES_SAY_header_name);
    refuses("List-Unsubscribe", MES_STR("<https://例子.香港/>"), MES_SAY_header_not_ascii);
    refuses("List-Unsubscribe", MES_STR("<mailto:a@x.hk>\n, <https://x.hk>"), MES_SAY_field_control);
    struct mes_buf url;
    mes_buf_init(&url, SIZE_MAX);
    mes_buf_add_text(&url, "<https://x.hk/");
    while (url.size < MES_LIMIT_LINE)
        mes_buf_add_text(&url, "a b");
    mes_buf_add_char(&url, '>');
    refuses("List-Unsubscribe", mes_buf_str(&url), MES_SAY_header_unfoldable);
    mes_buf_fini(&url);
}

static void D10_fields_of_the_product_are_refused(void **state)
{
    static const char *const names[] = {"Bcc",
                                        "bcc",
                                        "FROM",
                                        "To",
                                        "Cc",
                                        "Sender",
                                        "Reply-To",
                                        "Subject",
                                        "Date",
                                        "Message-ID",
                                        "MIME-Version",
                                        "Received",
                                        "Return-Path",
                                        "Content-Type",
                                        "content-foo",
                                        "Resent-Bcc",
                                        "DKIM-Signature",
                                        "X-Priority",
                                        "Importance"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        refuses(names[i], MES_STR("v"), MES_SAY_header_reserved);
    assert_int_equal(mes_mime_header_check(MES_STR("X-Bccc"), MES_STR("v"), NULL), 0);
    assert_int_equal(mes_mime_header_check(MES_STR("Contented"), MES_STR("v"), NULL), 0);
    assert_true(mes_mime_header_is_single(MES_STR("References")));
    assert_false(mes_mime_header_is_single(MES_STR("X-Tag")));
}

static void D13_a_field_has_its_limit(void **state)
{
    struct mes_error error;
    char *text = mes_alloc(MES_LIMIT_HEADER + 2);
    (void)state;
    memset(text, 'a', MES_LIMIT_HEADER + 1);
    struct mes_str value = {text, MES_LIMIT_HEADER + 1};
    assert_int_equal(mes_mime_header_check(MES_STR("X-A"), value, &error), MES_E_LIMIT);
    value.size--;
    assert_int_equal(mes_mime_header_check(MES_STR("X-A"), value, &error), 0);
    mes_free(text);
}

static void mailbox_is(const char *name, const char *spec, const char *expected)
{
    struct mes_mailbox mailbox = {mes_str_of(name), mes_str_of(spec)};
    mes_buf_clear(&out);
    mes_mime_header_add_mailboxes(&out, "From", &mailbox, 1);
    assert_string_equal(mes_buf_text(&out), expected);
}

static void names_are_bare_quoted_or_encoded(void **state)
{
    (void)state;
    mailbox_is("", "a@x.hk", "From: a@x.hk\r\n");
    mailbox_is("Wong Tai Man", "a@x.hk", "From: Wong Tai Man <a@x.hk>\r\n");
    mailbox_is("Wong, \"T\" \\", "a@x.hk", "From: \"Wong, \\\"T\\\" \\\\\" <a@x.hk>\r\n");
    mailbox_is("a@evil.hk", "a@x.hk", "From: \"a@evil.hk\" <a@x.hk>\r\n");
    mailbox_is("two  blanks", "a@x.hk", "From: \"two  blanks\" <a@x.hk>\r\n");
    mailbox_is("王大文", "a@x.hk", "From: =?UTF-8?B?546L5aSn5paH?= <a@x.hk>\r\n");
    mailbox_is("=?utf-8?q?x?=", "a@x.hk", "From: =?UTF-8?B?PT91dGYtOD9xP3g/PQ==?= <a@x.hk>\r\n");
    mailbox_is("\xD7\xA9\xD7\x9C", "\xE7\x94\xA8@x.hk", "From: =?UTF-8?B?16nXnA==?= <\xE7\x94\xA8@x.hk>\r\n");
    mailbox_is("A name of some length that brings the line near to its very end", "wong@example.hk",
               "From: =?UTF-8?Q?A_name_of_some_length_that_brings_the_line_near_to_its_ver?=\r\n"
               " =?UTF-8?Q?y_end?= <wong@example.hk>\r\n");
}

static void many_mailboxes_are_folded_between_them(void **state)
{
    struct mes_mailbox mailboxes[100];
    (void)state;
    for (size_t i = 0; i < 100; i++)
        mailboxes[i] = (struct mes_mailbox){MES_STR("王大文"), MES_STR("wong@example.hk")};
    mes_mime_header_add_mailboxes(&out, "Cc", mailboxes, 100);
    lines_are_at_most(mes_buf_str(&out), 78);
    size_t count = 0;
    for (const char *at = mes_buf_text(&out); (at = strstr(at, "<wong@example.hk>")) != NULL; at++)
        count++;
    assert_int_equal(count, 100);
}

static void date_is(int64_t seconds, int zone, const char *expected)
{
    mes_buf_clear(&out);
    mes_mime_header_add_date(&out, seconds, zone);
    assert_string_equal(mes_buf_text(&out), expected);
}

static void dates_are_of_their_zone(void **state)
{
    (void)state;
    date_is(0, 0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    date_is(1795312800, 480, "Date: Sun, 22 Nov 2026 10:00:00 +0800\r\n");
    date_is(1709164799, -210, "Date: Wed, 28 Feb 2024 20:29:59 -0330\r\n");
    date_is(1709251199, 1, "Date: Fri, 01 Mar 2024 00:00:59 +0001\r\n");
    date_is(951782400, 0, "Date: Tue, 29 Feb 2000 00:00:00 +0000\r\n");
    date_is(4107542400, 0, "Date: Mon, 01 Mar 2100 00:00:00 +0000\r\n");
    date_is(-1, 0, "Date: Wed, 31 Dec 1969 23:59:59 +0000\r\n");
}

static void parameter_is(const char *value, const char *expected)
{
    mes_buf_clear(&out);
    mes_mime_parameter_add(&out, "filename", mes_str_of(value));
    assert_string_equal(mes_buf_text(&out), expected);
}

static void D05_parameters_say_every_name(void **state)
{
    (void)state;
    parameter_is("report 1.pdf", ";\r\n filename=\"report 1.pdf\"");
    parameter_is("a\"b\\c", ";\r\n filename*=UTF-8''a%22b%5Cc");
    parameter_is("報告.pdf", ";\r\n filename*=UTF-8''%E5%A0%B1%E5%91%8A.pdf");
    parameter_is("'%*;é", ";\r\n filename*=UTF-8''%27%25%2A%3B%C3%A9");
    parameter_is("=?UTF-8?Q?x?=", ";\r\n filename*=UTF-8''%3D%3FUTF-8%3FQ%3Fx%3F%3D");
    parameter_is("一二三四五六七.pdf",
                 ";\r\n filename*0*=UTF-8''%E4%B8%80%E4%BA%8C%E4%B8%89%E5%9B%9B%E4%BA%94%E5%85%AD"
                 ";\r\n filename*1*=%E4%B8%83.pdf");
    mes_buf_clear(&out);
    mes_mime_parameter_add_words(&out, "name", MES_STR("報告\".pdf"));
    assert_string_equal(mes_buf_text(&out), ";\r\n name=\"=?UTF-8?B?5aCx5ZGKXy5wZGY=?=\"");
}

static void name_is(const char *path, const char *expected)
{
    struct mes_str name;
    assert_int_equal(mes_mime_file_name(mes_str_of(path), &name, NULL), 0);
    assert_true(mes_str_eq(name, mes_str_of(expected)));
}

static void D05_file_names_are_safe(void **state)
{
    static const char *const bad[] = {"",     ".", "..",     "...",  "/",     "a/",  "a/..",
                                      "C:\\", " ", "a\r\nb", "a\nb", "a\x7F", "\xFF"};
    struct mes_str name;
    char longest[MES_LIMIT_FILE_NAME + 2];
    (void)state;
    name_is("report.pdf", "report.pdf");
    name_is("../../etc/passwd", "passwd");
    name_is("..\\..\\win.ini", "win.ini");
    name_is("/tmp/報告 1.pdf", "報告 1.pdf");
    name_is(".profile", ".profile");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mes_mime_file_name(mes_str_of(bad[i]), &name, NULL) == 0)
            fail_msg("accepted: %s", bad[i]);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(mes_mime_file_name(mes_str_of(longest), &name, NULL), MES_E_LIMIT);
    longest[MES_LIMIT_FILE_NAME] = '\0';
    name_is(longest, longest);
}

static void D05_types_and_ids_are_checked(void **state)
{
    static const char *const bad[] = {
        "",     "pdf", "a/", "/b", "a/b/c", "a/b; name=x", "a/b\r\nX: y", "multipart/mixed", "Message/rfc822",
        "a b/c"};
    static const char *const bad_ids[] = {"", "<a>", "a b", "a\r\nb", "大", "a>"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(mes_mime_type_check(mes_str_of(bad[i]), NULL), MES_E_INPUT);
    assert_int_equal(mes_mime_type_check(MES_STR("application/vnd.ms-excel"), NULL), 0);
    for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++)
        assert_int_equal(mes_mime_content_id_check(mes_str_of(bad_ids[i]), NULL), MES_E_INPUT);
    assert_int_equal(mes_mime_content_id_check(MES_STR("logo@1.x"), NULL), 0);
    assert_string_equal(mes_mime_type_of_name(MES_STR("報告.PDF")), "application/pdf");
    assert_string_equal(mes_mime_type_of_name(MES_STR("x.eml")), "application/octet-stream");
    assert_string_equal(mes_mime_type_of_name(MES_STR("pdf")), "application/octet-stream");
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, open_buf, close_buf)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(text_is_encoded_only_when_it_must_be),
        UNIT(plain_text_is_folded_at_its_blanks),
        UNIT(D16_no_character_is_split_whatever_the_edge),
        UNIT(D13_an_endless_word_still_gets_lines),
        UNIT(list_unsubscribe_is_never_encoded),
        UNIT(D04_custom_fields_cannot_smuggle_others),
        UNIT(D10_fields_of_the_product_are_refused),
        UNIT(D13_a_field_has_its_limit),
        UNIT(names_are_bare_quoted_or_encoded),
        UNIT(many_mailboxes_are_folded_between_them),
        UNIT(dates_are_of_their_zone),
        UNIT(D05_parameters_say_every_name),
        UNIT(D05_file_names_are_safe),
        UNIT(D05_types_and_ids_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
