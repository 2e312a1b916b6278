/* A relay that says anything as server-first and server-final. What must hold: whatever is taken has our
 * nonce and bounds; the proof is the one that a relay told anew works out; and the relay is only believed
 * when it says the signature that only the password gives. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

#include "base/base64.h"
#include "smtp/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PASSWORD_SIZE = 6 };
static const char password[] = "pencil";
static const char nonce[] = "NONCE";

/* The relay's side, by OpenSSL alone. */
struct relay {
    const EVP_MD *digest;
    int size;
    unsigned char salted[32], signature[32];
    struct mes_buf said;
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void hmac(const struct relay *relay, const unsigned char *key, struct mes_str text, unsigned char *out)
{
    require(HMAC(relay->digest, key, relay->size, (const unsigned char *)text.data, text.size, out, NULL) !=
            NULL);
}

/* What was taken reads "r=…,s=…,i=…". */
static void derive(struct relay *relay, struct mes_str first)
{
    struct mes_str part[3];
    struct mes_buf salt;
    uint64_t rounds = 0;
    for (size_t i = 0; i < 3; i++)
        require(mes_str_next(&first, ',', &part[i]));
    mes_buf_init(&salt, 4096);
    require(mes_str_starts(part[0], MES_STR("r=NONCE")) && part[0].size > 7);
    require(mes_str_starts(part[1], MES_STR("s=")) && mes_base64_decode(mes_str_skip(part[1], 2), &salt));
    require(mes_str_starts(part[2], MES_STR("i=")) &&
            mes_str_to_uint(mes_str_skip(part[2], 2), 1000000, &rounds));
    require(rounds >= 4096);
    require(PKCS5_PBKDF2_HMAC(password, PASSWORD_SIZE, (const unsigned char *)salt.data, (int)salt.size,
                              (int)rounds, relay->digest, relay->size, relay->salted) == 1);
    mes_buf_fini(&salt);
}

/* Would a relay take this client-final-message? Leaves its own signature. */
static void check_proof(struct relay *relay, struct mes_str final)
{
    unsigned char key[32], stored[32], wanted[32];
    struct mes_buf proof;
    size_t at = mes_str_find(final, MES_STR(",p="), 0);
    require(at != SIZE_MAX);
    mes_buf_init(&proof, 64);
    require(mes_base64_decode(mes_str_skip(final, at + 3), &proof) && proof.size == (size_t)relay->size);
    mes_buf_add_char(&relay->said, ',');
    mes_buf_add_str(&relay->said, mes_str_cut(final, 0, at));
    hmac(relay, relay->salted, MES_STR("Client Key"), key);
    require(EVP_Digest(key, (size_t)relay->size, stored, NULL, relay->digest, NULL) == 1);
    hmac(relay, stored, mes_buf_str(&relay->said), wanted);
    for (int i = 0; i < relay->size; i++)
        require((unsigned char)proof.data[i] == (wanted[i] ^ key[i]));
    hmac(relay, relay->salted, MES_STR("Server Key"), key);
    hmac(relay, key, mes_buf_str(&relay->said), relay->signature);
    mes_buf_fini(&proof);
}

/* The right signature, then with one bit turned over, then what the input says. */
static void end(struct mes_smtp_scram *scram, const struct relay *relay, uint8_t choice, struct mes_str final)
{
    unsigned char signature[32];
    struct mes_buf right;
    mes_buf_init(&right, 256);
    memcpy(signature, relay->signature, sizeof signature);
    bool is_right = choice % 4 == 0;
    if (!is_right)
        signature[choice % relay->size] ^= (unsigned char)(1 << choice / 32);
    mes_buf_add_text(&right, "v=");
    mes_base64_add(&right, signature, (size_t)relay->size);
    if (choice % 4 < 2)
        final = mes_buf_str(&right);
    bool is_error = mes_str_starts(final, MES_STR("e="));
    enum mes_smtp_scram_result result = mes_smtp_scram_take_final(scram, final);
    require(scram->is_proved == (result == MES_SMTP_SCRAM_GOOD && !is_error));
    if (choice % 4 < 2)
        require(scram->is_proved == is_right);
    require(mes_smtp_scram_take_final(scram, final) != MES_SMTP_SCRAM_GOOD);
    mes_buf_fini(&right);
}

static void talk(struct mes_smtp_scram *scram, const struct mes_smtp_scram_login *login, uint8_t choice,
                 struct mes_str rest)
{
    struct relay relay = {.digest = login->hash == MES_SMTP_SHA_256 ? EVP_sha256() : EVP_sha1(),
                          .size = (int)mes_smtp_hash_size(login->hash)};
    struct mes_str first = MES_STR("");
    struct mes_buf out;
    mes_buf_init(&out, 16 * 1024);
    mes_buf_init(&relay.said, 32 * 1024);
    require(mes_smtp_scram_add_first(scram, login, &out) == MES_SMTP_SCRAM_GOOD);
    mes_buf_add_str(&relay.said,
                    mes_str_skip(mes_buf_str(&out), login->is_bound ? sizeof "p=tls-unique,," - 1 : 3));
    mes_buf_clear(&out);
    (void)mes_str_next(&rest, '\n', &first);
    if (mes_smtp_scram_take_first(scram, login, first) == MES_SMTP_SCRAM_WORKS) {
        require(mes_smtp_scram_take_final(scram, rest) == MES_SMTP_SCRAM_NONSENSE);
        /* More than a slice would only take time. */
        if (mes_smtp_scram_go(scram, NULL, &out) == MES_SMTP_SCRAM_GOOD) {
            mes_buf_add_char(&relay.said, ',');
            mes_buf_add_str(&relay.said, first);
            derive(&relay, first);
            check_proof(&relay, mes_buf_str(&out));
            end(scram, &relay, choice, rest);
        }
    }
    mes_buf_fini(&out);
    mes_buf_fini(&relay.said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mes_smtp_binding none = {.type = ""},
                                         unique = {.type = "tls-unique", .bytes = "0123456789ab", .size = 12};
    struct mes_smtp_scram scram;
    struct mes_secret *secret = mes_secret_new(mes_str_make(password, PASSWORD_SIZE));
    uint8_t choice = size > 1 ? data[1] : 0, kind = size > 0 ? data[0] : 0;
    size_t used = size > 2 ? 2 : size;
    const struct mes_smtp_scram_login login = {.hash = kind & 1 ? MES_SMTP_SHA_256 : MES_SMTP_SHA_1,
                                               .user = MES_STR("wong"),
                                               .password = secret,
                                               .binding = kind & 2 ? &unique : &none,
                                               .is_bound = (kind & 2) != 0,
                                               .nonce = MES_STR(nonce)};
    mes_smtp_scram_init(&scram);
    talk(&scram, &login, choice, mes_str_make((const char *)data + used, size - used));
    mes_smtp_scram_fini(&scram);
    mes_secret_free(&secret);
    return 0;
}
