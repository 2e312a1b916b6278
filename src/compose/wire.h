/* One mail as it goes over the wire: the bytes of an RFC 5322 message in pieces, before dot-stuffing. */
#ifndef MES_COMPOSE_WIRE_H
#define MES_COMPOSE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mime/dkim_canonical.h"
#include "mime/limits.h"

struct mes_dkim_key;
struct mes_wire_body;

/* `bytes` lies in memory, or is NULL and `size` bytes stand at `offset` of the file `descriptor` (pread).
 * Pieces may end anywhere in a line; together every line ends in CRLF and has at most 998 bytes before it. */
struct mes_wire_piece {
    const char *bytes;
    int descriptor;
    uint64_t offset;
    size_t size;
};

/* How a mail is signed; without a key it is not. */
struct mes_wire_signing {
    const struct mes_dkim_key *key;
    int64_t unix_seconds;
    struct mes_wire_body *shared; /* NULL: the body is this recipient's alone */

    struct mes_buf field;  /* DKIM-Signature, the first piece */
    struct mes_buf header; /* all other fields */
    size_t body_piece; /* the piece in which the body begins, and how many bytes of it do not belong to it */
    size_t body_skip;
    size_t body_left_out; /* of those, in the pass that goes on */
    struct mes_dkim_body body;
};

/* The first block is for the reader, the second for the renderer alone. */
struct mes_wire {
    const struct mes_wire_piece *pieces;
    size_t count;
    uint64_t size;       /* of all pieces: what SIZE= says */
    const char *sender;  /* for MAIL FROM, without angle brackets; domain in A-labels */
    bool needs_smtputf8; /* an address of header or envelope has a non-ASCII local part: raw UTF-8 in it */
    bool is_in_memory;   /* no piece stands in a file */
    bool is_unsigned;    /* the first piece is of the right size and says nothing yet: see below */

    struct mes_wire_piece *room;
    size_t capacity;
    char sender_text[MES_LIMIT_ADDRESS + 1];
    struct mes_buf text;                 /* the bytes that differ from recipient to recipient */
    struct mes_buf subject, plain, html; /* what the recipient's templates gave, not yet encoded */
    struct mes_wire_signing signing;
};

void mes_compose_wire_init(struct mes_wire *wire);
/* Appends all pieces to `out`, read from their files where they stand there: blocking. Signs first. */
int mes_compose_wire_gather(struct mes_wire *wire, struct mes_buf *out, struct mes_error *error) MES_MUST_USE;
/* Frees its own memory; what pieces point to outside belongs to the job. */
void mes_compose_wire_fini(struct mes_wire *wire);

/* A mail whose body has to be read from files is not signed when it is rendered: the pieces are gone over
 * once before they are sent. `begin` says which piece is the first of that pass; the bytes of it and of all
 * behind it go to `add`, in parts of any size; `end` signs. May be begun again. */
size_t mes_compose_wire_sign_begin(struct mes_wire *wire);
void mes_compose_wire_sign_add(struct mes_wire *wire, struct mes_str part);
int mes_compose_wire_sign_end(struct mes_wire *wire, struct mes_error *error) MES_MUST_USE;

#endif
