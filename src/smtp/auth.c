#include "smtp/auth.h"

#include "base/base64.h"
#include "smtp/auth_parts.h"
#include "smtp/command.h"
#include "smtp/reply.h"

static const struct {
    bool (*initial)(struct mes_smtp_auth *auth, const struct mes_smtp_options *options, struct mes_buf *out);
    /* NULL: there is nothing to be asked behind the initial response. */
    bool (*answer)(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                   struct mes_str challenge, struct mes_buf *out);
} mechanisms[MES_SMTP_MECHANISM_COUNT] = {
    [MES_SMTP_MECHANISM_PLAIN] = {mes_smtp_auth_initial_plain, NULL},
    [MES_SMTP_MECHANISM_LOGIN] = {NULL, mes_smtp_auth_answer_login},
    [MES_SMTP_MECHANISM_CRAM_MD5] = {NULL, mes_smtp_auth_answer_cram_md5},
    [MES_SMTP_MECHANISM_SCRAM_SHA_1] = {mes_smtp_auth_initial_scram, mes_smtp_auth_answer_scram},
    [MES_SMTP_MECHANISM_SCRAM_SHA_256] = {mes_smtp_auth_initial_scram, mes_smtp_auth_answer_scram},
    [MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS] = {mes_smtp_auth_initial_scram, mes_smtp_auth_answer_scram},
    [MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS] = {mes_smtp_auth_initial_scram, mes_smtp_auth_answer_scram},
    [MES_SMTP_MECHANISM_XOAUTH2] = {mes_smtp_auth_initial_xoauth2, mes_smtp_auth_answer_token},
    [MES_SMTP_MECHANISM_OAUTHBEARER] = {mes_smtp_auth_initial_oauthbearer, mes_smtp_auth_answer_token},
};

/* --- The choice --- */

static bool has_secret(const struct mes_smtp_options *options, enum mes_smtp_mechanism mechanism)
{
    bool has_token = !mes_secret_is_empty(options->token);
    if (mes_smtp_mechanism_has_token(mechanism))
        return has_token;
    return !has_token || !mes_secret_is_empty(options->secret);
}

static bool may_use(const struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                    enum mes_smtp_mechanism mechanism)
{
    bool is_wanted = options->mechanism == MES_SMTP_MECHANISM_AUTO || options->mechanism == mechanism;
    bool is_offered = (mes_smtp_mechanism_bit(mechanism) & auth->offered & ~auth->refused) != 0;
    bool can_bind = !mes_smtp_mechanism_is_bound(mechanism) || auth->binding.type[0] != '\0';
    return is_wanted && is_offered && can_bind && has_secret(options, mechanism);
}

/* A token is no password: the minimum is about those alone. */
static bool is_strong_enough(const struct mes_smtp_options *options, enum mes_smtp_mechanism mechanism)
{
    return mes_smtp_mechanism_has_token(mechanism) || mechanism >= options->minimum;
}

enum mes_smtp_mechanism mes_smtp_auth_choose(struct mes_smtp_auth *auth,
                                             const struct mes_smtp_options *options)
{
    static const enum mes_smtp_mechanism best[] = {
        MES_SMTP_MECHANISM_OAUTHBEARER,        MES_SMTP_MECHANISM_XOAUTH2,
        MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS, MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS,
        MES_SMTP_MECHANISM_SCRAM_SHA_256,      MES_SMTP_MECHANISM_SCRAM_SHA_1};
    static const enum mes_smtp_mechanism secured[] = {MES_SMTP_MECHANISM_PLAIN, MES_SMTP_MECHANISM_LOGIN,
                                                      MES_SMTP_MECHANISM_CRAM_MD5};
    static const enum mes_smtp_mechanism clear[] = {MES_SMTP_MECHANISM_CRAM_MD5, MES_SMTP_MECHANISM_PLAIN,
                                                    MES_SMTP_MECHANISM_LOGIN};
    enum { BEST = sizeof best / sizeof best[0], REST = sizeof secured / sizeof secured[0] };
    const enum mes_smtp_mechanism *rest = auth->is_secured ? secured : clear;
    auth->failure = MES_SMTP_NO_AUTH;
    for (size_t i = 0; i < BEST + REST; i++) {
        enum mes_smtp_mechanism one = i < BEST ? best[i] : rest[i - BEST];
        if (!may_use(auth, options, one))
            continue;
        if (is_strong_enough(options, one))
            return one;
        auth->failure = MES_SMTP_AUTH_TOO_WEAK;
    }
    return MES_SMTP_MECHANISM_AUTO;
}

void mes_smtp_auth_refuse(struct mes_smtp_auth *auth, bool is_weak)
{
    auth->refused |= mes_smtp_mechanism_bit(auth->mechanism);
    if (!is_weak)
        return;
    auth->refused |= MES_SMTP_OFFERS_PLAIN | MES_SMTP_OFFERS_LOGIN;
    for (int i = MES_SMTP_MECHANISM_PLAIN; i < (int)auth->mechanism; i++)
        auth->refused |= mes_smtp_mechanism_bit((enum mes_smtp_mechanism)i);
}

/* --- Scratch --- */

bool mes_smtp_scratch_init(struct mes_buf *scratch, size_t size)
{
    mes_buf_init(scratch, size + 1);
    return mes_buf_reserve(scratch, size + 1) != NULL;
}

void mes_smtp_scratch_fini(struct mes_buf *scratch)
{
    mes_wipe(scratch->data, scratch->capacity);
    mes_buf_fini(scratch);
}

void mes_smtp_scratch_add_base64(struct mes_buf *out, struct mes_str bytes)
{
    if (mes_buf_reserve(out, mes_base64_size(bytes.size)) != NULL)
        mes_base64_add(out, bytes.data, bytes.size);
}

bool mes_smtp_auth_fail(struct mes_smtp_auth *auth, enum mes_smtp_cause cause)
{
    auth->failure = cause;
    return false;
}

/* --- The exchange --- */

void mes_smtp_auth_init(struct mes_smtp_auth *auth)
{
    *auth = (struct mes_smtp_auth){0};
    mes_buf_init(&auth->answer, MES_SMTP_AUTH_MOST);
    mes_buf_init(&auth->why, MES_SMTP_CHALLENGE_MOST);
    mes_smtp_scram_init(&auth->scram);
}

void mes_smtp_auth_fini(struct mes_smtp_auth *auth)
{
    mes_smtp_scratch_fini(&auth->answer);
    mes_buf_fini(&auth->why);
    mes_smtp_scram_fini(&auth->scram);
}

void mes_smtp_auth_begin(struct mes_smtp_auth *auth)
{
    mes_buf_clear(&auth->why);
    auth->has_told_why = false;
    auth->is_working = false;
    auth->rounds = 0;
    auth->has_said_first = false;
}

bool mes_smtp_auth_has_initial(const struct mes_smtp_auth *auth)
{
    return mechanisms[auth->mechanism].initial != NULL;
}

/* A full buffer is the peer's doing, or the user's; no memory is ours. */
static bool is_written(struct mes_smtp_auth *auth, const struct mes_buf *out)
{
    if (out->failed == 0)
        return true;
    return mes_smtp_auth_fail(auth, out->failed == MES_E_LIMIT ? MES_SMTP_LOGIN_UNFIT : MES_SMTP_NO_MEMORY);
}

bool mes_smtp_auth_add_initial(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                               struct mes_buf *out)
{
    auth->has_said_first = true;
    return mechanisms[auth->mechanism].initial(auth, options, out) && is_written(auth, out);
}

bool mes_smtp_auth_answer(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                          struct mes_str challenge)
{
    struct mes_buf *out = &auth->answer;
    mes_buf_clear(out);
    if (auth->rounds++ >= MES_SMTP_AUTH_ROUNDS || challenge.size > MES_SMTP_CHALLENGE_MOST)
        return mes_smtp_auth_fail(auth, MES_SMTP_GARBAGE);
    if (mes_smtp_auth_has_initial(auth) && !auth->has_said_first)
        return mes_smtp_auth_add_initial(auth, options, out);
    if (mechanisms[auth->mechanism].answer == NULL)
        return mes_smtp_auth_fail(auth, MES_SMTP_GARBAGE);
    return mechanisms[auth->mechanism].answer(auth, options, challenge, out) && is_written(auth, out);
}

bool mes_smtp_auth_may_end(const struct mes_smtp_auth *auth)
{
    return !mes_smtp_mechanism_is_scram(auth->mechanism) || auth->scram.is_proved;
}
