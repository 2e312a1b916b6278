/* Reads a file ahead of whoever sends it, in other threads, two blocks at most. */
#ifndef MES_NET_READER_H
#define MES_NET_READER_H

#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_loop;
struct mes_reader;

enum { MES_READER_BLOCK = 64 * 1024 };

enum mes_reader_state {
    MES_READER_PIECE, /* a piece was given */
    MES_READER_LATER, /* none is ready; on_ready will be called */
    MES_READER_END,   /* all was given */
    MES_READER_FAILED
};

/* Reads `size` bytes from `offset` of the file `descriptor`, which is duplicated: the caller may close its
 * own at any time. Several readers may share one (its position is not used). `name` is for errors and is
 * copied. on_ready is called from mes_loop_step, once for each LATER. */
struct mes_reader_options {
    int descriptor;
    uint64_t offset;
    uint64_t size;
    const char *name;
    void (*on_ready)(void *context);
    void *context;
};

/* Reading starts at once. */
int mes_reader_new(struct mes_loop *loop, const struct mes_reader_options *options,
                   struct mes_reader **reader_out, struct mes_error *error) MES_MUST_USE;
/* Any time, also inside on_ready, which is not called any more. Does not wait for a read under way. */
void mes_reader_free(struct mes_reader **reader);

/* The next piece, at most MES_READER_BLOCK bytes, valid until the next call. FAILED sets `error`: MES_E_FILE
 * when the file cannot be read or became shorter than it was said to be. */
enum mes_reader_state mes_reader_next(struct mes_reader *reader, struct mes_str *piece_out,
                                      struct mes_error *error) MES_MUST_USE;

#endif
