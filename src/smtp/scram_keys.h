/* The keys of SCRAM (RFC 5802 section 3), worked out from a password in slices, so that whoever waits in the
 * same loop goes on, and kept for the next connection. */
#ifndef MES_SMTP_SCRAM_KEYS_H
#define MES_SMTP_SCRAM_KEYS_H

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/str.h"

enum mes_smtp_hash { MES_SMTP_SHA_1, MES_SMTP_SHA_256 };

/* RFC 7677 section 4 wants 4096 at least: with fewer, who sees the proof finds the password sooner. A million
 * take from a tenth of a second to a whole one: more is no care but an attack. A slice takes a hundredth of
 * that. */
enum { MES_SMTP_ROUNDS_LEAST = 4096, MES_SMTP_ROUNDS_MOST = 1000 * 1000, MES_SMTP_ROUNDS_SLICE = 8192 };
enum { MES_SMTP_HASH_MOST = 32 };

struct mes_smtp_scram_keys {
    unsigned char client[MES_SMTP_HASH_MOST];
    unsigned char server[MES_SMTP_HASH_MOST];
};

/* The last keys that were worked out with the password of one account; begins as {0}. */
struct mes_smtp_scram_cache {
    bool is_filled;
    unsigned char id[MES_DIGEST_SIZE]; /* of hash, salt and rounds */
    struct mes_smtp_scram_keys keys;
};

/* Wipes it. */
void mes_smtp_scram_cache_clear(struct mes_smtp_scram_cache *cache);

/* PBKDF2 under way, for one block of output. Begins as {0}. */
struct mes_smtp_scram_work {
    enum mes_smtp_hash hash;
    unsigned left; /* rounds */
    EVP_MD_CTX *inner, *outer, *turn;
    unsigned char last[MES_SMTP_HASH_MOST], sum[MES_SMTP_HASH_MOST];
    unsigned char id[MES_DIGEST_SIZE];
};

struct mes_smtp_scram_wish {
    enum mes_smtp_hash hash;
    struct mes_str password; /* after SASLprep */
    struct mes_str salt;
    unsigned rounds; /* from 1 on */
};

enum mes_smtp_scram_progress { MES_SMTP_SCRAM_DONE, MES_SMTP_SCRAM_MORE, MES_SMTP_SCRAM_NO_MEMORY };

/* Begins, from the cache (NULL: none) if it has them, and does nothing yet. False: no memory. Nothing of the
 * wish is kept. */
bool mes_smtp_scram_work_begin(struct mes_smtp_scram_work *work,
                               const struct mes_smtp_scram_wish *wish) MES_MUST_USE;
/* Works for one slice, unless the cache has the keys by now. DONE: `keys_out` is filled, and the cache too.
 */
enum mes_smtp_scram_progress mes_smtp_scram_work_go(struct mes_smtp_scram_work *work,
                                                    struct mes_smtp_scram_cache *cache,
                                                    struct mes_smtp_scram_keys *keys_out);
/* Ends it at any time, wiped. */
void mes_smtp_scram_work_end(struct mes_smtp_scram_work *work);

/* 20 or 32 bytes. */
size_t mes_smtp_hash_size(enum mes_smtp_hash hash);
/* H and HMAC of RFC 5802; `out` has MES_SMTP_HASH_MOST bytes. False: no memory. */
bool mes_smtp_hash(enum mes_smtp_hash hash, struct mes_str text, unsigned char *out) MES_MUST_USE;
bool mes_smtp_hmac(enum mes_smtp_hash hash, struct mes_str key, struct mes_str text,
                   unsigned char *out) MES_MUST_USE;

#endif
