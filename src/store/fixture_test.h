/* A database of its own for each test, and rows to put into it. */
#ifndef MES_STORE_FIXTURE_TEST_H
#define MES_STORE_FIXTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/id.h"
#include "db/scratch_test.h"
#include "store/flight.h"
#include "store/recipient.h"

enum { NOON = 1795348800 }; /* seconds: some day in 2026 */
#define NOON_MS (INT64_C(1000) * NOON)

struct fixture {
    struct scratch *scratch;
    struct mes_store *store;
    struct mes_store_reader *reads; /* the store's own */
    struct mes_arena arena;
    struct mes_error error;
};

/* Whatever fails says why. */
static inline void works_at(int code, const struct fixture *fixture, int line)
{
    if (code != 0)
        fail_msg("line %d: code %d: %s", line, code, fixture->error.arguments);
}
#define works(code) works_at((code), fixture, __LINE__)

static inline int fixture_begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    void *scratch = NULL;
    if (scratch_begin(&scratch) != 0)
        return -1;
    fixture->scratch = scratch;
    works(mes_store_open(fixture->scratch->database, NULL, &fixture->store, &fixture->error));
    fixture->reads = mes_store_reads(fixture->store);
    mes_arena_init(&fixture->arena, 16 * 1024 * 1024);
    works(mes_store_begin(fixture->store, &fixture->error));
    *state = fixture;
    return 0;
}

static inline int fixture_end(void **state)
{
    struct fixture *fixture = *state;
    void *scratch = fixture->scratch;
    mes_arena_fini(&fixture->arena);
    mes_store_close(&fixture->store);
    (void)scratch_end(&scratch);
    free(fixture);
    return 0;
}

/* What was written becomes visible to others; a new transaction begins. */
static inline void fixture_commit(struct fixture *fixture)
{
    works(mes_store_commit(fixture->store, &fixture->error));
    works(mes_store_begin(fixture->store, &fixture->error));
}

/* As when the service starts again. */
static inline void fixture_reopen(struct fixture *fixture)
{
    works(mes_store_commit(fixture->store, &fixture->error));
    mes_store_close(&fixture->store);
    works(mes_store_open(fixture->scratch->database, NULL, &fixture->store, &fixture->error));
    fixture->reads = mes_store_reads(fixture->store);
    works(mes_store_begin(fixture->store, &fixture->error));
}

/* A job that waits at `id`'s time; its rows are the caller's to add. */
static inline struct mes_store_job job_of(int64_t id, const char *company, int64_t mails)
{
    return (struct mes_store_job){.id = id,
                                  .company = company,
                                  .state = MES_STORE_QUEUED,
                                  .priority = 5,
                                  .created_at = NOON_MS,
                                  .send_at = NOON_MS,
                                  .subject = "Subject",
                                  .mails = mails,
                                  .next_at = NOON_MS,
                                  .counts[MES_STORE_STATUS_QUEUED] = mails};
}

static inline void add_rows(struct fixture *fixture, int64_t job, int64_t count)
{
    for (int64_t number = 0; number < count; number++) {
        char address[40];
        (void)snprintf(address, sizeof address, "r%d@example.com", (int)number);
        const struct mes_store_recipient row = {
            .job = job, .number = number, .address = address, .variables = "{\"n\":1}"};
        works(mes_store_recipient_add(fixture->store, &row, &fixture->error));
    }
}

static inline struct mes_store_job load_job(struct fixture *fixture, int64_t id)
{
    struct mes_store_job job = {.id = 0};
    works(mes_store_job_load(fixture->reads, (struct mes_store_ref){NULL, id}, &fixture->arena, &job,
                             &fixture->error));
    return job;
}

static inline struct mes_store_recipient load_row(struct fixture *fixture, int64_t job, int64_t number)
{
    struct mes_store_recipient row = {.job = 0};
    works(mes_store_recipient_load(fixture->reads, (struct mes_store_row){NULL, job, number}, &fixture->arena,
                                   &row, &fixture->error));
    return row;
}

static inline void add_flight(struct fixture *fixture, int64_t job, int64_t number, int64_t token)
{
    const struct mes_store_flight flight = {.job = job, .number = number, .token = token, .since = NOON_MS};
    works(mes_store_flight_add(fixture->store, &flight, &fixture->error));
}

static inline int64_t count_rows(struct fixture *fixture, const char *table)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
    return scratch_number(mes_store_db(fixture->store), sql, -1);
}

/* What the callbacks of lists collect. */
struct seen {
    int64_t ids[64];
    size_t count;
    size_t most; /* 0: all */
};

static inline bool see(struct seen *seen, int64_t id)
{
    assert_true(seen->count < sizeof seen->ids / sizeof seen->ids[0]);
    seen->ids[seen->count++] = id;
    return seen->count != seen->most;
}

static inline bool see_job(void *context, const struct mes_store_job *job)
{
    return see(context, job->id);
}

static inline bool see_row(void *context, const struct mes_store_recipient *row)
{
    return see(context, row->number);
}

/* The ids seen, in their order. */
#define assert_seen(seen, ...)                                                                               \
    do {                                                                                                     \
        const int64_t wanted[] = {__VA_ARGS__};                                                              \
        assert_int_equal((seen).count, sizeof wanted / sizeof wanted[0]);                                    \
        assert_memory_equal((seen).ids, wanted, sizeof wanted);                                              \
        (seen).count = 0;                                                                                    \
    } while (0)

#define run_with_fixture(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

#endif
