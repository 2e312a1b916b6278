/* Any mechanism asked any challenges, a line each. What must hold: an answer is base64 that fits into a line,
 * a failure has its reason, the password is only handed over by what does so, and nobody is believed before
 * it is due. */
#include <stdint.h>
#include <stdlib.h>

#include "base/base64.h"
#include "smtp/auth.h"
#include "smtp/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* May this line leave? Shows what it says. */
static void check_line(const struct mes_smtp_auth *auth, struct mes_str line)
{
    bool hands_over = auth->mechanism == MES_SMTP_MECHANISM_PLAIN ||
                      auth->mechanism == MES_SMTP_MECHANISM_LOGIN ||
                      mes_smtp_mechanism_has_token(auth->mechanism);
    struct mes_buf text;
    mes_buf_init(&text, MES_SMTP_AUTH_MOST);
    require(line.size <= MES_SMTP_AUTH_MOST && mes_base64_decode(line, &text));
    require(hands_over || mes_str_find(mes_buf_str(&text), MES_STR("sEcReT"), 0) == SIZE_MAX);
    mes_buf_fini(&text);
}

/* One login; false when it is over. */
static bool answer(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                   struct mes_str challenge)
{
    bool is_good = mes_smtp_auth_answer(auth, options, challenge);
    /* Once round: more would only take time. */
    if (is_good && auth->is_working)
        is_good = mes_smtp_auth_work(auth, options);
    if (!is_good) {
        require(auth->failure != MES_SMTP_REPLIED);
        return false;
    }
    if (auth->is_working)
        return false;
    check_line(auth, mes_buf_str(&auth->answer));
    if (mes_smtp_mechanism_is_scram(auth->mechanism) && mes_smtp_auth_may_end(auth))
        require(mes_str_starts(challenge, MES_STR("dj"))); /* "v=" */
    return true;
}

static void talk(struct mes_smtp_auth *auth, const struct mes_smtp_options *options, struct mes_str rest)
{
    struct mes_buf out;
    struct mes_str challenge;
    unsigned rounds = 0;
    mes_buf_init(&out, MES_SMTP_AUTH_MOST);
    mes_smtp_auth_begin(auth);
    bool has_begun = !mes_smtp_auth_has_initial(auth) || (rest.size > 0 && rest.data[0] == '-') ||
                     mes_smtp_auth_add_initial(auth, options, &out);
    check_line(auth, mes_buf_str(&out));
    while (has_begun && mes_str_next(&rest, '\n', &challenge) && answer(auth, options, challenge))
        require(++rounds <= MES_SMTP_AUTH_ROUNDS);
    mes_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_smtp_auth auth;
    struct mes_secret *secret = mes_secret_new(MES_STR("sEcReT"));
    const struct mes_smtp_options options = {.host = MES_STR("mx.example"),
                                             .port = 587,
                                             .user = MES_STR("wong"),
                                             .secret = secret,
                                             .token = size > 0 && data[0] & 1 ? secret : NULL,
                                             .nonce = MES_STR("NONCE")};
    mes_smtp_auth_init(&auth);
    if (size > 0 && data[0] & 2)
        auth.binding = (struct mes_smtp_binding){.type = "tls-exporter", .bytes = "x", .size = 1};
    auth.is_secured = size > 0 && data[0] & 4;
    auth.offered = size > 1 ? 1u << data[1] % MES_SMTP_MECHANISM_COUNT : 0;
    auth.mechanism = mes_smtp_auth_choose(&auth, &options);
    require((mes_smtp_mechanism_bit(auth.mechanism) & ~auth.offered) == 0);
    if (auth.mechanism != MES_SMTP_MECHANISM_AUTO)
        talk(&auth, &options, mes_str_make((const char *)data + 2, size - 2));
    mes_smtp_auth_fini(&auth);
    mes_secret_free(&secret);
    return 0;
}
