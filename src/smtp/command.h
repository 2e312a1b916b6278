/* Writes command lines. Nothing that a person or a file gave can become a second line or a second parameter.
 */
#ifndef MES_SMTP_COMMAND_H
#define MES_SMTP_COMMAND_H

#include "base/buf.h"

/* Most bytes of a line with its CRLF: RFC 5321 4.5.3.1.4 with what SIZE, SMTPUTF8, DSN and AUTH add. */
enum { MES_SMTP_COMMAND_MOST = 512, MES_SMTP_ENVELOPE_MOST = 1100, MES_SMTP_AUTH_MOST = 12288 };
/* RFC 5321 4.5.3.1.3 says 256 with the brackets; its own limits of the parts allow 64 + 1 + 255. */
enum { MES_SMTP_PATH_MOST = 320 };

/* Ends the line that stands in `out` from `start` on: adds CRLF, or takes the line away again and returns
 * false when it is empty, holds a CR, LF or NUL, a byte above 127 without `is_utf8` (with it: invalid UTF-8),
 * or with its CRLF more than `most` bytes. The only place that ends a command line. Running out of memory
 * shows in `out` itself. */
bool mes_smtp_command_end(struct mes_buf *out, size_t start, size_t most, bool is_utf8) MES_MUST_USE;
/* The same for an answer to a challenge of AUTH, which may be empty and has up to 12288 bytes (RFC 4954
 * section 4). */
bool mes_smtp_command_end_answer(struct mes_buf *out, size_t start) MES_MUST_USE;

/* Appends "<address>". False, with nothing added, when the address is too long or holds something that could
 * end it: a control character anywhere, a blank, '<' or '>' outside of a quoted local part. */
bool mes_smtp_command_add_path(struct mes_buf *out, struct mes_str address) MES_MUST_USE;

/* Appends the text as xtext (RFC 3461 section 4): "+3D" for what could be mistaken. */
void mes_smtp_command_add_xtext(struct mes_buf *out, struct mes_str text);

/* A host name or address literal for EHLO, or a list of words like "SUCCESS,FAILURE": visible ASCII without
 * blanks. */
bool mes_smtp_command_is_word(struct mes_str text);

#endif
