/* The way back from a backup. */
#include "store/service_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "store/meta.h"
#include "store/schedule.h"

static void E23_a_restored_service_starts_held(void **state)
{
    static const enum mes_store_state before[] = {MES_STORE_SCHEDULED, MES_STORE_QUEUED, MES_STORE_SENDING,
                                                  MES_STORE_PAUSED,    MES_STORE_HELD,   MES_STORE_DONE,
                                                  MES_STORE_CANCELLED};
    static const enum mes_store_state after[] = {MES_STORE_HELD,     MES_STORE_HELD, MES_STORE_HELD,
                                                 MES_STORE_PAUSED,   MES_STORE_HELD, MES_STORE_DONE,
                                                 MES_STORE_CANCELLED};
    struct service *service = *state;
    struct mes_store_backup_result result;
    struct mes_arena arena;
    struct mes_store_schedule schedule;
    int64_t held_at = 0;
    for (int i = 0; i < 7; i++)
        add_job(service, i + 1, before[i]);
    add_schedule(service);
    note_result(service, "before the backup");
    result = back_up(service, 0);
    char name[64];
    (void)snprintf(name, sizeof name, "%s", result.name);
    works(mes_store_journal_clear(service->journal, &service->error));
    add_job(service, 50, MES_STORE_QUEUED);
    note_result(service, "after the backup");
    stop(service);
    works(restore(service, name, true, &result));
    assert_int_equal(result.jobs_held, 3);
    assert_int_equal(result.schedules_paused, 1);
    start(service);
    for (int i = 0; i < 7; i++) {
        struct mes_store_job job = load_job(service, i + 1);
        assert_int_equal(job.state, after[i]);
        assert_int_equal(job.next_at, 0);
        assert_int_equal(job.paused_at > 0, i < 3);
    }
    assert_false(has_job(service, 50));
    works(mes_store_meta_number(mes_store_reads(service->store), "held_after_restore", 0, &held_at,
                                &service->error));
    assert_true(held_at > 0);
    mes_arena_init(&arena, 100000);
    works(mes_store_schedule_load(mes_store_reads(service->store), (struct mes_store_ref){NULL, 900}, &arena,
                                  &schedule, &service->error));
    assert_true(schedule.is_paused && schedule.next_at == 0);
    mes_arena_fini(&arena);
    /* What either journal knew of is not forgotten. */
    assert_string_equal(records_of(service), "before the backup;after the backup;");
}

static void E23_a_restore_respects_what_is_there(void **state)
{
    struct service *service = *state;
    struct mes_store_backup_result result = back_up(service, 0);
    char name[64];
    (void)snprintf(name, sizeof name, "%s", result.name);
    add_job(service, 1, MES_STORE_QUEUED);
    assert_int_equal(restore(service, name, true, &result), MES_E_BUSY); /* a service is at work */
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_string_equal(mes_error_argument(&service->error, 1), pid);
    stop(service);
    assert_int_equal(restore(service, name, false, &result), MES_E_CONFLICT);
    assert_int_equal(restore(service, "no such backup", true, &result), MES_E_NOT_FOUND);
    start(service);
    assert_true(has_job(service, 1));
    stop(service);
    unsigned before = entries_of(service->data);
    works(restore(service, name, true, &result));
    assert_int_equal(entries_of(service->data), before); /* no journal, but what was put aside */
    start(service);
    assert_false(has_job(service, 1));
}

/* Every file of a backup, with one byte changed, one byte more, or gone: nothing is exchanged. */
static void E23_a_damaged_backup_is_refused(void **state)
{
    struct service *service = *state;
    char *names[5] = {"queue.db", "secret", "journal", "manifest", NULL};
    char blob[100];
    struct mes_store_backup_result result;
    add_blob(service);
    note_result(service, "a result");
    result = back_up(service, 0);
    char name[64];
    (void)snprintf(name, sizeof name, "%s", result.name);
    add_job(service, 1, MES_STORE_QUEUED);
    stop(service);
    (void)snprintf(blob, sizeof blob, "blobs/%s", service->hash);
    names[4] = blob;
    for (int i = 0; i < 5; i++) {
        const char *path = path_of(path_of(service->target, name), names[i]);
        struct mes_buf content;
        mes_buf_init(&content, 100 * 1024 * 1024);
        works(mes_file_read(path, &content, &service->error));
        content.data[content.size / 2] ^= 1;
        works(mes_file_replace(path, mes_buf_str(&content), &service->error));
        assert_int_equal(restore(service, name, true, &result), MES_E_CORRUPT);
        content.data[content.size / 2] ^= 1;
        mes_buf_add_char(&content, 'x');
        works(mes_file_replace(path, mes_buf_str(&content), &service->error));
        assert_int_equal(restore(service, name, true, &result), MES_E_CORRUPT);
        assert_int_equal(unlink(path), 0);
        assert_int_not_equal(restore(service, name, true, &result), 0);
        mes_buf_truncate(&content, content.size - 1);
        works(mes_file_replace(path, mes_buf_str(&content), &service->error));
        mes_buf_fini(&content);
    }
    assert_false(mes_file_exists(path_of(service->data, "restoring.new")));
    start(service);
    assert_true(has_job(service, 1));
    assert_string_equal(records_of(service), "a result;");
    stop(service);
    works(restore(service, name, true, &result)); /* it is whole again */
    start(service);
    assert_false(has_job(service, 1));
}

/* Killed in the middle of the exchange: no service starts on the half, and a second run ends it. */
static void E23_a_restore_that_was_killed_is_run_again(void **state)
{
    struct service *service = *state;
    struct mes_store_backup_result result;
    add_job(service, 1, MES_STORE_QUEUED);
    result = back_up(service, 0);
    char name[64];
    (void)snprintf(name, sizeof name, "%s", result.name);
    stop(service);
    assert_int_equal(mkdir(path_of(service->data, "restoring"), 0700), 0);
    assert_int_equal(rename(path_of(service->data, "secret"), path_of(service->data, "restoring/secret")), 0);
    struct mes_store_folder *folder = NULL;
    assert_int_equal(mes_store_folder_open(service->data, &folder, NULL), MES_E_CONFIG);
    assert_null(folder);
    works(restore(service, name, true, &result));
    start(service);
    assert_int_equal(load_job(service, 1).state, MES_STORE_HELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SERVICE(E23_a_restored_service_starts_held),
        IN_SERVICE(E23_a_restore_respects_what_is_there),
        IN_SERVICE(E23_a_damaged_backup_is_refused),
        IN_SERVICE(E23_a_restore_that_was_killed_is_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
