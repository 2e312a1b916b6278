/* SCRAM among the mechanisms: which hash, which binding, base64, and what its results mean. */
#include "base/base64.h"
#include "smtp/auth_parts.h"
#include "smtp/reply.h"

static struct mes_smtp_scram_login login_of(const struct mes_smtp_auth *auth,
                                            const struct mes_smtp_options *options)
{
    const unsigned bound = MES_SMTP_OFFERS_SCRAM_SHA_1_PLUS | MES_SMTP_OFFERS_SCRAM_SHA_256_PLUS;
    bool is_sha_256 = auth->mechanism == MES_SMTP_MECHANISM_SCRAM_SHA_256 ||
                      auth->mechanism == MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS;
    return (struct mes_smtp_scram_login){
        .hash = is_sha_256 ? MES_SMTP_SHA_256 : MES_SMTP_SHA_1,
        .user = options->user,
        .password = options->secret,
        .binding = &auth->binding,
        .is_bound = mes_smtp_mechanism_is_bound(auth->mechanism),
        /* Who lists -PLUS and then does not know it has not offered it: somebody in between could say so. */
        .is_binding_unoffered = (auth->offered & ~auth->refused & bound) == 0,
        .nonce = options->nonce,
    };
}

static bool settle(struct mes_smtp_auth *auth, enum mes_smtp_scram_result result)
{
    static const enum mes_smtp_cause causes[] = {
        [MES_SMTP_SCRAM_NONSENSE] = MES_SMTP_GARBAGE,  [MES_SMTP_SCRAM_UNFIT] = MES_SMTP_LOGIN_UNFIT,
        [MES_SMTP_SCRAM_ROUNDS] = MES_SMTP_BAD_ROUNDS, [MES_SMTP_SCRAM_UNPROVEN] = MES_SMTP_UNPROVEN,
        [MES_SMTP_SCRAM_NOMEM] = MES_SMTP_NO_MEMORY,
    };
    auth->is_working = result == MES_SMTP_SCRAM_WORKS;
    return auth->is_working || result == MES_SMTP_SCRAM_GOOD || mes_smtp_auth_fail(auth, causes[result]);
}

bool mes_smtp_auth_initial_scram(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                 struct mes_buf *out)
{
    const struct mes_smtp_scram_login login = login_of(auth, options);
    struct mes_buf message;
    mes_buf_init(&message, MES_SMTP_SCRAM_MESSAGE_MOST);
    enum mes_smtp_scram_result result = mes_smtp_scram_add_first(&auth->scram, &login, &message);
    if (result == MES_SMTP_SCRAM_GOOD)
        mes_base64_add(out, message.data, message.size);
    mes_buf_fini(&message);
    return settle(auth, result);
}

bool mes_smtp_auth_answer_scram(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                struct mes_str challenge, struct mes_buf *out)
{
    const struct mes_smtp_scram_login login = login_of(auth, options);
    enum mes_smtp_scram_result result = MES_SMTP_SCRAM_NONSENSE;
    struct mes_buf message;
    (void)out; /* the first answer takes its time, the second is empty */
    mes_buf_init(&message, MES_SMTP_CHALLENGE_MOST);
    if (mes_base64_decode(challenge, &message))
        result = auth->scram.stage == MES_SMTP_SCRAM_BEGUN
                     ? mes_smtp_scram_take_first(&auth->scram, &login, mes_buf_str(&message))
                     : mes_smtp_scram_take_final(&auth->scram, mes_buf_str(&message));
    if (auth->scram.stage == MES_SMTP_SCRAM_OVER && !auth->scram.is_proved)
        mes_buf_add_str(&auth->why, mes_buf_str(&message));
    mes_buf_fini(&message);
    return settle(auth, result);
}

bool mes_smtp_auth_work(struct mes_smtp_auth *auth, const struct mes_smtp_options *options)
{
    struct mes_buf message;
    mes_buf_init(&message, MES_SMTP_SCRAM_MESSAGE_MOST);
    enum mes_smtp_scram_result result = mes_smtp_scram_go(&auth->scram, options->scram_cache, &message);
    if (result == MES_SMTP_SCRAM_GOOD)
        mes_base64_add(&auth->answer, message.data, message.size);
    mes_smtp_scratch_fini(&message);
    return settle(auth, result);
}
