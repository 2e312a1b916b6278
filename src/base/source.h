/* A text of any length that is pulled piece by piece, so that nobody has to hold all of it. */
#ifndef MES_BASE_SOURCE_H
#define MES_BASE_SOURCE_H

#include <stdint.h>

#include "base/str.h"

enum mes_pull {
    MES_PULL_PIECE, /* here is more; it stays valid until the next call */
    MES_PULL_END,   /* that was all; asked again it says so again */
    MES_PULL_LATER, /* nothing yet: whoever feeds the source tells the reader when to ask again */
    MES_PULL_FAILED /* it cannot be read to its end, and never will be */
};

/* Embedded as the first member of what reads a file, a buffer or a rendered message. Never blocks. */
struct mes_source {
    /* Sets `*piece_out` only with MES_PULL_PIECE; a piece may be empty. */
    enum mes_pull (*next)(struct mes_source *source, struct mes_str *piece_out);
    uint64_t size; /* bytes in all, 0 when that is not known */
};

#endif
