/* Header fields and bodies in DKIM's relaxed form: what a signature is made over. */
#ifndef MES_MIME_DKIM_CANONICAL_H
#define MES_MIME_DKIM_CANONICAL_H

#include "base/buf.h"
#include "base/digest.h"

/* Appends a field, with or without the CRLF at its end, as "name:value" without one: RFC 6376 3.4.2. */
void mes_mime_dkim_canonical_field(struct mes_str field, struct mes_buf *out);

/* The hash of a body that comes in parts, wherever they are cut: RFC 6376 3.4.4. Lines end in CRLF; a lone CR
 * or LF is a character like others. A last line without an end counts as if it had one. */
struct mes_dkim_body {
    struct mes_digest_stream *digest;
    size_t line_ends; /* seen, and written only if a line that is not empty follows */
    bool has_blank;   /* the same of blanks */
    bool has_cr;      /* the part before ended in CR */
    bool has_content; /* a line that is not empty was there */
};

/* No body yet. 0 or MES_E_NOMEM. */
int mes_mime_dkim_body_init(struct mes_dkim_body *body) MES_MUST_USE;
void mes_mime_dkim_body_fini(struct mes_dkim_body *body);
/* Forgets what was added. */
void mes_mime_dkim_body_clear(struct mes_dkim_body *body);
void mes_mime_dkim_body_add(struct mes_dkim_body *body, struct mes_str part);
/* The SHA-256 of what was added; then another body begins. False: out of memory. */
bool mes_mime_dkim_body_end(struct mes_dkim_body *body, unsigned char out[MES_DIGEST_SIZE]) MES_MUST_USE;

#endif
