/* Invitations: what is taken, how it is written, and what is wrong with the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mime/invitation.h"

static struct mes_error error;
static struct mes_buf out;

static int read(const char *text, const char *method, const char **method_out)
{
    mes_buf_init(&out, SIZE_MAX);
    return mes_mime_invitation_write(mes_str_of(text), mes_str_of(method), &out, method_out, &error);
}

static void assert_written(const char *text, const char *method, const char *expected)
{
    const char *found;
    char why[500];
    if (read(text, "", &found) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, why, sizeof why));
    assert_string_equal(mes_buf_text(&out), expected);
    assert_string_equal(found, method);
    mes_buf_fini(&out);
}

static void line_ends_are_made_canonical(void **state)
{
    (void)state;
    assert_written(
        "\xEF\xBB\xBF"
        "BEGIN:VCALENDAR\nMETHOD:request\r\n\r\nBEGIN:VEVENT\rUID:1\nEND:VEVENT\nEND:VCALENDAR",
        "REQUEST",
        "BEGIN:VCALENDAR\r\nMETHOD:request\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
}

#define BEFORE "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VTODO\r\nUID:1\r\n"
#define AFTER "END:VTODO\r\nEND:VCALENDAR\r\n"
#define TEN "0123456789"

static void lines_are_folded_between_characters(void **state)
{
    (void)state;
    assert_written(BEFORE "SUMMARY:" TEN TEN TEN TEN TEN TEN "12345大文\r\n" AFTER, "CANCEL",
                   BEFORE "SUMMARY:" TEN TEN TEN TEN TEN TEN "12345\r\n 大文\r\n" AFTER);
    assert_written(BEFORE "SUMMARY:" TEN TEN TEN TEN TEN TEN "1234567\r\n" AFTER, "CANCEL",
                   BEFORE "SUMMARY:" TEN TEN TEN TEN TEN TEN "1234567\r\n" AFTER);
    /* Folded inside a character, as some do, and a short one. */
    assert_written(BEFORE "SUM\r\n MARY:\xE5\r\n \xA4\xA7\n\tx\n" AFTER, "CANCEL",
                   BEFORE "SUMMARY:大x\r\n" AFTER);
}

static void names_and_parameters_are_understood(void **state)
{
    (void)state;
    assert_written(
        "begin:vcalendar\nMethod;X=\"a:b\":PUBLISH\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nX:Y\nEND:standard\n"
        "END:VTIMEZONE\nBEGIN:VEVENT\nUID;X=1:2\nBEGIN:VALARM\nX:\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
        "PUBLISH",
        "begin:vcalendar\r\nMethod;X=\"a:b\":PUBLISH\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nX:Y\r\n"
        "END:standard\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID;X=1:2\r\nBEGIN:VALARM\r\nX:\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

static void each_fault_names_its_line(void **state)
{
    static const struct {
        const char *text, *method, *why;
    } rows[] = {
        {"", "", "Calendar, line 1: it has to be one object"},
        {"hello\n", "", "Calendar, line 1: \"hello\" is no property"},
        {"VERSION:2.0\n", "", "Calendar, line 1: it has to be one object"},
        {"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n", "", "Calendar, line 1: it has to be one object"},
        {"BEGIN:VCALENDAR\nBEGIN:VCALENDAR\n", "", "Calendar, line 2: it has to be one object"},
        {BEFORE AFTER BEFORE AFTER, "", "Calendar, line 7: it has to be one object"},
        {BEFORE AFTER "X:Y\n", "", "Calendar, line 7: it has to be one object"},
        {BEFORE, "", "Calendar, line 3: BEGIN:VTODO has no END:VTODO"},
        {BEFORE "END:VEVENT\n", "", "Calendar, line 5: END:VEVENT ends nothing"},
        {"END:VCALENDAR\n", "", "Calendar, line 1: END:VCALENDAR ends nothing"},
        {BEFORE "a line\n", "", "Calendar, line 5: \"a line\" is no property"},
        {BEFORE ":x\n", "", "Calendar, line 5: \":x\" is no property"},
        {BEFORE "\n  x:y\n", "", "Calendar, line 5: \" x:y\" is no property"},
        {BEFORE "A;B=\":x\n", "", "Calendar, line 5: \"A;B=\":x\" is no property"},
        {BEFORE "X:\n\n\nX:\x07\n", "", "Calendar, line 8: it is not UTF-8"},
        {BEFORE "X:\xE5\n", "", "Calendar, line 5: it is not UTF-8"},
        {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n", "",
         "The calendar has no METHOD."},
        {"BEGIN:VCALENDAR\nMETHOD:INVITE\n", "", "Calendar, line 2: there is no METHOD:INVITE"},
        {"BEGIN:VCALENDAR\nMETHOD:ADD\nMETHOD:ADD\n", "", "Calendar, line 3: METHOD stands there"},
        {BEFORE AFTER, "REQUEST", "Calendar, line 2: it says METHOD:CANCEL, but REQUEST is wished"},
        {"BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n", "", "The calendar has no entry."},
        {"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nBEGIN:VALARM\nUID:1\nEND:VALARM\nUID:\nEND:VEVENT\n",
         "", "Calendar, line 3: the VEVENT that begins there has no UID"},
        {"BEGIN:VCALENDAR\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\n", "",
         "Calendar, line 9: BEGIN:A is nested too deeply"},
    };
    char why[500];
    const char *method;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read(rows[i].text, rows[i].method, &method), MES_E_INPUT);
        mes_error_text(&error, MES_EN, why, sizeof why);
        if (strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %zu: %s", i, why);
        assert_int_equal(out.size, 0);
        mes_buf_fini(&out);
    }
}

static void the_wished_method_may_be_of_any_case(void **state)
{
    const char *method;
    (void)state;
    assert_int_equal(read(BEFORE AFTER, "cancel", &method), 0);
    assert_string_equal(method, "CANCEL");
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_are_made_canonical),
        cmocka_unit_test(lines_are_folded_between_characters),
        cmocka_unit_test(names_and_parameters_are_understood),
        cmocka_unit_test(each_fault_names_its_line),
        cmocka_unit_test(the_wished_method_may_be_of_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
