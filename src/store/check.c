/* The look whether all is well. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "i18n/say.h"
#include "store/backup_parts.h"
#include "store/journal.h"
#include "store/schema.h"

enum { CHECK_LINE = MES_BASE64_LINE + 2, CHECK_LINES = 1024 };

struct check {
    struct mes_store_folder *folder;
    const struct mes_store_backup_findings *findings;
    struct mes_store_backup_work work;
    struct mes_digest_stream *digest;
    char *lines; /* CHECK_LINES of them, as they stand in the file */
    struct mes_buf bytes;
    uint64_t blobs, done;
    unsigned count; /* findings */
};

/* What is a finding, and what ends the check: a disk that fails, memory that is used up, a caller who has had
 * enough. */
static int find(struct check *check, int code, const struct mes_error *found, struct mes_error *error)
{
    if (code == 0)
        return 0;
    if (code == MES_E_NOMEM || code == MES_E_CANCELLED || code == MES_E_STORAGE || code == MES_E_BUSY) {
        if (error != NULL)
            *error = *found;
        return code;
    }
    check->count++;
    if (check->findings != NULL && check->findings->on_finding != NULL)
        check->findings->on_finding(check->findings->context, found);
    return 0;
}

/* Blobs. */

/* Whole lines of base64 go into the digest as what they stand for. */
static bool add_lines(struct check *check, size_t size)
{
    mes_buf_clear(&check->bytes);
    for (size_t at = 0; at < size; at += CHECK_LINE) {
        struct mes_str line =
            mes_str_make(check->lines + at, size - at < CHECK_LINE ? size - at : CHECK_LINE);
        if (line.size < 2 || memcmp(line.data + line.size - 2, "\r\n", 2) != 0 ||
            !mes_base64_decode(mes_str_cut(line, 0, line.size - 2), &check->bytes))
            return false;
    }
    mes_digest_stream_add(check->digest, check->bytes.data, check->bytes.size);
    return true;
}

static int read_some(const struct mes_input *input, char *out, size_t most, size_t *got_out,
                     struct mes_error *error)
{
    size_t got = 0;
    *got_out = 0;
    do {
        int code = mes_descriptor_read(input, out + *got_out, most - *got_out, &got, error);
        if (code != 0)
            return code;
        *got_out += got;
    } while (got > 0 && *got_out < most);
    return 0;
}

static int look_at_content(struct check *check, const struct mes_input *input, const char *hash,
                           struct mes_error *error)
{
    unsigned char digest[MES_DIGEST_SIZE];
    char text[2 * MES_DIGEST_SIZE + 1];
    size_t got = 0;
    bool is_good = true;
    mes_digest_stream_clear(check->digest);
    do {
        int code = read_some(input, check->lines, CHECK_LINES * CHECK_LINE, &got, error);
        if (code != 0)
            return code;
        is_good = add_lines(check, got);
    } while (is_good && got == CHECK_LINES * CHECK_LINE);
    if (!mes_digest_stream_end(check->digest, digest))
        return mes_fail_nomem(error);
    mes_digest_text(digest, text);
    if (is_good && strcmp(text, hash) == 0)
        return 0;
    return mes_fail(error, MES_E_CORRUPT, MES_SAY_store_blob_damaged, MES_ARGS(hash));
}

static int look_at_blob(struct check *check, const char *hash, uint64_t file_size, struct mes_error *error)
{
    char path[MES_STORE_BACKUP_PATH];
    struct mes_input input;
    int code = mes_store_backup_join(path, mes_store_folder_blobs(check->folder), hash, error);
    if (code != 0)
        return code;
    if (!mes_file_exists(path))
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_store_blob_missing, MES_ARGS(hash));
    code = mes_descriptor_open(path, &input, error);
    if (code != 0)
        return code;
    if (input.size != file_size)
        code = mes_fail(error, MES_E_CORRUPT, MES_SAY_store_blob_damaged, MES_ARGS(hash));
    else
        code = look_at_content(check, &input, hash, error);
    mes_descriptor_close(&input.descriptor);
    return code;
}

static int check_blob(void *context, const char *hash, uint64_t file_size, struct mes_error *error)
{
    struct check *check = context;
    struct mes_error found = {0};
    int code = find(check, look_at_blob(check, hash, file_size, &found), &found, error);
    if (code != 0)
        return code;
    return mes_store_backup_tell(&check->work, MES_STORE_BACKUP_BLOBS, ++check->done, check->blobs, error);
}

/* The rest. */

static int check_rows(struct check *check, struct mes_db *db, struct mes_error *error)
{
    int64_t count = 0;
    int code = mes_store_backup_tell(&check->work, MES_STORE_BACKUP_DATABASE, 0, 1, error);
    if (code == 0)
        code = mes_db_schema_check(db, mes_store_migrations, MES_STORE_MIGRATIONS, error);
    if (code == 0)
        code = mes_db_check(db, error);
    if (code == 0)
        code = mes_store_backup_tell(&check->work, MES_STORE_BACKUP_DATABASE, 1, 1, error);
    if (code == 0)
        code = mes_store_backup_count(db, "SELECT count(*) FROM blob", &count, error);
    check->blobs = (uint64_t)count;
    return code == 0 ? mes_store_backup_blobs(db, check_blob, check, error) : code;
}

static int check_database(struct check *check, struct mes_error *error)
{
    const char *path = mes_store_folder_database(check->folder);
    struct mes_db *db = NULL;
    struct mes_error found = {0};
    const struct mes_db_options options = {.place = path, .is_read_only = true};
    if (!mes_file_exists(path))
        return 0;
    int code = mes_db_open(&options, &db, &found);
    if (code == 0)
        code = check_rows(check, db, &found);
    mes_db_close(&db);
    return find(check, code, &found, error);
}

static int check_journal(struct check *check, struct mes_error *error)
{
    const char *path = mes_store_folder_journal(check->folder);
    struct mes_error found = {0};
    if (!mes_file_exists(path))
        return 0;
    return find(check, mes_store_journal_peek(path, NULL, NULL, NULL, &found), &found, error);
}

static int check_all(struct check *check, struct mes_error *error)
{
    struct mes_store_folder_hold hold;
    int code = mes_store_folder_hold_blobs(check->folder, true, &hold, error);
    if (code != 0)
        return code;
    code = check_journal(check, error);
    if (code == 0)
        code = check_database(check, error);
    mes_store_folder_release_blobs(&hold);
    if (code == 0 && check->count > 0)
        code = mes_fail(error, MES_E_CORRUPT, MES_SAY_store_check_failed, MES_ARGS(MES_NUMBER(check->count)));
    return code;
}

int mes_store_backup_check(struct mes_store_folder *folder, const struct mes_store_backup_findings *findings,
                           const struct mes_store_backup_progress *progress, struct mes_error *error)
{
    struct check check = {.folder = folder, .findings = findings, .work = {.progress = progress}};
    check.lines = mes_alloc(CHECK_LINES * CHECK_LINE);
    check.digest = mes_digest_stream_new();
    mes_buf_init(&check.bytes, CHECK_LINES * CHECK_LINE);
    int code = check.lines != NULL && check.digest != NULL ? check_all(&check, error) : mes_fail_nomem(error);
    mes_buf_fini(&check.bytes);
    mes_digest_stream_free(&check.digest);
    mes_free(check.lines);
    return code;
}
