/* The frame of a mail's content: multiparts inside one another, with delimiters between their parts. */
#ifndef MES_MIME_WRITER_H
#define MES_MIME_WRITER_H

#include "mime/encoders.h"
#include "mime/part.h"

enum { MES_WRITER_DEPTH = 3, MES_BOUNDARY_RANDOM = 24 };

/* mixed(alternative(text, related(html, images)), attachments) needs no more than three levels. */
struct mes_mime_writer {
    struct mes_buf *out;
    const char
        *random;    /* unguessable, so that no content can hold a delimiter; MES_BOUNDARY_RANDOM characters */
    unsigned depth; /* multiparts that are open */
    unsigned count; /* that were ever opened: each has a boundary of its own */
    unsigned open[MES_WRITER_DEPTH];
};

/* The first part that is begun continues the mail's own header, so `out` must end in a header line. */
void mes_mime_writer_init(struct mes_mime_writer *writer, struct mes_buf *out, const char *random);

/* Begins a multipart: "mixed", "alternative", "related" (whose root is HTML). */
void mes_mime_writer_open(struct mes_mime_writer *writer, const char *subtype);
/* Ends the innermost multipart. */
void mes_mime_writer_close(struct mes_mime_writer *writer);

/* Begins a text part: its header up to the transfer encoding, which mes_mime_writer_text adds with the
 * content. */
void mes_mime_writer_text_begin(struct mes_mime_writer *writer, const char *subtype);
/* The same for a calendar with that method: RFC 6047 2.4. */
void mes_mime_writer_calendar_begin(struct mes_mime_writer *writer, const char *method);
/* The rest of a text part; anywhere, since for some texts it differs from recipient to recipient. */
void mes_mime_writer_text(struct mes_buf *out, struct mes_str text);

/* Begins an attachment or inline image, whose base64 lines (without the last CRLF) must follow. */
void mes_mime_writer_file_begin(struct mes_mime_writer *writer, const struct mes_part *part);

#endif
