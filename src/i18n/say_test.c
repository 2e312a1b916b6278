#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "i18n/say.h"

static unsigned arguments_of(const char *text)
{
    unsigned seen = 0;
    for (; *text != '\0'; text++)
        if (text[0] == '{' && text[1] >= '1' && text[1] <= '8' && text[2] == '}')
            seen |= 1U << (text[1] - '0');
    return seen;
}

static void every_sentence_is_there_in_three_languages(void **state)
{
    (void)state;
    for (int i = 1; i < MES_SAY_COUNT; i++) {
        const char *en = mes_say_text(MES_EN, i);
        for (enum mes_language language = MES_EN; language <= MES_ZH_CN; language++) {
            const char *text = mes_say_text(language, i);
            if (text[0] == '\0' || arguments_of(text) != arguments_of(en))
                fail_msg("row %d (%s) is empty or has other arguments in %s", i, en,
                         mes_language_name(language));
        }
    }
}

static void arguments_are_put_in(void **state)
{
    struct mes_error error;
    char text[64];
    (void)state;
    mes_fail(&error, MES_E_FILE, MES_SAY_file, MES_ARGS("a\r\nb", "gone"));
    assert_string_equal(mes_error_text(&error, MES_EN, text, sizeof text), "a\\x0D\\x0Ab: gone.");
    assert_string_equal(mes_error_text(&error, MES_ZH_HK, text, 14), "a\\x0D\\x0Ab：");
}

static void languages_are_found(void **state)
{
    enum mes_language language;
    (void)state;
    assert_true(mes_language_parse(MES_STR("zh_TW.UTF-8"), &language) && language == MES_ZH_HK);
    assert_true(mes_language_parse(MES_STR("ZH-cn"), &language) && language == MES_ZH_CN);
    assert_true(mes_language_parse(MES_STR("zh-Hans-CN"), &language) && language == MES_ZH_CN);
    assert_true(mes_language_parse(MES_STR("en_GB"), &language) && language == MES_EN);
    assert_false(mes_language_parse(MES_STR("C.UTF-8"), &language));
    assert_false(mes_language_parse(MES_STR("english"), &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sentence_is_there_in_three_languages),
        cmocka_unit_test(arguments_are_put_in),
        cmocka_unit_test(languages_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
