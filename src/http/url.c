#include "http/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "i18n/say.h"
#include "net/guard.h"

static int refuse(struct mes_error *error, const char *reason)
{
    return mes_fail(error, MES_E_INPUT, MES_SAY_http_url, MES_ARGS(reason));
}

/* A name with a dot behind it is the same host: "127.0.0.1." is an address. */
static bool take_host(const char *host, struct mes_http_url *url)
{
    size_t size = strlen(host);
    if (size > 0 && host[size - 1] == '.')
        size--;
    if (size == 0 || size >= sizeof url->host)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)host[i] >= 0x80) /* libcurl would turn it into xn-- by the process's locale */
            return false;
    memcpy(url->host, host, size);
    url->host[size] = '\0';
    return true;
}

static CURLUcode take_parts(CURLU *handle, struct mes_http_url *url, bool *is_web_out)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    uint64_t number = 0;
    CURLUcode code = curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(handle, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code == CURLUE_OK && !take_host(host, url))
        code = CURLUE_BAD_HOSTNAME;
    if (code == CURLUE_OK && (!mes_str_to_uint(mes_str_of(port), UINT16_MAX, &number) || number == 0))
        code = CURLUE_BAD_PORT_NUMBER;
    url->port = (uint16_t)number;
    url->is_tls = scheme != NULL && strcmp(scheme, "https") == 0;
    *is_web_out = url->is_tls || (scheme != NULL && strcmp(scheme, "http") == 0);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return code;
}

int mes_http_url_parse(const char *text, struct mes_http_url *url_out, struct mes_error *error)
{
    *url_out = (struct mes_http_url){.port = 0};
    if (strlen(text) > MES_HTTP_URL_LIMIT)
        return refuse(error, "longer than 2048 bytes");
    CURLU *handle = curl_url();
    if (handle == NULL)
        return mes_fail_nomem(error);
    bool is_web = false;
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    if (code == CURLUE_OK)
        code = take_parts(handle, url_out, &is_web);
    curl_url_cleanup(handle);
    if (code == CURLUE_OUT_OF_MEMORY)
        return mes_fail_nomem(error);
    if (code != CURLUE_OK)
        return refuse(error, curl_url_strerror(code));
    return is_web ? 0 : refuse(error, "neither http nor https");
}

bool mes_http_url_is_local(const struct mes_http_url *url)
{
    const struct mes_guard nothing_allowed = {0};
    const char *kind = mes_guard_refuses_host(&nothing_allowed, mes_str_of(url->host));
    return kind != NULL && strcmp(kind, "loopback") == 0;
}

const char *mes_http_url_shown(const char *text, char out[MES_HTTP_URL_SHOWN])
{
    struct mes_http_url url;
    char port[8] = "";
    if (mes_http_url_parse(text, &url, NULL) != 0) {
        (void)snprintf(out, MES_HTTP_URL_SHOWN, "***");
        return out;
    }
    if (url.port != (url.is_tls ? 443 : 80))
        (void)snprintf(port, sizeof port, ":%u", url.port);
    (void)snprintf(out, MES_HTTP_URL_SHOWN, "%s://%s%s/***", url.is_tls ? "https" : "http", url.host, port);
    return out;
}
