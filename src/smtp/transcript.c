#include "smtp/transcript.h"

#include "smtp/state.h"

static bool is_watched(const struct mes_smtp_session *session)
{
    return session->callbacks.on_trace != NULL;
}

static void show(struct mes_smtp_session *session, char direction, struct mes_str line)
{
    session->callbacks.on_trace(session->context, session, direction, line);
}

static void show_trace(struct mes_smtp_session *session, char direction)
{
    show(session, direction, mes_buf_str(&session->trace));
}

void mes_smtp_transcript_sent(struct mes_smtp_session *session, struct mes_str line, unsigned step)
{
    if (!is_watched(session))
        return;
    if (step == MES_SMTP_STEP_ANSWER) {
        show(session, '>', MES_STR("***"));
        return;
    }
    if (step != MES_SMTP_STEP_AUTH) {
        show(session, '>', line);
        return;
    }
    size_t secret_at = mes_str_find(line, MES_STR(" "), sizeof "AUTH " - 1);
    mes_buf_clear(&session->trace);
    mes_buf_add_str(&session->trace, mes_str_cut(line, 0, secret_at));
    if (secret_at != SIZE_MAX)
        mes_buf_add_text(&session->trace, " ***");
    show_trace(session, '>');
}

void mes_smtp_transcript_received(struct mes_smtp_session *session, const struct mes_smtp_reply *reply)
{
    struct mes_str rest = reply->text, line;
    if (!is_watched(session))
        return;
    while (mes_str_next(&rest, '\n', &line)) {
        mes_buf_clear(&session->trace);
        mes_buf_add_uint(&session->trace, (uint64_t)reply->code);
        mes_buf_add_char(&session->trace, rest.data != NULL ? '-' : ' ');
        mes_buf_add_str(&session->trace, reply->code == 334 ? MES_STR("***") : line);
        show_trace(session, '<');
    }
    if (reply->contradicts)
        show(session, '*', MES_STR("the enhanced code contradicts the reply's code, which decides"));
}

void mes_smtp_transcript_body(struct mes_smtp_session *session, uint64_t size)
{
    if (!is_watched(session))
        return;
    mes_buf_clear(&session->trace);
    mes_buf_add_text(&session->trace, "body of ");
    mes_buf_add_uint(&session->trace, size);
    mes_buf_add_text(&session->trace, " bytes");
    show_trace(session, '>');
}

void mes_smtp_transcript_remark(struct mes_smtp_session *session, const char *text)
{
    if (is_watched(session))
        show(session, '*', mes_str_of(text));
}
