#include "http/libraries.h"

#include <curl/curl.h>

void mes_http_libraries(void (*each)(void *context, const char *name, const char *version), void *context)
{
    each(context, "libcurl", curl_version_info(CURLVERSION_NOW)->version);
}
