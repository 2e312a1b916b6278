#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/body.h"
#include "smtp/command.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

static struct mes_str str(const char *text)
{
    return mes_str_of(text);
}

/* --- reply --- */

static enum mes_smtp_parse parse(struct mes_smtp_parser *parser, const char *text,
                                 struct mes_smtp_reply *reply)
{
    struct mes_str input = str(text);
    mes_smtp_parser_init(parser);
    return mes_smtp_parser_next(parser, &input, reply);
}

static void A01_strange_codes_are_no_replies(void **state)
{
    static const char *const bad[] = {"x",           "2x0 ok\r\n", "25\r\n",      "2500 ok\r\n", "250ok\r\n",
                                      "250\tok\r\n", "\r\n",       " 250 ok\r\n", "150 ok\r\n",  "650 ok\r\n",
                                      "050 ok\r\n",  "\xff\xfe",   "\x16\x03\x01"};
    struct mes_smtp_parser parser;
    struct mes_smtp_reply reply;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(&parser, bad[i], &reply), MES_SMTP_PARSE_BAD);
        mes_smtp_parser_fini(&parser);
    }
}

static void a_reply_may_have_any_second_digit(void **state)
{
    struct mes_smtp_parser parser;
    struct mes_smtp_reply reply;
    (void)state;
    assert_int_equal(parse(&parser, "571 5.7.1 no\r\n", &reply), MES_SMTP_PARSE_REPLY);
    assert_int_equal(reply.code, 571);
    assert_true(mes_str_eq(reply.enhanced, MES_STR("5.7.1")));
    mes_smtp_parser_fini(&parser);
    assert_int_equal(parse(&parser, "250\r\n", &reply), MES_SMTP_PARSE_REPLY);
    assert_int_equal(reply.text.size, 0);
    mes_smtp_parser_fini(&parser);
}

static void A09_only_a_well_formed_code_of_the_same_class_counts(void **state)
{
    static const struct {
        const char *line, *enhanced, *text;
    } rows[] = {
        {"550 5.1.1 no\r\n", "5.1.1", "no"},
        {"550 5.1.1\r\n", "5.1.1", ""},
        {"550 5.123.456 no\r\n", "5.123.456", "no"},
        {"550 5.1234.1 no\r\n", "", "5.1234.1 no"},
        {"550 5.1. no\r\n", "", "5.1. no"},
        {"550 5.1.1.1 no\r\n", "", "5.1.1.1 no"},
        {"550 5..1 no\r\n", "", "5..1 no"},
        {"450 5.1.1 no\r\n", "", "5.1.1 no"},
        {"250 4.0.0 ok\r\n", "", "4.0.0 ok"},
        {"354 3.0.0 go\r\n", "", "3.0.0 go"},
        {"550-5.1.1 a\r\n550 5.1.1 b\r\n", "5.1.1", "a\nb"},
        {"550-5.1.1 a\r\n550 b\r\n", "5.1.1", "a\nb"},
        {"550 5.1.1-x\r\n", "", "5.1.1-x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mes_smtp_parser parser;
        struct mes_smtp_reply reply;
        struct mes_buf text;
        mes_buf_init(&text, 1000);
        assert_int_equal(parse(&parser, rows[i].line, &reply), MES_SMTP_PARSE_REPLY);
        assert_true(mes_str_eq(reply.enhanced, str(rows[i].enhanced)));
        mes_smtp_reply_add_text(&reply, 1000, &text);
        assert_string_equal(mes_buf_text(&text), rows[i].text);
        mes_buf_fini(&text);
        mes_smtp_parser_fini(&parser);
    }
}

/* A bare code behind a reply that had an enhanced one does not inherit it. */
static void A09_nothing_is_left_of_the_reply_before(void **state)
{
    struct mes_smtp_parser parser;
    struct mes_smtp_reply reply;
    struct mes_str input = MES_STR("550 5.1.1 no such user\r\n250\r\n");
    (void)state;
    mes_smtp_parser_init(&parser);
    assert_int_equal(mes_smtp_parser_next(&parser, &input, &reply), MES_SMTP_PARSE_REPLY);
    assert_int_equal(mes_smtp_parser_next(&parser, &input, &reply), MES_SMTP_PARSE_REPLY);
    assert_int_equal(reply.code, 250);
    assert_int_equal(reply.enhanced.size + reply.text.size + input.size, 0);
    mes_smtp_parser_fini(&parser);
}

static void A11_every_split_gives_the_same(void **state)
{
    const char *whole = "220-a\r\n220 b\r\n250-x 1\r\n250-y\r\n250 5.5.5 z\r\n";
    size_t size = strlen(whole);
    (void)state;
    for (size_t split = 0; split <= size; split++) {
        struct mes_smtp_parser parser;
        struct mes_smtp_reply reply;
        struct mes_str parts[2] = {mes_str_make(whole, split), mes_str_make(whole + split, size - split)};
        int codes = 0, replies = 0;
        mes_smtp_parser_init(&parser);
        for (size_t i = 0; i < 2; i++)
            while (mes_smtp_parser_next(&parser, &parts[i], &reply) == MES_SMTP_PARSE_REPLY) {
                codes += reply.code;
                replies++;
            }
        assert_int_equal(replies, 2);
        assert_int_equal(codes, 470);
        assert_false(mes_smtp_parser_is_inside(&parser));
        mes_smtp_parser_fini(&parser);
    }
}

/* --- ehlo --- */

static void B16_only_numbers_are_sizes(void **state)
{
    static const struct {
        const char *argument;
        bool offered;
        uint64_t limit;
    } rows[] = {{" 100", true, 100},
                {"", true, 0},
                {" 0", true, 0},
                {" -1", false, 0},
                {" 1 2", false, 0},
                {" +5", false, 0},
                {" 0x10", false, 0},
                {" 18446744073709551615", true, UINT64_MAX},
                {" 18446744073709551616", false, 0},
                {" 99999999999999999999999", false, 0}};
    struct mes_smtp_ehlo ehlo;
    (void)state;
    mes_smtp_ehlo_init(&ehlo);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mes_buf text;
        mes_buf_init(&text, 1000);
        mes_buf_add_format(&text, "mx\nSIZE%s", rows[i].argument);
        assert_true(mes_smtp_ehlo_parse(&ehlo, mes_buf_str(&text)));
        assert_int_equal(ehlo.size, rows[i].offered);
        assert_int_equal(ehlo.size_limit, rows[i].limit);
        mes_buf_fini(&text);
    }
    mes_smtp_ehlo_fini(&ehlo);
}

static void B16_keywords_are_capped(void **state)
{
    struct mes_smtp_ehlo ehlo;
    struct mes_buf text;
    (void)state;
    mes_smtp_ehlo_init(&ehlo);
    mes_buf_init(&text, SIZE_MAX);
    mes_buf_add_text(&text, "mx");
    for (int i = 0; i < 10000; i++)
        mes_buf_add_format(&text, "\nX%d", i);
    mes_buf_add_text(&text, "\nSTARTTLS");
    assert_true(mes_smtp_ehlo_parse(&ehlo, mes_buf_str(&text)));
    size_t blanks = 0;
    for (size_t i = 0; i < ehlo.keywords.size; i++)
        blanks += ehlo.keywords.data[i] == ' ';
    assert_int_equal(blanks, MES_SMTP_KEYWORDS_MOST - 1);
    assert_false(ehlo.starttls);
    mes_buf_fini(&text);
    mes_smtp_ehlo_fini(&ehlo);
}

static void mechanisms_come_in_both_forms(void **state)
{
    struct mes_smtp_ehlo ehlo;
    (void)state;
    mes_smtp_ehlo_init(&ehlo);
    assert_true(mes_smtp_ehlo_parse(
        &ehlo, MES_STR("mx\nauth=login\nAUTH XOAUTH9 cram-md5\nDSN\nAUTHENTICATE PLAIN")));
    assert_int_equal(ehlo.mechanisms, MES_SMTP_OFFERS_LOGIN | MES_SMTP_OFFERS_CRAM_MD5);
    assert_string_equal(mes_buf_text(&ehlo.keywords), "AUTH AUTHENTICATE DSN");
    assert_true(mes_smtp_ehlo_parse(&ehlo, MES_STR("mx")));
    assert_int_equal(ehlo.mechanisms, 0);
    assert_false(ehlo.dsn);
    mes_smtp_ehlo_fini(&ehlo);
}

/* --- command --- */

static bool ends(struct mes_str line, size_t most, bool is_utf8)
{
    struct mes_buf out;
    mes_buf_init(&out, 4096);
    mes_buf_add_text(&out, "before\r\n");
    size_t start = out.size;
    mes_buf_add_str(&out, line);
    bool is_good = mes_smtp_command_end(&out, start, most, is_utf8);
    assert_int_equal(out.size, start + (is_good ? line.size + 2 : 0));
    mes_buf_fini(&out);
    return is_good;
}

static void D01_a_line_is_one_line(void **state)
{
    (void)state;
    assert_true(ends(MES_STR("NOOP"), 512, false));
    assert_false(ends(MES_STR("a\rb"), 512, false));
    assert_false(ends(MES_STR("a\nb"), 512, false));
    assert_false(ends(MES_STR("a\0b"), 512, false));
    assert_false(ends(MES_STR("a\r"), 512, true));
    assert_false(ends(MES_STR(""), 512, false));
    assert_false(ends(MES_STR("\xe4\xbd\xa0"), 512, false));
    assert_true(ends(MES_STR("\xe4\xbd\xa0"), 512, true));
    assert_false(ends(MES_STR("\xe4\xbd"), 512, true));
    assert_false(ends(MES_STR("\xc0\x8d\xc0\x8a"), 512, true)); /* CR and LF in an overlong form */
    assert_true(ends(MES_STR("12345678"), 10, false));
    assert_false(ends(MES_STR("123456789"), 10, false));
}

static void D01_a_path_ends_where_it_should(void **state)
{
    static const char *const good[] = {"", "a@b", "\"a b\"@c", "\"<>\"@c", "\"\\\"\"@c", "a@[192.0.2.1]"};
    static const char *const bad[] = {"a b@c", "a@b>",       "<a@b",       "\"a@b",   "\"a\\",
                                      "a@b\r", "\"\r\n\"@c", "\"\\\r\"@c", "a\x7f@b", "a\t@b"};
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(mes_smtp_command_add_path(&out, str(good[i])));
    size_t size = out.size;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(mes_smtp_command_add_path(&out, str(bad[i])));
    char longest[MES_SMTP_PATH_MOST + 1];
    memset(longest, 'a', sizeof longest);
    assert_false(mes_smtp_command_add_path(&out, mes_str_make(longest, sizeof longest)));
    assert_int_equal(out.size, size);
    assert_true(mes_smtp_command_add_path(&out, mes_str_make(longest, sizeof longest - 1)));
    mes_buf_fini(&out);
}

static void D03_parameters_are_encoded(void **state)
{
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 4096);
    mes_smtp_command_add_xtext(&out, MES_STR("a+b=c d\r\n\xff!~"));
    assert_string_equal(mes_buf_text(&out), "a+2Bb+3Dc+20d+0D+0A+FF!~");
    mes_buf_fini(&out);
    assert_true(mes_smtp_command_is_word(MES_STR("[192.0.2.1]")));
    assert_false(mes_smtp_command_is_word(MES_STR("a b")));
    assert_false(mes_smtp_command_is_word(MES_STR("a\r\n")));
    assert_false(mes_smtp_command_is_word(MES_STR("")));
}

/* --- body --- */

/* A source that gives its text in pieces of random size. */
struct pieces {
    struct mes_source source;
    struct mes_str text;
    size_t at;
    unsigned seed;
};

static unsigned roll(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static enum mes_pull next_piece(struct mes_source *source, struct mes_str *piece_out)
{
    struct pieces *pieces = (struct pieces *)source;
    if (pieces->at == pieces->text.size)
        return MES_PULL_END;
    *piece_out = mes_str_cut(pieces->text, pieces->at, roll(&pieces->seed) % 6);
    pieces->at += piece_out->size;
    return MES_PULL_PIECE;
}

static void write_body(struct mes_str text, unsigned seed, struct mes_buf *out)
{
    struct pieces pieces = {.source.next = next_piece, .text = text, .seed = seed};
    struct mes_smtp_body body;
    mes_smtp_body_init(&body, &pieces.source, true);
    mes_buf_clear(out);
    enum mes_pull pulled = MES_PULL_PIECE;
    while (pulled == MES_PULL_PIECE)
        pulled = mes_smtp_body_write(&body, out, 2 + roll(&pieces.seed) % 9);
    assert_int_equal(pulled, MES_PULL_END);
    assert_int_equal(body.written, out->size);
    mes_buf_add_text(out, ".\r\n");
}

static void D11_line_ends_and_dots_are_made_safe(void **state)
{
    static const struct {
        const char *text, *wire;
    } rows[] = {{"", ".\r\n"},
                {"a", "a\r\n.\r\n"},
                {"a\r\n", "a\r\n.\r\n"},
                {"a\n", "a\r\n.\r\n"},
                {"a\r", "a\r\n.\r\n"},
                {".", "..\r\n.\r\n"},
                {"..", "...\r\n.\r\n"},
                {"\r\n.\r\n", "\r\n..\r\n.\r\n"},
                {"\n.\n", "\r\n..\r\n.\r\n"},
                {"\n.\r\n", "\r\n..\r\n.\r\n"},
                {"\r.\r\n", "\r\n..\r\n.\r\n"},
                {"\r.\r", "\r\n..\r\n.\r\n"},
                {"a\r\r\n.b", "a\r\n\r\n..b\r\n.\r\n"},
                {"a\n\r.b", "a\r\n\r\n..b\r\n.\r\n"},
                {"a.b\r\nc.", "a.b\r\nc.\r\n.\r\n"}};
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 4096);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0] * 50; i++) {
        write_body(str(rows[i / 50].text), i, &out);
        assert_string_equal(mes_buf_text(&out), rows[i / 50].wire);
    }
    mes_buf_fini(&out);
}

/* Receivers differ in what they take for a line end: a lone LF, a lone CR, and whether NULs are passed over.
 * Counts the messages that such a one would see in `wire`; the last bytes must be the end of the last. */
static unsigned messages_seen(struct mes_str wire, unsigned leniency, bool *ended_out)
{
    bool takes_lf = leniency & 1, takes_cr = leniency & 2, skips_nul = leniency & 4;
    unsigned seen = 0;
    size_t column = 0;
    bool is_dot = false;
    *ended_out = false;
    for (size_t i = 0; i < wire.size; i++) {
        char c = wire.data[i];
        bool is_crlf = c == '\r' && i + 1 < wire.size && wire.data[i + 1] == '\n';
        if (is_crlf || (c == '\n' && takes_lf) || (c == '\r' && takes_cr)) {
            i += is_crlf;
            seen += is_dot && column == 1;
            *ended_out = is_dot && column == 1 && i + 1 == wire.size;
            column = 0;
            is_dot = false;
        } else if (c != '\0' || !skips_nul) {
            is_dot = column++ == 0 && c == '.';
        }
    }
    return seen;
}

static void D11_every_receiver_sees_one_message(void **state)
{
    static const char bytes[] = "\r\n.\r\n.\r\n.a";
    unsigned seed = 7;
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 4096);
    for (unsigned round = 0; round < 20000; round++) {
        char text[40];
        size_t size = roll(&seed) % sizeof text;
        for (size_t i = 0; i < size; i++)
            text[i] = bytes[roll(&seed) % (sizeof bytes - 1)];
        write_body(mes_str_make(text, size), seed, &out);
        for (unsigned leniency = 0; leniency < 8; leniency++) {
            bool has_ended;
            assert_int_equal(messages_seen(mes_buf_str(&out), leniency, &has_ended), 1);
            assert_true(has_ended);
        }
    }
    mes_buf_fini(&out);
}

static void D12_a_nul_is_never_sent(void **state)
{
    struct pieces pieces = {.source.next = next_piece, .text = MES_STR("a\r\n\0.\r\nb")};
    struct mes_smtp_body body;
    struct mes_buf out;
    enum mes_pull pulled = MES_PULL_PIECE;
    (void)state;
    mes_buf_init(&out, 4096);
    mes_smtp_body_init(&body, &pieces.source, true);
    while (pulled == MES_PULL_PIECE)
        pulled = mes_smtp_body_write(&body, &out, 64);
    assert_int_equal(pulled, MES_PULL_FAILED);
    assert_null(memchr(mes_buf_text(&out), '\0', out.size));
    mes_buf_fini(&out);
}

/* Lone CRs without any LF, and LFs without any CR: with work that grew by the square this would not end. */
static void a_long_body_of_short_lines_is_linear(void **state)
{
    enum { SIZE = 4 * 1024 * 1024 };
    struct mes_buf text, out;
    (void)state;
    mes_buf_init(&text, SIZE);
    mes_buf_init(&out, 3 * SIZE);
    for (int kind = 0; kind < 2; kind++) {
        mes_buf_clear(&text);
        mes_buf_clear(&out);
        for (size_t i = 0; i < SIZE / 2; i++)
            mes_buf_add(&text, kind == 0 ? "a\r" : "a\n", 2);
        struct pieces pieces = {.text = mes_buf_str(&text)};
        struct mes_smtp_body body;
        mes_smtp_body_init(&body, &pieces.source, true);
        body.rest = mes_buf_str(&text);
        pieces.at = SIZE;
        pieces.source.next = next_piece;
        while (mes_smtp_body_write(&body, &out, 128 * 1024) == MES_PULL_PIECE)
            continue;
        assert_int_equal(out.size, SIZE / 2 * 3);
    }
    mes_buf_fini(&text);
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(A01_strange_codes_are_no_replies),
        cmocka_unit_test(a_reply_may_have_any_second_digit),
        cmocka_unit_test(A09_only_a_well_formed_code_of_the_same_class_counts),
        cmocka_unit_test(A09_nothing_is_left_of_the_reply_before),
        cmocka_unit_test(A11_every_split_gives_the_same),
        cmocka_unit_test(B16_only_numbers_are_sizes),
        cmocka_unit_test(B16_keywords_are_capped),
        cmocka_unit_test(mechanisms_come_in_both_forms),
        cmocka_unit_test(D01_a_line_is_one_line),
        cmocka_unit_test(D01_a_path_ends_where_it_should),
        cmocka_unit_test(D03_parameters_are_encoded),
        cmocka_unit_test(D11_line_ends_and_dots_are_made_safe),
        cmocka_unit_test(D11_every_receiver_sees_one_message),
        cmocka_unit_test(D12_a_nul_is_never_sent),
        cmocka_unit_test(a_long_body_of_short_lines_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
