/* What header fields, parameters and their checks share. Only for src/mime. */
#ifndef MES_MIME_HEADER_RULES_H
#define MES_MIME_HEADER_RULES_H

#include "base/str.h"

/* RFC 2045 5.1: what a field name, a parameter's name or a part of a content type is made of. */
bool mes_mime_is_token(struct mes_str text);

/* A field of URLs or ids, which is never encoded. */
bool mes_mime_header_is_structured(struct mes_str name);

/* The front part of a value that stays on one line: blanks, then a word. In a structured value `<…>` counts
 * as one word, and a word ends behind the comma between two of them. */
struct mes_fold {
    size_t blanks;
    size_t size; /* blanks and word */
};
struct mes_fold mes_mime_fold_next(struct mes_str value, bool is_structured);

#endif
