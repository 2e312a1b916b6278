/* The page on this machine to which a browser comes back: what it asks for, and what it is shown. */
#ifndef MES_HTTP_LANDING_H
#define MES_HTTP_LANDING_H

#include "base/buf.h"

/* The path and the query (without '?', empty when there is none) of a GET request. False for any other, and
 * for what is no HTTP request with an absolute path. `head` goes up to the empty line. */
bool mes_http_landing_parse(struct mes_str head, struct mes_str *path_out, struct mes_str *query_out);

/* Appends a whole answer: a page of one paragraph, which is kept by nobody and loads nothing. `status` is
 * "200 OK"; the title and the text are plain text. */
void mes_http_landing_page(struct mes_buf *out, const char *status, const char *language, const char *text);

#endif
