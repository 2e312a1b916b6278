#include "delivery/wire_source.h"

static enum mes_pull next_of_file(struct mes_wire_source *self, struct mes_str *piece_out)
{
    switch (mes_reader_next(self->reader, piece_out, &self->error)) {
    case MES_READER_PIECE:
        return MES_PULL_PIECE;
    case MES_READER_LATER:
        return MES_PULL_LATER;
    case MES_READER_FAILED:
        return MES_PULL_FAILED;
    case MES_READER_END:
        break;
    }
    mes_reader_free(&self->reader);
    return MES_PULL_END;
}

static int open_file(struct mes_wire_source *self, const struct mes_wire_piece *piece)
{
    const struct mes_reader_options options = {
        .descriptor = piece->descriptor,
        .offset = piece->offset,
        .size = piece->size,
        .name = "attachment",
        .on_ready = self->on_ready,
        .context = self->context,
    };
    return mes_reader_new(self->loop, &options, &self->reader, &self->error);
}

static enum mes_pull next_piece(struct mes_wire_source *self, struct mes_str *piece_out)
{
    for (;;) {
        if (self->reader != NULL) {
            enum mes_pull pull = next_of_file(self, piece_out);
            if (pull != MES_PULL_END)
                return pull;
        }
        if (self->at >= self->wire->count)
            return MES_PULL_END;
        const struct mes_wire_piece *piece = &self->wire->pieces[self->at++];
        if (piece->bytes != NULL) {
            *piece_out = mes_str_make(piece->bytes, piece->size);
            return MES_PULL_PIECE;
        }
        if (open_file(self, piece) != 0)
            return MES_PULL_FAILED;
    }
}

/* The pass that is not handed out. The size is known before it, so the relay has its answer to SIZE= and
 * waits for the first byte. */
static enum mes_pull sign(struct mes_wire_source *self)
{
    struct mes_str part;
    enum mes_pull pull;
    if (!self->is_signing)
        self->at = mes_compose_wire_sign_begin(self->wire);
    self->is_signing = true;
    while ((pull = next_piece(self, &part)) == MES_PULL_PIECE)
        mes_compose_wire_sign_add(self->wire, part);
    if (pull != MES_PULL_END)
        return pull;
    self->is_signing = false;
    self->at = 0;
    return mes_compose_wire_sign_end(self->wire, &self->error) == 0 ? MES_PULL_PIECE : MES_PULL_FAILED;
}

static enum mes_pull next(struct mes_source *source, struct mes_str *piece_out)
{
    struct mes_wire_source *self = (struct mes_wire_source *)source;
    enum mes_pull pull = self->wire->is_unsigned ? sign(self) : MES_PULL_PIECE;
    if (pull == MES_PULL_PIECE)
        pull = next_piece(self, piece_out);
    if (pull == MES_PULL_PIECE && self->digest != NULL)
        mes_digest_stream_add(self->digest, piece_out->data, piece_out->size);
    return pull;
}

void mes_wire_source_init(struct mes_wire_source *source, struct mes_wire *wire, struct mes_loop *loop,
                          void (*on_ready)(void *context), void *context)
{
    *source = (struct mes_wire_source){
        .source = {.next = next, .size = wire->size},
        .wire = wire,
        .loop = loop,
        .on_ready = on_ready,
        .context = context,
    };
}

void mes_wire_source_fini(struct mes_wire_source *source)
{
    mes_reader_free(&source->reader);
}
