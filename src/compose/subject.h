/* The subject of a mail that was given none: the first characters of its body. */
#ifndef MES_COMPOSE_SUBJECT_H
#define MES_COMPOSE_SUBJECT_H

#include "base/buf.h"

enum { MES_SUBJECT_CLUSTERS = 20 };

/* Appends the first 20 grapheme clusters of the text, white space folded to one blank and trimmed at both
 * ends. Nothing when there is no text. */
void mes_compose_subject_from_text(struct mes_str text, struct mes_buf *out);
/* The same for the text of an HTML body: head, script, style and comments dropped, references decoded. */
void mes_compose_subject_from_html(struct mes_str html, struct mes_buf *out);

#endif
