/* Names and values as a form sends them (application/x-www-form-urlencoded), in bodies and in queries. */
#ifndef MES_HTTP_FORM_H
#define MES_HTTP_FORM_H

#include "base/buf.h"

/* Appends "name=value", with "&" in front unless `out` is empty or ends in '?' or '&'. The name needs no
 * escapes. The memory is taken at once: a secret leaves no copy behind, as long as the caller has reserved
 * enough for all that comes. */
void mes_http_form_add(struct mes_buf *out, const char *name, struct mes_str value);

/* Appends the value of `name`, decoded, to `value_out`. False, with nothing appended, when the name is not
 * there, stands there twice, or its value is not well encoded or holds a NUL. */
bool mes_http_form_find(struct mes_str form, const char *name, struct mes_buf *value_out);

#endif
