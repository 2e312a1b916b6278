/* Backups, the way back, and the look whether all is well, on a data folder in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "db/db.h"
#include "store/backup.h"
#include "store/blob.h"
#include "store/job.h"
#include "store/journal.h"
#include "store/manifest.h"
#include "store/meta.h"
#include "store/schedule.h"

enum { BLOB_SIZE = 200000 };

struct service {
    char root[64];
    char data[80];
    char target[80];
    struct mes_store_folder *folder;
    struct mes_store *store;
    struct mes_store_journal *journal;
    char hash[2 * MES_DIGEST_SIZE + 1]; /* of its one attachment */
    struct mes_error error;
};

/* Whatever fails says why. */
static void works_at(int code, const struct service *service, int line)
{
    if (code != 0)
        fail_msg("line %d: code %d: %s", line, code, service->error.arguments);
}
#define works(code) works_at((code), service, __LINE__)

static const char *path_of(const char *folder, const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* The service. */

static void start(struct service *service)
{
    works(mes_store_folder_open(service->data, &service->folder, &service->error));
    works(mes_store_folder_lock(service->folder, &service->error));
    works(mes_store_open(mes_store_folder_database(service->folder), NULL, &service->store, &service->error));
    works(mes_store_journal_open(mes_store_folder_journal(service->folder), &service->journal,
                                 &service->error));
}

static void stop(struct service *service)
{
    mes_store_journal_close(&service->journal);
    mes_store_close(&service->store);
    mes_store_folder_close(&service->folder);
}

static int begin(void **state)
{
    struct service *service = calloc(1, sizeof *service);
    (void)snprintf(service->root, sizeof service->root, "%s/mes-backup-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(service->root) == NULL)
        return -1;
    (void)snprintf(service->data, sizeof service->data, "%s/data", service->root);
    (void)snprintf(service->target, sizeof service->target, "%s/backups", service->root);
    start(service);
    *state = service;
    return 0;
}

static int end(void **state)
{
    struct service *service = *state;
    stop(service);
    int code = mes_file_remove_tree(service->root, NULL);
    free(service);
    return code;
}

static void add_job(struct service *service, int64_t id, enum mes_store_state state)
{
    const struct mes_store_job job = {.id = id,
                                      .company = "",
                                      .state = state,
                                      .created_at = 1,
                                      .send_at = 1,
                                      .mails = 1,
                                      .next_at = state == MES_STORE_QUEUED ? 5 : 0,
                                      .counts = {1}};
    works(mes_store_begin(service->store, &service->error));
    works(mes_store_job_add(service->store, &job, &service->error));
    works(mes_store_commit(service->store, &service->error));
}

/* An attachment as the service keeps it: base64 lines under the hash of what they stand for. */
static void add_blob(struct service *service)
{
    static char raw[BLOB_SIZE];
    char *lines = malloc(mes_base64_lines_size(BLOB_SIZE) + 100);
    struct mes_base64_lines encoder = {0};
    unsigned char digest[MES_DIGEST_SIZE];
    struct mes_digest_stream *stream = mes_digest_stream_new();
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)(i * i % 251);
    mes_digest_stream_add(stream, raw, sizeof raw);
    assert_true(mes_digest_stream_end(stream, digest));
    mes_digest_stream_free(&stream);
    mes_digest_text(digest, service->hash);
    size_t size = mes_base64_lines_add(&encoder, raw, sizeof raw, lines);
    size += mes_base64_lines_end(&encoder, lines + size);
    FILE *file = fopen(path_of(mes_store_folder_blobs(service->folder), service->hash), "wb");
    assert_int_equal(fwrite(lines, 1, size, file), size);
    (void)fclose(file);
    free(lines);
    const struct mes_store_blob blob = {
        .hash = service->hash, .size = BLOB_SIZE, .encoded_size = (int64_t)size, .at = 1};
    works(mes_store_begin(service->store, &service->error));
    works(mes_store_blob_put(service->store, &blob, &service->error));
    works(mes_store_commit(service->store, &service->error));
}

static void add_schedule(struct service *service)
{
    const struct mes_store_schedule schedule = {.id = 900,
                                                .company = "",
                                                .name = "daily",
                                                .expression = "0 9 * * *",
                                                .zone = "UTC",
                                                .document = "{}",
                                                .created_at = 1,
                                                .next_at = 7};
    works(mes_store_begin(service->store, &service->error));
    works(mes_store_schedule_add(service->store, &schedule, &service->error));
    works(mes_store_commit(service->store, &service->error));
}

static void note_result(struct service *service, const char *record)
{
    works(mes_store_journal_append(service->journal, mes_str_of(record), &service->error));
    works(mes_store_journal_sync(service->journal, &service->error));
}

static struct mes_store_backup_result back_up(struct service *service, unsigned keep)
{
    const struct mes_store_backup_options options = {.target = service->target, .keep = keep};
    struct mes_store_backup_result result;
    works(mes_store_backup_make(service->folder, &options, &result, &service->error));
    return result;
}

static int restore(struct service *service, const char *name, bool may_put_aside,
                   struct mes_store_backup_result *result)
{
    const struct mes_store_restore_options options = {
        .backup = path_of(service->target, name), .path = service->data, .may_put_aside = may_put_aside};
    return mes_store_backup_restore(&options, result, &service->error);
}

static struct mes_store_job load_job(struct service *service, int64_t id)
{
    static struct mes_arena arena;
    struct mes_store_job job;
    mes_arena_init(&arena, 100000);
    works(mes_store_job_load(mes_store_reads(service->store), (struct mes_store_ref){NULL, id}, &arena, &job,
                             &service->error));
    mes_arena_fini(&arena);
    return job;
}

static bool has_job(struct service *service, int64_t id)
{
    struct mes_arena arena;
    struct mes_store_job job;
    mes_arena_init(&arena, 100000);
    int code = mes_store_job_load(mes_store_reads(service->store), (struct mes_store_ref){NULL, id}, &arena,
                                  &job, NULL);
    mes_arena_fini(&arena);
    return code == 0;
}

static char records[1000];

static int note_record(void *context, struct mes_str record, struct mes_error *error)
{
    (void)context;
    (void)error;
    size_t used = strlen(records);
    (void)snprintf(records + used, sizeof records - used, "%.*s;", MES_STR_ARGS(record));
    return 0;
}

static const char *records_of(struct service *service)
{
    records[0] = '\0';
    works(mes_store_journal_replay(service->journal, note_record, NULL, &service->error));
    return records;
}

static unsigned entries;

static void count_entry(void *context, const char *name)
{
    (void)context;
    (void)name;
    entries++;
}

static unsigned entries_of(const char *folder)
{
    entries = 0;
    assert_int_equal(mes_file_list(folder, count_entry, NULL, NULL), 0);
    return entries;
}

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

/* The way back. */

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
#define IN_SERVICE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_SERVICE(a_backup_is_one_moment_of_a_service_at_work),
        IN_SERVICE(a_backup_that_is_stopped_leaves_nothing),
        IN_SERVICE(the_newest_are_kept_and_what_was_killed_is_swept),
        IN_SERVICE(a_backup_waits_for_nobody_and_nobody_for_it),
        IN_SERVICE(E23_a_restored_service_starts_held),
        IN_SERVICE(E23_a_restore_respects_what_is_there),
        IN_SERVICE(E23_a_damaged_backup_is_refused),
        IN_SERVICE(E23_a_restore_that_was_killed_is_run_again),
        IN_SERVICE(E12_a_check_finds_what_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
