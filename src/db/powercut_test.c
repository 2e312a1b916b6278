/* What a power cut or a failing flush may leave behind: every commit that was confirmed, and a database that
 * opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "db/disk_test.h"
#include "db/scratch_test.h"

enum { ROWS = 24, EXHAUSTIVE = 9, SAMPLES = 60 };

#define PAD "CAST(printf('%.*c', 500 + n * 397 % 3000, char(97 + n % 26)) AS BLOB)"

static struct scratch *scratch;
static int confirmed; /* commits: the first makes the tables, number n + 1 adds row n */
static unsigned images;
static uint64_t dice;

static uint32_t roll(void)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(dice >> 33);
}

/* The work: each commit adds a row, changes an older one, and keeps a sum. */

static int make_tables(struct mes_db *db)
{
    int code = mes_db_begin(db, NULL);
    if (code == 0)
        code =
            mes_db_exec(db,
                        "CREATE TABLE t (n INTEGER PRIMARY KEY, pad BLOB); CREATE TABLE total (sum INTEGER);"
                        "INSERT INTO total VALUES (0)",
                        NULL);
    return code == 0 ? mes_db_commit(db, NULL) : code;
}

static int add_row(struct mes_db *db, int n)
{
    char sql[300];
    int code = mes_db_begin(db, NULL);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO t (n) VALUES (%d); UPDATE t SET pad = %s WHERE n IN (%d, %d);"
                   "UPDATE total SET sum = sum + %d",
                   n, PAD, n, n / 2, n);
    if (code == 0)
        code = mes_db_exec(db, sql, NULL);
    if (code == 0)
        return mes_db_commit(db, NULL);
    mes_db_rollback(db);
    return code;
}

/* The commit whose state the database shows; fails when it shows none. */
static int state_of(struct mes_db *db)
{
    int64_t rows = scratch_number(db, "SELECT count(*) FROM t", -1);
    if (rows < 0) {
        assert_int_equal(scratch_number(db, "SELECT count(*) FROM sqlite_master", -1), 0);
        return 0;
    }
    assert_int_equal(scratch_number(db, "SELECT coalesce(max(n), 0) FROM t", -1), rows);
    assert_int_equal(scratch_number(db, "SELECT sum FROM total", -1), rows * (rows + 1) / 2);
    assert_int_equal(scratch_number(db, "SELECT count(*) FROM t WHERE pad <> " PAD, -1), 0);
    return (int)rows + 1;
}

/* Commits until all rows are there or something fails. Checkpoints and fresh starts come in between. */
static int work(void)
{
    struct mes_db *db = NULL;
    int code = scratch_open(scratch->database, &db, NULL);
    int state = code == 0 ? state_of(db) : 0;
    if (code == 0)
        confirmed = state; /* what a process finds when it starts, it tells others */
    for (; code == 0 && state <= ROWS; state++) {
        code = state == 0 ? make_tables(db) : add_row(db, state);
        if (code == 0)
            confirmed = state + 1;
        if (code == 0 && state % 5 == 4)
            code = mes_db_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", NULL);
        if (code == 0 && state % 9 == 8) {
            mes_db_close(&db);
            code = scratch_open(scratch->database, &db, NULL);
        }
    }
    if (code == MES_E_STORAGE && db != NULL) {
        assert_true(mes_db_is_broken(db));
        assert_int_equal(mes_db_begin(db, NULL), MES_E_STORAGE);
        assert_int_equal(scratch_number(db, "SELECT 1", -1), -1);
    }
    mes_db_close(&db);
    return code;
}

/* Power cuts. */

/* Opens what was left; `now` and `under` are this disk alone until the next one. */
static void inspect(const struct disk *image)
{
    struct mes_db *db = NULL;
    disk_load(image);
    assert_int_equal(scratch_open(scratch->database, &db, NULL), 0);
    assert_int_equal(mes_db_check(db, NULL), 0);
    int state = state_of(db);
    assert_in_range(state, confirmed, confirmed + 1);
    if (images++ % 16 == 0)
        assert_int_equal(state == 0 ? make_tables(db) : add_row(db, state), 0);
    mes_db_close(&db);
}

struct pending {
    struct disk under;
    struct disk_change *changes;
    size_t count;
};

static void inspect_subset(const struct pending *pending, uint64_t which)
{
    struct disk image = {0};
    disk_copy(&image, &pending->under);
    for (size_t i = 0; i < pending->count; i++)
        if ((which >> i & 1) != 0)
            disk_apply(&image, &pending->changes[i], SIZE_MAX);
    inspect(&image);
    disk_clear(&image);
}

/* Some changes, in any order, and some of them half. */
static void inspect_sample(const struct pending *pending)
{
    struct disk image = {0};
    size_t order[512];
    assert_true(pending->count <= sizeof order / sizeof order[0]);
    disk_copy(&image, &pending->under);
    uint32_t keep = roll() % 5; /* none … all, in quarters */
    bool is_shuffled = roll() % 2 == 0;
    for (size_t i = 0; i < pending->count; i++)
        order[i] = i;
    for (size_t i = pending->count; is_shuffled && i > 1; i--) {
        size_t other = roll() % i;
        size_t swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
    for (size_t i = 0; i < pending->count; i++)
        if (roll() % 4 < keep)
            disk_apply(&image, &pending->changes[order[i]], roll() % 8 == 0 ? 512 * (roll() % 8) : SIZE_MAX);
    inspect(&image);
    disk_clear(&image);
}

static void inspect_all(const struct pending *pending)
{
    if (pending->count <= EXHAUSTIVE)
        for (uint64_t which = 0; which < UINT64_C(1) << pending->count; which++)
            inspect_subset(pending, which);
    for (int i = 0; i < SAMPLES; i++)
        inspect_sample(pending);
}

/* The work runs on, so what it has is put aside during the inspection. */
static struct pending *cuts;
static size_t cut_count;
static int cut_confirmed[1024];

static void keep_cut(void)
{
    struct pending *cut;
    cuts = realloc(cuts, (cut_count + 1) * sizeof *cuts);
    assert_true(cut_count < sizeof cut_confirmed / sizeof cut_confirmed[0]);
    cut_confirmed[cut_count] = confirmed;
    cut = &cuts[cut_count++];
    *cut = (struct pending){.count = disk_test.count};
    disk_copy(&cut->under, &disk_test.under);
    cut->changes = calloc(disk_test.count + 1, sizeof *cut->changes);
    for (size_t i = 0; i < disk_test.count; i++) {
        struct disk_change *change = &cut->changes[i];
        *change = disk_test.changes[i];
        if (change->data != NULL)
            change->data = memcpy(malloc(change->size), change->data, change->size);
    }
}

static void free_cut(struct pending *cut)
{
    for (size_t i = 0; i < cut->count; i++)
        free(cut->changes[i].data);
    free(cut->changes);
    disk_clear(&cut->under);
}

static int begin(void **state)
{
    int code = scratch_begin(state);
    scratch = *state;
    disk_begin();
    confirmed = 0;
    return code;
}

static int end(void **state)
{
    disk_end();
    return scratch_end(state);
}

static void E06_a_power_cut_loses_nothing_that_was_confirmed(void **state)
{
    (void)state;
    dice = 1;
    disk_test.on_sync = keep_cut;
    assert_int_equal(work(), 0);
    assert_int_equal(confirmed, ROWS + 1);
    keep_cut();
    disk_test.on_sync = NULL;
    assert_true(cut_count > 2 * ROWS);
    for (size_t i = 0; i < cut_count; i++) {
        confirmed = cut_confirmed[i];
        inspect_all(&cuts[i]);
        free_cut(&cuts[i]);
    }
    free(cuts);
    print_message("%zu cuts, %u disks\n", cut_count, images);
    assert_true(images > 4000);
}

/* There a commit could come undone: see switch_to_log. */
static void E06_a_disk_on_which_no_log_can_be_kept_is_refused(void **state)
{
    struct mes_db *db = NULL;
    (void)state;
    disk_test.is_remote = true;
    assert_int_equal(scratch_open(scratch->database, &db, NULL), MES_E_FILE);
    assert_null(db);
}

/* A failed flush. */

/* Its changes never reach the disk, though programs go on seeing them; and later flushes succeed as if
 * nothing had been. */
static void E07_after_a_failed_flush_nothing_is_confirmed(void **state)
{
    (void)state;
    bool has_failed = true;
    for (unsigned failing = 1; has_failed; failing++) {
        disk_end();
        disk_begin();
        confirmed = 0;
        disk_test.failing = failing;
        int code = work();
        has_failed = disk_test.syncs >= failing;
        /* A flush that fails in the close alone is after all commits, and nobody's to hear. */
        if (code != 0)
            assert_int_equal(code, MES_E_STORAGE);
        /* The process is started anew and reads what the system still remembers. */
        disk_test.failing = 0;
        assert_int_equal(work(), 0);
        assert_int_equal(confirmed, ROWS + 1);
        struct disk under = {0};
        disk_copy(&under, &disk_test.under);
        inspect(&under);
        disk_clear(&under);
        assert_true(failing < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(E06_a_power_cut_loses_nothing_that_was_confirmed, begin, end),
        cmocka_unit_test_setup_teardown(E06_a_disk_on_which_no_log_can_be_kept_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(E07_after_a_failed_flush_nothing_is_confirmed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
