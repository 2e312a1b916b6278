/* A password or key: shown as "***" wherever it could be printed, wiped when it is no longer needed. */
#ifndef MES_BASE_SECRET_H
#define MES_BASE_SECRET_H

#include "base/buf.h"
#include "base/str.h"

struct mes_secret; /* opaque, so that no printf and no copy by accident can reach the text */

/* A wiped copy of the text; NULL when memory is used up. The caller wipes its own copy. */
struct mes_secret *mes_secret_new(struct mes_str text) MES_MUST_USE;
void mes_secret_free(struct mes_secret **secret);

/* The text itself: only for the line that sends it and the library that needs it. NULL gives the empty text.
 */
struct mes_str mes_secret_reveal(const struct mes_secret *secret);
bool mes_secret_is_empty(const struct mes_secret *secret);

/* Appends `text` with "***" in the place of the secret, plain or in base64, there also as a part of something
 * longer: relays repeat what they were sent. Secrets of less than 4 bytes would hide half of every sentence
 * and are left alone. */
void mes_secret_hide(const struct mes_secret *secret, struct mes_str text, struct mes_buf *out);

/* Overwrites memory in a way that the compiler does not leave out. */
void mes_wipe(void *data, size_t size);

#endif
