/* Files that are damaged, missing or without room to grow. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "db/migrate.h"
#include "db/scratch_test.h"

static const struct mes_db_migration steps[] = {
    {1, "CREATE TABLE t (n {id}, pad TEXT NOT NULL) {strict}; CREATE INDEX t_pad ON t (pad);"
        "CREATE TABLE k (word TEXT PRIMARY KEY, bytes {bytes}) {strict_by_key};"},
};

static int fill(struct mes_db *db, int from, int to)
{
    int code = mes_db_begin(db, NULL);
    for (int n = from; code == 0 && n < to; n++) {
        struct mes_db_statement *statement = NULL;
        code = mes_db_prepare(db, "INSERT INTO t VALUES (?, printf('%.*c', 50 + ? % 700, 'p'))", &statement,
                              NULL);
        if (code != 0)
            break;
        mes_db_bind_int(statement, n);
        mes_db_bind_int(statement, n);
        code = mes_db_run(&statement, NULL, NULL);
    }
    if (code == 0)
        return mes_db_commit(db, NULL);
    mes_db_rollback(db);
    return code;
}

/* Files as bytes. */

struct bytes {
    unsigned char *data;
    size_t size;
};

static struct bytes read_file(const char *path)
{
    struct bytes bytes = {0};
    struct stat status;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    bytes.size = (size_t)status.st_size;
    bytes.data = malloc(bytes.size + 1);
    assert_int_equal(fread(bytes.data, 1, bytes.size, file), bytes.size);
    (void)fclose(file);
    return bytes;
}

static void write_file(const char *path, struct bytes bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    (void)fclose(file);
}

static const char *beside(const struct scratch *scratch, const char *ending)
{
    static char path[160];
    (void)snprintf(path, sizeof path, "%s%s", scratch->database, ending);
    return path;
}

/* A database whose last commits are in its log alone, as a crash leaves it. */
struct crashed {
    struct bytes database, log;
};

static struct crashed make_crashed(const struct scratch *scratch)
{
    struct mes_db *db = NULL;
    struct crashed crashed;
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_migrate(db, steps, 1, NULL), 0);
    assert_int_equal(fill(db, 0, 60), 0);
    assert_int_equal(mes_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL), 0);
    assert_int_equal(fill(db, 60, 80), 0);
    assert_int_equal(fill(db, 80, 90), 0);
    crashed.database = read_file(scratch->database);
    crashed.log = read_file(beside(scratch, "-wal"));
    mes_db_close(&db);
    assert_true(crashed.log.size > 4096);
    scratch_empty(scratch->folder);
    return crashed;
}

static void put_crashed(const struct scratch *scratch, const struct crashed *crashed)
{
    write_file(scratch->database, crashed->database);
    write_file(beside(scratch, "-wal"), crashed->log);
    (void)unlink(beside(scratch, "-shm"));
}

static void free_crashed(struct crashed *crashed)
{
    free(crashed->database.data);
    free(crashed->log.data);
}

static void E12_log_and_index_missing_or_cut(void **state)
{
    const struct scratch *scratch = *state;
    struct crashed crashed = make_crashed(scratch);
    struct crashed cut = crashed;
    struct mes_db *db = NULL;
    /* The index of the log is made anew. */
    put_crashed(scratch, &crashed);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 90);
    mes_db_close(&db);
    /* A log that ends in the middle gives the commits that are whole in it. */
    cut.log.size -= 3000;
    put_crashed(scratch, &cut);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_check(db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 80);
    mes_db_close(&db);
    /* Without it the state before stands, whole; the data folder tells of it. */
    put_crashed(scratch, &crashed);
    assert_int_equal(unlink(beside(scratch, "-wal")), 0);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_check(db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), 60);
    mes_db_close(&db);
    free_crashed(&crashed);
}

static void E12_what_is_no_database_is_refused_and_left_alone(void **state)
{
    const struct scratch *scratch = *state;
    static unsigned char rubbish[5000];
    struct mes_db *db = NULL;
    memset(rubbish, 'r', sizeof rubbish);
    write_file(scratch->database, (struct bytes){rubbish, sizeof rubbish});
    assert_int_equal(scratch_open(scratch->database, &db, NULL), MES_E_CORRUPT);
    assert_null(db);
    struct bytes after = read_file(scratch->database);
    assert_int_equal(after.size, sizeof rubbish);
    assert_memory_equal(after.data, rubbish, sizeof rubbish);
    free(after.data);
}

static void E12_damage_inside_is_found(void **state)
{
    const struct scratch *scratch = *state;
    struct crashed crashed = make_crashed(scratch);
    struct mes_error error;
    struct mes_db *db = NULL;
    crashed.log.size = 0;
    memset(crashed.database.data + 2 * 4096, 0x5a, 4096); /* a page of the table's tree */
    put_crashed(scratch, &crashed);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_check(db, &error), MES_E_CORRUPT);
    assert_int_equal(error.code, MES_E_CORRUPT);
    assert_false(mes_db_is_broken(db));
    mes_db_close(&db);
    crashed.database.size /= 2;
    put_crashed(scratch, &crashed);
    int code = scratch_open(scratch->database, &db, NULL);
    if (code == 0)
        code = mes_db_check(db, NULL);
    assert_int_equal(code, MES_E_CORRUPT);
    mes_db_close(&db);
    free_crashed(&crashed);
}

/* Mutations. */

static uint64_t dice = 12;

static size_t roll(size_t sides)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(dice >> 33) % sides;
}

/* Headers and the starts of pages are hit more often than their size deserves. */
static size_t place_in(const struct bytes *bytes)
{
    size_t place = roll(bytes->size);
    switch (roll(4)) {
    case 0:
        return place % 100;
    case 1:
        return place - place % 4096 + roll(16) < bytes->size ? place - place % 4096 + roll(16) : place;
    default:
        return place;
    }
}

static void mutate(struct bytes *bytes)
{
    static const unsigned char hot[] = {0, 1, 0x7f, 0x80, 0xff};
    size_t size;
    switch (roll(8)) {
    case 0:
        bytes->size = roll(bytes->size);
        break;
    case 1:
        size = place_in(bytes);
        memset(bytes->data + size, (int)roll(256), roll(bytes->size - size));
        break;
    case 2:
        memmove(bytes->data, bytes->data + bytes->size / 2, roll(bytes->size / 2));
        break;
    default:
        for (size_t i = roll(8) + 1; i > 0; i--)
            bytes->data[place_in(bytes)] = roll(2) == 0 ? hot[roll(sizeof hot)] : (unsigned char)roll(256);
    }
}

/* Reads all of it, and writes. Returns the first failure. */
static int use(struct mes_db *db)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_schema_check(db, steps, 1, NULL);
    if (code == 0)
        code = mes_db_check(db, NULL);
    if (code == 0)
        code = mes_db_prepare(db, "SELECT n, pad FROM t WHERE pad > ? ORDER BY pad", &statement, NULL);
    if (code != 0)
        return code;
    mes_db_bind_text(statement, "a");
    code = mes_db_run(&statement, NULL, NULL);
    return code == 0 ? fill(db, 1000, 1010) : code;
}

static void E12_thousands_of_mutations(void **state)
{
    const struct scratch *scratch = *state;
    struct crashed crashed = make_crashed(scratch);
    unsigned found = 0;
    unsigned survived = 0;
    for (int i = 0; i < 3000; i++) {
        struct crashed copy = crashed;
        struct stat status;
        struct mes_db *db = NULL;
        copy.database.data =
            memcpy(malloc(crashed.database.size), crashed.database.data, crashed.database.size);
        copy.log.data = memcpy(malloc(crashed.log.size), crashed.log.data, crashed.log.size);
        mutate(roll(3) == 0 ? &copy.log : &copy.database);
        put_crashed(scratch, &copy);
        int code = scratch_open(scratch->database, &db, NULL);
        if (code == 0)
            code = use(db);
        assert_false(db != NULL && mes_db_is_broken(db)); /* the disk is well: nothing is to be said of it */
        mes_db_close(&db);
        assert_int_equal(stat(scratch->database, &status), 0);
        assert_true(status.st_size > 0 || copy.database.size == 0);
        if (code == 0)
            survived++;
        else if (code == MES_E_CORRUPT || code == MES_E_CONFIG)
            found++;
        else
            assert_int_equal(code, MES_E_USAGE); /* a table or column that lost its name */
        free_crashed(&copy);
    }
    print_message("%u found, %u survived\n", found, survived);
    assert_true(found > 500 && survived > 200);
    free_crashed(&crashed);
}

static void E08_a_full_disk_is_told_and_harms_nothing(void **state)
{
    const struct scratch *scratch = *state;
    struct mes_db *db = NULL;
    struct rlimit before;
    int rows = 0;
    int code = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_migrate(db, steps, 1, NULL), 0);
    struct rlimit small = {200000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (; code == 0 && rows < 1000; rows += code == 0 ? 10 : 0)
        code = fill(db, rows, rows + 10);
    bool is_broken = mes_db_is_broken(db);
    int again = fill(db, rows, rows + 10);
    int64_t seen = scratch_number(db, "SELECT count(*) FROM t", -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, MES_E_FULL);
    assert_int_equal(again, MES_E_FULL);
    assert_false(is_broken);
    assert_in_range(rows, 10, 990);
    assert_int_equal(seen, rows);
    /* Room again: it goes on by itself. */
    assert_int_equal(fill(db, rows, rows + 10), 0);
    assert_int_equal(mes_db_check(db, NULL), 0);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t", -1), rows + 10);
    mes_db_close(&db);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(E12_log_and_index_missing_or_cut),
        IN_SCRATCH(E12_what_is_no_database_is_refused_and_left_alone),
        IN_SCRATCH(E12_damage_inside_is_found),
        IN_SCRATCH(E12_thousands_of_mutations),
        IN_SCRATCH(E08_a_full_disk_is_told_and_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
