#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cli/help.h"
#include "cli/options.h"
#include "i18n/say.h"

enum { MOST_WORDS = 32 };

static struct mes_cli_options options;
static struct mes_error error;

/* Parses a command line whose words are parted by '|'. */
static int parse(const char *line)
{
    static char text[1000];
    static char *argv[MOST_WORDS];
    int argc = 1;
    mes_cli_options_fini(&options);
    memset(&error, 0, sizeof error);
    (void)strncpy(text, line, sizeof text - 1);
    argv[0] = "mailenhance";
    for (char *at = text; at != NULL; argc++) {
        argv[argc] = at;
        at = strchr(at, '|');
        if (at != NULL)
            *at++ = '\0';
    }
    return mes_cli_options_parse(argc, argv, &options, &error);
}

static void values_are_read_in_both_forms(void **state)
{
    size_t at = 0;
    (void)state;
    assert_int_equal(parse("send|--config|a.json|--to=a@x|--to|b@x|--subject=|--json|--var|k=v=w"), 0);
    assert_string_equal(options.command->noun, "send");
    assert_string_equal(mes_cli_text(&options, MES_CLI_OPT_CONFIG), "a.json");
    assert_string_equal(mes_cli_next(&options, MES_CLI_OPT_TO, &at), "a@x");
    assert_string_equal(mes_cli_next(&options, MES_CLI_OPT_TO, &at), "b@x");
    assert_null(mes_cli_next(&options, MES_CLI_OPT_TO, &at));
    assert_string_equal(mes_cli_text(&options, MES_CLI_OPT_SUBJECT), "");
    assert_true(mes_cli_has(&options, MES_CLI_OPT_JSON));
    assert_false(mes_cli_has(&options, MES_CLI_OPT_TRACE));
    assert_string_equal(mes_cli_text(&options, MES_CLI_OPT_VAR), "k=v=w");
}

static void options_may_stand_anywhere(void **state)
{
    (void)state;
    assert_int_equal(parse("--lang-ui|zh-HK|accounts|--config|f|list"), 0);
    assert_string_equal(options.command->verb, "list");
    assert_int_equal(parse("send|--config|f|--subject|-1 day|--text|-"), 0);
    assert_string_equal(mes_cli_text(&options, MES_CLI_OPT_SUBJECT), "-1 day");
}

static void refused(const char *line, int sentence, const char *first, const char *second)
{
    assert_int_equal(parse(line), MES_E_USAGE);
    assert_int_equal(error.sentence, sentence);
    assert_string_equal(mes_error_argument(&error, 0), first);
    assert_string_equal(mes_error_argument(&error, 1), second);
}

static void wrong_lines_are_refused_with_the_right_word(void **state)
{
    (void)state;
    refused("send|--subjct|x", MES_SAY_cli_unknown_option_near, "--subjct", "subject");
    refused("send|--password|x", MES_SAY_cli_unknown_option, "--password", "");
    refused("send|-t|x", MES_SAY_cli_unknown_option, "-t", "");
    refused("send|--config|f|--config|g", MES_SAY_cli_option_twice, "config", "");
    refused("send|--config|f|--json=1", MES_SAY_cli_option_alone, "json", "");
    refused("send|--to", MES_SAY_cli_value_missing, "to", "ADDR");
    refused("send|--to|--json", MES_SAY_cli_value_missing, "to", "ADDR");
    refused("send|--config|f|--priority|urgent", MES_SAY_cli_not_a_choice, "priority", "urgent");
    refused("accounts|list|--config|f|--to|a@x", MES_SAY_cli_option_elsewhere, "to", "accounts list");
    refused("accounts|list", MES_SAY_cli_option_needed, "accounts list", "config");
    refused("send|a@x|--config|f", MES_SAY_cli_word_too_many, "a@x", "");
    refused("sned", MES_SAY_cli_unknown_command_near, "sned", "send");
    refused("frobnicate", MES_SAY_cli_unknown_command, "frobnicate", "");
    refused("accounts", MES_SAY_cli_unknown_verb, "accounts",
            "accounts list, accounts check, accounts secrets, accounts login");
    refused("help|a|b|c", MES_SAY_cli_word_too_many, "c", "");
    refused("send|--config|f|--|--json", MES_SAY_cli_word_too_many, "--json", "");
}

static void help_asks_for_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(parse("send|--help"), 0);
    assert_int_equal(parse("accounts|-h"), 0);
    assert_null(options.command);
    assert_int_equal(parse("--help"), 0);
    assert_int_equal(parse("--version"), 0);
    assert_string_equal(options.command->noun, "version");
}

static void every_option_stands_in_the_help_of_its_commands(void **state)
{
    struct mes_buf out;
    char shown[64];
    (void)state;
    for (int language = MES_EN; language <= MES_ZH_CN; language++) {
        for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++) {
            mes_buf_init(&out, 100000);
            mes_cli_help_command(&out, (enum mes_language)language, &mes_cli_commands[i]);
            for (size_t j = 0; j < MES_CLI_OPTION_COUNT; j++) {
                const struct mes_cli_option *option = &mes_cli_option_table[j];
                (void)snprintf(shown, sizeof shown, "\n  --%s%s", option->name,
                               option->argument[0] ? " " : "");
                bool is_shown = strstr(mes_buf_text(&out), shown) != NULL;
                assert_int_equal(is_shown, (option->taken_by >> i) & 1);
            }
            mes_buf_fini(&out);
        }
    }
}

static void the_language_is_found(void **state)
{
    char *const chosen[] = {"mailenhance", "send", "--nonsense", "--lang-ui", "zh-CN"};
    char *const joined[] = {"mailenhance", "--lang-ui=zh-HK"};
    char *const none[] = {"mailenhance", "send"};
    (void)state;
    setenv("LC_ALL", "", 1);
    setenv("LC_MESSAGES", "zh_TW.UTF-8", 1);
    setenv("LANG", "zh_CN.UTF-8", 1);
    assert_int_equal(mes_cli_language(5, chosen), MES_ZH_CN);
    assert_int_equal(mes_cli_language(2, joined), MES_ZH_HK);
    assert_int_equal(mes_cli_language(2, none), MES_ZH_HK);
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_int_equal(mes_cli_language(2, none), MES_EN);
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    assert_int_equal(mes_cli_language(2, none), MES_ZH_CN);
    unsetenv("LANG");
    assert_int_equal(mes_cli_language(2, none), MES_EN);
}

static int64_t duration_of(const char *text)
{
    int64_t duration = -7;
    return mes_cli_parse_duration(mes_str_of(text), &duration) ? duration : -1;
}

static void durations_are_read(void **state)
{
    (void)state;
    assert_int_equal(duration_of("90s"), 90000);
    assert_int_equal(duration_of("10m"), 600000);
    assert_int_equal(duration_of("2h"), 7200000);
    assert_int_equal(duration_of("1h30m"), 5400000);
    assert_int_equal(duration_of("7d"), 604800000);
    assert_int_equal(duration_of("0s"), 0);
    assert_int_equal(duration_of(""), -1);
    assert_int_equal(duration_of("90"), -1);
    assert_int_equal(duration_of("m"), -1);
    assert_int_equal(duration_of("-5m"), -1);
    assert_int_equal(duration_of("5 m"), -1);
    assert_int_equal(duration_of("1w"), -1);
    assert_int_equal(duration_of("7d1s"), -1);
    assert_int_equal(duration_of("99999999999999999999h"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_in_both_forms),
        cmocka_unit_test(options_may_stand_anywhere),
        cmocka_unit_test(wrong_lines_are_refused_with_the_right_word),
        cmocka_unit_test(help_asks_for_nothing_else),
        cmocka_unit_test(every_option_stands_in_the_help_of_its_commands),
        cmocka_unit_test(the_language_is_found),
        cmocka_unit_test(durations_are_read),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mes_cli_options_fini(&options);
    return failed;
}
