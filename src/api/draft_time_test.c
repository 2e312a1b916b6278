/* Times, deadlines, and what the settings say where the caller does not. */
#include "api/draft_stage_test.h"

#include "base/instant.h"

static void times_are_read_in_the_callers_zone(void **state)
{
    (void)state;
    refused(
        "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"sendAt\":\"2027-03-28T02:30\",\"timeZone\":\"Europe/Berlin\"}",
        "");
    assert_int_equal(stage.draft.warning_count, 1);
    assert_non_null(strstr(stage.draft.warnings[0].data, "jump over 2027-03-28T02:30"));
    refused(
        "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"sendAt\":\"2027-10-31T02:30\",\"timeZone\":\"Europe/Berlin\"}",
        "");
    assert_non_null(strstr(stage.draft.warnings[0].data, "twice"));
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"sendAt\":\"now\"}", "sendAt: \"now\" is no time.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"timeZone\":\"Mars/Base\"}", "timeZone: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"timeZone\":\"../../etc/passwd\"}", "timeZone: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"sendAt\":\"2027-01-02T00:00:00Z\",\"expiresAt\":\"2027-01-"
            "01T00:00:00Z\"}",
            "expiresAt: The mail would expire");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"expiresAt\":\"2001-01-01T00:00:00Z\"}",
            "expiresAt: The mail would");
}

static void what_is_not_said_is_as_the_settings_have_it(void **state)
{
    static const struct {
        const char *more;
        const char *quiet_hours; /* NULL: none */
        const char *zone;
        enum mes_queue_late late;
    } rows[] = {
        {"", NULL, NULL, MES_LATE_HOLD}, /* transactional */
        {",\"kind\":\"notice\"", "23:00-07:00", "Asia/Hong_Kong", MES_LATE_HOLD},
        {",\"kind\":\"notice\",\"timeZone\":\"Asia/Tokyo\"", "23:00-07:00", "Asia/Tokyo", MES_LATE_HOLD},
        {",\"kind\":\"notice\",\"quietHours\":\"\"", "", "Asia/Hong_Kong", MES_LATE_HOLD},
        {",\"quietHours\":\"12:00-13:00\"", "12:00-13:00", "Asia/Hong_Kong", MES_LATE_HOLD},
        {",\"latePolicy\":\"send\"", NULL, NULL, MES_LATE_SEND},
    };
    char text[300];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
        (void)snprintf(text, sizeof text, "{\"to\":[\"a@example.hk\"],\"subject\":\"S\",\"text\":\"T\"%s}",
                       rows[i].more);
        const struct mes_intake_head *head = &taken(text)->head;
        assert_int_equal(head->late, rows[i].late);
        assert_int_equal(head->quiet_hours != NULL, rows[i].quiet_hours != NULL);
        if (head->quiet_hours != NULL) {
            assert_string_equal(head->quiet_hours, rows[i].quiet_hours);
            assert_string_equal(head->zone, rows[i].zone);
        }
    }
}

static void a_deadline_that_cannot_be_kept_is_told(void **state)
{
    const struct mes_api_draft *draft =
        taken("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"account\":\"two\",\"sendAt\":\"2027-01-01T00:00:00Z\","
              "\"expiresAt\":\"2027-01-01T02:00:00Z\"}");
    (void)state;
    mes_api_draft_check_deadline(&stage.draft, 200);
    assert_int_equal(draft->warning_count, 0);
    mes_api_draft_check_deadline(&stage.draft, 300);
    assert_int_equal(draft->warning_count, 1);
    assert_non_null(strstr(draft->warnings[0].data,
                           "until 2027-01-01T03:00:00Z, but nothing is sent after 2027-01-01T02"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(times_are_read_in_the_callers_zone, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_as_the_settings_have_it, begin, end),
        cmocka_unit_test_setup_teardown(a_deadline_that_cannot_be_kept_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
