#include "store/fixture_test.h"

#include <string.h>

#include "base/error.h"
#include "queue/cron.h"
#include "queue/schedule.h"
#include "queue/wall_test.h"

enum { MOST_FIRED = 400, MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static const int64_t DAY = INT64_C(24) * HOUR;

/* A service in small: a clock, the courier's turn, and what became of it. */
struct service {
    struct fixture *fixture;
    struct mes_schedule_host host;
    int64_t now;
    int64_t look_at;
    int64_t mended_at;
    struct fired {
        int64_t schedule, at;
        unsigned missed;
        bool is_held;
    } fired[MOST_FIRED];
    size_t fired_count;
    int failure;      /* what make is to answer */
    char alerts[400]; /* names, each with a blank behind */
};

static int make(void *context, struct mes_store *store, const struct mes_schedule_occurrence *occurrence,
                int64_t *job_out, struct mes_error *error)
{
    struct service *service = context;
    struct mes_store_job job = {
        .id = mes_id_next(mes_clock_system()), .state = MES_STORE_QUEUED, .send_at = occurrence->at};
    if (service->failure != 0 && service->failure != MES_E_INPUT)
        return mes_fail(error, service->failure, MES_ERROR_NOMEM, MES_NO_ARGS);
    int code = mes_store_job_add(store, &job, error);
    if (code != 0)
        return code;
    if (service->failure != 0) /* after something was written, which has to be undone */
        return mes_fail(error, service->failure, MES_ERROR_NOMEM, MES_NO_ARGS);
    assert_true(service->fired_count < MOST_FIRED);
    service->fired[service->fired_count++] =
        (struct fired){occurrence->schedule->id, occurrence->at, occurrence->missed, occurrence->is_held};
    *job_out = job.id;
    return 0;
}

static void on_alert(void *context, const char *name, const char *detail)
{
    struct service *service = context;
    assert_int_equal(strlen(detail), MES_ID_SIZE);
    size_t size = strlen(service->alerts);
    (void)snprintf(service->alerts + size, sizeof service->alerts - size, "%s ", name);
}

static struct service *start(void **state, int64_t now)
{
    struct service *service = calloc(1, sizeof *service);
    assert_non_null(service);
    service->fixture = *state;
    service->host = (struct mes_schedule_host){.make = make, .on_alert = on_alert, .context = service};
    service->now = now;
    mes_store_rollback(service->fixture->store);
    return service;
}

static void stop(struct service *service)
{
    struct fixture *fixture = service->fixture;
    works(mes_store_begin(fixture->store, &fixture->error)); /* as the fixture leaves it */
    free(service);
}

static int64_t add(struct service *service, const char *expression, const char *zone, int late)
{
    struct fixture *fixture = service->fixture;
    struct mes_store_schedule schedule = {
        .id = mes_id_next(mes_clock_system()),
        .company = "hk",
        .name = "report",
        .expression = expression,
        .zone = zone,
        .document = "{}",
        .late_policy = late,
        .created_at = service->now,
    };
    const struct mes_schedule_plan plan = {expression, zone, service->now, 0};
    works(mes_schedule_first(&plan, &schedule.next_at, &fixture->error));
    works(mes_store_begin(fixture->store, &fixture->error));
    works(mes_store_schedule_add(fixture->store, &schedule, &fixture->error));
    works(mes_store_commit(fixture->store, &fixture->error));
    service->look_at = service->now;
    return schedule.id;
}

/* One turn of the courier, when one is due. */
static void turn(struct service *service)
{
    struct fixture *fixture = service->fixture;
    bool mends = service->now < service->mended_at || service->now - service->mended_at >= HOUR;
    if (!mends && service->look_at > service->now)
        return;
    works(mes_store_begin(fixture->store, &fixture->error));
    if (mends)
        works(mes_schedule_mend(fixture->store, service->now, &fixture->error));
    works(mes_schedule_run_due(fixture->store, &service->host, service->now, &service->look_at,
                               &fixture->error));
    works(mes_store_commit(fixture->store, &fixture->error));
    if (mends)
        service->mended_at = service->now;
}

static void pass(struct service *service, int64_t time, int64_t step)
{
    for (int64_t end = service->now + time; service->now < end;) {
        service->now += step;
        turn(service);
    }
}

static void expect_fired(const struct service *service, size_t index, int64_t at, unsigned missed)
{
    assert_true(index < service->fired_count);
    assert_int_equal(service->fired[index].at, at);
    assert_int_equal(service->fired[index].missed, missed);
}

static struct mes_store_schedule load(struct service *service, int64_t id)
{
    struct fixture *fixture = service->fixture;
    struct mes_store_schedule schedule;
    works(mes_store_schedule_load(fixture->reads, (struct mes_store_ref){.id = id}, &fixture->arena,
                                  &schedule, &fixture->error));
    return schedule;
}

static void E17_each_time_fires_once_when_the_clocks_change(void **state)
{
    struct service *service = start(state, wall_ms(2026, 3, 27, 12, 0));
    int64_t times[8];
    size_t count;
    const struct mes_schedule_plan plan = {"30 1 * * *", "Europe/London", service->now, 0};
    struct fixture *fixture = service->fixture;
    (void)add(service, plan.expression, plan.zone, MES_LATE_SKIP);
    pass(service, 4 * DAY, 7 * MINUTE / 2);
    works(mes_schedule_times(&plan, 4, times, &count, &fixture->error));
    assert_int_equal(service->fired_count, 4);
    for (size_t i = 0; i < 4; i++)
        expect_fired(service, i, times[i], 0);
    service->now = wall_ms(2026, 10, 23, 12, 0);
    service->fired_count = 0;
    turn(service); /* what was missed since spring is skipped */
    pass(service, 4 * DAY, 7 * MINUTE / 2);
    assert_int_equal(service->fired_count, 4);
    expect_fired(service, 1, wall_ms(2026, 10, 25, 0, 30), 0);
    expect_fired(service, 2, wall_ms(2026, 10, 26, 1, 30), 0);
    stop(service);
}

static void E17_a_clock_that_jumps_by_an_hour_repeats_and_loses_nothing(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 0));
    static const int64_t jumps[] = {HOUR, -HOUR, -HOUR, HOUR};
    (void)add(service, "0 12 * * *", "Asia/Hong_Kong", MES_LATE_SEND);
    /* Just before and just after 04:00 UTC, in all ways. */
    for (int day = 0; day < 8; day++) {
        service->now = wall_ms(2026, 11, 22, 0, 0) + day * DAY;
        pass(service, 4 * HOUR + (day < 4 ? -MINUTE : MINUTE), MINUTE);
        service->now += jumps[day % 4];
        pass(service, 30 * MINUTE, MINUTE);
        service->now -= jumps[day % 4];
        pass(service, 6 * HOUR, MINUTE);
        assert_int_equal(service->fired_count, day + 1);
        expect_fired(service, (size_t)day, wall_ms(2026, 11, 22, 4, 0) + day * DAY, 0);
    }
    stop(service);
}

static void E17_ten_years_forward_and_back(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 0));
    (void)add(service, "0 12 * * *", "Asia/Hong_Kong", MES_LATE_SEND);
    pass(service, DAY, HOUR);
    service->now = wall_ms(2036, 11, 22, 0, 0);
    pass(service, 3 * HOUR, MINUTE);
    assert_int_equal(service->fired_count, 2);
    expect_fired(service, 1, wall_ms(2026, 11, 23, 4, 0), MES_SCHEDULE_MISSED_MOST);
    pass(service, 3 * HOUR, MINUTE);
    expect_fired(service, 2, wall_ms(2036, 11, 22, 4, 0), 0);
    /* Put right again: tomorrow's mail leaves tomorrow, not in ten years. */
    service->now = wall_ms(2026, 11, 23, 6, 0);
    pass(service, 2 * DAY, HOUR);
    assert_int_equal(service->fired_count, 5);
    expect_fired(service, 3, wall_ms(2026, 11, 24, 4, 0), 0);
    expect_fired(service, 4, wall_ms(2026, 11, 25, 4, 0), 0);
    stop(service);
}

static void E17_ten_years_back_and_forward(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 0));
    int64_t id = add(service, "0 12 * * *", "Asia/Hong_Kong", MES_LATE_SEND);
    pass(service, DAY, HOUR);
    /* A machine without a battery wakes up in the past and asks for the time a little later. */
    service->now = wall_ms(2016, 11, 22, 2, 0);
    pass(service, HOUR, MINUTE);
    assert_int_equal(load(service, id).next_at, wall_ms(2016, 11, 22, 4, 0));
    service->now = wall_ms(2026, 11, 23, 3, 0);
    pass(service, DAY, HOUR);
    assert_int_equal(service->fired_count, 2);
    expect_fired(service, 1, wall_ms(2026, 11, 23, 4, 0), 0);
    stop(service);
}

static void E17_leap_day_and_2038(void **state)
{
    struct service *service = start(state, wall_ms(2027, 6, 1, 0, 0));
    (void)add(service, "0 0 29 2 *", "UTC", MES_LATE_SEND);
    pass(service, wall_ms(2032, 3, 2, 0, 0) - service->now, HOUR * 6);
    assert_int_equal(service->fired_count, 2);
    expect_fired(service, 0, wall_ms(2028, 2, 29, 0, 0), 0);
    expect_fired(service, 1, wall_ms(2032, 2, 29, 0, 0), 0);
    service->now = wall_ms(2038, 1, 19, 3, 13);
    (void)add(service, "14,15 3 19 1 *", "UTC", MES_LATE_SKIP);
    service->fired_count = 0;
    pass(service, HOUR, MINUTE / 4);
    expect_fired(service, 1, wall_ms(2038, 1, 19, 3, 14), 0);
    expect_fired(service, 2, wall_ms(2038, 1, 19, 3, 15), 0);
    assert_int_equal(service->fired_count, 3); /* and the leap day of 2036, late */
    stop(service);
}

static void what_was_missed_goes_by_the_late_policy(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 30));
    int64_t sends = add(service, "0 * * * *", "UTC", MES_LATE_SEND);
    int64_t skips = add(service, "0 * * * *", "UTC", MES_LATE_SKIP);
    int64_t holds = add(service, "0 * * * *", "UTC", MES_LATE_HOLD);
    service->now = wall_ms(2026, 11, 22, 5, 30); /* five hours later the service is started */
    turn(service);
    assert_int_equal(service->fired_count, 2);
    for (size_t i = 0; i < 2; i++) {
        expect_fired(service, i, wall_ms(2026, 11, 22, 1, 0), 4);
        assert_int_equal(service->fired[i].schedule, i == 0 ? sends : holds);
        assert_int_equal(service->fired[i].is_held, i == 1);
    }
    assert_string_equal(service->alerts, "schedule.late schedule.late schedule.late job.held ");
    assert_int_equal(load(service, skips).last_at, 0);
    assert_true(load(service, sends).last_job > 0);
    /* The next one is on time for all. */
    service->fired_count = 0;
    service->now = wall_ms(2026, 11, 22, 6, 0) + MES_SCHEDULE_GRACE_MS;
    turn(service);
    assert_int_equal(service->fired_count, 3);
    for (size_t i = 0; i < 3; i++) {
        expect_fired(service, i, wall_ms(2026, 11, 22, 6, 0), 0);
        assert_false(service->fired[i].is_held);
    }
    stop(service);
}

static void what_was_not_committed_fires_again(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 30));
    struct fixture *fixture = service->fixture;
    int64_t id = add(service, "0 * * * *", "UTC", MES_LATE_SEND);
    service->now = wall_ms(2026, 11, 22, 1, 0);
    works(mes_store_begin(fixture->store, &fixture->error));
    works(mes_schedule_run_due(fixture->store, &service->host, service->now, &service->look_at,
                               &fixture->error));
    mes_store_rollback(fixture->store);
    assert_int_equal(load(service, id).next_at, service->now);
    service->look_at = service->now;
    turn(service);
    turn(service);
    assert_int_equal(service->fired_count, 2);
    expect_fired(service, 1, service->now, 0);
    stop(service);
}

static bool count_one(void *context, const struct mes_store_job *job)
{
    (void)job;
    ++*(size_t *)context;
    return true;
}

static size_t count_jobs(struct service *service)
{
    struct fixture *fixture = service->fixture;
    struct mes_store_job_page page = {.kind = -1, .limit = 1000};
    size_t count = 0;
    works(mes_store_job_list(fixture->reads, &page, count_one, &count, &fixture->error));
    return count;
}

static void what_cannot_be_sent_stops_nobody_else(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 30));
    struct fixture *fixture = service->fixture;
    int64_t id = add(service, "0 * * * *", "UTC", MES_LATE_SEND);
    service->now = wall_ms(2026, 11, 22, 1, 0);
    service->failure = MES_E_INPUT;
    turn(service);
    assert_string_equal(service->alerts, "schedule.failed ");
    assert_int_equal(count_jobs(service), 0);
    assert_int_equal(load(service, id).next_at, wall_ms(2026, 11, 22, 2, 0));
    assert_int_equal(load(service, id).last_at, 0);
    /* A full disk is nobody's fault: the time stays due. */
    service->failure = MES_E_FULL;
    service->now = wall_ms(2026, 11, 22, 2, 0);
    works(mes_store_begin(fixture->store, &fixture->error));
    assert_int_equal(mes_schedule_run_due(fixture->store, &service->host, service->now, &service->look_at,
                                          &fixture->error),
                     MES_E_FULL);
    mes_store_rollback(fixture->store);
    service->failure = 0;
    service->look_at = service->now;
    turn(service);
    expect_fired(service, 0, wall_ms(2026, 11, 22, 2, 0), 0);
    assert_int_equal(count_jobs(service), 1);
    stop(service);
}

static void a_schedule_ends_when_it_was_told_to(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 30));
    struct fixture *fixture = service->fixture;
    int64_t id = add(service, "0 * * * *", "UTC", MES_LATE_SEND);
    struct mes_store_schedule schedule = load(service, id);
    schedule.until = wall_ms(2026, 11, 22, 2, 0);
    works(mes_store_begin(fixture->store, &fixture->error));
    works(mes_store_schedule_set(fixture->store, &schedule, &fixture->error));
    works(mes_store_commit(fixture->store, &fixture->error));
    pass(service, 6 * HOUR, MINUTE);
    assert_int_equal(service->fired_count, 2);
    assert_int_equal(load(service, id).next_at, 0);
    assert_int_equal(service->look_at, INT64_MAX);
    stop(service);
}

static void many_at_once_take_turns(void **state)
{
    struct service *service = start(state, wall_ms(2026, 11, 22, 0, 30));
    for (int i = 0; i < MES_SCHEDULE_AT_ONCE + 5; i++)
        (void)add(service, "0 * * * *", "UTC", MES_LATE_SEND);
    service->now = wall_ms(2026, 11, 22, 1, 0);
    turn(service);
    assert_int_equal(service->fired_count, MES_SCHEDULE_AT_ONCE);
    assert_true(service->look_at <= service->now);
    turn(service);
    assert_int_equal(service->fired_count, MES_SCHEDULE_AT_ONCE + 5);
    assert_int_equal(service->look_at, wall_ms(2026, 11, 22, 2, 0));
    stop(service);
}

static void a_plan_is_checked_when_it_is_made(void **state)
{
    int64_t next;
    struct mes_error error;
    (void)state;
    assert_int_equal(
        mes_schedule_first(&(struct mes_schedule_plan){"0 0 30 2 *", "UTC", 0, 0}, &next, &error),
        MES_E_INPUT);
    assert_int_equal(
        mes_schedule_first(&(struct mes_schedule_plan){"@daily", "Mars/Base", 0, 0}, &next, &error),
        MES_E_NOT_FOUND);
    assert_int_equal(mes_schedule_first(&(struct mes_schedule_plan){"@daily", "", 0, 1000}, &next, &error),
                     0);
    assert_int_equal(next, 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
    const struct CMUnitTest tests[] = {
        EACH(E17_each_time_fires_once_when_the_clocks_change),
        EACH(E17_a_clock_that_jumps_by_an_hour_repeats_and_loses_nothing),
        EACH(E17_ten_years_forward_and_back),
        EACH(E17_ten_years_back_and_forward),
        EACH(E17_leap_day_and_2038),
        EACH(what_was_missed_goes_by_the_late_policy),
        EACH(what_was_not_committed_fires_again),
        EACH(what_cannot_be_sent_stops_nobody_else),
        EACH(a_schedule_ends_when_it_was_told_to),
        EACH(many_at_once_take_turns),
        EACH(a_plan_is_checked_when_it_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
