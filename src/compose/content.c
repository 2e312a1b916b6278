#include "compose/content.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/descriptor.h"
#include "base/file.h"
#include "i18n/say.h"
#include "mime/limits.h"

/* A whole number of lines, so that each step but the last is encoded by the fastest path. */
enum { MES_CONTENT_STEP = MES_BASE64_LINE_INPUT * 1024 };

struct block {
    struct block *next;
    char *bytes;
};

/* A file with a name that is sent from where it stands. */
struct held {
    struct held *next;
    int descriptor;
};

struct mes_content_store {
    atomic_uint shares;
    struct block *blocks;
    struct held *held;
    size_t in_memory; /* bytes of all blocks */
    int descriptor;   /* -1 until something large was added */
    uint64_t in_file; /* bytes used of it */
};

/* One file on its way in: `encoded` holds what has not gone to the unnamed file. */
struct intake {
    struct mes_content_store *store;
    struct mes_base64_lines lines;
    struct mes_buf encoded;
    uint64_t taken; /* raw bytes */
    uint64_t begin; /* in the unnamed file */
    bool is_spilled;
    struct mes_error *error;
};

struct mes_content_store *mes_compose_content_new(void)
{
    struct mes_content_store *store = mes_alloc(sizeof *store);
    if (store == NULL)
        return NULL;
    atomic_init(&store->shares, 1);
    store->descriptor = -1;
    return store;
}

struct mes_content_store *mes_compose_content_share(struct mes_content_store *store)
{
    atomic_fetch_add(&store->shares, 1);
    return store;
}

void mes_compose_content_release(struct mes_content_store **store_at)
{
    struct mes_content_store *store = *store_at;
    *store_at = NULL;
    if (store == NULL || atomic_fetch_sub(&store->shares, 1) > 1)
        return;
    while (store->blocks != NULL) {
        struct block *block = store->blocks;
        store->blocks = block->next;
        mes_free(block->bytes);
        mes_free(block);
    }
    while (store->held != NULL) {
        struct held *held = store->held;
        store->held = held->next;
        mes_descriptor_close(&held->descriptor);
        mes_free(held);
    }
    mes_descriptor_close(&store->descriptor);
    mes_free(store);
}

size_t mes_compose_content_size(const struct mes_content_store *store)
{
    return store != NULL ? sizeof *store + store->in_memory : 0;
}

/* Moves what is encoded to the end of the unnamed file. */
static int spill(struct intake *intake)
{
    struct mes_content_store *store = intake->store;
    int code = 0;
    if (store->descriptor < 0)
        code = mes_file_unnamed(&store->descriptor, intake->error);
    if (code != 0)
        return code;
    if (!intake->is_spilled)
        intake->begin = store->in_file;
    intake->is_spilled = true;
    code = mes_descriptor_write_at(store->descriptor, store->in_file, mes_buf_str(&intake->encoded),
                                   intake->error);
    if (code == 0)
        store->in_file += intake->encoded.size;
    mes_buf_clear(&intake->encoded);
    return code;
}

/* Nothing is kept of a file that could not be taken in whole. */
static int end(struct intake *intake, int code)
{
    if (code != 0 && intake->is_spilled)
        intake->store->in_file = intake->begin;
    mes_buf_fini(&intake->encoded);
    return code;
}

static bool is_large(const struct intake *intake)
{
    return intake->taken > MES_CONTENT_IN_MEMORY ||
           intake->store->in_memory + intake->encoded.size > MES_CONTENT_ALL_IN_MEMORY;
}

static int take(struct intake *intake, const void *data, size_t size)
{
    const struct mes_content_store *store = intake->store;
    intake->taken += size;
    if (intake->taken > MES_LIMIT_CONTENT || store->in_file + store->in_memory > MES_LIMIT_CONTENT)
        return mes_fail(intake->error, MES_E_LIMIT, MES_SAY_content_too_large,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_CONTENT >> 20)));
    char *at = mes_buf_reserve(&intake->encoded, mes_base64_lines_room(size));
    if (at == NULL)
        return mes_buf_check(&intake->encoded, intake->error);
    mes_buf_commit(&intake->encoded, mes_base64_lines_add(&intake->lines, data, size, at));
    return is_large(intake) ? spill(intake) : 0;
}

/* Keeps encoded bytes as a block of their own. */
static int keep_in_memory(struct mes_content_store *store, struct mes_buf *encoded,
                          struct mes_wire_piece *piece_out, struct mes_error *error)
{
    struct block *block = mes_alloc(sizeof *block);
    size_t size;
    char *bytes = block != NULL ? mes_buf_take(encoded, &size) : NULL;
    if (bytes == NULL) {
        mes_free(block);
        return mes_fail_nomem(error);
    }
    *block = (struct block){.next = store->blocks, .bytes = bytes};
    store->blocks = block;
    store->in_memory += size;
    *piece_out = (struct mes_wire_piece){.bytes = bytes, .descriptor = -1, .size = size};
    return 0;
}

static int finish(struct intake *intake, struct mes_wire_piece *piece_out)
{
    struct mes_content_store *store = intake->store;
    char *at = mes_buf_reserve(&intake->encoded, mes_base64_lines_room(0));
    if (at == NULL)
        return mes_buf_check(&intake->encoded, intake->error);
    mes_buf_commit(&intake->encoded, mes_base64_lines_end(&intake->lines, at));
    if (!intake->is_spilled) {
        mes_buf_truncate(&intake->encoded, intake->encoded.size - (intake->encoded.size > 0 ? 2 : 0));
        return keep_in_memory(store, &intake->encoded, piece_out, intake->error);
    }
    int code = spill(intake);
    if (code != 0)
        return code;
    store->in_file -= 2;
    *piece_out = (struct mes_wire_piece){
        .descriptor = store->descriptor, .offset = intake->begin, .size = store->in_file - intake->begin};
    return 0;
}

int mes_compose_content_add_bytes(struct mes_content_store *store, const void *data, size_t size,
                                  struct mes_wire_piece *piece_out, struct mes_error *error)
{
    struct intake intake = {.store = store, .error = error};
    const char *bytes = data;
    int code = 0;
    mes_buf_init(&intake.encoded, SIZE_MAX);
    if (size <= MES_CONTENT_IN_MEMORY &&
        mes_buf_reserve(&intake.encoded, mes_base64_lines_room(size)) == NULL)
        code = mes_buf_check(&intake.encoded, error);
    for (size_t done = 0; done < size && code == 0;) {
        size_t step = size - done < MES_CONTENT_STEP ? size - done : MES_CONTENT_STEP;
        code = take(&intake, bytes + done, step);
        done += step;
    }
    if (code == 0)
        code = finish(&intake, piece_out);
    return end(&intake, code);
}

/* Reads to the end, whatever the file's size was said to be. */
static int take_file(struct intake *intake, const struct mes_input *input)
{
    char *step = mes_realloc(NULL, MES_CONTENT_STEP);
    size_t got = 1;
    int code = step != NULL ? 0 : mes_fail_nomem(intake->error);
    while (code == 0 && got > 0) {
        code = mes_descriptor_read(input, step, MES_CONTENT_STEP, &got, intake->error);
        if (code == 0 && got > 0)
            code = take(intake, step, got);
    }
    mes_free(step);
    return code;
}

int mes_compose_content_add_file(struct mes_content_store *store, const char *path,
                                 struct mes_wire_piece *piece_out, struct mes_error *error)
{
    struct intake intake = {.store = store, .error = error};
    struct mes_input input;
    int code = mes_descriptor_open(path, &input, error);
    if (code != 0)
        return code;
    mes_buf_init(&intake.encoded, SIZE_MAX);
    code = take_file(&intake, &input);
    if (code == 0)
        code = finish(&intake, piece_out);
    mes_descriptor_close(&input.descriptor);
    return end(&intake, code);
}

/* Takes the descriptor over. */
static int hold(struct mes_content_store *store, struct mes_input *input, struct mes_wire_piece *piece_out,
                struct mes_error *error)
{
    struct held *held = mes_alloc(sizeof *held);
    if (held == NULL)
        return mes_fail_nomem(error);
    *held = (struct held){store->held, input->descriptor};
    store->held = held;
    *piece_out = (struct mes_wire_piece){.descriptor = input->descriptor, .size = input->size - 2};
    input->descriptor = -1;
    return 0;
}

static int read_whole(struct mes_content_store *store, const struct mes_input *input,
                      struct mes_wire_piece *piece_out, struct mes_error *error)
{
    struct mes_buf bytes;
    mes_buf_init(&bytes, SIZE_MAX);
    int code = mes_file_read_at(input->descriptor, 0, input->size, &bytes, error);
    mes_buf_truncate(&bytes, bytes.size - (bytes.size > 0 ? 2 : 0));
    if (code == 0)
        code = keep_in_memory(store, &bytes, piece_out, error);
    mes_buf_fini(&bytes);
    return code;
}

int mes_compose_content_add_encoded(struct mes_content_store *store, const char *path, uint64_t size,
                                    struct mes_wire_piece *piece_out, struct mes_error *error)
{
    struct mes_input input;
    int code = mes_descriptor_open_own(path, &input, error);
    if (code != 0)
        return code;
    if (input.size != size)
        code =
            mes_fail(error, MES_E_LIMIT, MES_SAY_compose_blob_size, MES_ARGS(path, MES_NUMBER(input.size)));
    else if (size > mes_base64_lines_size(MES_CONTENT_IN_MEMORY) ||
             store->in_memory + size > MES_CONTENT_ALL_IN_MEMORY)
        code = hold(store, &input, piece_out, error);
    else
        code = read_whole(store, &input, piece_out, error);
    mes_descriptor_close(&input.descriptor);
    return code;
}
