#include "store/store.h"

#include "base/thread.h"
#include "store/fixture_test.h"

static void a_part_is_undone_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job first = job_of(1, "", 1), second = job_of(2, "", 1);
    works(mes_store_save(fixture->store, &fixture->error));
    works(mes_store_job_add(fixture->store, &first, &fixture->error));
    works(mes_store_keep(fixture->store, &fixture->error));
    works(mes_store_save(fixture->store, &fixture->error));
    works(mes_store_job_add(fixture->store, &second, &fixture->error));
    mes_store_undo(fixture->store);
    fixture_reopen(fixture);
    assert_int_equal(count_rows(fixture, "job"), 1);
    assert_int_equal(load_job(fixture, 1).id, 1);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(1, "", 1);
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    mes_store_rollback(fixture->store);
    works(mes_store_begin(fixture->store, &fixture->error));
    assert_int_equal(count_rows(fixture, "job"), 0);
}

static void readers_see_what_is_committed(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job first = job_of(1, "", 1), second = job_of(2, "", 1);
    struct mes_store_readers *readers = NULL;
    struct mes_store_reader *reader = NULL;
    struct mes_store_job job;
    works(mes_store_readers_new(fixture->scratch->database, 2, &readers, &fixture->error));
    works(mes_store_readers_borrow(readers, &reader, &fixture->error));
    works(mes_store_job_add(fixture->store, &first, &fixture->error));
    assert_int_equal(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, 1}, &fixture->arena, &job, &fixture->error),
        MES_E_NOT_FOUND);
    fixture_commit(fixture);
    works(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, 1}, &fixture->arena, &job, &fixture->error));
    /* Between begin and end it stands still. */
    works(mes_store_reader_begin(reader, &fixture->error));
    works(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, 1}, &fixture->arena, &job, &fixture->error));
    works(mes_store_job_add(fixture->store, &second, &fixture->error));
    fixture_commit(fixture);
    assert_int_equal(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, 2}, &fixture->arena, &job, &fixture->error),
        MES_E_NOT_FOUND);
    mes_store_reader_end(reader);
    works(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, 2}, &fixture->arena, &job, &fixture->error));
    mes_store_readers_give_back(readers, &reader);
    assert_null(reader);
    mes_store_readers_free(&readers);
}

static void a_reader_given_back_is_lent_again(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_readers *readers = NULL;
    struct mes_store_reader *first = NULL, *second = NULL, *third = NULL;
    works(mes_store_readers_new(fixture->scratch->database, 1, &readers, &fixture->error));
    works(mes_store_readers_borrow(readers, &first, &fixture->error));
    works(mes_store_readers_borrow(readers, &second, &fixture->error));
    assert_ptr_not_equal(first, second);
    struct mes_store_reader *kept = second;
    /* Whoever forgot to end a view must not keep the log from being shortened. */
    works(mes_store_reader_begin(second, &fixture->error));
    mes_store_readers_give_back(readers, &second);
    works(mes_store_readers_borrow(readers, &third, &fixture->error));
    assert_ptr_equal(third, kept);
    works(mes_store_reader_begin(third, &fixture->error));
    mes_store_readers_give_back(readers, &third);
    mes_store_readers_give_back(readers, &first); /* one too many: closed */
    mes_store_readers_free(&readers);
}

enum { THREADS = 4, ROUNDS = 200 };

static void borrow_often(void *context)
{
    struct mes_store_readers *readers = context;
    for (int i = 0; i < ROUNDS; i++) {
        struct mes_store_reader *reader = NULL;
        struct mes_store_job job;
        struct mes_arena arena;
        mes_arena_init(&arena, 10000);
        int code = mes_store_readers_borrow(readers, &reader, NULL);
        if (code == 0)
            code = mes_store_job_load(reader, (struct mes_store_ref){NULL, 1}, &arena, &job, NULL);
        if (code != 0)
            abort();
        mes_store_readers_give_back(readers, &reader);
        mes_arena_fini(&arena);
    }
}

static void readers_are_lent_to_many_threads(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = job_of(1, "", 1);
    struct mes_store_readers *readers = NULL;
    struct mes_thread *threads[THREADS];
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    fixture_commit(fixture);
    works(mes_store_readers_new(fixture->scratch->database, 2, &readers, &fixture->error));
    for (int i = 0; i < THREADS; i++)
        works(mes_thread_start("reader", borrow_often, readers, &threads[i], &fixture->error));
    for (int i = 0; i < THREADS; i++)
        mes_thread_join(&threads[i]);
    mes_store_readers_free(&readers);
}

static void readers_need_a_database_of_this_schema(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_readers *readers = NULL;
    struct mes_store_reader *reader = NULL;
    char path[120];
    (void)snprintf(path, sizeof path, "%s/none.db", fixture->scratch->folder);
    works(mes_store_readers_new(path, 1, &readers, &fixture->error));
    assert_int_equal(mes_store_readers_borrow(readers, &reader, &fixture->error), MES_E_NOT_FOUND);
    assert_null(reader);
    mes_store_readers_free(&readers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(a_part_is_undone_alone),
                                       run_with_fixture(what_is_rolled_back_was_never_there),
                                       run_with_fixture(readers_see_what_is_committed),
                                       run_with_fixture(a_reader_given_back_is_lent_again),
                                       run_with_fixture(readers_are_lent_to_many_threads),
                                       run_with_fixture(readers_need_a_database_of_this_schema)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
