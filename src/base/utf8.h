/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef MES_BASE_UTF8_H
#define MES_BASE_UTF8_H

#include "base/buf.h"
#include "base/str.h"

/* Bytes of the first character of `text` (1 to 4); 0 when it is not valid UTF-8 or `text` is empty. */
size_t mes_utf8_valid_size(struct mes_str text);

/* The whole text. The empty text is both. */
bool mes_utf8_is_valid(struct mes_str text);
bool mes_utf8_is_ascii(struct mes_str text);

/* Reads the character at `*at` and moves on; false at the end or at an invalid byte (then `*at` stays). */
bool mes_utf8_next(struct mes_str text, size_t *at, uint32_t *character_out);

/* Appends one character; surrogates and values above U+10FFFF become U+FFFD. */
void mes_utf8_add(struct mes_buf *buf, uint32_t character);

/* The longest front part of at most `size` bytes that ends at a character. */
struct mes_str mes_utf8_cut(struct mes_str text, size_t size);

#endif
