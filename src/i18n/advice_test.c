#include "i18n/advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "mes/report.h"

static void every_advice_speaks_three_languages(void **state)
{
    (void)state;
    for (size_t i = 0; mes_advice_id_at(i) != NULL; i++) {
        const char *id = mes_advice_id_at(i);
        const char *en = mes_advice_text(id, MES_EN), *hk = mes_advice_text(id, MES_ZH_HK),
                   *cn = mes_advice_text(id, MES_ZH_CN);
        if (strlen(en) < 20 || strlen(hk) < 20 || strlen(cn) < 20 || strcmp(hk, cn) == 0)
            fail_msg("%s lacks a language", id);
        assert_true(mes_utf8_is_valid(mes_str_of(hk)) && mes_utf8_is_valid(mes_str_of(cn)));
        assert_false(mes_utf8_is_ascii(mes_str_of(hk)));
        /* One of the characters that any Chinese sentence in the wrong script would betray itself by. */
        if (strstr(cn, "帳戶") != NULL || strstr(cn, "設") != NULL || strstr(cn, "伺服器") != NULL)
            fail_msg("%s: Traditional characters in zh_CN", id);
        if (strstr(hk, "服务器") != NULL || strstr(hk, "邮件") != NULL || strstr(hk, "请") != NULL)
            fail_msg("%s: Simplified characters in zh_HK", id);
    }
}

static void no_id_twice(void **state)
{
    (void)state;
    for (size_t i = 0; mes_advice_id_at(i) != NULL; i++) {
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(mes_advice_id_at(i), mes_advice_id_at(j));
    }
}

static void unknown_id_is_empty(void **state)
{
    (void)state;
    assert_string_equal(mes_advice_text("no.such", MES_EN), "");
    assert_string_equal(mes_advice_text("", MES_ZH_CN), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_advice_speaks_three_languages),
        cmocka_unit_test(no_id_twice),
        cmocka_unit_test(unknown_id_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
