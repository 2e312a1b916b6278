/* A mail in an SMTP session: rendered, with its envelope and its body as a stream. The memory is used again.
 */
#ifndef MES_DELIVERY_LINK_SLOT_H
#define MES_DELIVERY_LINK_SLOT_H

#include "delivery/transport.h"
#include "delivery/wire_source.h"
#include "smtp/message.h"

/* The number of the recipient that is not the mail's. */
#define MES_LINK_ARCHIVE SIZE_MAX

/* What the account wants of a transaction. */
struct mes_link_terms {
    unsigned most_recipients; /* 0: no limit; what is above is left open */
    const char *archive_bcc;  /* an envelope recipient beside the mail's own; "" none */
};

struct mes_link_slot {
    struct mes_dispatch *dispatch; /* NULL: free */
    struct mes_wire wire;
    struct mes_wire_source source;
    struct mes_smtp_recipient *recipients;
    size_t *numbers; /* of the recipients in the mail; MES_LINK_ARCHIVE */
    size_t capacity;
    struct mes_smtp_message message;  /* its context is the slot */
    struct mes_digest_stream *digest; /* NULL: nobody asks for it */
    uint64_t transcript_mark;
    struct mes_loop *loop;
    void (*on_body_ready)(void *context);
    void *context;
};

/* `on_body_ready` says that a body which had to wait for its file has more. */
void mes_link_slot_init(struct mes_link_slot *slot, struct mes_loop *loop,
                        void (*on_body_ready)(void *context), void *context);
void mes_link_slot_fini(struct mes_link_slot *slot);

/* Renders the mail for its open recipients and makes it `message`. On failure the slot stays free. */
int mes_link_slot_fill(struct mes_link_slot *slot, struct mes_dispatch *dispatch,
                       const struct mes_link_terms *terms, struct mes_error *error) MES_MUST_USE;
/* The mail is over. */
void mes_link_slot_release(struct mes_link_slot *slot);

#endif
