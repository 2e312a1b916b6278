/* Encoded words (RFC 2047): text of any language in a header field. */
#ifndef MES_MIME_WORDS_H
#define MES_MIME_WORDS_H

#include "base/buf.h"

/* True when `text` holds more than printable ASCII, or what a reader could take for an encoded word. */
bool mes_mime_words_needed(struct mes_str text);

/* Appends all of `text` as encoded words, B or Q whichever is shorter, each at most 75 characters long and
 * holding whole characters, parted by CRLF and a blank. `*column` is the place on the current line, before
 * and after. */
void mes_mime_words_add(struct mes_str text, size_t *column, struct mes_buf *out);

#endif
