/* Text in another character set made UTF-8. */
#ifndef MES_BASE_TRANSCODE_H
#define MES_BASE_TRANSCODE_H

#include "base/buf.h"

/* Appends `text`, which is in `charset` (a name that iconv knows, such as "GB18030"), as UTF-8. False, with
 * nothing appended, when a byte of it is invalid, when it ends within a character, or when the system does
 * not know the name. What goes wrong with `out` itself stays in `out`. */
bool mes_transcode_to_utf8(struct mes_buf *out, const char *charset, struct mes_str text) MES_MUST_USE;

#endif
