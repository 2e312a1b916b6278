#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/thread.h"
#include "db/copy.h"
#include "db/scratch_test.h"

static struct mes_db *opened(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = NULL;
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(
        mes_db_exec(db, "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b TEXT, c BLOB)", NULL), 0);
    return db;
}

static int insert(struct mes_db *db, int64_t a, const char *b, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t changed = 0;
    int code = mes_db_prepare(db, "INSERT INTO t (a, b) VALUES (?, ?)", &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, a);
    mes_db_bind_text(statement, b);
    code = mes_db_run(&statement, &changed, error);
    assert_null(statement);
    assert_int_equal(changed, code == 0 ? 1 : 0);
    return code;
}

static void values_come_back_as_they_went_in(void **state)
{
    struct mes_db *db = opened(state);
    struct mes_db_statement *s = NULL;
    assert_int_equal(mes_db_prepare(db, "INSERT INTO t VALUES (?, ?, ?)", &s, NULL), 0);
    mes_db_bind_int(s, INT64_MIN);
    mes_db_bind_str(s, MES_STR("a\0b"));
    mes_db_bind_blob(s, "\0\xff", 2);
    assert_int_equal(mes_db_run_again(s, NULL, NULL), 0);
    mes_db_bind_optional(s, 7);
    mes_db_bind_text(s, NULL);
    mes_db_bind_null(s);
    assert_int_equal(mes_db_run(&s, NULL, NULL), 0);
    assert_int_equal(mes_db_prepare(db, "SELECT a, b, c FROM t ORDER BY a", &s, NULL), 0);
    assert_int_equal(mes_db_step(s, NULL), MES_DB_ROW);
    assert_int_equal(mes_db_int(s, 0), INT64_MIN);
    assert_true(mes_str_eq(mes_db_text(s, 1), MES_STR("a\0b")));
    assert_true(mes_str_eq(mes_db_blob(s, 2), MES_STR("\0\xff")));
    assert_int_equal(mes_db_step(s, NULL), MES_DB_ROW);
    assert_int_equal(mes_db_optional(s, 0, -1), 7);
    assert_true(mes_db_is_null(s, 1));
    assert_string_equal(mes_db_text(s, 1).data, "");
    assert_int_equal(mes_db_blob(s, 2).size, 0);
    assert_int_equal(mes_db_optional(s, 2, -1), -1);
    assert_int_equal(mes_db_step(s, NULL), MES_DB_END);
    mes_db_release(&s);
    mes_db_close(&db);
    assert_null(db);
}

static void one_text_is_prepared_once_and_can_be_used_twice_at_a_time(void **state)
{
    static const char sql[] = "SELECT ?";
    struct mes_db *db = opened(state);
    struct mes_db_statement *first = NULL;
    struct mes_db_statement *second = NULL;
    assert_int_equal(mes_db_prepare(db, sql, &first, NULL), 0);
    struct mes_db_statement *before = first;
    mes_db_release(&first);
    assert_int_equal(mes_db_prepare(db, sql, &first, NULL), 0);
    assert_ptr_equal(first, before);
    assert_int_equal(mes_db_prepare(db, sql, &second, NULL), 0);
    mes_db_bind_int(first, 1);
    mes_db_bind_int(second, 2);
    assert_int_equal(mes_db_step(first, NULL), MES_DB_ROW);
    assert_int_equal(mes_db_step(second, NULL), MES_DB_ROW);
    assert_int_equal(mes_db_int(first, 0), 1);
    assert_int_equal(mes_db_int(second, 0), 2);
    mes_db_release(&first);
    mes_db_release(&second);
    for (int i = 0; i < 700; i++) { /* more than the cache keeps */
        char text[40];
        (void)snprintf(text, sizeof text, "SELECT %d", i);
        assert_int_equal(scratch_number(db, text, -1), i);
    }
    mes_db_close(&db);
}

static void a_savepoint_is_undone_alone(void **state)
{
    struct mes_db *db = opened(state);
    struct mes_error error;
    assert_int_equal(mes_db_begin(db, NULL), 0);
    assert_true(mes_db_in_transaction(db));
    assert_int_equal(insert(db, 1, "kept", NULL), 0);
    assert_int_equal(mes_db_savepoint_begin(db, NULL), 0);
    assert_int_equal(insert(db, 2, "undone", NULL), 0);
    assert_int_equal(mes_db_savepoint_begin(db, NULL), 0);
    assert_int_equal(insert(db, 3, "undone too", NULL), 0);
    assert_int_equal(mes_db_savepoint_keep(db, NULL), 0);
    assert_int_equal(insert(db, 2, "again", &error), MES_E_CONFLICT);
    assert_int_equal(error.code, MES_E_CONFLICT);
    mes_db_savepoint_undo(db);
    assert_int_equal(mes_db_savepoint_begin(db, NULL), 0);
    assert_int_equal(insert(db, 4, "kept too", NULL), 0);
    assert_int_equal(mes_db_savepoint_keep(db, NULL), 0);
    assert_int_equal(mes_db_commit(db, NULL), 0);
    assert_false(mes_db_in_transaction(db));
    assert_int_equal(scratch_number(db, "SELECT sum(a) FROM t", -1), 5);
    assert_int_equal(mes_db_begin(db, NULL), 0);
    assert_int_equal(insert(db, 9, "rolled back", NULL), 0);
    mes_db_rollback(db);
    mes_db_rollback(db);
    assert_int_equal(scratch_number(db, "SELECT sum(a) FROM t", -1), 5);
    mes_db_close(&db);
}

/* A statement after the database has ended the transaction by itself would commit alone. */
static void what_follows_an_undone_transaction_is_refused(void **state)
{
    struct mes_db *db = opened(state);
    assert_int_equal(mes_db_begin(db, NULL), 0);
    assert_int_equal(insert(db, 1, "first", NULL), 0);
    assert_int_equal(mes_db_exec(db, "INSERT OR ROLLBACK INTO t (a) VALUES (1)", NULL), MES_E_CONFLICT);
    assert_int_equal(insert(db, 2, "second", NULL), MES_E_CONFLICT);
    assert_int_equal(mes_db_savepoint_begin(db, NULL), MES_E_CONFLICT);
    mes_db_savepoint_undo(db);
    assert_int_equal(mes_db_commit(db, NULL), MES_E_CONFLICT);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 0);
    assert_int_equal(mes_db_begin(db, NULL), 0);
    assert_int_equal(insert(db, 3, "third", NULL), 0);
    assert_int_equal(mes_db_commit(db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 1);
    mes_db_close(&db);
}

static void the_settings_stand(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = opened(state);
    struct mes_db *reader = NULL;
    struct stat status;
    struct mes_db_options options = {.place = scratch->database, .is_read_only = true};
    assert_int_equal(scratch_number(db, "PRAGMA synchronous", -1), 2);
    assert_int_equal(scratch_number(db, "PRAGMA foreign_keys", -1), 1);
    assert_int_equal(scratch_number(db, "PRAGMA trusted_schema", -1), 0);
    assert_int_equal(scratch_number(db, "SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'", -1),
                     1);
    assert_int_equal(stat(scratch->database, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(mes_db_exec(db, "PRAGMA writable_schema=ON; DELETE FROM sqlite_master", NULL),
                     MES_E_USAGE);
    assert_int_equal(mes_db_open(&options, &reader, NULL), 0);
    assert_int_equal(mes_db_exec(reader, "INSERT INTO t (a) VALUES (1)", NULL), MES_E_FILE);
    mes_db_close(&reader);
    mes_db_close(&db);
}

static void a_reader_sees_commits_but_not_within_its_transaction(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = opened(state);
    struct mes_db *reader = NULL;
    struct mes_db_options options = {.place = scratch->database, .is_read_only = true};
    assert_int_equal(mes_db_open(&options, &reader, NULL), 0);
    assert_int_equal(insert(db, 1, "one", NULL), 0);
    assert_int_equal(mes_db_begin(reader, NULL), 0);
    assert_int_equal(scratch_number(reader, "SELECT count(*) FROM t", -1), 1);
    assert_int_equal(insert(db, 2, "two", NULL), 0);
    assert_int_equal(scratch_number(reader, "SELECT count(*) FROM t", -1), 1);
    assert_int_equal(mes_db_commit(reader, NULL), 0);
    assert_int_equal(scratch_number(reader, "SELECT count(*) FROM t", -1), 2);
    mes_db_close(&reader);
    mes_db_close(&db);
}

static void what_cannot_be_opened_is_said(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = NULL;
    struct mes_db_options options = {.place = scratch->database};
    char path[400];
    assert_int_equal(mes_db_open(&options, &db, NULL), MES_E_NOT_FOUND);
    options.is_read_only = options.may_create = true;
    assert_int_equal(mes_db_open(&options, &db, NULL), MES_E_NOT_FOUND);
    (void)snprintf(path, sizeof path, "%s/missing/queue.db", scratch->folder);
    assert_int_equal(scratch_open(path, &db, NULL), MES_E_FILE);
    assert_int_equal(scratch_open(scratch->folder, &db, NULL), MES_E_FILE);
    assert_null(db);
}

static void wrong_sql_is_the_programs_fault(void **state)
{
    struct mes_db *db = opened(state);
    struct mes_db_statement *s = NULL;
    assert_int_equal(mes_db_prepare(db, "SELECT nothing FROM nowhere", &s, NULL), MES_E_USAGE);
    assert_int_equal(mes_db_prepare(db, "SELECT 1; SELECT 2", &s, NULL), MES_E_USAGE);
    assert_int_equal(mes_db_prepare(db, "SELECT \"no such column\"", &s, NULL), MES_E_USAGE);
    assert_null(s);
    mes_db_close(&db);
}

/* Page by page, with a commit after each: the copy is the moment at which it began, and comes to its end. */
static void a_copy_stands_still_while_others_write(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = opened(state);
    struct mes_db *reader = NULL;
    struct mes_db_copy *copy = NULL;
    struct mes_db_options options = {.place = scratch->database, .is_read_only = true};
    char path[100];
    int64_t rows = 0;
    int code;
    (void)snprintf(path, sizeof path, "%s/copy.db", scratch->folder);
    for (; rows < 500; rows++)
        assert_int_equal(
            insert(db, rows, "a row that takes some room, so that there are some pages to copy", NULL), 0);
    assert_int_equal(mes_db_open(&options, &reader, NULL), 0);
    assert_int_equal(mes_db_copy_begin(reader, path, &copy, NULL), 0);
    do {
        code = mes_db_copy_step(copy, 1, NULL);
        assert_true(mes_db_copy_done(copy) <= mes_db_copy_total(copy));
        assert_int_equal(insert(db, rows++, "meanwhile", NULL), 0);
        assert_true(rows < 600);
    } while (code == MES_DB_ROW);
    assert_int_equal(code, MES_DB_END);
    assert_true(rows > 505);
    assert_int_equal(mes_db_copy_end(&copy, NULL), 0);
    assert_null(copy);
    assert_int_equal(scratch_number(reader, "SELECT count(*) FROM t", -1), rows);
    mes_db_close(&reader);
    options = (struct mes_db_options){.place = path};
    assert_int_equal(mes_db_open(&options, &reader, NULL), 0);
    assert_int_equal(mes_db_check(reader, NULL), 0);
    assert_int_equal(scratch_number(reader, "SELECT count(*) FROM t", -1), 500);
    mes_db_close(&reader);
    mes_db_close(&db);
}

static void a_copy_that_is_broken_off_is_told(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = opened(state);
    struct mes_db *reader = NULL;
    struct mes_db_copy *copy = NULL;
    struct mes_db_options options = {.place = scratch->database, .is_read_only = true};
    char path[100];
    (void)snprintf(path, sizeof path, "%s/copy.db", scratch->folder);
    for (int64_t rows = 0; rows < 100; rows++)
        assert_int_equal(
            insert(db, rows, "a row that takes some room, so that there are some pages to copy", NULL), 0);
    assert_int_equal(mes_db_open(&options, &reader, NULL), 0);
    assert_int_equal(mes_db_copy_begin(reader, path, &copy, NULL), 0);
    assert_int_equal(mes_db_copy_step(copy, 1, NULL), MES_DB_ROW);
    assert_int_equal(mes_db_copy_end(&copy, NULL), MES_E_CANCELLED);
    assert_false(mes_db_in_transaction(reader));
    mes_db_close(&reader);
    mes_db_close(&db);
}

struct holder {
    struct mes_db *db;
    int code;
};

static void end_the_hold(void *context)
{
    struct holder *holder = context;
    holder->code = mes_db_commit(holder->db, NULL);
}

static void E11_a_locked_database_is_waited_for_and_then_told(void **state)
{
    struct scratch *scratch = *state;
    struct holder holder = {opened(state), -1};
    struct mes_db *db = NULL;
    struct mes_thread *thread = NULL;
    struct mes_error error;
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_begin(holder.db, NULL), 0);
    assert_int_equal(insert(holder.db, 1, "holder", NULL), 0);
    assert_int_equal(mes_db_begin(db, &error), MES_E_BUSY);
    assert_false(mes_db_is_broken(db));
    mes_db_close(&db);
    /* With time enough it gets its turn, and reads are never held up. */
    struct mes_db_options patient = {.place = scratch->database, .busy_timeout_ms = 10000};
    assert_int_equal(mes_db_open(&patient, &db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 0);
    assert_int_equal(mes_thread_start("holder", end_the_hold, &holder, &thread, NULL), 0);
    assert_int_equal(mes_db_begin(db, NULL), 0);
    mes_thread_join(&thread);
    assert_int_equal(holder.code, 0);
    assert_int_equal(insert(db, 2, "patient", NULL), 0);
    assert_int_equal(mes_db_commit(db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 2);
    mes_db_close(&holder.db);
    mes_db_close(&db);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(values_come_back_as_they_went_in),
        IN_SCRATCH(one_text_is_prepared_once_and_can_be_used_twice_at_a_time),
        IN_SCRATCH(a_savepoint_is_undone_alone),
        IN_SCRATCH(what_follows_an_undone_transaction_is_refused),
        IN_SCRATCH(the_settings_stand),
        IN_SCRATCH(a_reader_sees_commits_but_not_within_its_transaction),
        IN_SCRATCH(what_cannot_be_opened_is_said),
        IN_SCRATCH(wrong_sql_is_the_programs_fault),
        IN_SCRATCH(a_copy_stands_still_while_others_write),
        IN_SCRATCH(a_copy_that_is_broken_off_is_told),
        IN_SCRATCH(E11_a_locked_database_is_waited_for_and_then_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
