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

/* "Expect:" alone takes out what libcurl adds to large bodies, which few servers answer. */
static bool add_lines(struct mes_http_easy *easy, const char *const *headers)
{
    bool is_good = add_line(easy, "Expect:");
    for (; is_good && headers != NULL && *headers != NULL; headers++)
        is_good = add_line(easy, *headers);
    return is_good;
}

static bool set_method(CURL *curl, const struct mes_http_easy_options *options)
{
    const char *method = options->method != NULL ? options->method : "GET";
    bool is_good = true;
    if (options->has_body)
        is_good = curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK;
    else if (strcmp(method, "HEAD") == 0)
        is_good = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    return is_good && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
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
