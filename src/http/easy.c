#include "http/easy.h"

#include <string.h>

#include "base/error.h"

static bool add_line(struct mes_http_easy *easy, const char *line)
{
    struct curl_slist *longer = curl_slist_append(easy->lines, line);
    if (longer == NULL)
        return false;
    easy->lines = longer;
    return true;
}

static bool is_content_type(const char *line)
{
    return mes_str_starts_nocase(mes_str_of(line), MES_STR("content-type:"));
}

/* A name alone takes out what libcurl would add: Expect, which few servers answer, and a Content-Type for
 * forms. */
static bool add_lines(struct mes_http_easy *easy, const char *const *headers)
{
    bool is_good = add_line(easy, "Expect:"), has_type = false;
    for (; is_good && headers != NULL && *headers != NULL; headers++) {
        has_type = has_type || is_content_type(*headers);
        is_good = add_line(easy, *headers);
    }
    return is_good && (has_type || add_line(easy, "Content-Type:"));
}

/* These say how long their body is, even when there is none (RFC 9110 section 8.6). */
static bool names_length(const struct mes_http_easy_options *options)
{
    return options->body_size > 0 || strcmp(options->method, "POST") == 0 ||
           strcmp(options->method, "PUT") == 0 || strcmp(options->method, "PATCH") == 0;
}

static bool set_method(CURL *curl, const struct mes_http_easy_options *options)
{
    bool is_good = true;
    if (names_length(options))
        is_good =
            curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->body_size) == CURLE_OK &&
            (options->body_size > 0 || curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") == CURLE_OK);
    else if (strcmp(options->method, "HEAD") == 0)
        is_good = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    return is_good && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, options->method) == CURLE_OK;
}

/* The environment, a file in the user's folder and the peer say nothing about where the request goes. */
static bool set_fences(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "mailenhance/" MES_VERSION) == CURLE_OK;
}

int mes_http_easy_new(const struct mes_http_easy_options *options, struct mes_http_easy *easy_out,
                      struct mes_error *error)
{
    /* Prepares libcurl too the first time; of any thread since 7.84. */
    struct mes_http_easy easy = {.curl = curl_easy_init()};
    bool is_good = easy.curl != NULL && add_lines(&easy, options->headers) && set_fences(easy.curl) &&
                   set_method(easy.curl, options) &&
                   curl_easy_setopt(easy.curl, CURLOPT_URL, options->url) == CURLE_OK &&
                   curl_easy_setopt(easy.curl, CURLOPT_HTTPHEADER, easy.lines) == CURLE_OK;
    if (is_good && options->ca_file != NULL)
        is_good = curl_easy_setopt(easy.curl, CURLOPT_CAINFO, options->ca_file) == CURLE_OK;
    *easy_out = easy;
    if (is_good)
        return 0;
    mes_http_easy_free(easy_out);
    return mes_fail_nomem(error);
}

void mes_http_easy_free(struct mes_http_easy *easy)
{
    if (easy->curl != NULL)
        curl_easy_cleanup(easy->curl);
    curl_slist_free_all(easy->lines);
    *easy = (struct mes_http_easy){.curl = NULL};
}
