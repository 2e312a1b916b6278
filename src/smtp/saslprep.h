/* SASLprep (RFC 4013): the one form of a user name or password before it is hashed, so that the same
 * characters typed on another machine give the same bytes. */
#ifndef MES_SMTP_SASLPREP_H
#define MES_SMTP_SASLPREP_H

#include "base/buf.h"

/* Appends the prepared text: other blanks become U+0020, what is invisible is left out, NFKC. ASCII stays as
 * it is. False, with nothing added, when it is not UTF-8, holds what is prohibited (controls, private use,
 * changes of direction …) or mixes the directions of writing (RFC 3454 section 6), or when memory is used up:
 * then `out` has failed. Characters that Unicode did not know in 2002 are let through, as for a query. What
 * it holds in between is wiped. */
bool mes_smtp_saslprep(struct mes_str text, struct mes_buf *out) MES_MUST_USE;

/* Appends a name as it stands between commas (RFC 5801 section 4, "saslname"): ',' and '=' are written
 * otherwise. */
void mes_smtp_saslname_add(struct mes_buf *out, struct mes_str name);

#endif
