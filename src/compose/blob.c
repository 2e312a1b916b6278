#include "compose/blob.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/descriptor.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/file.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/limits.h"

/* A whole number of lines, so that each step but the last is encoded by the fastest path. */
enum { MES_BLOB_STEP = MES_BASE64_LINE_INPUT * 1024, MES_BLOB_PATH = 4096 };

struct mes_compose_blob_writer {
    struct mes_durable *file;
    struct mes_digest_stream *digest;
    struct mes_base64_lines lines;
    struct mes_buf encoded; /* of the step under way */
    uint64_t size, encoded_size;
    char folder[];
};

bool mes_compose_blob_is_hash(struct mes_str text)
{
    if (text.size != MES_BLOB_HASH_SPACE - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!is_digit && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    }
    return true;
}

/* ---- writing ---- */

/* Begins the unnamed file in `folder`/tmp, which is made if need be. */
static int begin_file(struct mes_compose_blob_writer *writer, struct mes_error *error)
{
    struct mes_buf path;
    mes_buf_init(&path, MES_BLOB_PATH);
    mes_buf_add_format(&path, "%s/tmp", writer->folder);
    int code = mes_buf_check(&path, error);
    if (code == 0 && !mes_file_is_folder(mes_buf_text(&path))) {
        code = mes_file_make_folder(writer->folder, 0700, error);
        if (code == 0)
            code = mes_file_make_folder(mes_buf_text(&path), 0700, error);
    }
    if (code == 0)
        code = mes_durable_begin(mes_buf_text(&path), &writer->file, error);
    mes_buf_fini(&path);
    return code;
}

int mes_compose_blob_begin(const char *folder, struct mes_compose_blob_writer **writer_out,
                           struct mes_error *error)
{
    size_t size = strlen(folder);
    struct mes_compose_blob_writer *writer = mes_alloc(sizeof *writer + size + 1);
    *writer_out = NULL;
    if (writer == NULL)
        return mes_fail_nomem(error);
    memcpy(writer->folder, folder, size);
    mes_buf_init(&writer->encoded, SIZE_MAX);
    writer->digest = mes_digest_stream_new();
    int code = writer->digest != NULL ? begin_file(writer, error) : mes_fail_nomem(error);
    if (code != 0)
        mes_compose_blob_abort(&writer);
    *writer_out = writer;
    return code;
}

static int put(struct mes_compose_blob_writer *writer, size_t size, struct mes_error *error)
{
    mes_buf_commit(&writer->encoded, size);
    int code = mes_durable_add(writer->file, mes_buf_str(&writer->encoded), error);
    writer->encoded_size += size;
    mes_buf_clear(&writer->encoded);
    return code;
}

static int add_step(struct mes_compose_blob_writer *writer, const char *data, size_t size,
                    struct mes_error *error)
{
    char *at = mes_buf_reserve(&writer->encoded, mes_base64_lines_room(size));
    if (at == NULL)
        return mes_buf_check(&writer->encoded, error);
    mes_digest_stream_add(writer->digest, data, size);
    writer->size += size;
    return put(writer, mes_base64_lines_add(&writer->lines, data, size, at), error);
}

int mes_compose_blob_add(struct mes_compose_blob_writer *writer, const void *data, size_t size,
                         struct mes_error *error)
{
    const char *bytes = data;
    int code = 0;
    if (size > MES_LIMIT_CONTENT - writer->size)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_content_too_large,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_CONTENT >> 20)));
    for (size_t done = 0; done < size && code == 0;) {
        size_t step = size - done < MES_BLOB_STEP ? size - done : MES_BLOB_STEP;
        code = add_step(writer, bytes + done, step, error);
        done += step;
    }
    return code;
}

static int end(struct mes_compose_blob_writer *writer, struct mes_compose_blob *blob, struct mes_error *error)
{
    unsigned char digest[MES_DIGEST_SIZE];
    char *at = mes_buf_reserve(&writer->encoded, mes_base64_lines_room(0));
    if (at == NULL)
        return mes_buf_check(&writer->encoded, error);
    int code = put(writer, mes_base64_lines_end(&writer->lines, at), error);
    if (code != 0)
        return code;
    if (!mes_digest_stream_end(writer->digest, digest))
        return mes_fail_nomem(error);
    *blob = (struct mes_compose_blob){.size = writer->size, .encoded_size = writer->encoded_size};
    mes_digest_text(digest, blob->hash);
    /* What stands there under this name already is the same, and is replaced: that is as safe as keeping it.
     */
    return mes_durable_end(&writer->file, writer->folder, blob->hash, error);
}

int mes_compose_blob_end(struct mes_compose_blob_writer **writer, struct mes_compose_blob *blob_out,
                         struct mes_error *error)
{
    int code = end(*writer, blob_out, error);
    mes_compose_blob_abort(writer);
    return code;
}

void mes_compose_blob_abort(struct mes_compose_blob_writer **writer)
{
    if (*writer == NULL)
        return;
    mes_durable_abort(&(*writer)->file);
    mes_digest_stream_free(&(*writer)->digest);
    mes_buf_fini(&(*writer)->encoded);
    mes_free(*writer);
    *writer = NULL;
}

int mes_compose_blob_write(const char *folder, const void *data, size_t size,
                           struct mes_compose_blob *blob_out, struct mes_error *error)
{
    struct mes_compose_blob_writer *writer;
    int code = mes_compose_blob_begin(folder, &writer, error);
    if (code == 0)
        code = mes_compose_blob_add(writer, data, size, error);
    if (code == 0)
        return mes_compose_blob_end(&writer, blob_out, error);
    mes_compose_blob_abort(&writer);
    return code;
}

/* ---- removing ---- */

int mes_compose_blob_remove(const char *folder, const char *hash, int64_t before, struct mes_error *error)
{
    struct mes_buf path;
    mes_buf_init(&path, MES_BLOB_PATH);
    mes_buf_add_format(&path, "%s/%s", folder, hash);
    int code = mes_buf_check(&path, error);
    if (code == 0 && mes_file_modified_at(mes_buf_text(&path)) < before)
        code = mes_file_remove(mes_buf_text(&path), error);
    mes_buf_fini(&path);
    return code;
}

struct tidying {
    const char *folder;
    int64_t before;
    bool (*is_needed)(void *context, const char *hash); /* NULL: whatever its name, it is not */
    void *context;
    int code;
    struct mes_error *error;
};

static void tidy_entry(void *context, const char *name)
{
    struct tidying *tidying = context;
    bool is_ours = tidying->is_needed == NULL || mes_compose_blob_is_hash(mes_str_of(name));
    if (tidying->code != 0 || !is_ours)
        return;
    if (tidying->is_needed == NULL || !tidying->is_needed(tidying->context, name))
        tidying->code = mes_compose_blob_remove(tidying->folder, name, tidying->before, tidying->error);
}

static int tidy(struct tidying *tidying)
{
    int code = mes_file_list(tidying->folder, tidy_entry, tidying, tidying->error);
    return code != 0 ? code : tidying->code;
}

int mes_compose_blob_tidy(const char *folder, int64_t before,
                          bool (*is_needed)(void *context, const char *hash), void *context,
                          struct mes_error *error)
{
    struct tidying blobs = {folder, before, is_needed, context, 0, error};
    struct mes_buf path;
    mes_buf_init(&path, MES_BLOB_PATH);
    mes_buf_add_format(&path, "%s/tmp", folder);
    int code = mes_buf_check(&path, error);
    struct tidying unfinished = {mes_buf_text(&path), before, NULL, NULL, 0, error};
    if (code == 0 && mes_file_is_folder(unfinished.folder))
        code = tidy(&unfinished);
    if (code == 0)
        code = tidy(&blobs);
    mes_buf_fini(&path);
    return code;
}
