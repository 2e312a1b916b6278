/* One message: MAIL, RCPT, DATA, the body and its dot. Sending runs ahead of the replies as far as
 * mes_smtp_may_send_now lets it, so each `send` asks what is known by now. */
#include "base/utf8.h"
#include "smtp/command.h"
#include "smtp/state.h"
#include "smtp/transcript.h"

enum { BAD_SEQUENCE = 503, NOT_RECOGNISED = 500, START_INPUT = 354 };

static bool is_positive(const struct mes_smtp_reply *reply)
{
    return reply->code / 100 == 2;
}

enum mes_smtp_step mes_smtp_make_no_sense(struct mes_smtp_session *session,
                                          const struct mes_smtp_entry *entry)
{
    return mes_smtp_end(session, MES_SMTP_GARBAGE, mes_smtp_reported(entry->step), NULL);
}

enum mes_smtp_step mes_smtp_conclude(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    bool was_read = slot->is_body_begun;
    session->is_used = session->is_used || slot->is_put;
    if (!slot->is_repeat) {
        slot->state = MES_SMTP_SLOT_DONE;
        return MES_SMTP_STEP_READY;
    }
    mes_smtp_slot_repeat(slot);
    if (was_read) { /* its source is at its end: whoever made it has to make it again */
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_NOT_TRIED, NULL);
        slot->state = MES_SMTP_SLOT_DONE;
    }
    return MES_SMTP_STEP_READY;
}

bool mes_smtp_is_pointless(const struct mes_smtp_slot *slot)
{
    return slot->undecided == 0 || slot->is_repeat;
}

enum mes_smtp_step mes_smtp_give_up(struct mes_smtp_session *session, enum mes_smtp_step step)
{
    if (mes_smtp_ring_has(&session->ring, session->current))
        return step;
    return mes_smtp_conclude(session, session->current);
}

/* RFC 8689 4.2: TLS with a checked certificate, and a relay that promises the same for the rest of the way.
 */
static bool keeps_tls(const struct mes_smtp_session *session)
{
    return session->is_secured && !session->options.is_certificate_unchecked && session->ehlo.requiretls;
}

bool mes_smtp_is_fit(const struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    const struct mes_smtp_message *message = slot->message;
    const struct mes_smtp_ehlo *ehlo = &session->ehlo;
    bool has_charset = (!message->needs_smtputf8 || ehlo->smtputf8) &&
                       (!(message->needs_8bitmime || message->needs_smtputf8) || ehlo->eightbitmime);
    if (!has_charset)
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_NO_SMTPUTF8, NULL);
    else if (message->requires_tls && !keeps_tls(session))
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_NO_REQUIRETLS, NULL);
    else if (ehlo->size_limit > 0 && message->source->size > ehlo->size_limit)
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_TOO_LARGE, NULL);
    else
        return true;
    return false;
}

static bool is_idle(const struct mes_smtp_session *session)
{
    if (session->ring.count > 0)
        return false;
    for (unsigned i = 0; i < session->slot_count; i++)
        if (session->slots[i].state != MES_SMTP_SLOT_FREE)
            return false;
    return true;
}

enum mes_smtp_step mes_smtp_send_next(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot =
        mes_smtp_slot_oldest(session->slots, session->slot_count, MES_SMTP_SLOT_QUEUED);
    if (slot == NULL)
        return session->is_quitting && is_idle(session) ? MES_SMTP_STEP_QUIT : MES_SMTP_STEP_READY;
    if (session->is_open)
        return MES_SMTP_STEP_RSET;
    slot->state = MES_SMTP_SLOT_SENDING;
    session->current = slot;
    return MES_SMTP_STEP_MAIL;
}

/* Only behind a transaction in which nobody was accepted, as far as is known: RFC 5321 would let the relay
 * answer 503 to MAIL. */
enum mes_smtp_step mes_smtp_send_rset(struct mes_smtp_session *session)
{
    size_t start;
    mes_buf_add_text(mes_smtp_put_begin(session, &start), "RSET");
    if (!mes_smtp_put_end(session, start, MES_SMTP_STEP_RSET, 0))
        return MES_SMTP_STEP_RSET;
    session->is_open = false;
    return MES_SMTP_STEP_READY;
}

enum mes_smtp_step mes_smtp_on_rset(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    const struct mes_smtp_entry *last = mes_smtp_ring_back(&session->ring);
    (void)entry;
    bool is_misread = session->is_bdat_refused && !is_positive(reply);
    session->is_bdat_refused = false;
    if (is_positive(reply))
        return MES_SMTP_STEP_STAY;
    if (is_misread) /* the bytes behind BDAT were taken for commands: this and what follows is their reply */
        mes_smtp_stop_b(session);
    else if (last->slot != NULL && last->slot->is_dot_put) {
        /* Messages are on their way behind it: what their own replies say counts. */
        session->is_open = true;
        return MES_SMTP_STEP_STAY;
    }
    /* Then nobody knows whose transaction it is: a fresh connection. */
    return mes_smtp_end(session, MES_SMTP_REPLIED, MES_STEP_MAIL, reply);
}

/* RFC 1870, RFC 6152, RFC 6531, RFC 8689, RFC 3461. */
static void add_mail_parameters(const struct mes_smtp_ehlo *ehlo, const struct mes_smtp_message *message,
                                struct mes_buf *out)
{
    if (ehlo->size && message->source->size > 0) {
        mes_buf_add_text(out, " SIZE=");
        mes_buf_add_uint(out, message->source->size);
    }
    if (message->needs_8bitmime || message->needs_smtputf8)
        mes_buf_add_text(out, " BODY=8BITMIME");
    if (message->needs_smtputf8)
        mes_buf_add_text(out, " SMTPUTF8");
    if (message->requires_tls)
        mes_buf_add_text(out, " REQUIRETLS");
    if (!ehlo->dsn)
        return;
    if (message->dsn_return != MES_SMTP_RETURN_UNSAID)
        mes_buf_add_text(out, message->dsn_return == MES_SMTP_RETURN_FULL ? " RET=FULL" : " RET=HDRS");
    if (message->envelope_id.size > 0) {
        mes_buf_add_text(out, " ENVID=");
        mes_smtp_command_add_xtext(out, message->envelope_id);
    }
}

static enum mes_dsn dsn_of(const struct mes_smtp_ehlo *ehlo, const struct mes_smtp_message *message)
{
    if (message->count == 0 || message->recipients[0].notify.size == 0)
        return MES_DSN_NONE;
    return ehlo->dsn ? MES_DSN_REQUESTED : MES_DSN_NOT_OFFERED;
}

enum mes_smtp_step mes_smtp_send_mail(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    const struct mes_smtp_message *message = slot->message;
    bool is_by_x = mes_smtp_ring_has_any(&session->ring);
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_buf_add_text(out, "MAIL FROM:");
    bool is_good = mes_smtp_command_add_path(out, message->sender);
    add_mail_parameters(&session->ehlo, message, out);
    if (!is_good)
        mes_buf_truncate(out, start);
    if (!mes_smtp_put_end(session, start, MES_SMTP_STEP_MAIL, 0)) {
        if (out->failed != 0)
            return MES_SMTP_STEP_MAIL;
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_BAD_ADDRESS, NULL);
        return mes_smtp_conclude(session, slot);
    }
    slot->is_put = true;
    slot->dsn = dsn_of(&session->ehlo, message);
    slot->is_by_x = is_by_x;
    slot->is_by_b = mes_smtp_may_use_b(session);
    slot->is_reused = session->is_used;
    slot->begun_at = mes_smtp_now(session);
    return MES_SMTP_STEP_RCPT;
}

enum mes_smtp_step mes_smtp_on_mail(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    slot->is_mail_answered = true;
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    if (slot->is_by_x && slot->is_by_b && reply->code == BAD_SEQUENCE) {
        mes_smtp_give_up_b(session, slot);
    } else if (slot->is_by_x && reply->code == BAD_SEQUENCE) {
        /* The message before has its own reply, and nothing of this one was taken: it is safe to repeat. */
        slot->is_repeat = true;
        session->is_x_off = true;
        mes_smtp_learn(session, MES_SMTP_FACT_X_REFUSED);
    } else if (is_positive(reply)) {
        session->is_open = session->is_open || !slot->is_dot_put;
        if (slot->is_by_x && !slot->is_by_b)
            mes_smtp_learn(session, MES_SMTP_FACT_X_WORKS);
    } else if (slot->is_by_b && slot->is_dot_put) {
        mes_smtp_slot_hold_refusal(slot, MES_STEP_MAIL, reply);
    } else {
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_REPLIED, reply);
    }
    return MES_SMTP_STEP_STAY;
}

/* RFC 3461 section 4. */
static bool add_rcpt(const struct mes_smtp_session *session, const struct mes_smtp_recipient *recipient,
                     struct mes_buf *out)
{
    mes_buf_add_text(out, "RCPT TO:");
    if (recipient->address.size == 0 || !mes_smtp_command_add_path(out, recipient->address))
        return false;
    if (!session->ehlo.dsn)
        return true;
    if (recipient->notify.size > 0) {
        mes_buf_add_text(out, " NOTIFY=");
        mes_buf_add_str(out, recipient->notify);
    }
    if (recipient->original.size > 0 && mes_utf8_is_ascii(recipient->original)) {
        mes_buf_add_text(out, " ORCPT=rfc822;");
        mes_smtp_command_add_xtext(out, recipient->original);
    }
    return recipient->notify.size == 0 || mes_smtp_command_is_word(recipient->notify);
}

static bool put_rcpt(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    if (!add_rcpt(session, &slot->message->recipients[slot->next], out))
        mes_buf_truncate(out, start);
    return mes_smtp_put_end(session, start, MES_SMTP_STEP_RCPT, slot->next);
}

enum mes_smtp_step mes_smtp_send_rcpt(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    if (mes_smtp_is_pointless(slot))
        return mes_smtp_give_up(session, MES_SMTP_STEP_RCPT);
    slot->is_by_p = slot->is_by_p || session->ring.count > 0;
    while (slot->next < slot->to_send) {
        bool is_put = put_rcpt(session, slot);
        if (session->out.failed != 0)
            return MES_SMTP_STEP_RCPT;
        if (!is_put)
            mes_smtp_slot_decide(slot, slot->next, MES_STEP_RCPT, MES_SMTP_BAD_ADDRESS, NULL);
        slot->next++;
        if (is_put)
            break;
    }
    if (slot->next < slot->to_send)
        return MES_SMTP_STEP_RCPT;
    if (!slot->is_by_b)
        return MES_SMTP_STEP_DATA;
    bool is_known = session->has_b_proved || session->relay == MES_SMTP_RELAY_B;
    return is_known ? MES_SMTP_STEP_CHUNK : MES_SMTP_STEP_PROBE;
}

/* "Bad sequence" and the like to a command that came behind an accepted one, from a relay that never was seen
 * to bear it: it offers PIPELINING and cannot do it. */
static bool chokes_on_p(const struct mes_smtp_session *session, const struct mes_smtp_slot *slot,
                        const struct mes_smtp_reply *reply)
{
    return slot->is_by_p && session->is_open && !session->has_p_proved &&
           session->options.pace == MES_SMTP_PACE_AUTO && session->relay == MES_SMTP_RELAY_UNKNOWN &&
           (reply->code == BAD_SEQUENCE || reply->code == NOT_RECOGNISED);
}

static void fall_back_from_p(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    slot->is_repeat = true;
    session->is_lock_step = true;
    mes_smtp_learn(session, MES_SMTP_FACT_P_BROKEN);
}

static void accept(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    slot->accepted++;
    if (slot->is_dot_put && session->current == slot)
        session->is_open = false; /* with a recipient, BDAT LAST ends it whatever comes */
}

enum mes_smtp_step mes_smtp_on_rcpt(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    slot->has_taken = slot->has_taken || is_positive(reply);
    /* Behind BDAT LAST even a message that is to be repeated may be taken yet. */
    bool is_moot = slot->is_repeat && !slot->is_dot_put;
    if (is_moot || mes_smtp_slot_is_decided(slot, entry->recipient))
        return MES_SMTP_STEP_STAY;
    if (is_positive(reply))
        accept(session, slot);
    else if (slot->refusal_at != SIZE_MAX)
        mes_smtp_slot_refuse(slot, entry->recipient);
    else if (entry->recipient == 0 && chokes_on_p(session, slot, reply))
        fall_back_from_p(session, slot);
    else
        mes_smtp_slot_decide(slot, entry->recipient, MES_STEP_RCPT, MES_SMTP_REPLIED, reply);
    return MES_SMTP_STEP_STAY;
}

enum mes_smtp_step mes_smtp_send_data(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    size_t start;
    if (mes_smtp_is_pointless(slot))
        return mes_smtp_give_up(session, MES_SMTP_STEP_DATA);
    slot->is_by_p = slot->is_by_p || session->ring.count > 0;
    mes_buf_add_text(mes_smtp_put_begin(session, &start), "DATA");
    if (!mes_smtp_put_end(session, start, MES_SMTP_STEP_DATA, 0))
        return MES_SMTP_STEP_DATA;
    return MES_SMTP_STEP_WAIT;
}

/* RFC 2920 section 3.1: "the client cannot assume that the DATA command will be rejected just because none of
 * the RCPT TO commands worked. If the DATA command was properly rejected the client SMTP can just issue RSET,
 * but if the DATA command was accepted the client SMTP should send a single dot." */
enum mes_smtp_step mes_smtp_on_data(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    /* A lone dot must not become an empty mail for somebody whom the relay took against all reason. */
    bool makes_sense =
        reply->code == START_INPUT ? !(mes_smtp_is_pointless(slot) && slot->has_taken) : reply->code >= 400;
    if (!makes_sense)
        return mes_smtp_make_no_sense(session, entry);
    if (reply->code == START_INPUT)
        return mes_smtp_is_pointless(slot) ? MES_SMTP_STEP_LONE_DOT : MES_SMTP_STEP_BODY;
    if (!mes_smtp_is_pointless(slot) && chokes_on_p(session, slot, reply))
        fall_back_from_p(session, slot);
    if (!slot->is_repeat)
        mes_smtp_slot_decide_rest(slot, MES_STEP_DATA, MES_SMTP_REPLIED, reply);
    return mes_smtp_conclude(session, slot);
}

enum mes_smtp_step mes_smtp_send_body(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    size_t start;
    if (!slot->is_body_begun)
        mes_smtp_body_init(&slot->body, slot->message->source, true);
    slot->is_body_begun = true;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    enum mes_pull pulled =
        mes_smtp_body_write(&slot->body, out, MES_SMTP_OUTPUT_FULL - (out->size - session->out_at));
    if (out->failed != 0)
        return mes_smtp_end(session, MES_SMTP_NO_MEMORY, MES_STEP_BODY, NULL);
    if (pulled == MES_PULL_FAILED)
        return mes_smtp_end(session, MES_SMTP_BODY_FAILED, MES_STEP_BODY, NULL);
    if (pulled != MES_PULL_END || slot->permit != MES_SMTP_PERMIT_GRANTED)
        return MES_SMTP_STEP_BODY;
    mes_smtp_transcript_body(session, slot->body.written);
    return MES_SMTP_STEP_DOT;
}

static enum mes_smtp_step put_dot(struct mes_smtp_session *session, enum mes_smtp_step step,
                                  enum mes_smtp_step next)
{
    size_t start;
    mes_buf_add_char(mes_smtp_put_begin(session, &start), '.');
    if (!mes_smtp_put_end(session, start, step, 0))
        return step;
    session->is_open = false;
    return next;
}

enum mes_smtp_step mes_smtp_send_dot(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    slot->dot_at = mes_smtp_put_total(session);
    slot->is_dot_put = true;
    return put_dot(session, MES_SMTP_STEP_DOT, MES_SMTP_STEP_READY);
}

enum mes_smtp_step mes_smtp_on_dot(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                   const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    mes_smtp_slot_decide_rest(slot, MES_STEP_DOT, MES_SMTP_REPLIED, reply);
    if (slot->is_by_p) {
        session->has_p_proved = true;
        mes_smtp_learn(session, MES_SMTP_FACT_P_WORKS);
    }
    mes_smtp_measure(session, slot);
    (void)mes_smtp_conclude(session, slot);
    return MES_SMTP_STEP_STAY;
}

enum mes_smtp_step mes_smtp_send_lone_dot(struct mes_smtp_session *session)
{
    return put_dot(session, MES_SMTP_STEP_LONE_DOT, MES_SMTP_STEP_WAIT);
}

/* Whatever it says: nobody was accepted, so nothing was sent. */
enum mes_smtp_step mes_smtp_on_lone_dot(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                        const struct mes_smtp_reply *reply)
{
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    return mes_smtp_conclude(session, entry->slot);
}

enum mes_smtp_step mes_smtp_send_quit(struct mes_smtp_session *session)
{
    size_t start;
    mes_buf_add_text(mes_smtp_put_begin(session, &start), "QUIT");
    if (!mes_smtp_put_end(session, start, MES_SMTP_STEP_QUIT, 0))
        return MES_SMTP_STEP_QUIT;
    return MES_SMTP_STEP_WAIT;
}
