/* The mechanisms that hand the password over, and CRAM-MD5. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "smtp/auth_parts.h"
#include "smtp/reply.h"

/* RFC 4616: authorization identity (none), NUL, user, NUL, password. */
bool mes_smtp_auth_initial_plain(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                 struct mes_buf *out)
{
    struct mes_str password = mes_secret_reveal(options->secret);
    struct mes_buf scratch;
    bool is_good = mes_smtp_scratch_init(&scratch, options->user.size + password.size + 2);
    mes_buf_add_char(&scratch, '\0');
    mes_buf_add_str(&scratch, options->user);
    mes_buf_add_char(&scratch, '\0');
    mes_buf_add_str(&scratch, password);
    if (is_good)
        mes_smtp_scratch_add_base64(out, mes_buf_str(&scratch));
    mes_smtp_scratch_fini(&scratch);
    return is_good || mes_smtp_auth_fail(auth, MES_SMTP_NO_MEMORY);
}

/* What the challenge says differs between relays; its place does not. */
bool mes_smtp_auth_answer_login(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                struct mes_str challenge, struct mes_buf *out)
{
    (void)challenge;
    if (auth->rounds == 1)
        mes_base64_add(out, options->user.data, options->user.size);
    else if (auth->rounds == 2)
        mes_smtp_scratch_add_base64(out, mes_secret_reveal(options->secret));
    else
        return mes_smtp_auth_fail(auth, MES_SMTP_GARBAGE);
    return true;
}

static bool digest_challenge(struct mes_str challenge, struct mes_str password,
                             unsigned char digest[EVP_MAX_MD_SIZE], unsigned *size_out)
{
    struct mes_buf text;
    mes_buf_init(&text, MES_SMTP_CHALLENGE_MOST);
    bool is_good = challenge.size > 0 && mes_base64_decode(challenge, &text) &&
                   HMAC(EVP_md5(), password.data, (int)password.size,
                        (const unsigned char *)mes_buf_text(&text), text.size, digest, size_out) != NULL;
    mes_buf_fini(&text);
    return is_good;
}

/* RFC 2195: user, blank, and the HMAC-MD5 of the challenge under the password in hexadecimal. */
bool mes_smtp_auth_answer_cram_md5(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                   struct mes_str challenge, struct mes_buf *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct mes_buf answer;
    if (auth->rounds > 1 || !digest_challenge(challenge, mes_secret_reveal(options->secret), digest, &size))
        return mes_smtp_auth_fail(auth, MES_SMTP_GARBAGE);
    mes_buf_init(&answer, options->user.size + 1 + sizeof digest * 2);
    mes_buf_add_str(&answer, options->user);
    mes_buf_add_char(&answer, ' ');
    for (unsigned i = 0; i < size; i++)
        mes_buf_add_format(&answer, "%02x", digest[i]);
    bool is_good = answer.failed == 0;
    if (is_good)
        mes_base64_add(out, answer.data, answer.size);
    mes_buf_fini(&answer);
    return is_good || mes_smtp_auth_fail(auth, MES_SMTP_NO_MEMORY);
}
