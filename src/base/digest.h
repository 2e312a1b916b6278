/* SHA-256, for telling contents apart. */
#ifndef MES_BASE_DIGEST_H
#define MES_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { MES_DIGEST_SIZE = 32 };

/* Of the parts in their order, a NUL after each: "ab","c" and "a","bc" differ. False: out of memory, and
 * `out` is all zero. */
bool mes_digest(const struct mes_str *parts, size_t count, unsigned char out[MES_DIGEST_SIZE]);

/* The same of bytes that come in parts, without anything between them. */
struct mes_digest_stream;

/* NULL: out of memory. Any number of contents one after the other; begins with an empty one. */
struct mes_digest_stream *mes_digest_stream_new(void) MES_MUST_USE;
void mes_digest_stream_free(struct mes_digest_stream **stream);
void mes_digest_stream_add(struct mes_digest_stream *stream, const void *data, size_t size);
/* The digest of what was added; then an empty content begins. False as above. */
bool mes_digest_stream_end(struct mes_digest_stream *stream, unsigned char out[MES_DIGEST_SIZE]);
/* Forgets what was added. */
void mes_digest_stream_clear(struct mes_digest_stream *stream);

/* Lower-case hexadecimal digits and a NUL. Returns `out`. */
enum { MES_DIGEST_HEX = 2 * MES_DIGEST_SIZE + 1 };
const char *mes_digest_text(const unsigned char digest[MES_DIGEST_SIZE], char out[MES_DIGEST_HEX]);

/* Compares in a time that does not tell where they differ. */
bool mes_digest_equal(const unsigned char a[MES_DIGEST_SIZE], const unsigned char b[MES_DIGEST_SIZE]);

#endif
