/* Base64 (RFC 4648 section 4): whole texts, and the 76-column lines of MIME in one pass. */
#ifndef MES_BASE_BASE64_H
#define MES_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Characters that `size` bytes become, with padding. */
size_t mes_base64_size(size_t size);
/* Appends the encoded bytes in one line, with padding. */
void mes_base64_add(struct mes_buf *out, const void *data, size_t size);
/* Appends what `text` encodes. False, with `out` as it was, unless it is canonical base64 with padding and
 * without blanks or line ends. */
bool mes_base64_decode(struct mes_str text, struct mes_buf *out) MES_MUST_USE;

enum { MES_BASE64_LINE = 76, MES_BASE64_LINE_INPUT = 57 };

/* Data that comes in parts and leaves as lines of 76 characters ended by CRLF: RFC 2045 6.8. Begins as {0}.
 */
struct mes_base64_lines {
    size_t column;            /* characters on the current line */
    unsigned char waiting[3]; /* input that does not fill a group of three yet */
    size_t waiting_count;
};

/* The most that one call of `add` with `size` bytes, or of `end` with 0, writes. */
size_t mes_base64_lines_room(size_t size);
/* Both write to `out` and return the number of characters. */
size_t mes_base64_lines_add(struct mes_base64_lines *lines, const void *data, size_t size, char *out);
/* The padding, and CRLF if the last line lacks one. */
size_t mes_base64_lines_end(struct mes_base64_lines *lines, char *out);
/* What all lines of `size` bytes take, CRLFs with them. */
size_t mes_base64_lines_size(size_t size);

/* For tests: true leaves the processor's vector instructions unused. Not while another thread encodes. */
void mes_base64_use_portable(bool is_portable);

#endif
