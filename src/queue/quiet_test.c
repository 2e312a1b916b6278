#include "queue/wall_test.h"

#include "i18n/say.h"
#include "queue/quiet.h"

static struct mes_quiet quiet_of(const char *text)
{
    struct mes_quiet quiet;
    struct mes_error error = {0};
    char sentence[512];
    if (mes_quiet_parse(mes_str_of(text), &quiet, &error) != 0)
        fail_msg("%s: %s", text, mes_error_text(&error, MES_EN, sentence, sizeof sentence));
    return quiet;
}

static void expect_next(const char *text, const char *zone_name, int64_t from, int64_t expected)
{
    struct mes_quiet quiet = quiet_of(text);
    struct mes_zone *zone = wall_zone(zone_name);
    int64_t next = mes_quiet_next(&quiet, zone, from);
    if (next != expected)
        fail_msg("%s in %s from %lld: %lld, expected %lld", text, zone_name, (long long)from, (long long)next,
                 (long long)expected);
    mes_zone_free(&zone);
}

static void mail_waits_for_the_end_of_the_night(void **state)
{
    static const char *const night = "22:00-08:00";
    (void)state;
    /* Hong Kong is eight hours ahead. */
    expect_next(night, "Asia/Hong_Kong", wall_ms(2026, 11, 22, 13, 59), wall_ms(2026, 11, 22, 13, 59));
    expect_next(night, "Asia/Hong_Kong", wall_ms(2026, 11, 22, 14, 0), wall_ms(2026, 11, 23, 0, 0));
    expect_next(night, "Asia/Hong_Kong", wall_ms(2026, 11, 22, 14, 0) - 1, wall_ms(2026, 11, 22, 14, 0) - 1);
    expect_next(night, "Asia/Hong_Kong", wall_ms(2026, 11, 22, 23, 59) + 59999, wall_ms(2026, 11, 23, 0, 0));
    expect_next("", "Asia/Hong_Kong", wall_ms(2026, 11, 22, 14, 0) + 7, wall_ms(2026, 11, 22, 14, 0) + 7);
    expect_next("12:00-13:30", "UTC", wall_ms(2026, 11, 22, 12, 0), wall_ms(2026, 11, 22, 13, 30));
}

static void weekdays_have_nights_of_their_own(void **state)
{
    static const char *const text = "MON-FRI 22:00-08:00; SAT,SUN 00:00-24:00";
    (void)state;
    /* 2026-11-20 is a Friday: its night runs on into the quiet weekend, which ends on Monday at midnight, and
     * the Sunday has no night of its own. */
    expect_next(text, "UTC", wall_ms(2026, 11, 20, 22, 0), wall_ms(2026, 11, 23, 0, 0));
    expect_next(text, "UTC", wall_ms(2026, 11, 23, 7, 0), wall_ms(2026, 11, 23, 7, 0));
    expect_next(text, "UTC", wall_ms(2026, 11, 24, 7, 0), wall_ms(2026, 11, 24, 8, 0));
    /* The last minute of the week runs on into the first. */
    expect_next("SAT 23:00-06:00", "UTC", wall_ms(2026, 11, 22, 0, 0), wall_ms(2026, 11, 22, 6, 0));
    expect_next("SAT 23:00-06:00", "UTC", wall_ms(2026, 11, 23, 0, 0), wall_ms(2026, 11, 23, 0, 0));
}

static void E17_nights_in_which_the_clocks_change(void **state)
{
    static const char *const london = "Europe/London";
    (void)state;
    /* One hour shorter, one longer. */
    expect_next("22:00-08:00", london, wall_ms(2026, 3, 28, 22, 0), wall_ms(2026, 3, 29, 7, 0));
    expect_next("22:00-08:00", london, wall_ms(2026, 10, 24, 21, 0), wall_ms(2026, 10, 25, 8, 0));
    /* The end lies in the gap from 01:00 to 02:00: from its end on. */
    expect_next("22:00-01:30", london, wall_ms(2026, 3, 28, 23, 0), wall_ms(2026, 3, 29, 1, 0));
    /* The end occurs twice: quiet until the first, and again until the second. */
    expect_next("22:00-01:30", london, wall_ms(2026, 10, 24, 23, 0), wall_ms(2026, 10, 25, 0, 30));
    expect_next("22:00-01:30", london, wall_ms(2026, 10, 25, 1, 0), wall_ms(2026, 10, 25, 1, 30));
    /* The begin lies in the gap. */
    expect_next("01:30-03:00", london, wall_ms(2026, 3, 29, 1, 0), wall_ms(2026, 3, 29, 2, 0));
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text;
        int sentence;
    } rows[] = {
        {"22:00", MES_SAY_queue_quiet_period},
        {"22-8", MES_SAY_queue_quiet_period},
        {"22:00-25:00", MES_SAY_queue_quiet_period},
        {"22:00-08:60", MES_SAY_queue_quiet_period},
        {"22:00-24:01", MES_SAY_queue_quiet_period},
        {"24:00-08:00", MES_SAY_queue_quiet_period},
        {"08:00-08:00", MES_SAY_queue_quiet_period},
        {"22:0-08:00", MES_SAY_queue_quiet_period},
        {"22:00-08:00;", MES_SAY_queue_quiet_period},
        {"MON", MES_SAY_queue_quiet_period},
        {"MON 22:00-08:00-09:00", MES_SAY_queue_quiet_period},
        {"MOON 22:00-08:00", MES_SAY_queue_cron_weekday},
        {"FRI-MON 22:00-08:00", MES_SAY_queue_cron_backwards},
        {"00:00-24:00", MES_SAY_queue_quiet_always},
        {"00:00-12:00; 12:00-00:00", MES_SAY_queue_quiet_always},
    };
    struct mes_quiet quiet;
    struct mes_error error;
    char text[MES_QUIET_TEXT_MOST + 2];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        error = (struct mes_error){0};
        assert_int_equal(mes_quiet_parse(mes_str_of(rows[i].text), &quiet, &error), MES_E_INPUT);
        if (error.sentence != rows[i].sentence)
            fail_msg("\"%s\": sentence %d", rows[i].text, error.sentence);
    }
    memset(text, ';', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(mes_quiet_parse(mes_str_of(text), &quiet, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_queue_quiet_long);
}

/* Periods as they are meant, beside their text. */
struct model {
    const char *text;
    struct {
        const char *weekdays; /* digits */
        int64_t from, to;     /* minutes of the day; `to` may lie in the next */
    } periods[3];
};

static bool model_is_quiet(const struct model *model, int64_t local)
{
    int64_t minute = local % 1440, weekday = (local / 1440 + 4) % 7, yesterday = (weekday + 6) % 7;
    for (size_t i = 0; i < 3 && model->periods[i].weekdays != NULL; i++) {
        const char *weekdays = model->periods[i].weekdays;
        int64_t from = model->periods[i].from, to = model->periods[i].to;
        if (strchr(weekdays, (int)('0' + weekday)) != NULL && minute >= from && minute < to)
            return true;
        if (strchr(weekdays, (int)('0' + yesterday)) != NULL && minute + 1440 >= from && minute + 1440 < to)
            return true;
    }
    return false;
}

static void check_one(const struct wall *wall, const struct model *model)
{
    struct mes_quiet quiet = quiet_of(model->text);
    size_t next = wall->count;
    for (size_t i = wall->count; i-- > 0;) {
        const struct wall_minute *now = &wall->minutes[i];
        if (!model_is_quiet(model, now->local))
            next = i;
        if (next == wall->count || i % 29 != 0)
            continue;
        int64_t from = now->utc_ms + (next == i ? 0 : (int64_t)(i * 7919 % WALL_MINUTE_MS));
        int64_t got = mes_quiet_next(&quiet, wall->zone, from);
        if (got != wall->minutes[next].utc_ms)
            fail_msg("\"%s\" from %lld: %lld, expected %lld", model->text, (long long)from, (long long)got,
                     (long long)wall->minutes[next].utc_ms);
    }
}

static void check_all(struct wall *wall, void *context)
{
    static const struct model models[] = {
        {"22:00-08:00", {{"0123456", 22 * 60, 32 * 60}}},
        {"01:17-2:34", {{"0123456", 77, 154}}},
        {"MON-FRI 22:00-08:00; SAT,SUN 00:00-24:00", {{"12345", 22 * 60, 32 * 60}, {"06", 0, 1440}}},
        {"SAT 23:30-00:30;0 01:00-03:00;FRI-SUN 23:59-23:58",
         {{"6", 1410, 1470}, {"0", 60, 180}, {"560", 1439, 1438 + 1440}}},
    };
    size_t *checked = context;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        check_one(wall, &models[i]);
    ++*checked;
}

static void E17_all_zones_agree_with_the_slow_way(void **state)
{
    size_t checked = 0;
    (void)state;
    wall_each_change(check_all, &checked);
    assert_true(checked > 3 * WALL_ZONES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_waits_for_the_end_of_the_night),
        cmocka_unit_test(weekdays_have_nights_of_their_own),
        cmocka_unit_test(E17_nights_in_which_the_clocks_change),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(E17_all_zones_agree_with_the_slow_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
