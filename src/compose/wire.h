/* One mail as it goes over the wire: the bytes of an RFC 5322 message in pieces, before dot-stuffing. */
#ifndef MES_COMPOSE_WIRE_H
#define MES_COMPOSE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* `bytes` lies in memory, or is NULL and `size` bytes stand at `offset` of the file `descriptor` (pread).
 * Pieces may end anywhere in a line; together every line ends in CRLF and has at most 998 bytes before it. */
struct mes_wire_piece {
    const char *bytes;
    int descriptor;
    uint64_t offset;
    size_t size;
};

/* The first block is for the reader; `text` and `capacity` are private. */
struct mes_wire {
    const struct mes_wire_piece *pieces;
    size_t count;
    uint64_t size;       /* of all pieces: what SIZE= says */
    const char *sender;  /* for MAIL FROM, without angle brackets; domain in A-labels */
    bool needs_smtputf8; /* an address of header or envelope has a non-ASCII local part: raw UTF-8 in it */
    bool is_in_memory;   /* no piece stands in a file */

    struct mes_wire_piece *room;
    size_t capacity;
    struct mes_buf text; /* what differs from recipient to recipient */
    struct mes_buf work; /* scratch space of the renderer */
};

void mes_wire_init(struct mes_wire *wire);
/* Frees its own memory; what pieces point to outside belongs to the job. */
void mes_wire_fini(struct mes_wire *wire);

#endif
