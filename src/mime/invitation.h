/* Calendar invitations: what a mail needs to know of an iCalendar object (RFC 5545, RFC 5546). */
#ifndef MES_MIME_INVITATION_H
#define MES_MIME_INVITATION_H

#include "base/buf.h"
#include "base/error.h"

/* Checks an object and appends it as it is sent: lines end in CRLF and are folded at 75 bytes, between
 * characters. The text may have line ends of any kind and a byte order mark. `method` is what the caller
 * says, in any case, empty for nothing; `*method_out` is what stands in the object, static.
 * MES_E_INPUT names the line: no VCALENDAR or more than one, BEGIN and END that do not go together, no
 * METHOD, another one than `method`, nothing to be invited to, an entry without UID, what is no property at
 * all. */
int mes_mime_invitation_write(struct mes_str text, struct mes_str method, struct mes_buf *out,
                              const char **method_out, struct mes_error *error) MES_MUST_USE;

#endif
