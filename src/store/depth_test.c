/* What is said to wait is what waits, whatever happened to the jobs. */
#include "store/fixture_test.h"

#include "store/figures.h"
#include "store/job.h"
#include "store/parts.h"

enum { JOBS = 40, ROUNDS = 1500 };

static uint64_t chance;

static int64_t below(int64_t limit)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((chance >> 33) % (uint64_t)limit);
}

static int64_t counted(struct fixture *fixture, const char *what, int state)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT COALESCE(%s, 0) FROM job WHERE state %s %d", what,
                   state < 0 ? "<" : "=", state < 0 ? MES_STORE_DONE : state);
    return scratch_number(mes_store_db(fixture->store), sql, -1);
}

static void assert_is_true_depth(struct fixture *fixture)
{
    struct mes_store_depth depth;
    works(mes_store_figures_depth(fixture->reads, &depth, &fixture->error));
    for (int state = 0; state < MES_STORE_DONE; state++)
        assert_int_equal(depth.jobs[state], counted(fixture, "COUNT(*)", state));
    assert_int_equal(depth.rows[MES_STORE_STATUS_QUEUED], counted(fixture, "SUM(queued)", -1));
    assert_int_equal(depth.rows[MES_STORE_STATUS_DEFERRED], counted(fixture, "SUM(deferred)", -1));
    assert_int_equal(depth.rows[MES_STORE_STATUS_IN_DOUBT], counted(fixture, "SUM(in_doubt)", -1));
}

static void add_or_remove(struct fixture *fixture, int64_t id)
{
    struct mes_store_job job = job_of(id, "", below(9));
    bool is_there =
        mes_store_job_look(fixture->reads, (struct mes_store_ref){NULL, id}, &fixture->error) == 0;
    bool is_gone = false;
    job.state = (enum mes_store_state)below(MES_STORE_STATE_COUNT);
    if (!is_there)
        works(mes_store_job_add(fixture->store, &job, &fixture->error));
    else
        works(mes_store_job_remove(fixture->store, id, 100, &is_gone, &fixture->error));
}

static void change(struct fixture *fixture, int64_t id)
{
    struct mes_store_job_change change = {.id = id, .set = (unsigned)below(2) * MES_STORE_JOB_STATE};
    change.state = (enum mes_store_state)below(MES_STORE_STATE_COUNT);
    change.counts[MES_STORE_STATUS_QUEUED] = below(3) - 1;
    change.counts[MES_STORE_STATUS_DEFERRED] = below(2);
    change.counts[MES_STORE_STATUS_IN_DOUBT] = below(2);
    int code = mes_store_job_change(fixture->store, &change, &fixture->error);
    assert_true(code == 0 || code == MES_E_NOT_FOUND);
}

static void replace(struct fixture *fixture, int64_t id)
{
    struct mes_store_job job = job_of(id, "", below(20));
    int code = mes_store_job_replace(fixture->store, &job, &fixture->error);
    assert_true(code == 0 || code == MES_E_NOT_FOUND);
}

static void do_something(struct fixture *fixture)
{
    static void (*const deeds[])(struct fixture *, int64_t) = {add_or_remove, change, change, replace};
    int64_t id = 1 + below(JOBS);
    bool has_savepoint = below(2) == 0;
    if (has_savepoint)
        works(mes_store_save(fixture->store, &fixture->error));
    deeds[below(4)](fixture, id);
    if (has_savepoint && below(3) == 0)
        mes_store_undo(fixture->store);
    else if (has_savepoint)
        works(mes_store_keep(fixture->store, &fixture->error));
}

static void E05_the_depth_agrees_with_the_jobs_after_whatever_happens(void **state)
{
    struct fixture *fixture = *state;
    chance = 7;
    for (int round = 0; round < ROUNDS; round++) {
        do_something(fixture);
        if (below(4) == 0) {
            fixture_commit(fixture);
            assert_is_true_depth(fixture);
        } else if (below(8) == 0) { /* as a crash would have it */
            mes_store_rollback(fixture->store);
            works(mes_store_begin(fixture->store, &fixture->error));
            fixture_reopen(fixture);
            assert_is_true_depth(fixture);
        }
    }
}

static void a_database_of_before_is_counted_once(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t id = 1; id <= 5; id++)
        add_or_remove(fixture, id);
    works(mes_store_depth_recount(fixture->store, &fixture->error));
    fixture_commit(fixture);
    assert_is_true_depth(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        run_with_fixture(E05_the_depth_agrees_with_the_jobs_after_whatever_happens),
        run_with_fixture(a_database_of_before_is_counted_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
