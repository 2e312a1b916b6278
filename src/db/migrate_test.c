#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "db/migrate.h"
#include "db/scratch_test.h"

static const struct mes_db_migration steps[] = {
    {1, "CREATE TABLE a (id {id}, x {integer} NOT NULL) {strict};"
        "CREATE TABLE b (k TEXT PRIMARY KEY, v {bytes}) {strict_by_key};"
        "INSERT INTO a (x) VALUES (1), (2), (3)"},
    {2, "ALTER TABLE a ADD COLUMN y {integer} NOT NULL DEFAULT 0; UPDATE a SET y = x * 10"},
    {3, "CREATE INDEX a_y ON a (y); DELETE FROM a WHERE x = 1"},
};

static struct mes_db *opened(void **state)
{
    struct scratch *scratch = *state;
    struct mes_db *db = NULL;
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    return db;
}

static void all_steps_are_done_once(void **state)
{
    struct mes_db *db = opened(state);
    assert_int_equal(mes_db_schema_check(db, steps, 3, NULL), MES_E_CONFIG);
    assert_int_equal(mes_db_migrate(db, steps, 1, NULL), 0);
    assert_int_equal(mes_db_schema_check(db, steps, 1, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT sum(x) FROM a", -1), 6);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mes_db_migrate(db, steps, 3, NULL), 0);
        assert_int_equal(scratch_number(db, "SELECT sum(y) FROM a", -1), 50);
        assert_int_equal(scratch_number(db, "SELECT count(*) FROM schema_version", -1), 3);
    }
    assert_int_equal(mes_db_schema_check(db, steps, 3, NULL), 0);
    mes_db_close(&db);
}

static void E19_a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct mes_db *db = opened(state);
    struct mes_error error;
    assert_int_equal(mes_db_migrate(db, steps, 3, NULL), 0);
    assert_int_equal(mes_db_migrate(db, steps, 2, &error), MES_E_CONFIG);
    assert_int_equal(mes_db_schema_check(db, steps, 2, &error), MES_E_CONFIG);
    assert_int_equal(scratch_number(db, "SELECT max(number) FROM schema_version", -1), 3);
    assert_int_equal(scratch_number(db, "SELECT sum(y) FROM a", -1), 50);
    mes_db_close(&db);
}

static void E12_the_tables_of_another_program_are_refused(void **state)
{
    struct mes_db *db = opened(state);
    assert_int_equal(mes_db_exec(db, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (42)", NULL), 0);
    assert_int_equal(mes_db_migrate(db, steps, 3, NULL), MES_E_CORRUPT);
    assert_int_equal(mes_db_schema_check(db, steps, 3, NULL), MES_E_CORRUPT);
    assert_int_equal(scratch_number(db, "SELECT x FROM theirs", -1), 42);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM sqlite_master", -1), 1);
    mes_db_close(&db);
}

static void a_step_that_fails_leaves_nothing(void **state)
{
    static const struct mes_db_migration bad[] = {
        {1, "CREATE TABLE a (x)"},
        {2, "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)"},
    };
    static const struct mes_db_migration unknown[] = {{1, "CREATE TABLE a (x {nonsense})"}};
    static const struct mes_db_migration unclosed[] = {{1, "CREATE TABLE a (x {integer"}};
    struct mes_db *db = opened(state);
    assert_int_equal(mes_db_migrate(db, unknown, 1, NULL), MES_E_USAGE);
    assert_int_equal(mes_db_migrate(db, unclosed, 1, NULL), MES_E_USAGE);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM sqlite_master", -1), 0);
    assert_int_equal(mes_db_migrate(db, bad, 2, NULL), MES_E_USAGE);
    assert_int_equal(mes_db_schema_check(db, bad, 1, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM sqlite_master WHERE name = 'b'", -1), 0);
    mes_db_close(&db);
}

/* The default VFS, except that the process is gone at write, flush or truncation number `deadly`: SIGKILL at
 * every place where the files change. The log's methods are not the database's, which has locks. */
static int deadly;
static int changes;
static sqlite3_io_methods deadly_methods[2];
static const sqlite3_io_methods *real_methods[2];
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static const sqlite3_io_methods *count_change(const sqlite3_file *file)
{
    if (++changes == deadly)
        _exit(9);
    return real_methods[file->pMethods == &deadly_methods[1]];
}

static int deadly_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    return count_change(file)->xWrite(file, data, size, offset);
}

static int deadly_sync(sqlite3_file *file, int flags)
{
    return count_change(file)->xSync(file, flags);
}

static int deadly_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return count_change(file)->xTruncate(file, size);
}

static int deadly_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int result = real_open(vfs, name, file, flags, out);
    if (result == SQLITE_OK && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
        int kind = (flags & SQLITE_OPEN_WAL) != 0;
        real_methods[kind] = file->pMethods;
        deadly_methods[kind] = *file->pMethods;
        deadly_methods[kind].xWrite = deadly_write;
        deadly_methods[kind].xSync = deadly_sync;
        deadly_methods[kind].xTruncate = deadly_truncate;
        file->pMethods = &deadly_methods[kind];
    }
    return result;
}

static int migrate_in_a_child(const char *path, int die_at)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        sqlite3_vfs deadly_vfs = *sqlite3_vfs_find(NULL);
        struct mes_db *db = NULL;
        real_open = deadly_vfs.xOpen;
        deadly_vfs.xOpen = deadly_open;
        deadly_vfs.zName = "deadly";
        sqlite3_vfs_register(&deadly_vfs, 1);
        deadly = die_at;
        int code = scratch_open(path, &db, NULL);
        if (code == 0)
            code = mes_db_migrate(db, steps, 3, NULL);
        mes_db_close(&db);
        _exit(code == 0 ? 0 : 1);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What schema N has, and nothing of N + 1. */
static void check_schema(struct mes_db *db)
{
    static const int64_t tables[] = {0, 3, 3, 3};
    static const int64_t rows[] = {-1, 3, 3, 2};
    int64_t schema = scratch_number(db, "SELECT max(number) FROM schema_version", 0);
    assert_in_range(schema, 0, 3);
    assert_int_equal(scratch_number(db,
                                    "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                                    " AND name NOT LIKE 'sqlite%'",
                                    -1),
                     tables[schema]);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM a", -1), rows[schema]);
    assert_int_equal(scratch_number(db, "SELECT sum(y) FROM a", -1), schema < 2 ? -1 : schema == 2 ? 60 : 50);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM sqlite_master WHERE name = 'a_y'", -1),
                     schema == 3);
}

static void E19_killed_at_any_step_it_is_the_old_schema_or_the_new(void **state)
{
    struct scratch *scratch = *state;
    int at = 1;
    for (int died = 9; died == 9; at++) {
        struct mes_db *db = NULL;
        scratch_empty(scratch->folder);
        died = migrate_in_a_child(scratch->database, at);
        assert_true(died == 0 || died == 9);
        assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
        assert_int_equal(mes_db_check(db, NULL), 0);
        check_schema(db);
        assert_int_equal(mes_db_migrate(db, steps, 3, NULL), 0);
        check_schema(db);
        assert_int_equal(mes_db_schema_check(db, steps, 3, NULL), 0);
        mes_db_close(&db);
    }
    assert_true(at > 20); /* places at which it was killed */
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(all_steps_are_done_once),
        IN_SCRATCH(E19_a_newer_schema_is_refused_and_left_alone),
        IN_SCRATCH(E12_the_tables_of_another_program_are_refused),
        IN_SCRATCH(a_step_that_fails_leaves_nothing),
        IN_SCRATCH(E19_killed_at_any_step_it_is_the_old_schema_or_the_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
