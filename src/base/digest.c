#include "base/digest.h"

#include <string.h>

#include <openssl/evp.h>

bool mes_digest(const struct mes_str *parts, size_t count, unsigned char out[MES_DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1 &&
             EVP_DigestUpdate(context, "", 1) == 1;
    ok = ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!ok)
        memset(out, 0, MES_DIGEST_SIZE);
    return ok;
}
