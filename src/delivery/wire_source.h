/* A rendered mail as a stream: memory as it is, files through the reader. One that is still to be signed is
 * gone over twice: what comes first is not handed out, but hashed. */
#ifndef MES_DELIVERY_WIRE_SOURCE_H
#define MES_DELIVERY_WIRE_SOURCE_H

#include "base/digest.h"
#include "base/source.h"
#include "compose/wire.h"
#include "net/loop.h"
#include "net/reader.h"

struct mes_wire_source {
    struct mes_source source; /* first, so that the one is the other */
    struct mes_wire *wire;
    struct mes_loop *loop;
    struct mes_reader *reader;
    size_t at;       /* the next piece of the wire */
    bool is_signing; /* in the first pass */
    void (*on_ready)(void *context);
    void *context;
    struct mes_error error;           /* why it failed */
    struct mes_digest_stream *digest; /* of what was handed out; NULL: nobody asks. The caller's */
};

/* The wire is the source's until fini: it may sign it. `on_ready` says that a source which answered LATER has
 * more. */
void mes_wire_source_init(struct mes_wire_source *source, struct mes_wire *wire, struct mes_loop *loop,
                          void (*on_ready)(void *context), void *context);
void mes_wire_source_fini(struct mes_wire_source *source);

#endif
