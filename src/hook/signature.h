/* The keys of webhooks and the signatures of their deliveries. */
#ifndef MES_HOOK_SIGNATURE_H
#define MES_HOOK_SIGNATURE_H

#include <stdint.h>

#include "base/hmac.h"

enum { MES_HOOK_SECRET_SPACE = 6 + MES_DIGEST_HEX, MES_HOOK_SIGNATURE_SPACE = 3 + MES_DIGEST_HEX };

/* A webhook's key as it is shown once, "whsec_" and 64 digits: derived from `master`
 * (MES_STORE_FOLDER_SECRET_SIZE bytes) and its id, so that it is stored nowhere. Wipe it after use. False: no
 * memory. Any thread, like the next. */
bool mes_hook_secret(const unsigned char *master, int64_t webhook,
                     char out[MES_HOOK_SECRET_SPACE]) MES_MUST_USE;

/* "v1=" and the hexadecimal HMAC-SHA256, under the key's text, of "ID.TIME.BODY": the values of the headers
 * Mailenhance-Id and Mailenhance-Timestamp, and the body, byte for byte. */
bool mes_hook_sign(const char *secret, const char *id, const char *time, struct mes_str body,
                   char out[MES_HOOK_SIGNATURE_SPACE]) MES_MUST_USE;

#endif
