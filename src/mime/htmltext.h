/* The text that an HTML body says, for the text part of a mail. */
#ifndef MES_MIME_HTMLTEXT_H
#define MES_MIME_HTMLTEXT_H

#include "base/buf.h"

/* Appends plain text with LF line ends, which ends with a line end unless it is empty: links become "text
 * (URL)" (the URL once when it is the text), blocks stand on lines of their own, list items get "- " or their
 * number, table cells are parted by a blank, images give their alt text, head, script, style, comments and
 * hidden elements are dropped, references decoded, white space folded (kept in pre). Time grows with the size
 * whatever the input. */
void mes_mime_html_to_text(struct mes_str html, struct mes_buf *out);

/* The same words on one line, without URLs and bullets; stops once `enough` bytes are there. */
void mes_mime_html_to_line(struct mes_str html, size_t enough, struct mes_buf *out);

/* Appends the content of <title>, references decoded, white space folded and trimmed; false when there is
 * none.
 * `*at_out` (may be NULL) gets the byte offset where its content starts. */
bool mes_mime_html_title(struct mes_str html, struct mes_buf *out, size_t *at_out);

#endif
