#include "smtp/scram_keys.h"

#include <string.h>

#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

enum { BLOCK = 64 }; /* of both hashes */

static const EVP_MD *digest_of(enum mes_smtp_hash hash)
{
    return hash == MES_SMTP_SHA_256 ? EVP_sha256() : EVP_sha1();
}

size_t mes_smtp_hash_size(enum mes_smtp_hash hash)
{
    return hash == MES_SMTP_SHA_256 ? 32 : 20;
}

bool mes_smtp_hash(enum mes_smtp_hash hash, struct mes_str text, unsigned char *out)
{
    return EVP_Digest(text.data, text.size, out, NULL, digest_of(hash), NULL) == 1;
}

bool mes_smtp_hmac(enum mes_smtp_hash hash, struct mes_str key, struct mes_str text, unsigned char *out)
{
    return HMAC(digest_of(hash), key.data, (int)key.size, (const unsigned char *)text.data, text.size, out,
                NULL) != NULL;
}

void mes_smtp_scram_cache_clear(struct mes_smtp_scram_cache *cache)
{
    mes_wipe(cache, sizeof *cache);
}

void mes_smtp_scram_work_end(struct mes_smtp_scram_work *work)
{
    /* OpenSSL wipes what a context holds when it frees it. */
    EVP_MD_CTX_free(work->inner);
    EVP_MD_CTX_free(work->outer);
    EVP_MD_CTX_free(work->turn);
    mes_wipe(work, sizeof *work);
}

/* A context that has taken in the first block of an HMAC: the key with `pad` over it (RFC 2104). What every
 * round begins with, made once. */
static EVP_MD_CTX *keyed(enum mes_smtp_hash hash, const unsigned char key[BLOCK], unsigned char pad)
{
    unsigned char block[BLOCK];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = key[i] ^ pad;
    bool is_good = context != NULL && EVP_DigestInit_ex(context, digest_of(hash), NULL) == 1 &&
                   EVP_DigestUpdate(context, block, BLOCK) == 1;
    mes_wipe(block, sizeof block);
    if (is_good)
        return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

/* `out` becomes the HMAC of `size` bytes at `text`, which may be the same place. */
static bool turn(const struct mes_smtp_scram_work *work, const void *text, size_t size, unsigned char *out)
{
    size_t hashed = mes_smtp_hash_size(work->hash);
    return EVP_MD_CTX_copy_ex(work->turn, work->inner) == 1 &&
           EVP_DigestUpdate(work->turn, text, size) == 1 && EVP_DigestFinal_ex(work->turn, out, NULL) == 1 &&
           EVP_MD_CTX_copy_ex(work->turn, work->outer) == 1 &&
           EVP_DigestUpdate(work->turn, out, hashed) == 1 && EVP_DigestFinal_ex(work->turn, out, NULL) == 1;
}

/* RFC 8018 section 5.2: the first round is over the salt and the number of the block, 1. */
static bool first_round(struct mes_smtp_scram_work *work, struct mes_str salt)
{
    static const char number[] = {0, 0, 0, 1};
    struct mes_buf text;
    mes_buf_init(&text, salt.size + sizeof number);
    mes_buf_add_str(&text, salt);
    mes_buf_add(&text, number, sizeof number);
    bool is_good = text.failed == 0 && turn(work, text.data, text.size, work->last);
    memcpy(work->sum, work->last, sizeof work->sum);
    mes_buf_fini(&text);
    return is_good;
}

bool mes_smtp_scram_work_begin(struct mes_smtp_scram_work *work, const struct mes_smtp_scram_wish *wish)
{
    const struct mes_str parts[] = {wish->salt, mes_str_of(MES_NUMBER(wish->rounds)),
                                    mes_str_of(MES_NUMBER(wish->hash))};
    unsigned char key[BLOCK] = {0};
    mes_smtp_scram_work_end(work);
    work->hash = wish->hash;
    work->left = wish->rounds - 1;
    bool is_good = mes_digest(parts, sizeof parts / sizeof parts[0], work->id);
    if (wish->password.size > BLOCK)
        is_good = mes_smtp_hash(wish->hash, wish->password, key) && is_good;
    else if (wish->password.size > 0)
        memcpy(key, wish->password.data, wish->password.size);
    work->inner = keyed(wish->hash, key, 0x36);
    work->outer = keyed(wish->hash, key, 0x5c);
    work->turn = EVP_MD_CTX_new();
    mes_wipe(key, sizeof key);
    return is_good && work->inner != NULL && work->outer != NULL && work->turn != NULL &&
           first_round(work, wish->salt);
}

static bool do_slice(struct mes_smtp_scram_work *work)
{
    size_t size = mes_smtp_hash_size(work->hash);
    for (unsigned i = 0; i < MES_SMTP_ROUNDS_SLICE && work->left > 0; i++, work->left--) {
        if (!turn(work, work->last, size, work->last))
            return false;
        for (size_t k = 0; k < size; k++)
            work->sum[k] ^= work->last[k];
    }
    return true;
}

static bool make_keys(const struct mes_smtp_scram_work *work, struct mes_smtp_scram_keys *keys_out)
{
    struct mes_str salted = mes_str_make((const char *)work->sum, mes_smtp_hash_size(work->hash));
    return mes_smtp_hmac(work->hash, salted, MES_STR("Client Key"), keys_out->client) &&
           mes_smtp_hmac(work->hash, salted, MES_STR("Server Key"), keys_out->server);
}

enum mes_smtp_scram_progress mes_smtp_scram_work_go(struct mes_smtp_scram_work *work,
                                                    struct mes_smtp_scram_cache *cache,
                                                    struct mes_smtp_scram_keys *keys_out)
{
    if (cache != NULL && cache->is_filled && mes_digest_equal(cache->id, work->id)) {
        *keys_out = cache->keys;
        return MES_SMTP_SCRAM_DONE;
    }
    if (!do_slice(work))
        return MES_SMTP_SCRAM_NO_MEMORY;
    if (work->left > 0)
        return MES_SMTP_SCRAM_MORE;
    if (!make_keys(work, keys_out))
        return MES_SMTP_SCRAM_NO_MEMORY;
    if (cache != NULL) {
        cache->is_filled = true;
        memcpy(cache->id, work->id, sizeof cache->id);
        cache->keys = *keys_out;
    }
    return MES_SMTP_SCRAM_DONE;
}
