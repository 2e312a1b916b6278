#include "delivery/reply_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "delivery/retry_time.h"

static void expect(const char *raw, size_t size, const char *shown)
{
    struct mes_buf out;
    mes_buf_init(&out, 4096);
    mes_reply_text_add(&out, mes_str_make(raw, size));
    assert_string_equal(mes_buf_text(&out), shown);
    mes_buf_fini(&out);
}

#define EXPECT(raw, shown) expect((raw), sizeof(raw) - 1, (shown))

static void utf8_stays(void **state)
{
    (void)state;
    EXPECT("queued as 4F1", "queued as 4F1");
    EXPECT("请使用授权码登录", "请使用授权码登录");
    EXPECT("", "");
}

static void gbk_is_decoded(void **state)
{
    (void)state;
    EXPECT("Error: \xc7\xeb\xca\xb9\xd3\xc3\xca\xda\xc8\xa8\xc2\xeb\xb5\xc7\xc2\xbc",
           "Error: 请使用授权码登录");
    /* Two lines, a GB18030 character of four bytes. */
    EXPECT("\xb5\xc7\xc2\xbc\r\n\x81\x39\xf3\x34 ok\r\n", "登录 㐭 ok");
}

static void what_is_neither_is_escaped(void **state)
{
    (void)state;
    EXPECT("caf\xe9", "caf\\xE9");      /* ends within a GBK character */
    EXPECT("\xff\xfe!", "\\xFF\\xFE!"); /* no character set at all */
    EXPECT("\xc7\xeb\xff ok", "\\xC7\\xEB\\xFF ok");
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    EXPECT("a\x1b[31mb\0c\td", "a\\x1B[31mb\\x00c\td");
    EXPECT("a\xc2\x9b"
           "b",
           "a\\xC2\\x9B"
           "b"); /* CSI of 8-bit terminals */
    EXPECT("a\r\n\r\nb\n", "a b");
}

static void any_bytes_give_valid_utf8(void **state)
{
    (void)state;
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            char raw[3] = {(char)first, (char)second, 'x'};
            struct mes_buf out;
            mes_buf_init(&out, 64);
            mes_reply_text_add(&out, mes_str_make(raw, sizeof raw));
            assert_true(mes_utf8_is_valid(mes_buf_str(&out)));
            assert_int_equal(out.failed, 0);
            mes_buf_fini(&out);
        }
    }
}

static void waits_that_replies_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int seconds;
    } cases[] = {
        {"Greylisted, please try again in 300 seconds", 300},
        {"Try again in 5 minutes", 300},
        {"please retry in 1 hour", 3600},
        {"wait 5 hours", 3600},
        {"请5分钟后重试", 300},
        {"limit is 100 per 60 minutes", 0},
        {"limit is 100 per 60 minutes, try in 90 sec", 90},
        {"0 seconds", 0},
        {"99999999999999999999 seconds", 0},
        {"see 450 for more", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(mes_retry_time_find(mes_str_of(cases[i].text)), cases[i].seconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_stays),
        cmocka_unit_test(gbk_is_decoded),
        cmocka_unit_test(what_is_neither_is_escaped),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(any_bytes_give_valid_utf8),
        cmocka_unit_test(waits_that_replies_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
