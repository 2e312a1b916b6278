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

#endif
