#include "base/hmac.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static EVP_MAC_CTX *context_new(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    return context;
}

bool mes_hmac(struct mes_str key, const struct mes_str *parts, size_t count,
              unsigned char out[MES_DIGEST_SIZE])
{
    char digest[] = "SHA256";
    const OSSL_PARAM settings[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
    size_t size = 0;
    EVP_MAC_CTX *context = context_new();
    bool ok =
        context != NULL && EVP_MAC_init(context, (const unsigned char *)key.data, key.size, settings) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_MAC_update(context, (const unsigned char *)parts[i].data, parts[i].size) == 1;
    ok = ok && EVP_MAC_final(context, out, &size, MES_DIGEST_SIZE) == 1 && size == MES_DIGEST_SIZE;
    EVP_MAC_CTX_free(context);
    if (!ok)
        memset(out, 0, MES_DIGEST_SIZE);
    return ok;
}
