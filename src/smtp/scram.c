#include "smtp/scram.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/random.h"
#include "smtp/saslprep.h"

enum { MES_SMTP_SCRAM_OWN_MOST = 4 * 1024, ROUNDS_DIGITS_MOST = 10 };

void mes_smtp_scram_init(struct mes_smtp_scram *scram)
{
    *scram = (struct mes_smtp_scram){0};
    mes_buf_init(&scram->header, MES_SMTP_SCRAM_OWN_MOST);
    mes_buf_init(&scram->said, 2 * MES_SMTP_SCRAM_MESSAGE_MOST + MES_SMTP_SCRAM_OWN_MOST);
    mes_buf_init(&scram->final, MES_SMTP_SCRAM_OWN_MOST);
}

void mes_smtp_scram_fini(struct mes_smtp_scram *scram)
{
    mes_buf_fini(&scram->header);
    mes_buf_fini(&scram->said);
    mes_buf_fini(&scram->final);
    mes_smtp_scram_work_end(&scram->work);
    mes_wipe(scram->wanted, sizeof scram->wanted);
}

/* --- client-first-message --- */

static void begin(struct mes_smtp_scram *scram, enum mes_smtp_hash hash)
{
    scram->stage = MES_SMTP_SCRAM_BEGUN;
    scram->hash = hash;
    scram->is_proved = false;
    mes_buf_clear(&scram->header);
    mes_buf_clear(&scram->said);
    mes_buf_clear(&scram->final);
    mes_smtp_scram_work_end(&scram->work);
}

/* RFC 5802 section 7, without an authorization identity. */
static void add_header(struct mes_buf *out, const struct mes_smtp_scram_login *login)
{
    bool has_binding = login->binding->type[0] != '\0';
    if (login->is_bound) {
        mes_buf_add_text(out, "p=");
        mes_buf_add_text(out, login->binding->type);
    } else {
        mes_buf_add_char(out, has_binding && login->is_binding_unoffered ? 'y' : 'n');
    }
    mes_buf_add_text(out, ",,");
}

static bool choose_nonce(struct mes_smtp_scram *scram, struct mes_str wanted)
{
    if (wanted.size == 0)
        return mes_random_text(scram->nonce, sizeof scram->nonce, NULL) == 0;
    wanted = mes_str_cut(wanted, 0, sizeof scram->nonce - 1);
    memcpy(scram->nonce, wanted.data, wanted.size);
    scram->nonce[wanted.size] = '\0';
    return true;
}

static enum mes_smtp_scram_result prepare(struct mes_str text, struct mes_buf *out)
{
    if (mes_smtp_saslprep(text, out))
        return MES_SMTP_SCRAM_GOOD;
    return out->failed == MES_E_NOMEM ? MES_SMTP_SCRAM_NOMEM : MES_SMTP_SCRAM_UNFIT;
}

enum mes_smtp_scram_result mes_smtp_scram_add_first(struct mes_smtp_scram *scram,
                                                    const struct mes_smtp_scram_login *login,
                                                    struct mes_buf *out)
{
    struct mes_buf name;
    begin(scram, login->hash);
    mes_buf_init(&name, MES_SMTP_SCRAM_VALUE_MOST);
    enum mes_smtp_scram_result result = prepare(login->user, &name);
    if (result == MES_SMTP_SCRAM_GOOD && !choose_nonce(scram, login->nonce))
        result = MES_SMTP_SCRAM_NOMEM;
    add_header(&scram->header, login);
    mes_buf_add_text(&scram->said, "n=");
    mes_smtp_saslname_add(&scram->said, mes_buf_str(&name));
    mes_buf_add_text(&scram->said, ",r=");
    mes_buf_add_text(&scram->said, scram->nonce);
    mes_buf_fini(&name);
    if (result != MES_SMTP_SCRAM_GOOD)
        return result;
    mes_buf_add_str(out, mes_buf_str(&scram->header));
    mes_buf_add_str(out, mes_buf_str(&scram->said));
    if (login->is_bound)
        mes_buf_add(&scram->header, (const char *)login->binding->bytes, login->binding->size);
    bool is_good = scram->header.failed == 0 && scram->said.failed == 0;
    return is_good ? MES_SMTP_SCRAM_GOOD : MES_SMTP_SCRAM_NOMEM;
}

/* --- server-first-message --- */

/* "r=VALUE" off the front of a message. */
static bool take_value(struct mes_str *rest, char name, struct mes_str *value_out)
{
    struct mes_str part;
    if (rest->data == NULL || !mes_str_next(rest, ',', &part) || part.size < 2 || part.data[0] != name ||
        part.data[1] != '=')
        return false;
    *value_out = mes_str_skip(part, 2);
    return true;
}

/* Any visible ASCII but the comma, which cannot be there any more. It has to go on behind ours: else it is an
 * answer that was recorded. */
static bool is_nonce(const struct mes_smtp_scram *scram, struct mes_str nonce)
{
    struct mes_str own = mes_str_of(scram->nonce);
    for (size_t i = 0; i < nonce.size; i++)
        if (nonce.data[i] < '!' || nonce.data[i] > '~')
            return false;
    return nonce.size > own.size && nonce.size <= MES_SMTP_SCRAM_VALUE_MOST && mes_str_starts(nonce, own);
}

/* Further attributes are for the future and mean nothing, but they must be some ("x=…"); "m=", which one has
 * to understand, stands at the front and is refused by its place. */
static bool are_attributes(struct mes_str rest)
{
    struct mes_str part;
    while (rest.data != NULL && mes_str_next(&rest, ',', &part))
        if (part.size < 2 || part.data[1] != '=' || mes_lower(part.data[0]) < 'a' ||
            mes_lower(part.data[0]) > 'z' || part.data[0] == 'm')
            return false;
    return true;
}

struct first {
    struct mes_str nonce;
    struct mes_buf salt;
    uint64_t rounds;
};

static bool is_digits(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

static enum mes_smtp_scram_result parse_first(const struct mes_smtp_scram *scram, struct mes_str message,
                                              struct first *first)
{
    struct mes_str salt, rounds;
    if (!take_value(&message, 'r', &first->nonce) || !is_nonce(scram, first->nonce) ||
        !take_value(&message, 's', &salt) || salt.size == 0 || !mes_base64_decode(salt, &first->salt) ||
        !take_value(&message, 'i', &rounds) || !is_digits(rounds) || !are_attributes(message))
        return MES_SMTP_SCRAM_NONSENSE;
    if (!mes_str_to_uint(rounds, MES_SMTP_ROUNDS_MOST, &first->rounds) ||
        first->rounds < MES_SMTP_ROUNDS_LEAST)
        return MES_SMTP_SCRAM_ROUNDS;
    return MES_SMTP_SCRAM_GOOD;
}

static void write_final(struct mes_smtp_scram *scram, struct mes_str nonce, struct mes_str message)
{
    mes_buf_add_text(&scram->final, "c=");
    mes_base64_add(&scram->final, scram->header.data, scram->header.size);
    mes_buf_add_text(&scram->final, ",r=");
    mes_buf_add_str(&scram->final, nonce);
    mes_buf_add_char(&scram->said, ',');
    mes_buf_add_str(&scram->said, message);
    mes_buf_add_char(&scram->said, ',');
    mes_buf_add_str(&scram->said, mes_buf_str(&scram->final));
}

static enum mes_smtp_scram_result
begin_work(struct mes_smtp_scram *scram, const struct mes_smtp_scram_login *login, const struct first *first)
{
    struct mes_str password = mes_secret_reveal(login->password);
    struct mes_buf prepared;
    mes_buf_init(&prepared, 12 * password.size + 1);
    enum mes_smtp_scram_result result = MES_SMTP_SCRAM_NOMEM;
    if (mes_buf_reserve(&prepared, prepared.limit) != NULL)
        result = prepare(password, &prepared);
    const struct mes_smtp_scram_wish wish = {.hash = scram->hash,
                                             .password = mes_buf_str(&prepared),
                                             .salt = mes_buf_str(&first->salt),
                                             .rounds = (unsigned)first->rounds};
    if (result == MES_SMTP_SCRAM_GOOD)
        result = mes_smtp_scram_work_begin(&scram->work, &wish) ? MES_SMTP_SCRAM_WORKS : MES_SMTP_SCRAM_NOMEM;
    mes_wipe(prepared.data, prepared.capacity);
    mes_buf_fini(&prepared);
    return result;
}

enum mes_smtp_scram_result mes_smtp_scram_take_first(struct mes_smtp_scram *scram,
                                                     const struct mes_smtp_scram_login *login,
                                                     struct mes_str message)
{
    struct first first = {0};
    if (scram->stage != MES_SMTP_SCRAM_BEGUN || message.size > MES_SMTP_SCRAM_MESSAGE_MOST)
        return MES_SMTP_SCRAM_NONSENSE;
    mes_buf_init(&first.salt, MES_SMTP_SCRAM_VALUE_MOST);
    enum mes_smtp_scram_result result = parse_first(scram, message, &first);
    if (result == MES_SMTP_SCRAM_GOOD) {
        write_final(scram, first.nonce, message);
        result = begin_work(scram, login, &first);
        scram->stage = MES_SMTP_SCRAM_HASHING;
    }
    mes_buf_fini(&first.salt);
    return scram->final.failed != 0 || scram->said.failed != 0 ? MES_SMTP_SCRAM_NOMEM : result;
}

/* --- client-final-message --- */

/* RFC 5802 section 3: the proof shows the client's key to who knows its hash, and to nobody else. */
static bool make_proof(struct mes_smtp_scram *scram, const struct mes_smtp_scram_keys *keys,
                       unsigned char proof[MES_SMTP_HASH_MOST])
{
    size_t size = mes_smtp_hash_size(scram->hash);
    struct mes_str said = mes_buf_str(&scram->said);
    unsigned char stored[MES_SMTP_HASH_MOST];
    bool is_good =
        mes_smtp_hash(scram->hash, mes_str_make((const char *)keys->client, size), stored) &&
        mes_smtp_hmac(scram->hash, mes_str_make((const char *)stored, size), said, proof) &&
        mes_smtp_hmac(scram->hash, mes_str_make((const char *)keys->server, size), said, scram->wanted);
    for (size_t i = 0; i < size; i++)
        proof[i] ^= keys->client[i];
    mes_wipe(stored, sizeof stored);
    return is_good;
}

enum mes_smtp_scram_result mes_smtp_scram_go(struct mes_smtp_scram *scram, struct mes_smtp_scram_cache *cache,
                                             struct mes_buf *out)
{
    struct mes_smtp_scram_keys keys;
    unsigned char proof[MES_SMTP_HASH_MOST] = {0};
    if (scram->stage != MES_SMTP_SCRAM_HASHING)
        return MES_SMTP_SCRAM_NONSENSE;
    enum mes_smtp_scram_progress progress = mes_smtp_scram_work_go(&scram->work, cache, &keys);
    if (progress != MES_SMTP_SCRAM_DONE)
        return progress == MES_SMTP_SCRAM_MORE ? MES_SMTP_SCRAM_WORKS : MES_SMTP_SCRAM_NOMEM;
    mes_smtp_scram_work_end(&scram->work);
    scram->stage = MES_SMTP_SCRAM_SHOWN;
    bool is_good = make_proof(scram, &keys, proof);
    mes_buf_add_str(out, mes_buf_str(&scram->final));
    mes_buf_add_text(out, ",p=");
    mes_base64_add(out, proof, mes_smtp_hash_size(scram->hash));
    mes_wipe(&keys, sizeof keys);
    return is_good && out->failed == 0 ? MES_SMTP_SCRAM_GOOD : MES_SMTP_SCRAM_NOMEM;
}

/* --- server-final-message --- */

static bool is_wanted(const struct mes_smtp_scram *scram, struct mes_str value)
{
    size_t size = mes_smtp_hash_size(scram->hash);
    struct mes_buf signature;
    mes_buf_init(&signature, MES_SMTP_SCRAM_VALUE_MOST);
    bool is_good = mes_base64_decode(value, &signature) && signature.size == size &&
                   CRYPTO_memcmp(signature.data, scram->wanted, size) == 0;
    mes_buf_fini(&signature);
    return is_good;
}

enum mes_smtp_scram_result mes_smtp_scram_take_final(struct mes_smtp_scram *scram, struct mes_str message)
{
    struct mes_str value;
    if (scram->stage != MES_SMTP_SCRAM_SHOWN)
        return MES_SMTP_SCRAM_NONSENSE;
    scram->stage = MES_SMTP_SCRAM_OVER;
    if (mes_str_starts(message, MES_STR("e=")))
        return MES_SMTP_SCRAM_GOOD;
    scram->is_proved = take_value(&message, 'v', &value) && is_wanted(scram, value);
    return scram->is_proved ? MES_SMTP_SCRAM_GOOD : MES_SMTP_SCRAM_UNPROVEN;
}
