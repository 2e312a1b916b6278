#include "base/digest.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/alloc.h"

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

struct mes_digest_stream {
    EVP_MD_CTX *context;
    bool has_failed;
};

struct mes_digest_stream *mes_digest_stream_new(void)
{
    struct mes_digest_stream *stream = mes_alloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->context = EVP_MD_CTX_new();
    if (stream->context == NULL || EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1)
        mes_digest_stream_free(&stream);
    return stream;
}

void mes_digest_stream_free(struct mes_digest_stream **stream)
{
    if (*stream == NULL)
        return;
    EVP_MD_CTX_free((*stream)->context);
    mes_free(*stream);
    *stream = NULL;
}

void mes_digest_stream_add(struct mes_digest_stream *stream, const void *data, size_t size)
{
    if (EVP_DigestUpdate(stream->context, data, size) != 1)
        stream->has_failed = true;
}

void mes_digest_stream_clear(struct mes_digest_stream *stream)
{
    /* Without a type it is begun anew as it was, which spares the look-up of the algorithm. */
    stream->has_failed = EVP_DigestInit_ex(stream->context, NULL, NULL) != 1;
}

bool mes_digest_stream_end(struct mes_digest_stream *stream, unsigned char out[MES_DIGEST_SIZE])
{
    bool ok = !stream->has_failed && EVP_DigestFinal_ex(stream->context, out, NULL) == 1;
    if (!ok)
        memset(out, 0, MES_DIGEST_SIZE);
    mes_digest_stream_clear(stream);
    return ok;
}

const char *mes_digest_text(const unsigned char digest[MES_DIGEST_SIZE], char out[MES_DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MES_DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[MES_DIGEST_HEX - 1] = '\0';
    return out;
}

bool mes_digest_equal(const unsigned char a[MES_DIGEST_SIZE], const unsigned char b[MES_DIGEST_SIZE])
{
    return CRYPTO_memcmp(a, b, MES_DIGEST_SIZE) == 0;
}
