/* HMAC with SHA-256 (RFC 2104): signs what is told to others, and derives keys from a secret. */
#ifndef MES_BASE_HMAC_H
#define MES_BASE_HMAC_H

#include "base/digest.h"

/* Over the parts in their order, with nothing between them. False: no memory, and `out` is all zero. */
bool mes_hmac(struct mes_str key, const struct mes_str *parts, size_t count,
              unsigned char out[MES_DIGEST_SIZE]) MES_MUST_USE;

/* Lower-case hexadecimal digits and a NUL. Returns `out`. */
enum { MES_DIGEST_HEX = 2 * MES_DIGEST_SIZE + 1 };
const char *mes_digest_hex(const unsigned char digest[MES_DIGEST_SIZE], char out[MES_DIGEST_HEX]);

#endif
