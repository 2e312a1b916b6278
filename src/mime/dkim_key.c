#include "mime/dkim_key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "mime/domain.h"
#include "mime/limits.h"

enum {
    MES_DKIM_LEAST_BITS = 1024,
    MES_DKIM_MOST_BITS = 8 * MES_DKIM_SIGNATURE_MOST,
    MES_ED25519_PUBLIC = 32
};

struct mes_dkim_key {
    struct mes_arena arena; /* of the texts */
    const char *domain, *selector;
    EVP_PKEY *pair;
    bool is_rsa;
};

static bool is_label(struct mes_str label)
{
    bool is_good = label.size > 0 && label.size <= MES_LIMIT_LABEL && label.data[0] != '-' &&
                   label.data[label.size - 1] != '-';
    for (size_t i = 0; i < label.size && is_good; i++) {
        char c = mes_lower(label.data[i]);
        is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    return is_good;
}

static bool is_selector(struct mes_str selector)
{
    struct mes_str label;
    bool is_good = selector.size > 0 && selector.size <= MES_LIMIT_ADDRESS;
    while (is_good && mes_str_next(&selector, '.', &label))
        is_good = is_label(label);
    return is_good;
}

static enum mes_dkim_fault take_names(struct mes_dkim_key *key, const char *domain, const char *selector)
{
    int code = mes_mime_domain_to_ascii(mes_str_of(domain), &key->arena, &key->domain, NULL);
    if (code != 0)
        return code == MES_E_NOMEM ? MES_DKIM_NO_MEMORY : MES_DKIM_BAD_DOMAIN;
    if (!is_selector(mes_str_of(selector)))
        return MES_DKIM_BAD_SELECTOR;
    key->selector = mes_arena_copy(&key->arena, mes_str_of(selector));
    return key->selector != NULL ? MES_DKIM_GOOD : MES_DKIM_NO_MEMORY;
}

/* Asked for a password: there is none, and nobody is asked on the terminal. */
static int refuse_password(char *out, int size, int is_writing, void *was_asked)
{
    (void)out;
    (void)size;
    (void)is_writing;
    *(bool *)was_asked = true;
    return -1;
}

static enum mes_dkim_fault take_pair(struct mes_dkim_key *key, struct mes_str pem)
{
    bool was_asked = false;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    if (bio == NULL)
        return MES_DKIM_NO_MEMORY;
    key->pair = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &was_asked);
    BIO_free(bio);
    ERR_clear_error();
    if (key->pair == NULL)
        return was_asked ? MES_DKIM_ENCRYPTED : MES_DKIM_NOT_PEM;
    key->is_rsa = EVP_PKEY_get_base_id(key->pair) == EVP_PKEY_RSA;
    if (!key->is_rsa)
        return EVP_PKEY_get_base_id(key->pair) == EVP_PKEY_ED25519 ? MES_DKIM_GOOD : MES_DKIM_OTHER_KIND;
    int bits = EVP_PKEY_get_bits(key->pair);
    return bits < MES_DKIM_LEAST_BITS || bits > MES_DKIM_MOST_BITS ? MES_DKIM_BAD_SIZE : MES_DKIM_GOOD;
}

enum mes_dkim_fault mes_mime_dkim_key_parse(const char *domain, const char *selector, struct mes_str pem,
                                            struct mes_dkim_key **key_out)
{
    struct mes_dkim_key *key = mes_alloc(sizeof *key);
    *key_out = NULL;
    if (key == NULL)
        return MES_DKIM_NO_MEMORY;
    mes_arena_init(&key->arena, SIZE_MAX);
    enum mes_dkim_fault fault = take_names(key, domain, selector);
    if (fault == MES_DKIM_GOOD)
        fault = take_pair(key, pem);
    if (fault == MES_DKIM_GOOD)
        *key_out = key;
    else
        mes_mime_dkim_key_free(&key);
    return fault;
}

void mes_mime_dkim_key_free(struct mes_dkim_key **key)
{
    if (*key == NULL)
        return;
    EVP_PKEY_free((*key)->pair); /* which wipes it */
    mes_arena_fini(&(*key)->arena);
    mes_free(*key);
    *key = NULL;
}

const char *mes_mime_dkim_key_domain(const struct mes_dkim_key *key)
{
    return key->domain;
}

const char *mes_mime_dkim_key_selector(const struct mes_dkim_key *key)
{
    return key->selector;
}

const char *mes_mime_dkim_key_algorithm(const struct mes_dkim_key *key)
{
    return key->is_rsa ? "rsa-sha256" : "ed25519-sha256";
}

unsigned mes_mime_dkim_key_bits(const struct mes_dkim_key *key)
{
    return key->is_rsa ? (unsigned)EVP_PKEY_get_bits(key->pair) : 0;
}

/* RSA as SubjectPublicKeyInfo, which is what all receivers read (RFC 6376, erratum 3017); Ed25519 as the bare
 * 32 bytes (RFC 8463 4.2). */
void mes_mime_dkim_key_record(const struct mes_dkim_key *key, struct mes_buf *out)
{
    unsigned char raw[MES_ED25519_PUBLIC], *bytes = NULL;
    size_t size = sizeof raw;
    mes_buf_add_text(out, key->is_rsa ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=");
    if (!key->is_rsa && EVP_PKEY_get_raw_public_key(key->pair, raw, &size) == 1) {
        mes_base64_add(out, raw, size);
        return;
    }
    int encoded = key->is_rsa ? i2d_PUBKEY(key->pair, &bytes) : 0;
    if (encoded > 0)
        mes_base64_add(out, bytes, (size_t)encoded);
    else
        out->failed = MES_E_NOMEM;
    OPENSSL_free(bytes);
}

size_t mes_mime_dkim_key_size(const struct mes_dkim_key *key)
{
    return (size_t)EVP_PKEY_get_size(key->pair);
}

bool mes_mime_dkim_key_sign(const struct mes_dkim_key *key, struct mes_str canonical,
                            unsigned char out[MES_DKIM_SIGNATURE_MOST])
{
    const EVP_MD *hash = key->is_rsa ? EVP_sha256() : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *data = (const unsigned char *)canonical.data;
    size_t data_size = canonical.size, size = MES_DKIM_SIGNATURE_MOST;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context != NULL && EVP_DigestSignInit(context, NULL, hash, NULL, key->pair) == 1;
    /* What Ed25519 signs is the hash, not the text: RFC 8463 section 3. */
    if (is_good && !key->is_rsa) {
        is_good = EVP_Digest(data, data_size, digest, NULL, EVP_sha256(), NULL) == 1;
        data = digest;
        data_size = MES_DIGEST_SIZE;
    }
    is_good = is_good && EVP_DigestSign(context, out, &size, data, data_size) == 1 &&
              size == mes_mime_dkim_key_size(key);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}
