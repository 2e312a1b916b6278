/* What every request has in common: the options of libcurl that make it obey nobody but its caller. */
#ifndef MES_HTTP_EASY_H
#define MES_HTTP_EASY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_http_easy_options {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
    const char *ca_file;        /* NULL: the system's */
    uint64_t body_size;         /* the caller hands libcurl the body unless this is 0 */
};

/* `lines` is what the handle borrows; free both with mes_http_easy_free. The texts are copied. */
struct mes_http_easy {
    CURL *curl;
    struct curl_slist *lines;
};

/* HTTP/1.1, http and https alone, certificates verified; no redirects, no proxies, no cookies, no netrc, no
 * signals. */
int mes_http_easy_new(const struct mes_http_easy_options *options, struct mes_http_easy *easy_out,
                      struct mes_error *error) MES_MUST_USE;
void mes_http_easy_free(struct mes_http_easy *easy);

#endif
