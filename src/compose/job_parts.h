/* The inside of a compiled message, for compose alone. */
#ifndef MES_COMPOSE_JOB_PARTS_H
#define MES_COMPOSE_JOB_PARTS_H

#include <stdatomic.h>

#include "compose/content.h"
#include "compose/job.h"
#include "compose/recipients.h"
#include "compose/template.h"
#include "compose/wire_sign.h"
#include "mime/writer.h"

/* Subject, text or HTML. One that is the same for all is `fixed` and has no template. */
struct mes_slot {
    bool is_there;
    const struct mes_template *template;
    struct mes_str fixed; /* of the arena */
    bool is_derived; /* made from the body for each recipient: a text from the HTML, a subject from either */
};

enum mes_segment_kind {
    MES_SEGMENT_FIXED,
    MES_SEGMENT_CONTENT,
    MES_SEGMENT_OWN_FILES, /* the recipient's own attachments */
    MES_SEGMENT_TEXT,
    MES_SEGMENT_HTML
};

/* The mail behind its first header fields, in order. */
struct mes_segment {
    enum mes_segment_kind kind;
    struct mes_wire_piece
        piece; /* FIXED: `offset` into the frame's fixed bytes; CONTENT: as the wire has it */
};

struct mes_frame {
    struct mes_buf fixed; /* the bytes of FIXED segments */
    struct mes_segment *segments;
    size_t segment_count;
    size_t segment_capacity;
    struct mes_mime_writer own_files; /* as it stands where they begin */
};

struct mes_compose_job {
    atomic_uint shares;
    struct mes_arena arena;
    struct mes_content_store *contents;
    struct mes_content_store *to_contents; /* of recipients' own attachments; NULL: there are none */
    struct mes_compose_wishes wishes;
    struct mes_recipient *to;
    size_t to_count;
    struct mes_recipient *copies; /* every cc, then every bcc */
    size_t copy_count;
    size_t cc_count;
    bool copies_need_smtputf8;
    struct mes_value variables; /* of the message */
    int zone_minutes;

    struct mes_compose_template *loaded;   /* NULL when the message brings its own bodies */
    struct mes_template *own_templates[3]; /* subject, text, HTML of the message */
    struct mes_slot subject, text, html;
    bool is_stored, may_grow; /* how `personal` is found: it is given; any name may be a recipient's */
    unsigned personal;        /* bits of enum mes_slot_number: those that have a template */
    bool is_html_leading;     /* no text was given: the HTML says what subject and text are */

    char id[MES_SEED_SIZE + 1]; /* of Message-IDs and boundaries */
    int64_t unix_seconds;       /* of Date */
    uint64_t first_index;
    const char *domain;
    struct mes_buf head; /* Cc, Date and what else of the first header fields is the same for all */
    /* A mail with attachments of its recipient's own has another frame than one without, so that the bytes of
     * neither depend on who else is in the job. */
    struct mes_frame frame;
    struct mes_frame own_files_frame; /* without segments when nobody has any */
    struct mes_wire_body *body; /* of the mails of `frame`; NULL: it differs from recipient to recipient */
};

/* job_slots.c: finds out what differs from recipient to recipient and renders the rest. */
int mes_compose_job_fill_slots(struct mes_compose_job *job, const struct mes_message *message,
                               const struct mes_compose_options *options,
                               struct mes_error *error) MES_MUST_USE;
/* What the slots say to recipient `index`, in the order subject, text, HTML. Unless fixed they lie in the
 * wire. */
struct mes_slot_texts {
    struct mes_str subject, text, html;
};
int mes_compose_job_render_slots(const struct mes_compose_job *job, size_t index, struct mes_wire *wire,
                                 struct mes_slot_texts *texts_out, struct mes_error *error) MES_MUST_USE;

/* job_frame.c: head and frames. */
void mes_compose_frame_init(struct mes_frame *frame);
void mes_compose_frame_fini(struct mes_frame *frame);
int mes_compose_job_frame(struct mes_compose_job *job, const struct mes_message *message,
                          struct mes_error *error) MES_MUST_USE;

#endif
