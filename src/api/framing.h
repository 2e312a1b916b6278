/* What libmicrohttpd lets pass though it must not: requests that a proxy in front could read in another way.
 */
#ifndef MES_API_FRAMING_H
#define MES_API_FRAMING_H

#include <microhttpd.h>

#include "api/answer.h"

enum mes_api_framing { MES_API_FRAMING_SOUND, MES_API_FRAMING_BAD, MES_API_FRAMING_UNKNOWN_CODING };

/* Looks at the header fields of a request (RFC 9112 sections 2.2, 5 and 6): BAD for a length beside a
 * transfer coding, several of either, several Host, names that are no tokens, control characters, bare LF,
 * folded lines, lines without a name, and NUL; UNKNOWN_CODING for any transfer coding but "chunked". `method`
 * and `version` are the very pointers that libmicrohttpd passes, `say_out` the sentence. */
enum mes_api_framing mes_api_framing_check(struct MHD_Connection *connection, const char *method,
                                           const char *version, int *say_out);

#endif
