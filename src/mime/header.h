/* Header fields: checked, encoded and folded. */
#ifndef MES_MIME_HEADER_H
#define MES_MIME_HEADER_H

#include "base/buf.h"
#include "base/error.h"

/* Every function appends whole fields, CRLF at the end, folded at 78 columns where there is a place for it
 * and never longer than 998 bytes a line. Names are static and sound; values have passed a check below. */

/* A custom field: the name is a token (RFC 2045) and none that the product writes itself (From, Bcc,
 * Received, Content-*, Resent-* …); the value is valid UTF-8 without control characters. Fields that hold
 * addresses of pages or messages (List-*, References …) must be ASCII, and no part of them between blanks
 * longer than a line. MES_E_INPUT, or MES_E_LIMIT above MES_LIMIT_HEADER. */
int mes_mime_header_check(struct mes_str name, struct mes_str value, struct mes_error *error) MES_MUST_USE;
/* May this field stand only once (RFC 5322 3.6)? */
bool mes_mime_header_is_single(struct mes_str name);
/* `field` names the value in the sentence: no control characters, valid UTF-8, at most `most` bytes. */
int mes_mime_text_check(const char *field, struct mes_str value, size_t most,
                        struct mes_error *error) MES_MUST_USE;

/* Text: as it is when it is ASCII, else as encoded words. */
void mes_mime_header_add_text(struct mes_buf *out, const char *name, struct mes_str value);
/* As text; but fields made of addresses of pages or messages are never encoded, whatever their length. */
void mes_mime_header_add_custom(struct mes_buf *out, const char *name, struct mes_str value);

struct mes_mailbox {
    struct mes_str name; /* empty: none */
    struct mes_str spec; /* local@domain, as the address parser gives it */
};
void mes_mime_header_add_mailboxes(struct mes_buf *out, const char *name, const struct mes_mailbox *mailboxes,
                                   size_t count);

/* "Date: Sun, 22 Nov 2026 10:00:00 +0800". The zone is minutes east of UTC. */
void mes_mime_header_add_date(struct mes_buf *out, int64_t unix_seconds, int zone_minutes);

#endif
