/* A web server in threads of the test: what it does is told by the path. It listens on every local address.
 */
#ifndef TESTS_NET_WEB_H
#define TESTS_NET_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /ok             200, "fine"; connections stay open
 * /status/NNN     that status, with "Retry-After: 7"
 * /redirect       302 to /trap
 * /hang           no answer
 * /slow           the header and one byte of the body, then nothing
 * /endless        a body without end; /header: a header without end
 * /cut            a quarter of the body
 * /noise          something that is not HTTP
 * /echo           200, the request's body */
struct web;

struct web *web_start(void);
uint16_t web_port(const struct web *web);
/* Ends every connection. */
void web_stop(struct web **web);

/* Connections that were made to a local address, such as "127.0.0.1". */
unsigned web_connections(struct web *web, const char *address);
unsigned web_requests(struct web *web);
/* Is every answer on its way that is ever to come? */
bool web_is_quiet(struct web *web);
/* Those whose path is this one. */
unsigned web_requests_to(struct web *web, const char *path);
/* The newest request whole, ended by NUL and cut to `size`. */
const char *web_newest(struct web *web, char *out, size_t size);

#endif
