#include "net/libraries.h"

#include <ares.h>
#include <openssl/crypto.h>
#include <uv.h>

void mes_net_libraries(void (*each)(void *context, const char *name, const char *version), void *context)
{
    each(context, "libuv", uv_version_string());
    each(context, "OpenSSL", OpenSSL_version(OPENSSL_FULL_VERSION_STRING));
    each(context, "c-ares", ares_version(NULL));
}
