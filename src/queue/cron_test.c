#include "queue/wall_test.h"

#include "base/buf.h"
#include "i18n/say.h"
#include "queue/cron.h"

enum { RANDOM_EXPRESSIONS = 8 };

static struct mes_cron cron_of(const char *text)
{
    struct mes_cron cron;
    struct mes_error error = {0};
    char sentence[512];
    if (mes_cron_parse(mes_str_of(text), &cron, &error) != 0)
        fail_msg("%s: %s", text, mes_error_text(&error, MES_EN, sentence, sizeof sentence));
    return cron;
}

/* The next times of an expression, as "YYYY-MM-DD HH:MM" in UTC, parted by commas. */
static void expect_times(const char *expression, const char *zone_name, int64_t after, const char *expected)
{
    struct mes_cron cron = cron_of(expression);
    struct mes_zone *zone = wall_zone(zone_name);
    int64_t times[8];
    size_t most = 1;
    struct mes_buf out;
    for (const char *c = expected; *c != '\0'; c++)
        most += *c == ',';
    mes_buf_init(&out, 1024);
    size_t count = mes_cron_list(&cron, zone, after, most, times);
    for (size_t i = 0; i < count; i++) {
        int64_t minute = times[i] / WALL_MINUTE_MS;
        struct mes_date date = mes_calendar_date(minute / 1440);
        mes_buf_add_format(&out, "%s%lld-%02u-%02u %02d:%02d", i > 0 ? "," : "", (long long)date.year,
                           date.month, date.day, (int)(minute / 60 % 24), (int)(minute % 60));
    }
    if (strcmp(mes_buf_text(&out), expected) != 0)
        fail_msg("%s in %s: %s, expected %s", expression, zone_name, mes_buf_text(&out), expected);
    mes_buf_fini(&out);
    mes_zone_free(&zone);
}

static void lists_ranges_steps_and_names_are_read(void **state)
{
    static const struct {
        const char *a, *b;
    } same[] = {
        {"0,15,30,45 * * * *", "*/15 * * * *"},
        {"0 9-17/4 * * MON-FRI", "0 9,13,17 * * 1-5"},
        {"0 0 * jan,Dec sun", "  0\t0 *  1,12 7 "},
        {"0 0 * * SAT-SUN", "0 0 * * 0,6"},
        {"0 0 * * 5-7", "0 0 * * 0,5,6"},
        {"0 0 * * 0-7", "0 0 * * 0-6"},
        {"@daily", "0 0 * * *"},
        {"@Midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
        {"@weekly", "0 0 * * SUN"},
        {"@monthly", "0 0 1 * *"},
        {"@yearly", "0 0 1 JAN *"},
        {"@annually", "0 0 1 1 *"},
        {"5-5 0 l * *", "05 00 L * *"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct mes_cron a = cron_of(same[i].a), b = cron_of(same[i].b);
        if (a.minutes != b.minutes || a.hours != b.hours || a.days != b.days || a.months != b.months ||
            a.weekdays != b.weekdays || a.last_day != b.last_day || a.both_days != b.both_days)
            fail_msg("\"%s\" and \"%s\" differ", same[i].a, same[i].b);
    }
}

static void what_is_wrong_is_said_with_its_field(void **state)
{
    static const struct {
        const char *text;
        int sentence;
        const char *part, *field;
    } rows[] = {
        {"", MES_SAY_queue_cron_fields, "", "0"},
        {"* * * *", MES_SAY_queue_cron_fields, "* * * *", "4"},
        {"0 0 9 * * MON", MES_SAY_queue_cron_fields, "0 0 9 * * MON", "6"},
        {"@reboot", MES_SAY_queue_cron_nickname, "@reboot", ""},
        {"@daily x", MES_SAY_queue_cron_nickname, "@daily x", ""},
        {"60 * * * *", MES_SAY_queue_cron_minute, "60", "1"},
        {"0,,5 * * * *", MES_SAY_queue_cron_minute, "", "1"},
        {"-5 * * * *", MES_SAY_queue_cron_minute, "", "1"},
        {"1-2-3 * * * *", MES_SAY_queue_cron_minute, "2-3", "1"},
        {"*5 * * * *", MES_SAY_queue_cron_minute, "*5", "1"},
        {"**/5 * * * *", MES_SAY_queue_cron_minute, "**", "1"},
        {"L * * * *", MES_SAY_queue_cron_minute, "L", "1"},
        {"0 24 * * *", MES_SAY_queue_cron_hour, "24", "2"},
        {"0 MON * * *", MES_SAY_queue_cron_hour, "MON", "2"},
        {"0 0 0 * *", MES_SAY_queue_cron_day, "0", "3"},
        {"0 0 LW * *", MES_SAY_queue_cron_day, "LW", "3"},
        {"0 0 ? * *", MES_SAY_queue_cron_day, "?", "3"},
        {"0 0 1 0 *", MES_SAY_queue_cron_month, "0", "4"},
        {"0 0 1 JANUARY *", MES_SAY_queue_cron_month, "JANUARY", "4"},
        {"0 0 1 * 8", MES_SAY_queue_cron_weekday, "8", "5"},
        {"0 0 1 * MON#2", MES_SAY_queue_cron_weekday, "MON#2", "5"},
        {"0 22-6 * * *", MES_SAY_queue_cron_backwards, "22-6", "2"},
        {"0 0 * * FRI-MON", MES_SAY_queue_cron_backwards, "FRI-MON", "5"},
        {"*/0 * * * *", MES_SAY_queue_cron_step, "*/0", "1"},
        {"*/90 * * * *", MES_SAY_queue_cron_step, "*/90", "1"},
        {"*/ * * * *", MES_SAY_queue_cron_step, "*/", "1"},
        {"*/5/5 * * * *", MES_SAY_queue_cron_step, "*/5/5", "1"},
        {"5/15 * * * *", MES_SAY_queue_cron_step_alone, "5/15", "1"},
        {"0 0 30 2 *", MES_SAY_queue_cron_never, "30", "2"},
        {"0 0 30,31 FEB *", MES_SAY_queue_cron_never, "30,31", "FEB"},
        {"0 0 31 2,4,6,9,11 *", MES_SAY_queue_cron_never, "31", "2,4,6,9,11"},
        {"0 0 30 2 */2", MES_SAY_queue_cron_never, "30", "2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mes_cron cron;
        struct mes_error error = {0};
        assert_int_equal(mes_cron_parse(mes_str_of(rows[i].text), &cron, &error), MES_E_INPUT);
        if (error.sentence != rows[i].sentence || strcmp(mes_error_argument(&error, 0), rows[i].part) != 0 ||
            strcmp(mes_error_argument(&error, 1), rows[i].field) != 0)
            fail_msg("\"%s\": sentence %d about \"%s\", \"%s\"", rows[i].text, error.sentence,
                     mes_error_argument(&error, 0), mes_error_argument(&error, 1));
    }
}

static void an_endless_text_is_refused(void **state)
{
    char text[MES_CRON_TEXT_MOST + 2];
    struct mes_cron cron;
    struct mes_error error;
    (void)state;
    memset(text, '0', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(mes_cron_parse(mes_str_of(text), &cron, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_queue_cron_long);
}

static void either_day_is_enough_unless_one_is_a_star(void **state)
{
    int64_t from = wall_ms(2026, 11, 22, 0, 0); /* a Sunday */
    (void)state;
    expect_times("0 9 1 * MON", "UTC", from,
                 "2026-11-23 09:00,2026-11-30 09:00,2026-12-01 09:00,2026-12-07 09:00");
    expect_times("0 9 * * MON", "UTC", from, "2026-11-23 09:00,2026-11-30 09:00");
    expect_times("0 9 1 * *", "UTC", from, "2026-12-01 09:00,2027-01-01 09:00");
    /* A step of a star is a star, as in Vixie cron. */
    expect_times("0 9 */2 * MON", "UTC", from, "2026-11-23 09:00,2026-12-07 09:00,2026-12-21 09:00");
    expect_times("0 9 30 2 MON", "UTC", from, "2027-02-01 09:00,2027-02-08 09:00");
}

static void the_last_day_is_found_in_every_month(void **state)
{
    (void)state;
    expect_times("59 23 L * *", "UTC", wall_ms(2027, 11, 30, 23, 59),
                 "2027-12-31 23:59,2028-01-31 23:59,2028-02-29 23:59,2028-03-31 23:59,2028-04-30 23:59");
    expect_times("0 0 L 2 *", "UTC", wall_ms(2026, 11, 22, 0, 0), "2027-02-28 00:00,2028-02-29 00:00");
    expect_times("0 0 15,L 2 *", "UTC", wall_ms(2027, 2, 15, 0, 0), "2027-02-28 00:00");
}

static void E17_a_time_in_the_gap_fires_once(void **state)
{
    (void)state;
    /* London goes from 01:00 to 02:00 (01:00 UTC) on 2026-03-29. */
    expect_times("30 1 * * *", "Europe/London", wall_ms(2026, 3, 28, 2, 0),
                 "2026-03-29 01:00,2026-03-30 00:30,2026-03-31 00:30");
    expect_times("5,10,15 1 * * *", "Europe/London", wall_ms(2026, 3, 29, 0, 30),
                 "2026-03-29 01:00,2026-03-30 00:05");
    /* What fires at the end of the gap anyway is not doubled. */
    expect_times("0,30 1-2 * * *", "Europe/London", wall_ms(2026, 3, 29, 0, 59),
                 "2026-03-29 01:00,2026-03-29 01:30,2026-03-30 00:00");
    /* Midnight may be missing, and even a whole day. */
    expect_times("@daily", "Asia/Beirut", wall_ms(2026, 3, 27, 22, 0), "2026-03-28 22:00,2026-03-29 21:00");
    expect_times("0 9 * * *", "Pacific/Apia", wall_ms(2011, 12, 29, 20, 0),
                 "2011-12-30 10:00,2011-12-30 19:00,2011-12-31 19:00");
    /* What runs every hour has nothing to make up for. */
    expect_times("30 * * * *", "Europe/London", wall_ms(2026, 3, 29, 0, 0),
                 "2026-03-29 00:30,2026-03-29 01:30,2026-03-29 02:30");
}

static void E17_a_time_in_the_overlap_fires_once(void **state)
{
    (void)state;
    /* London goes from 02:00 back to 01:00 (01:00 UTC) on 2026-10-25. */
    expect_times("30 1 * * *", "Europe/London", wall_ms(2026, 10, 24, 12, 0),
                 "2026-10-25 00:30,2026-10-26 01:30");
    expect_times("30 1 * * *", "Europe/London", wall_ms(2026, 10, 25, 1, 15), "2026-10-26 01:30");
    expect_times("0 */2 * * *", "Europe/London", wall_ms(2026, 10, 24, 23, 30),
                 "2026-10-25 02:00,2026-10-25 04:00");
    expect_times("59 23 * * *", "Asia/Beirut", wall_ms(2026, 10, 24, 12, 0),
                 "2026-10-24 20:59,2026-10-25 21:59");
    /* What runs every hour runs in both of the equal ones. */
    expect_times("30 * * * *", "Europe/London", wall_ms(2026, 10, 25, 0, 0),
                 "2026-10-25 00:30,2026-10-25 01:30,2026-10-25 02:30");
}

static void E17_leap_days_and_2038_are_ordinary(void **state)
{
    (void)state;
    expect_times("0 12 29 2 *", "Asia/Hong_Kong", wall_ms(2026, 1, 1, 0, 0),
                 "2028-02-29 04:00,2032-02-29 04:00");
    expect_times("0 12 29 2 *", "UTC", wall_ms(2096, 3, 1, 0, 0), "2104-02-29 12:00");
    expect_times("0 0 29 2 */7", "UTC", wall_ms(2026, 1, 1, 0, 0), "2032-02-29 00:00,2060-02-29 00:00");
    expect_times("14 3 19 1 *", "UTC", wall_ms(2037, 6, 1, 0, 0), "2038-01-19 03:14,2039-01-19 03:14");
    expect_times("15 3 * * *", "UTC", wall_ms(2038, 1, 18, 4, 0), "2038-01-19 03:15,2038-01-20 03:15");
}

static void the_ends_of_time_are_met_without_a_stumble(void **state)
{
    struct mes_zone *zone = wall_zone("Europe/London");
    struct mes_cron cron = cron_of("0 0 29 2 *"), hourly = cron_of("@hourly");
    int64_t next;
    (void)state;
    assert_false(mes_cron_next(&cron, zone, INT64_MAX, &next));
    assert_false(mes_cron_next(&cron, zone, wall_ms(9999, 3, 1, 0, 0), &next));
    assert_false(mes_cron_next(&hourly, zone, wall_ms(9999, 12, 31, 23, 0), &next));
    assert_true(mes_cron_next(&cron, zone, INT64_MIN, &next));
    assert_true(mes_cron_next(&hourly, zone, -1, &next));
    assert_int_equal(next, 0);
    assert_true(mes_cron_next(&hourly, zone, -2, &next));
    assert_int_equal(next, 0);
    mes_zone_free(&zone);
}

/* A random expression and, made beside it, what each field stands for. */
struct model {
    char text[400];
    bool fits[5][64]; /* the seventh weekday is Sunday again */
    bool is_star[5];
    bool has_last;
};

struct tally {
    uint64_t seed;
    size_t checked, refused;
};

static const unsigned lowest[] = {0, 0, 1, 1, 0}, highest[] = {59, 23, 31, 12, 6};

static unsigned below(uint64_t *seed, unsigned limit)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % limit;
}

static void add_some(struct model *model, unsigned field, unsigned first, unsigned last, unsigned step)
{
    for (unsigned value = first; value <= last; value += step)
        model->fits[field][value] = true;
}

static void make_item(struct model *model, unsigned field, uint64_t *seed, struct mes_buf *out)
{
    unsigned span = highest[field] - lowest[field] + 1;
    unsigned first = lowest[field] + below(seed, span),
             last = first + below(seed, highest[field] - first + 1);
    unsigned step = 1 + below(seed, span - 1);
    unsigned kind = below(seed, 3);
    if (kind == 0)
        last = first;
    mes_buf_add_format(out, kind == 0 ? "%u" : "%u-%u", first, last);
    if (kind == 2)
        mes_buf_add_format(out, "/%u", step);
    add_some(model, field, first, last, kind == 2 ? step : 1);
}

static void make_field(struct model *model, unsigned field, uint64_t *seed, struct mes_buf *out)
{
    unsigned kind = below(seed, field == 2 ? 7 : 6);
    mes_buf_add_text(out, field > 0 ? " " : "");
    if (kind < 2) {
        unsigned step = kind == 0 ? 1 : 1 + below(seed, highest[field] - lowest[field]);
        mes_buf_add_text(out, "*");
        if (kind == 1)
            mes_buf_add_format(out, "/%u", step);
        add_some(model, field, lowest[field], highest[field], step);
        model->is_star[field] = true;
        /* In "*" and a step the week has an eighth day. */
        if (field == 4 && 7 % step == 0)
            model->fits[4][0] = true;
    } else if (kind == 6) {
        mes_buf_add_text(out, "L");
        model->has_last = true;
    } else {
        for (unsigned items = 1 + below(seed, 3); items > 0; items--) {
            make_item(model, field, seed, out);
            mes_buf_add_text(out, items > 1 ? "," : "");
        }
    }
}

static void make_model(struct model *model, uint64_t *seed)
{
    struct mes_buf out;
    memset(model, 0, sizeof *model);
    mes_buf_init(&out, sizeof model->text - 1);
    for (unsigned field = 0; field < 5; field++)
        make_field(model, field, seed, &out);
    (void)snprintf(model->text, sizeof model->text, "%s", mes_buf_text(&out));
    mes_buf_fini(&out);
}

static bool model_fits(const struct model *model, int64_t local)
{
    time_t seconds = (time_t)(local * 60);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    bool is_last =
        (unsigned)tm.tm_mday == mes_calendar_month_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1);
    bool date = model->fits[2][tm.tm_mday] || (model->has_last && is_last);
    bool weekday = model->fits[4][tm.tm_wday];
    bool day = model->is_star[2] || model->is_star[4] ? date && weekday : date || weekday;
    return model->fits[0][tm.tm_min] && model->fits[1][tm.tm_hour] && model->fits[3][tm.tm_mon + 1] && day;
}

static bool is_every_hour(const struct model *model)
{
    for (unsigned hour = 0; hour < 24; hour++)
        if (!model->fits[1][hour])
            return false;
    return true;
}

/* A time fires when the clock on the wall passes it for the first time; or, every hour, whenever it shows it.
 */
static void check_expression(const struct wall *wall, const struct model *model, const struct mes_cron *cron)
{
    int64_t reached = wall->minutes[0].local, next;
    bool is_hourly = is_every_hour(model);
    assert_true(mes_cron_next(cron, wall->zone, wall->minutes[0].utc_ms, &next));
    for (size_t i = 1; i < wall->count; i++) {
        const struct wall_minute *now = &wall->minutes[i];
        bool fires = is_hourly && model_fits(model, now->local);
        while (reached < now->local)
            if (model_fits(model, ++reached) && !is_hourly)
                fires = true;
        if (fires != (next == now->utc_ms))
            fail_msg("\"%s\": at %lld it %s, but next is %lld", model->text, (long long)now->utc_ms,
                     fires ? "fires" : "does not fire", (long long)next);
        /* Also asked from the middle of the minute. */
        if (fires || i % 64 == 0)
            assert_true(mes_cron_next(cron, wall->zone, now->utc_ms + (int64_t)(i % WALL_MINUTE_MS), &next));
    }
}

static void check_expressions(struct wall *wall, void *context)
{
    struct tally *tally = context;
    struct model model;
    struct mes_cron cron;
    for (int tries = 0; tries < RANDOM_EXPRESSIONS; tries++) {
        make_model(&model, &tally->seed);
        if (mes_cron_parse(mes_str_of(model.text), &cron, NULL) != 0) {
            tally->refused++; /* a 30th of February */
            continue;
        }
        check_expression(wall, &model, &cron);
        tally->checked++;
    }
}

static void E17_random_expressions_agree_with_the_slow_way(void **state)
{
    struct tally tally = {.seed = 17};
    (void)state;
    wall_each_change(check_expressions, &tally);
    assert_true(tally.checked > 500);
    assert_true(tally.refused < tally.checked / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_ranges_steps_and_names_are_read),
        cmocka_unit_test(what_is_wrong_is_said_with_its_field),
        cmocka_unit_test(an_endless_text_is_refused),
        cmocka_unit_test(either_day_is_enough_unless_one_is_a_star),
        cmocka_unit_test(the_last_day_is_found_in_every_month),
        cmocka_unit_test(E17_a_time_in_the_gap_fires_once),
        cmocka_unit_test(E17_a_time_in_the_overlap_fires_once),
        cmocka_unit_test(E17_leap_days_and_2038_are_ordinary),
        cmocka_unit_test(the_ends_of_time_are_met_without_a_stumble),
        cmocka_unit_test(E17_random_expressions_agree_with_the_slow_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
