/* One mail as it goes over the wire: the bytes of an RFC 5322 message in pieces, before dot-stuffing. */
#ifndef MES_COMPOSE_WIRE_H
#define MES_COMPOSE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mime/limits.h"

/* `bytes` lies in memory, or is NULL and `size` bytes stand at `offset` of the file `descriptor` (pread).
 * Pieces may end anywhere in a line; together every line ends in CRLF and has at most 998 bytes before it. */
struct mes_wire_piece {
    const char *bytes;
    int descriptor;
    uint64_t offset;
    size_t size;
};

/* The first block is for the reader, the second for the renderer alone. */
struct mes_wire {
    const struct mes_wire_piece *pieces;
    size_t count;
    uint64_t size;       /* of all pieces: what SIZE= says */
    const char *sender;  /* for MAIL FROM, without angle brackets; domain in A-labels */
    bool needs_smtputf8; /* an address of header or envelope has a non-ASCII local part: raw UTF-8 in it */
    bool is_in_memory;   /* no piece stands in a file */

    struct mes_wire_piece *room;
    size_t capacity;
    char sender_text[MES_LIMIT_ADDRESS + 1];
    struct mes_buf text;                 /* the bytes that differ from recipient to recipient */
    struct mes_buf subject, plain, html; /* what the recipient's templates gave, not yet encoded */
};

void mes_compose_wire_init(struct mes_wire *wire);
/* Appends all pieces to `out`, read from their files where they stand there: blocking. */
int mes_compose_wire_gather(const struct mes_wire *wire, struct mes_buf *out,
                            struct mes_error *error) MES_MUST_USE;
/* Frees its own memory; what pieces point to outside belongs to the job. */
void mes_compose_wire_fini(struct mes_wire *wire);

#endif
