#include "net/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "net/loop_parts.h"

enum { MES_READER_BLOCKS = 2 };

struct mes_reader {
    uv_fs_t request; /* first: its callback finds the reader by it */
    uv_loop_t *uv;
    int descriptor;
    uint64_t offset, left; /* of what has not been read yet */
    void (*on_ready)(void *context);
    void *context;
    unsigned first;  /* the block that is given next, or was given last */
    unsigned full;   /* blocks that hold a piece, the given one too */
    bool is_given;   /* the caller holds `first` */
    bool is_reading; /* into the block behind the full ones */
    bool is_awaited; /* LATER was answered */
    bool is_freed;   /* goes as soon as the read comes back */
    int failure;     /* an errno value; -1: the file became shorter */
    size_t sizes[MES_READER_BLOCKS];
    char *name;
    char blocks[MES_READER_BLOCKS][MES_READER_BLOCK];
};

static void destroy(struct mes_reader *reader)
{
    if (reader->descriptor >= 0)
        (void)close(reader->descriptor);
    mes_free(reader->name);
    mes_free(reader);
}

static void have_read(uv_fs_t *request);

/* Begins to read into the next free block, if there is one and something is left. */
static void read_ahead(struct mes_reader *reader)
{
    if (reader->is_reading || reader->failure != 0 || reader->left == 0 || reader->full == MES_READER_BLOCKS)
        return;
    unsigned block = (reader->first + reader->full) % MES_READER_BLOCKS;
    size_t size = reader->left < MES_READER_BLOCK ? (size_t)reader->left : MES_READER_BLOCK;
    uv_buf_t buffer = uv_buf_init(reader->blocks[block], (unsigned)size);
    int status = uv_fs_read(reader->uv, &reader->request, reader->descriptor, &buffer, 1,
                            (int64_t)reader->offset, have_read);
    if (status != 0)
        reader->failure = -status;
    else
        reader->is_reading = true;
}

static void take_block(struct mes_reader *reader, ssize_t result)
{
    unsigned block = (reader->first + reader->full) % MES_READER_BLOCKS;
    if (result < 0) {
        reader->failure = (int)-result;
        return;
    }
    if (result == 0) {
        reader->failure = -1;
        return;
    }
    reader->sizes[block] = (size_t)result;
    reader->full++;
    reader->offset += (uint64_t)result;
    reader->left -= (uint64_t)result;
}

static void have_read(uv_fs_t *request)
{
    struct mes_reader *reader = (struct mes_reader *)request;
    ssize_t result = request->result;
    uv_fs_req_cleanup(request);
    reader->is_reading = false;
    if (reader->is_freed) {
        destroy(reader);
        return;
    }
    take_block(reader, result);
    read_ahead(reader);
    if (reader->is_awaited) {
        reader->is_awaited = false;
        reader->on_ready(reader->context);
    }
}

int mes_reader_new(struct mes_loop *loop, const struct mes_reader_options *options,
                   struct mes_reader **reader_out, struct mes_error *error)
{
    *reader_out = NULL;
    struct mes_reader *reader = mes_alloc(sizeof *reader);
    if (reader == NULL)
        return mes_fail_nomem(error);
    reader->uv = mes_loop_uv(loop);
    reader->offset = options->offset;
    reader->left = options->size;
    reader->on_ready = options->on_ready;
    reader->context = options->context;
    reader->name = mes_copy(options->name, strlen(options->name));
    /* A read under way outlives mes_reader_free, and with it must the descriptor. */
    reader->descriptor = fcntl(options->descriptor, F_DUPFD_CLOEXEC, 0);
    if (reader->name == NULL || reader->descriptor < 0) {
        int code = reader->name == NULL ? mes_fail_nomem(error) : mes_fail_file(error, options->name, errno);
        destroy(reader);
        return code;
    }
    read_ahead(reader);
    *reader_out = reader;
    return 0;
}

void mes_reader_free(struct mes_reader **reader_place)
{
    struct mes_reader *reader = *reader_place;
    if (reader == NULL)
        return;
    *reader_place = NULL;
    reader->is_freed = true;
    if (reader->is_reading)
        (void)uv_cancel((uv_req_t *)&reader->request); /* or the read comes back by itself */
    else
        destroy(reader);
}

static enum mes_reader_state fail(const struct mes_reader *reader, struct mes_error *error)
{
    if (reader->failure > 0)
        (void)mes_fail_file(error, reader->name, reader->failure);
    else
        (void)mes_fail(error, MES_E_FILE, MES_SAY_net_file_shorter,
                       MES_ARGS(reader->name, MES_NUMBER(reader->left)));
    return MES_READER_FAILED;
}

enum mes_reader_state mes_reader_next(struct mes_reader *reader, struct mes_str *piece_out,
                                      struct mes_error *error)
{
    *piece_out = MES_STR("");
    if (reader->is_given) {
        reader->is_given = false;
        reader->first = (reader->first + 1) % MES_READER_BLOCKS;
        reader->full--;
    }
    read_ahead(reader);
    if (reader->full > 0) {
        reader->is_given = true;
        *piece_out = mes_str_make(reader->blocks[reader->first], reader->sizes[reader->first]);
        return MES_READER_PIECE;
    }
    if (reader->failure != 0)
        return fail(reader, error);
    if (reader->left == 0 && !reader->is_reading)
        return MES_READER_END;
    reader->is_awaited = true;
    return MES_READER_LATER;
}
