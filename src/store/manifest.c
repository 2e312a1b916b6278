#include "store/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/descriptor.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/file.h"
#include "base/stored.h"
#include "i18n/say.h"

enum { MANIFEST_MOST = 512 * 1024 * 1024, MANIFEST_STEP = 128 * 1024, MANIFEST_PATH = 4096 };

static const char manifest_name[] = "manifest";
static const char manifest_mark[] = "mailenhance backup 1\n";

int mes_store_manifest_init(struct mes_store_manifest *manifest, struct mes_error *error)
{
    *manifest = (struct mes_store_manifest){.at = 0};
    mes_buf_init(&manifest->text, MANIFEST_MOST);
    manifest->digest = mes_digest_stream_new();
    return manifest->digest != NULL ? 0 : mes_fail_nomem(error);
}

void mes_store_manifest_fini(struct mes_store_manifest *manifest)
{
    mes_buf_fini(&manifest->text);
    mes_digest_stream_free(&manifest->digest);
}

static int join(char path[MANIFEST_PATH], const char *folder, const char *name, struct mes_error *error)
{
    if (snprintf(path, MANIFEST_PATH, "%s/%s", folder, name) < MANIFEST_PATH)
        return 0;
    return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(MANIFEST_PATH)));
}

static int fail_damaged(const char *path, struct mes_error *error)
{
    return mes_fail(error, MES_E_CORRUPT, MES_SAY_store_backup_damaged, MES_ARGS(path));
}

/* Reading and copying. */

/* Adds the file's bytes to the digest; with `to` they are written there too. */
static int run_through(struct mes_store_manifest *manifest, const struct mes_input *input,
                       const struct mes_stored *to, uint64_t *size_out, struct mes_error *error)
{
    char *bytes = mes_alloc(MANIFEST_STEP);
    uint64_t size = 0;
    size_t got = 0;
    int code = bytes != NULL ? 0 : mes_fail_nomem(error);
    mes_digest_stream_clear(manifest->digest);
    while (code == 0) {
        code = mes_descriptor_read(input, bytes, MANIFEST_STEP, &got, error);
        if (code != 0 || got == 0)
            break;
        mes_digest_stream_add(manifest->digest, bytes, got);
        if (to != NULL)
            code = mes_stored_write_at(to, size, mes_str_make(bytes, got), error);
        size += got;
    }
    mes_free(bytes);
    *size_out = size;
    return code;
}

static int copy_to(struct mes_store_manifest *manifest, const struct mes_input *input, const char *path,
                   uint64_t *size_out, struct mes_error *error)
{
    struct mes_stored to;
    int code = mes_stored_create(path, &to, error);
    if (code != 0)
        return code;
    code = run_through(manifest, input, &to, size_out, error);
    if (code == 0)
        code = mes_stored_sync(&to, error);
    mes_stored_close(&to);
    return code;
}

/* The digest of `folder`/`name`, copied to `to`/`name` on the way unless `to` is NULL. */
static int sum_file(struct mes_store_manifest *manifest, const char *folder, const char *to,
                    struct mes_store_manifest_file *file, struct mes_error *error)
{
    unsigned char digest[MES_DIGEST_SIZE];
    char from_path[MANIFEST_PATH];
    char to_path[MANIFEST_PATH];
    struct mes_input input;
    int code = join(from_path, folder, file->name, error);
    if (code == 0 && to != NULL)
        code = join(to_path, to, file->name, error);
    if (code == 0)
        code = mes_descriptor_open(from_path, &input, error);
    if (code != 0)
        return code;
    code = to != NULL ? copy_to(manifest, &input, to_path, &file->size, error)
                      : run_through(manifest, &input, NULL, &file->size, error);
    mes_descriptor_close(&input.descriptor);
    if (code == 0 && !mes_digest_stream_end(manifest->digest, digest))
        code = mes_fail_nomem(error);
    if (code == 0)
        mes_digest_text(digest, file->sum);
    return code;
}

/* Writing. */

void mes_store_manifest_begin(struct mes_store_manifest *manifest, int64_t at, int64_t schema)
{
    manifest->at = at;
    manifest->schema = schema;
    mes_buf_clear(&manifest->text);
    mes_buf_add_format(&manifest->text, "%sversion %s\nat %lld\nschema %lld\n", manifest_mark, MES_VERSION,
                       (long long)at, (long long)schema);
}

static int enter(struct mes_store_manifest *manifest, const struct mes_store_manifest_file *file,
                 struct mes_error *error)
{
    mes_buf_add_format(&manifest->text, "file %s %llu %s\n", file->sum, (unsigned long long)file->size,
                       file->name);
    manifest->files++;
    manifest->bytes += file->size;
    return mes_buf_check(&manifest->text, error);
}

int mes_store_manifest_copy(struct mes_store_manifest *manifest, const char *from, const char *to,
                            const char *name, struct mes_error *error)
{
    struct mes_store_manifest_file file = {.name = name};
    int code = sum_file(manifest, from, to, &file, error);
    return code == 0 ? enter(manifest, &file, error) : code;
}

static int sync_file(const char *folder, const char *name, struct mes_error *error)
{
    char path[MANIFEST_PATH];
    struct mes_stored file;
    int code = join(path, folder, name, error);
    if (code == 0)
        code = mes_stored_open(path, &file, error);
    if (code != 0)
        return code;
    code = mes_stored_sync(&file, error);
    mes_stored_close(&file);
    return code;
}

int mes_store_manifest_add(struct mes_store_manifest *manifest, const char *folder, const char *name,
                           struct mes_error *error)
{
    struct mes_store_manifest_file file = {.name = name};
    int code = sync_file(folder, name, error);
    if (code == 0)
        code = sum_file(manifest, folder, NULL, &file, error);
    return code == 0 ? enter(manifest, &file, error) : code;
}

/* Of the text so far. */
static int sum_text(struct mes_store_manifest *manifest, struct mes_str text,
                    char sum[2 * MES_DIGEST_SIZE + 1], struct mes_error *error)
{
    unsigned char digest[MES_DIGEST_SIZE];
    mes_digest_stream_clear(manifest->digest);
    mes_digest_stream_add(manifest->digest, text.data, text.size);
    if (!mes_digest_stream_end(manifest->digest, digest))
        return mes_fail_nomem(error);
    mes_digest_text(digest, sum);
    return 0;
}

int mes_store_manifest_write(struct mes_store_manifest *manifest, const char *folder, struct mes_error *error)
{
    char sum[2 * MES_DIGEST_SIZE + 1];
    struct mes_durable *file = NULL;
    int code = sum_text(manifest, mes_buf_str(&manifest->text), sum, error);
    if (code != 0)
        return code;
    mes_buf_add_format(&manifest->text, "end %llu %s\n", (unsigned long long)manifest->files, sum);
    code = mes_buf_check(&manifest->text, error);
    if (code == 0)
        code = mes_durable_begin(folder, &file, error);
    if (code == 0)
        code = mes_durable_add(file, mes_buf_str(&manifest->text), error);
    if (code == 0)
        return mes_durable_end(&file, folder, manifest_name, error);
    mes_durable_abort(&file);
    return code;
}

/* Reading. */

/* Takes "WORD REST" off a line. */
static bool take_word(struct mes_str *line, const char *word)
{
    struct mes_str first;
    return mes_str_next(line, ' ', &first) && mes_str_eq(first, mes_str_of(word)) && line->data != NULL;
}

static bool take_number(struct mes_str *line, uint64_t *number_out)
{
    struct mes_str digits;
    return mes_str_next(line, ' ', &digits) && mes_str_to_uint(digits, INT64_MAX, number_out);
}

bool mes_store_manifest_is_sum(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (memchr("0123456789abcdef", text.data[i], 16) == NULL)
            return false;
    return text.size == 2 * MES_DIGEST_SIZE;
}

/* No other name ever becomes a part of a path. */
static bool is_name(struct mes_str name)
{
    if (mes_str_starts(name, MES_STR("blobs/")))
        return mes_store_manifest_is_sum(mes_str_skip(name, sizeof "blobs/" - 1));
    return mes_str_eq(name, MES_STR("queue.db")) || mes_str_eq(name, MES_STR("journal")) ||
           mes_str_eq(name, MES_STR("secret"));
}

static bool read_line(struct mes_str line, struct mes_store_manifest_file *file, char name[MANIFEST_PATH])
{
    struct mes_str sum;
    if (!take_word(&line, "file") || !mes_str_next(&line, ' ', &sum) || !mes_store_manifest_is_sum(sum) ||
        !take_number(&line, &file->size) || line.data == NULL || !is_name(line))
        return false;
    (void)snprintf(file->sum, sizeof file->sum, "%.*s", MES_STR_ARGS(sum));
    (void)snprintf(name, MANIFEST_PATH, "%.*s", MES_STR_ARGS(line));
    file->name = name;
    return true;
}

/* Takes the head off the text, and leaves the lines of the files. */
static bool read_head(struct mes_store_manifest *manifest, struct mes_str *text)
{
    struct mes_str line;
    uint64_t at = 0;
    uint64_t schema = 0;
    if (!mes_str_starts(*text, mes_str_of(manifest_mark)))
        return false;
    *text = mes_str_skip(*text, sizeof manifest_mark - 1);
    bool is_good = mes_str_next(text, '\n', &line) && take_word(&line, "version") &&
                   mes_str_next(text, '\n', &line) && take_word(&line, "at") && take_number(&line, &at) &&
                   mes_str_next(text, '\n', &line) && take_word(&line, "schema") &&
                   take_number(&line, &schema);
    manifest->at = (int64_t)at;
    manifest->schema = (int64_t)schema;
    return is_good;
}

/* Finds the last line, whose sum is that of all before it. */
static bool has_right_end(struct mes_store_manifest *manifest, uint64_t *files_out)
{
    struct mes_str text = mes_buf_str(&manifest->text);
    char sum[2 * MES_DIGEST_SIZE + 1];
    size_t at = text.size > 0 ? text.size - 1 : 0;
    while (at > 0 && text.data[at - 1] != '\n')
        at--;
    struct mes_str line = mes_str_trim(mes_str_skip(text, at));
    return sum_text(manifest, mes_str_cut(text, 0, at), sum, NULL) == 0 && take_word(&line, "end") &&
           take_number(&line, files_out) && mes_str_eq(line, mes_str_of(sum));
}

static bool read_files(struct mes_store_manifest *manifest, struct mes_str text, uint64_t files)
{
    char name[MANIFEST_PATH];
    struct mes_str line;
    while (manifest->files < files) {
        struct mes_store_manifest_file file;
        if (!mes_str_next(&text, '\n', &line) || !read_line(line, &file, name))
            return false;
        manifest->files++;
        manifest->bytes += file.size;
    }
    return mes_str_starts(text, MES_STR("end "));
}

int mes_store_manifest_read(struct mes_store_manifest *manifest, const char *folder, struct mes_error *error)
{
    char path[MANIFEST_PATH];
    uint64_t files = 0;
    int code = join(path, folder, manifest_name, error);
    if (code != 0)
        return code;
    if (!mes_file_exists(path))
        return mes_fail(error, MES_E_NOT_FOUND, MES_SAY_store_backup_none, MES_ARGS(folder));
    mes_buf_clear(&manifest->text);
    code = mes_file_read(path, &manifest->text, error);
    struct mes_str text = mes_buf_str(&manifest->text);
    if (code == 0 &&
        !(has_right_end(manifest, &files) && read_head(manifest, &text) && read_files(manifest, text, files)))
        code = fail_damaged(path, error);
    return code;
}

int mes_store_manifest_each(struct mes_store_manifest *manifest,
                            int (*each)(void *context, const struct mes_store_manifest_file *file,
                                        struct mes_error *error),
                            void *context, struct mes_error *error)
{
    struct mes_str text = mes_buf_str(&manifest->text);
    char name[MANIFEST_PATH];
    struct mes_str line;
    int code = 0;
    while (code == 0 && mes_str_next(&text, '\n', &line)) {
        struct mes_store_manifest_file file;
        if (read_line(line, &file, name))
            code = each(context, &file, error);
    }
    return code;
}

int mes_store_manifest_verify(struct mes_store_manifest *manifest, const char *folder,
                              const struct mes_store_manifest_file *file, const char *to,
                              struct mes_error *error)
{
    struct mes_store_manifest_file found = {.name = file->name};
    char path[MANIFEST_PATH];
    int code = sum_file(manifest, folder, to, &found, error);
    if (code != 0 || (found.size == file->size && strcmp(found.sum, file->sum) == 0))
        return code;
    code = join(path, folder, file->name, error);
    return code == 0 ? fail_damaged(path, error) : code;
}
