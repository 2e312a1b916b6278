/* Addresses of web pages: whether one can be called at all, and how it is shown without its secrets. */
#ifndef MES_HTTP_URL_H
#define MES_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

enum { MES_HTTP_URL_LIMIT = 2048, MES_HTTP_HOST_SPACE = 256, MES_HTTP_URL_SHOWN = MES_HTTP_HOST_SPACE + 24 };

struct mes_http_url {
    char host[MES_HTTP_HOST_SPACE]; /* as it is looked up: ASCII, IPv6 in brackets, without a trailing dot */
    uint16_t port;
    bool is_tls; /* https */
};

/* MES_E_INPUT, with the reason, unless the text is http:// or https:// with a host and without a user's name
 * or password (a URL is no place for those). Names in other letters must be in their xn-- form. The URL
 * itself is not repeated in the error: it may be a key. Any thread. */
int mes_http_url_parse(const char *text, struct mes_http_url *url_out, struct mes_error *error) MES_MUST_USE;

/* A literal loopback address or "localhost": what is sent there stays on this machine. */
bool mes_http_url_is_local(const struct mes_http_url *url);

/* What a person may see of it, "https://host" and three stars: path and query of a robot's URL are its
 * password. Stars alone when it is no URL. Returns `out`. */
const char *mes_http_url_shown(const char *text, char out[MES_HTTP_URL_SHOWN]);

#endif
