/* The field that signs a mail (RFC 6376): relaxed/relaxed, without any I/O. */
#ifndef MES_MIME_DKIM_H
#define MES_MIME_DKIM_H

#include "base/digest.h"
#include "base/error.h"
#include "mime/dkim_key.h"

/* What is signed. */
struct mes_dkim_subject {
    struct mes_str header;          /* all fields, each with its CRLF; the empty line may follow */
    const unsigned char *body_hash; /* by mes_mime_dkim_body_end */
    int64_t unix_seconds;           /* for t=: a moment that is the same whenever the mail is sent */
};

/* Appends "DKIM-Signature: …" with its CRLF, to stand in front of the header: the same bytes for the same
 * subject. With `body_hash` NULL neither hash nor signature are in it, but as many bytes as there will be.
 * dkim.def has the fields that are signed. */
int mes_mime_dkim_write(const struct mes_dkim_key *key, const struct mes_dkim_subject *subject,
                        struct mes_buf *out, struct mes_error *error) MES_MUST_USE;

#endif
