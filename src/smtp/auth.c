#include "smtp/auth.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

static const struct {
    const char *name;
    unsigned bit;
} mechanisms[] = {
    [MES_SMTP_MECHANISM_AUTO] = {"", 0},
    [MES_SMTP_MECHANISM_PLAIN] = {"PLAIN", MES_SMTP_OFFERS_PLAIN},
    [MES_SMTP_MECHANISM_LOGIN] = {"LOGIN", MES_SMTP_OFFERS_LOGIN},
    [MES_SMTP_MECHANISM_CRAM_MD5] = {"CRAM-MD5", MES_SMTP_OFFERS_CRAM_MD5},
};

unsigned mes_smtp_auth_bit(enum mes_smtp_mechanism mechanism)
{
    return mechanisms[mechanism].bit;
}

const char *mes_smtp_auth_name(enum mes_smtp_mechanism mechanism)
{
    return mechanisms[mechanism].name;
}

enum mes_smtp_mechanism mes_smtp_auth_choose(const struct mes_smtp_auth *auth, unsigned offered,
                                             enum mes_smtp_mechanism wanted, bool is_secured)
{
    static const enum mes_smtp_mechanism secured[] = {MES_SMTP_MECHANISM_PLAIN, MES_SMTP_MECHANISM_LOGIN,
                                                      MES_SMTP_MECHANISM_CRAM_MD5};
    static const enum mes_smtp_mechanism clear[] = {MES_SMTP_MECHANISM_CRAM_MD5, MES_SMTP_MECHANISM_PLAIN,
                                                    MES_SMTP_MECHANISM_LOGIN};
    for (size_t i = 0; i < sizeof secured / sizeof secured[0]; i++) {
        enum mes_smtp_mechanism one = is_secured ? secured[i] : clear[i];
        bool is_wanted = wanted == MES_SMTP_MECHANISM_AUTO || wanted == one;
        if (is_wanted && (mes_smtp_auth_bit(one) & offered & ~auth->refused) != 0)
            return one;
    }
    return MES_SMTP_MECHANISM_AUTO;
}

/* A buffer for something secret: all its memory is taken at once, so that no copy is left behind by growing.
 */
static bool scratch_init(struct mes_buf *scratch, size_t size)
{
    mes_buf_init(scratch, size + 1);
    return mes_buf_reserve(scratch, size + 1) != NULL;
}

static void scratch_fini(struct mes_buf *scratch)
{
    mes_wipe(scratch->data, scratch->capacity);
    mes_buf_fini(scratch);
}

static void add_secret_base64(struct mes_buf *out, const struct mes_buf *scratch)
{
    char *room = mes_buf_reserve(out, mes_base64_size(scratch->size));
    if (room != NULL)
        mes_base64_add(out, scratch->data, scratch->size);
}

/* RFC 4616: authorization identity (none), NUL, user, NUL, password. */
static void add_plain(struct mes_str user, const struct mes_secret *secret, struct mes_buf *out)
{
    struct mes_str password = mes_secret_reveal(secret);
    struct mes_buf scratch;
    if (scratch_init(&scratch, user.size + password.size + 2)) {
        mes_buf_add_char(&scratch, '\0');
        mes_buf_add_str(&scratch, user);
        mes_buf_add_char(&scratch, '\0');
        mes_buf_add_str(&scratch, password);
        add_secret_base64(out, &scratch);
    } else {
        out->failed = MES_E_NOMEM;
    }
    scratch_fini(&scratch);
}

void mes_smtp_auth_add_initial(const struct mes_smtp_auth *auth, struct mes_str user,
                               const struct mes_secret *secret, struct mes_buf *out)
{
    if (auth->mechanism == MES_SMTP_MECHANISM_PLAIN)
        add_plain(user, secret, out);
}

/* RFC 2195: user, blank, and the HMAC-MD5 of the challenge under the password in hexadecimal. */
static bool add_cram_md5(struct mes_str challenge, struct mes_str user, const struct mes_secret *secret,
                         struct mes_buf *out)
{
    struct mes_str password = mes_secret_reveal(secret);
    struct mes_buf text, answer;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    mes_buf_init(&text, MES_SMTP_CHALLENGE_MOST);
    bool is_good = challenge.size > 0 && mes_base64_decode(challenge, &text) &&
                   HMAC(EVP_md5(), password.data, (int)password.size,
                        (const unsigned char *)mes_buf_text(&text), text.size, digest, &size) != NULL;
    mes_buf_init(&answer, user.size + 1 + sizeof digest * 2);
    mes_buf_add_str(&answer, user);
    mes_buf_add_char(&answer, ' ');
    for (unsigned i = 0; i < size; i++)
        mes_buf_add_format(&answer, "%02x", digest[i]);
    is_good = is_good && answer.failed == 0;
    if (is_good)
        mes_base64_add(out, answer.data, answer.size);
    mes_buf_fini(&text);
    mes_buf_fini(&answer);
    return is_good;
}

bool mes_smtp_auth_add_answer(struct mes_smtp_auth *auth, struct mes_str challenge, struct mes_str user,
                              const struct mes_secret *secret, struct mes_buf *out)
{
    struct mes_str password = mes_secret_reveal(secret);
    unsigned round = auth->rounds++;
    if (round >= MES_SMTP_AUTH_ROUNDS || challenge.size > MES_SMTP_CHALLENGE_MOST)
        return false;
    switch (auth->mechanism) {
    case MES_SMTP_MECHANISM_PLAIN: /* the relay did not see the initial response */
        if (round == 0)
            add_plain(user, secret, out);
        return round == 0 && out->failed == 0;
    case MES_SMTP_MECHANISM_LOGIN: /* what the challenge says differs between relays; its place does not */
        if (round == 0)
            mes_base64_add(out, user.data, user.size);
        if (round == 1 && mes_buf_reserve(out, mes_base64_size(password.size)) != NULL)
            mes_base64_add(out, password.data, password.size);
        return round <= 1 && out->failed == 0;
    case MES_SMTP_MECHANISM_CRAM_MD5:
        return round == 0 && add_cram_md5(challenge, user, secret, out);
    case MES_SMTP_MECHANISM_AUTO:
        break;
    }
    return false;
}
