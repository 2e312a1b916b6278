/* Transfer encodings of text: 7bit, quoted-printable or base64, whichever serves it best (RFC 2045 section
 * 6). */
#ifndef MES_MIME_ENCODERS_H
#define MES_MIME_ENCODERS_H

#include "base/buf.h"

enum mes_encoding { MES_ENCODING_7BIT, MES_ENCODING_QUOTED_PRINTABLE, MES_ENCODING_BASE64 };

/* 7bit for lines that pass any relay as they are; else what is shorter. Never 8bit: relays that only know 7
 * bits exist. What quoted-printable and 7bit give never has a line that begins with '.' or "From ". */
enum mes_encoding mes_mime_encoding_of(struct mes_str text);
/* "7bit", "quoted-printable", "base64" */
const char *mes_mime_encoding_name(enum mes_encoding encoding);

/* Appends `text`, whose lines may end in LF, CRLF or CR, encoded and with CRLF line ends. The last line has
 * one only if the text ends with one, and never in base64. */
void mes_mime_text_encode(struct mes_str text, enum mes_encoding encoding, struct mes_buf *out);

#endif
