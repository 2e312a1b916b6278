#include "store/service_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "store/blob.h"
#include "store/schedule.h"

void works_at(int code, const struct service *service, int line)
{
    if (code != 0)
        fail_msg("line %d: code %d: %s", line, code, service->error.arguments);
}

const char *path_of(const char *folder, const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* The service. */

void start(struct service *service)
{
    works(mes_store_folder_open(service->data, &service->folder, &service->error));
    works(mes_store_folder_lock(service->folder, &service->error));
    works(mes_store_open(mes_store_folder_database(service->folder), NULL, &service->store, &service->error));
    works(mes_store_journal_open(mes_store_folder_journal(service->folder), &service->journal,
                                 &service->error));
}

void stop(struct service *service)
{
    mes_store_journal_close(&service->journal);
    mes_store_close(&service->store);
    mes_store_folder_close(&service->folder);
}

int begin(void **state)
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

int end(void **state)
{
    struct service *service = *state;
    stop(service);
    int code = mes_file_remove_tree(service->root, NULL);
    free(service);
    return code;
}

void add_job(struct service *service, int64_t id, enum mes_store_state state)
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
void add_blob(struct service *service)
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

void add_schedule(struct service *service)
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

void note_result(struct service *service, const char *record)
{
    works(mes_store_journal_append(service->journal, mes_str_of(record), &service->error));
    works(mes_store_journal_sync(service->journal, &service->error));
}

struct mes_store_backup_result back_up(struct service *service, unsigned keep)
{
    const struct mes_store_backup_options options = {.target = service->target, .keep = keep};
    struct mes_store_backup_result result;
    works(mes_store_backup_make(service->folder, &options, &result, &service->error));
    return result;
}

int restore(struct service *service, const char *name, bool may_put_aside,
            struct mes_store_backup_result *result)
{
    const struct mes_store_restore_options options = {
        .backup = path_of(service->target, name), .path = service->data, .may_put_aside = may_put_aside};
    return mes_store_backup_restore(&options, result, &service->error);
}

struct mes_store_job load_job(struct service *service, int64_t id)
{
    static struct mes_arena arena;
    struct mes_store_job job;
    mes_arena_init(&arena, 100000);
    works(mes_store_job_load(mes_store_reads(service->store), (struct mes_store_ref){NULL, id}, &arena, &job,
                             &service->error));
    mes_arena_fini(&arena);
    return job;
}

bool has_job(struct service *service, int64_t id)
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

const char *records_of(struct service *service)
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

unsigned entries_of(const char *folder)
{
    entries = 0;
    assert_int_equal(mes_file_list(folder, count_entry, NULL, NULL), 0);
    return entries;
}
