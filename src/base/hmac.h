/* HMAC with SHA-256 (RFC 2104): signs what is told to others, and derives keys from a secret. */
#ifndef MES_BASE_HMAC_H
#define MES_BASE_HMAC_H

#include "base/digest.h"

/* Over the parts in their order, with nothing between them. False: no memory, and `out` is all zero. */
bool mes_hmac(struct mes_str key, const struct mes_str *parts, size_t count,
              unsigned char out[MES_DIGEST_SIZE]) MES_MUST_USE;

#endif
