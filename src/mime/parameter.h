/* Parameters of Content-Type and Content-Disposition, with file names of any language. */
#ifndef MES_MIME_PARAMETER_H
#define MES_MIME_PARAMETER_H

#include "base/buf.h"

/* Each function appends ";", a fold and the parameter. */

/* RFC 2231: `filename="report.pdf"` when that says it all, else `filename*=UTF-8''…` with %XX, in
 * continuations `filename*0*=` of whole characters when it is long. */
void mes_mime_parameter_add(struct mes_buf *out, const char *name, struct mes_str value);

/* `name="=?UTF-8?B?…?="`: no standard has it, but readers that know no RFC 2231 (Outlook, QQ Mail) do.
 * Quotes and backslashes become '_'. */
void mes_mime_parameter_add_words(struct mes_buf *out, const char *name, struct mes_str value);

#endif
