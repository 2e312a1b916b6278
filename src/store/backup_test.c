/* Backups, and the look whether all is well. */
#include "store/service_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/folder.h"

/* Backups. */

/* The service goes on meanwhile: a commit between any two steps. */
static bool add_meanwhile(void *context, enum mes_store_backup_step step, uint64_t done, uint64_t total)
{
    struct service *service = context;
    if (step == MES_STORE_BACKUP_DATABASE && done < total)
        add_job(service, 100000 + (int64_t)done, MES_STORE_QUEUED);
    if (step == MES_STORE_BACKUP_DATABASE && done == total)
        add_job(service, 200000, MES_STORE_QUEUED);
    return true;
}

static void a_backup_is_one_moment_of_a_service_at_work(void **state)
{
    struct service *service = *state;
    struct mes_store_backup_result result;
    const struct mes_store_backup_progress progress = {add_meanwhile, service};
    const struct mes_store_backup_options options = {.target = service->target, .progress = &progress};
    struct stat status;
    for (int i = 1; i <= 50; i++)
        add_job(service, i, MES_STORE_DONE);
    add_blob(service);
    works(mes_store_backup_make(service->folder, &options, &result, &service->error));
    assert_true(has_job(service, 200000));
    assert_int_equal(result.files, 3); /* secret, the attachment, the database */
    assert_true(result.bytes > BLOB_SIZE);
    assert_int_equal(entries_of(service->target), 1);
    assert_int_equal(stat(path_of(service->target, result.name), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    stop(service);
    works(restore(service, result.name, true, &result));
    start(service);
    assert_true(has_job(service, 50));
    assert_false(has_job(service, 200000));
    works(mes_store_backup_check(service->folder, NULL, NULL, &service->error));
}

static bool refuse(void *context, enum mes_store_backup_step step, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return step != *(enum mes_store_backup_step *)context;
}

static void a_backup_that_is_stopped_leaves_nothing(void **state)
{
    struct service *service = *state;
    add_blob(service);
    for (int i = MES_STORE_BACKUP_DATABASE; i <= MES_STORE_BACKUP_BLOBS; i++) {
        enum mes_store_backup_step step = (enum mes_store_backup_step)i;
        const struct mes_store_backup_progress progress = {refuse, &step};
        const struct mes_store_backup_options options = {.target = service->target, .progress = &progress};
        struct mes_store_backup_result result;
        assert_int_equal(mes_store_backup_make(service->folder, &options, &result, NULL), MES_E_CANCELLED);
        assert_int_equal(entries_of(service->target), 0);
    }
}

static void the_newest_are_kept_and_what_was_killed_is_swept(void **state)
{
    struct service *service = *state;
    char killed[80];
    int64_t at = 0;
    int64_t first = 0;
    assert_int_equal(mes_store_backup_newest(service->target, &at, NULL), MES_E_NOT_FOUND);
    struct mes_store_backup_result result = back_up(service, 2);
    works(mes_store_backup_newest(service->target, &first, &service->error));
    (void)snprintf(killed, sizeof killed, "%s.unfinished", result.name);
    assert_int_equal(mkdir(path_of(service->target, killed), 0700), 0);
    assert_int_equal(mkdir(path_of(service->target, "somebody else's"), 0700), 0);
    for (int i = 0; i < 3; i++)
        result = back_up(service, 2);
    assert_int_equal(entries_of(service->target), 3); /* two, and what is not ours */
    works(mes_store_backup_newest(service->target, &at, &service->error));
    assert_true(at > first);
    assert_true(mes_file_exists(path_of(service->target, result.name)));
    assert_true(mes_file_exists(path_of(service->target, "somebody else's")));
    (void)back_up(service, 0);
    assert_int_equal(entries_of(service->target), 4);
}

static void a_backup_waits_for_nobody_and_nobody_for_it(void **state)
{
    struct service *service = *state;
    struct mes_store_folder_hold hold;
    works(mes_store_begin(service->store, &service->error));
    (void)back_up(service, 0); /* while a write is under way */
    works(mes_store_commit(service->store, &service->error));
    works(mes_store_folder_hold_blobs(service->folder, false, &hold, &service->error));
    mes_store_folder_release_blobs(&hold);
}

static void one_missing_attachment_stops_no_backup(void **state)
{
    struct service *service = *state;
    const struct mes_store_backup_options options = {.target = service->target};
    struct mes_store_backup_result result;
    add_job(service, 1, MES_STORE_QUEUED);
    add_blob(service);
    assert_int_equal(unlink(path_of(mes_store_folder_blobs(service->folder), service->hash)), 0);
    assert_int_equal(mes_store_backup_make(service->folder, &options, &result, NULL), MES_E_CORRUPT);
    assert_int_equal(result.blobs_missing, 1);
    stop(service);
    works(restore(service, result.name, true, &result));
    start(service);
    assert_true(has_job(service, 1));
}

/* The look whether all is well. */

static unsigned findings;

static void count_finding(void *context, const struct mes_error *finding)
{
    (void)context;
    assert_true(finding->code < 0 && finding->sentence > 0);
    findings++;
}

static int check(struct service *service)
{
    const struct mes_store_backup_findings each = {count_finding, NULL};
    findings = 0;
    return mes_store_backup_check(service->folder, &each, NULL, NULL);
}

static void flip(const char *path, long offset)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int c = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    char changed = (char)(c == 'A' ? 'B' : 'A');
    assert_int_equal(fwrite(&changed, 1, 1, file), 1);
    (void)fclose(file);
}

static void E12_a_check_finds_what_is_damaged(void **state)
{
    struct service *service = *state;
    add_blob(service);
    const char *blob = path_of(mes_store_folder_blobs(service->folder), service->hash);
    char kept[512];
    (void)snprintf(kept, sizeof kept, "%s", blob);
    assert_int_equal(check(service), 0);
    flip(kept, 100001);
    assert_int_equal(check(service), MES_E_CORRUPT);
    assert_int_equal(findings, 1);
    assert_int_equal(truncate(kept, 500), 0);
    assert_int_equal(check(service), MES_E_CORRUPT);
    assert_int_equal(unlink(kept), 0);
    assert_int_equal(check(service), MES_E_CORRUPT);
    assert_int_equal(findings, 1);
    flip(mes_store_folder_journal(service->folder), 3);
    flip(mes_store_folder_journal(service->folder), 4096 + 3);
    assert_int_equal(check(service), MES_E_CORRUPT);
    assert_int_equal(findings, 2);
    char database[512];
    (void)snprintf(database, sizeof database, "%s", mes_store_folder_database(service->folder));
    mes_store_close(&service->store);
    for (long offset = 4096; offset < 4096 + 16; offset++)
        flip(database, offset); /* the head of a page */
    assert_int_equal(check(service), MES_E_CORRUPT);
    assert_int_equal(findings, 2); /* the journal and the database, which names no blobs any more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SERVICE(a_backup_is_one_moment_of_a_service_at_work),
        IN_SERVICE(a_backup_that_is_stopped_leaves_nothing),
        IN_SERVICE(the_newest_are_kept_and_what_was_killed_is_swept),
        IN_SERVICE(a_backup_waits_for_nobody_and_nobody_for_it),
        IN_SERVICE(one_missing_attachment_stops_no_backup),
        IN_SERVICE(E12_a_check_finds_what_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
