/* From the greeting to the first message: EHLO, STARTTLS, AUTH. */
#include <string.h>

#include "base/error.h"
#include "smtp/command.h"
#include "smtp/state.h"
#include "smtp/transcript.h"

static bool is_positive(const struct mes_smtp_reply *reply)
{
    return reply->code / 100 == 2;
}

/* A reply that is neither what was asked for nor a refusal makes no sense. */
static enum mes_smtp_step refused(struct mes_smtp_session *session, enum mes_step step,
                                  const struct mes_smtp_reply *reply)
{
    if (reply->code < 400)
        return mes_smtp_end(session, MES_SMTP_GARBAGE, step, NULL);
    return mes_smtp_end_politely(session, MES_SMTP_REPLIED, step, reply);
}

static enum mes_smtp_step be_ready(struct mes_smtp_session *session)
{
    mes_smtp_parser_set_line_most(&session->parser, MES_SMTP_LINE_MOST);
    session->was_ready = true;
    return MES_SMTP_STEP_READY;
}

/* A line of set-up with one word behind the verb, and then a wait for its reply. */
static enum mes_smtp_step send_word(struct mes_smtp_session *session, enum mes_smtp_step step,
                                    struct mes_str verb, struct mes_str word)
{
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_buf_add_str(out, verb);
    mes_buf_add_str(out, word);
    if (mes_smtp_put_end(session, start, step, 0))
        return MES_SMTP_STEP_WAIT;
    return mes_smtp_end(session, out->failed != 0 ? MES_SMTP_NO_MEMORY : MES_SMTP_BAD_ADDRESS,
                        mes_smtp_reported(step), NULL);
}

enum mes_smtp_step mes_smtp_on_greeting(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                        const struct mes_smtp_reply *reply)
{
    (void)entry;
    if (!mes_smtp_command_is_word(session->options.ehlo_name))
        return mes_smtp_end(session, MES_SMTP_BAD_ADDRESS, MES_STEP_EHLO, NULL);
    return is_positive(reply) ? MES_SMTP_STEP_EHLO : refused(session, MES_STEP_GREETING, reply);
}

enum mes_smtp_step mes_smtp_send_ehlo(struct mes_smtp_session *session)
{
    return send_word(session, MES_SMTP_STEP_EHLO, MES_STR("EHLO "), session->options.ehlo_name);
}

/* AUTH, or READY when no login is wanted. */
static enum mes_smtp_step log_in(struct mes_smtp_session *session)
{
    const struct mes_smtp_options *options = &session->options;
    if (options->user.size == 0)
        return be_ready(session);
    if (!session->is_secured && !options->plaintext_auth)
        return mes_smtp_end_politely(session, MES_SMTP_PLAIN_PASSWORD, MES_STEP_AUTH, NULL);
    session->auth.is_secured = session->is_secured;
    session->auth.offered = session->ehlo.mechanisms;
    session->auth.mechanism = mes_smtp_auth_choose(&session->auth, options);
    if (session->auth.mechanism == MES_SMTP_MECHANISM_AUTO)
        return mes_smtp_end_politely(session, session->auth.failure, MES_STEP_AUTH, NULL);
    return MES_SMTP_STEP_AUTH;
}

enum mes_smtp_step mes_smtp_on_ehlo(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    enum mes_smtp_tls tls = session->options.tls;
    (void)entry;
    if (!is_positive(reply)) {
        /* HELO has neither STARTTLS nor AUTH. */
        bool is_helo_enough = session->options.user.size == 0 &&
                              (session->is_secured || tls != MES_SMTP_TLS_STARTTLS) && reply->code / 100 == 5;
        return is_helo_enough ? MES_SMTP_STEP_HELO : refused(session, MES_STEP_EHLO, reply);
    }
    if (!mes_smtp_ehlo_parse(&session->ehlo, reply->text))
        return mes_smtp_end(session, MES_SMTP_NO_MEMORY, MES_STEP_EHLO, NULL);
    if (!session->is_secured && tls != MES_SMTP_TLS_NONE) {
        if (session->ehlo.starttls)
            return MES_SMTP_STEP_STARTTLS;
        if (tls == MES_SMTP_TLS_STARTTLS)
            return mes_smtp_end_politely(session, MES_SMTP_NO_STARTTLS, MES_STEP_STARTTLS, NULL);
    }
    return log_in(session);
}

enum mes_smtp_step mes_smtp_send_helo(struct mes_smtp_session *session)
{
    return send_word(session, MES_SMTP_STEP_HELO, MES_STR("HELO "), session->options.ehlo_name);
}

enum mes_smtp_step mes_smtp_on_helo(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    (void)entry;
    return is_positive(reply) ? be_ready(session) : refused(session, MES_STEP_EHLO, reply);
}

enum mes_smtp_step mes_smtp_send_starttls(struct mes_smtp_session *session)
{
    return send_word(session, MES_SMTP_STEP_STARTTLS, MES_STR("STARTTLS"), MES_STR(""));
}

enum mes_smtp_step mes_smtp_on_starttls(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                        const struct mes_smtp_reply *reply)
{
    (void)entry;
    if (is_positive(reply)) {
        /* RFC 3207 section 4.2: "The client MUST discard any knowledge obtained from the server". */
        mes_smtp_ehlo_clear(&session->ehlo);
        return MES_SMTP_STEP_TLS;
    }
    /* Whoever sits in between can make STARTTLS fail: a password never follows in clear. */
    bool may_go_on = session->options.tls == MES_SMTP_TLS_WHERE_OFFERED && session->options.user.size == 0;
    return may_go_on && reply->code >= 400 ? be_ready(session) : refused(session, MES_STEP_STARTTLS, reply);
}

enum mes_smtp_step mes_smtp_send_auth(struct mes_smtp_session *session)
{
    struct mes_smtp_auth *auth = &session->auth;
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_smtp_auth_begin(auth);
    mes_smtp_parser_set_line_most(&session->parser, MES_SMTP_CHALLENGE_MOST);
    mes_buf_add_text(out, "AUTH ");
    mes_buf_add_text(out, mes_smtp_mechanism_word(auth->mechanism));
    size_t bare = out->size;
    if (mes_smtp_auth_has_initial(auth)) {
        mes_buf_add_char(out, ' ');
        if (!mes_smtp_auth_add_initial(auth, &session->options, out)) {
            mes_buf_truncate(out, start);
            return mes_smtp_end_politely(session, auth->failure, MES_STEP_AUTH, NULL);
        }
        /* RFC 4954 section 4: no initial response when the line would be longer than 512. */
        if (out->size - start + 2 > MES_SMTP_COMMAND_MOST) {
            mes_wipe(out->data + bare, out->size - bare);
            mes_buf_truncate(out, bare);
            mes_smtp_auth_begin(auth);
        }
    }
    if (mes_smtp_put_end(session, start, MES_SMTP_STEP_AUTH, 0))
        return MES_SMTP_STEP_WAIT;
    return mes_smtp_end(session, MES_SMTP_NO_MEMORY, MES_STEP_AUTH, NULL);
}

static enum mes_smtp_step on_challenge(struct mes_smtp_session *session, const struct mes_smtp_reply *reply)
{
    struct mes_smtp_auth *auth = &session->auth;
    char shown[512];
    bool is_good = mes_smtp_auth_answer(auth, &session->options, reply->text);
    if (auth->why.size > 0)
        mes_smtp_transcript_remark(
            session, mes_shown_text(shown, sizeof shown, mes_str_trim(mes_buf_str(&auth->why))));
    if (!is_good)
        return mes_smtp_end(session, auth->failure, MES_STEP_AUTH, NULL);
    return auth->is_working ? MES_SMTP_STEP_WORK : MES_SMTP_STEP_ANSWER;
}

enum mes_smtp_step mes_smtp_send_work(struct mes_smtp_session *session)
{
    struct mes_smtp_auth *auth = &session->auth;
    if (!mes_smtp_auth_work(auth, &session->options))
        return mes_smtp_end(session, auth->failure, MES_STEP_AUTH, NULL);
    return auth->is_working ? MES_SMTP_STEP_WORK : MES_SMTP_STEP_ANSWER;
}

/* Whoever says that all is well without having proved that it knows the password may be anybody. */
static enum mes_smtp_step welcomed(struct mes_smtp_session *session)
{
    if (mes_smtp_auth_may_end(&session->auth))
        return be_ready(session);
    return mes_smtp_end_politely(session, MES_SMTP_UNPROVEN, MES_STEP_AUTH, NULL);
}

enum mes_smtp_step mes_smtp_on_auth(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    struct mes_smtp_auth *auth = &session->auth;
    enum mes_smtp_mechanism tried = auth->mechanism;
    (void)entry;
    if (is_positive(reply))
        return welcomed(session);
    if (reply->code == 334)
        return on_challenge(session, reply);
    /* RFC 4954 section 6: "unrecognized authentication type" and "mechanism is too weak" are said before any
     * password was judged, so the next one that is offered may be tried. */
    if (reply->code == 504 || reply->code == 534) {
        mes_smtp_auth_refuse(auth, reply->code == 534);
        auth->mechanism = mes_smtp_auth_choose(auth, &session->options);
        if (auth->mechanism != MES_SMTP_MECHANISM_AUTO)
            return MES_SMTP_STEP_AUTH;
        auth->mechanism = tried;
    }
    return refused(session, MES_STEP_AUTH, reply);
}

enum mes_smtp_mechanism mes_smtp_session_mechanism(const struct mes_smtp_session *session)
{
    return session->auth.mechanism;
}

void mes_smtp_session_bind(struct mes_smtp_session *session, struct mes_str type, struct mes_str bytes)
{
    struct mes_smtp_binding *binding = &session->auth.binding;
    if (type.size == 0 || type.size >= sizeof binding->type || bytes.size == 0 ||
        bytes.size > sizeof binding->bytes)
        return;
    memcpy(binding->type, type.data, type.size);
    binding->type[type.size] = '\0';
    memcpy(binding->bytes, bytes.data, bytes.size);
    binding->size = bytes.size;
}

enum mes_smtp_step mes_smtp_send_answer(struct mes_smtp_session *session)
{
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_buf_add_str(out, mes_buf_str(&session->auth.answer));
    mes_wipe(session->auth.answer.data, session->auth.answer.size);
    mes_buf_clear(&session->auth.answer);
    if (mes_smtp_put_end(session, start, MES_SMTP_STEP_ANSWER, 0))
        return MES_SMTP_STEP_WAIT;
    return mes_smtp_end(session, MES_SMTP_NO_MEMORY, MES_STEP_AUTH, NULL);
}
