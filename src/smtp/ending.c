/* How a session ends: what that means for the messages under way, and what it says about the relay. */
#include "smtp/state.h"
#include "smtp/transcript.h"

enum mes_step mes_smtp_place(const struct mes_smtp_session *session)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    return mes_smtp_reported(front != NULL ? front->step : session->step);
}

enum mes_step mes_smtp_place_of(const struct mes_smtp_session *session, const struct mes_smtp_slot *slot)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    if (mes_smtp_slot_is_dot_written(slot, session->sent))
        return MES_STEP_DOT;
    if (front != NULL && front->slot == slot && !slot->is_dot_put)
        return mes_smtp_reported(front->step);
    if (slot->is_dot_put || slot->is_body_begun)
        return MES_STEP_BODY;
    return session->current == slot && front == NULL ? mes_smtp_reported(session->step) : MES_STEP_MAIL;
}

/* Its MAIL was put out but counts for nothing: it had gone ahead of a dot's reply, or into a connection that
 * the relay was closing, idle after the message before. On a fresh connection neither can happen to it again.
 */
static bool is_in_vain(const struct mes_smtp_slot *slot, enum mes_smtp_cause cause)
{
    bool is_excused = slot->is_by_x || (slot->is_reused && cause == MES_SMTP_CUT);
    return slot->is_repeat || (!slot->is_mail_answered && is_excused);
}

/* The session ends because another message's permit was refused: this one has nothing to do with that. */
static bool is_bystander(const struct mes_smtp_session *session, const struct mes_smtp_slot *slot,
                         enum mes_smtp_cause cause)
{
    return cause == MES_SMTP_CANCELLED && session->grace_until == INT64_MAX &&
           slot->permit != MES_SMTP_PERMIT_REFUSED;
}

/* By BDAT replies may have come to a message whose LAST has none. */
static void settle_refusals(struct mes_smtp_slot *slot, bool is_doubtful)
{
    if (slot->is_repeat && slot->is_dot_put)
        mes_smtp_slot_undecide(slot); /* what was refused so far was to be asked again */
    else if (slot->refusal_at != SIZE_MAX && (!is_doubtful || slot->is_chunk_refused))
        mes_smtp_slot_refuse_rest(slot);
}

static void settle(struct mes_smtp_session *session, struct mes_smtp_slot *slot, enum mes_smtp_cause cause)
{
    bool is_busy = slot->state == MES_SMTP_SLOT_QUEUED || slot->state == MES_SMTP_SLOT_SENDING;
    enum mes_step step = slot->is_put ? mes_smtp_place_of(session, slot) : MES_STEP_MAIL;
    if (!is_busy)
        return;
    if (cause == MES_SMTP_REPLIED) /* to another command than this one's, so this one got none */
        cause = mes_smtp_slot_is_dot_written(slot, session->sent) ? MES_SMTP_CUT : MES_SMTP_NOT_TRIED;
    bool is_doubtful = mes_smtp_slot_is_dot_written(slot, session->sent);
    bool is_free =
        cause != MES_SMTP_CANCELLED && (!slot->is_put || (is_in_vain(slot, cause) && !is_doubtful));
    settle_refusals(slot, is_doubtful);
    if (is_free || is_bystander(session, slot, cause))
        cause = MES_SMTP_NOT_TRIED;
    mes_smtp_slot_decide_rest(slot, step, cause, NULL);
    slot->state = MES_SMTP_SLOT_DONE;
}

static bool is_awaited(const struct mes_smtp_session *session, const struct mes_smtp_slot *slot)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    return front != NULL && front->slot == slot;
}

/* What this end says about speaking ahead to this relay: a cut counts with MAIL unanswered (X), or a whole
 * message (B). */
static void learn_of_pace(struct mes_smtp_session *session, const struct mes_smtp_slot *slot,
                          enum mes_smtp_cause cause)
{
    bool is_cut = cause == MES_SMTP_CUT || cause == MES_SMTP_REPLIED;
    bool is_ahead = slot->is_by_x && !slot->is_mail_answered;
    if (is_cut && (slot->is_by_b ? slot->is_dot_put : is_ahead))
        mes_smtp_learn(session, slot->is_by_b ? MES_SMTP_FACT_B_CUT : MES_SMTP_FACT_X_CUT);
    if (is_ahead && cause == MES_SMTP_TIMEOUT && is_awaited(session, slot))
        mes_smtp_learn(session, slot->is_by_b ? MES_SMTP_FACT_B_REFUSED : MES_SMTP_FACT_X_REFUSED);
}

/* The relay took the first command of a group and forgot the rest. */
static void learn_of_group(struct mes_smtp_session *session, const struct mes_smtp_slot *slot,
                           enum mes_smtp_cause cause)
{
    bool is_in_group = slot->is_mail_answered && slot->is_by_p && !slot->is_by_b && !slot->is_body_begun &&
                       !session->has_p_proved;
    if (is_in_group && cause == MES_SMTP_TIMEOUT && is_awaited(session, slot))
        mes_smtp_learn(session, MES_SMTP_FACT_P_BROKEN);
}

static bool is_any_under_way(const struct mes_smtp_session *session)
{
    for (unsigned i = 0; i < session->slot_count; i++) {
        const struct mes_smtp_slot *slot = &session->slots[i];
        if (slot->is_put && (slot->state == MES_SMTP_SLOT_SENDING || slot->state == MES_SMTP_SLOT_DONE))
            return true;
    }
    return false;
}

static bool is_blameless(const struct mes_smtp_session *session, enum mes_smtp_cause cause)
{
    if (cause == MES_SMTP_CANCELLED || cause == MES_SMTP_BODY_FAILED || cause == MES_SMTP_NO_MEMORY)
        return true;
    if (!session->was_ready)
        return false;
    if (is_any_under_way(session))
        return true; /* its outcome says what there is to say */
    return cause == MES_SMTP_CUT || cause == MES_SMTP_REPLIED;
}

enum mes_smtp_step mes_smtp_end(struct mes_smtp_session *session, enum mes_smtp_cause cause,
                                enum mes_step step, const struct mes_smtp_reply *reply)
{
    if (session->is_over)
        return MES_SMTP_STEP_END;
    session->is_over = true;
    session->is_blameless = is_blameless(session, cause);
    mes_smtp_outcome_set(&session->ended, step, cause, reply, &session->ended_text);
    session->ended.by_token = step == MES_STEP_AUTH && mes_smtp_mechanism_has_token(session->auth.mechanism);
    for (unsigned i = 0; i < session->slot_count; i++) {
        if (session->slots[i].state != MES_SMTP_SLOT_SENDING || !session->slots[i].is_put)
            continue;
        learn_of_pace(session, &session->slots[i], cause);
        learn_of_group(session, &session->slots[i], cause);
    }
    for (unsigned i = 0; i < session->slot_count; i++)
        settle(session, &session->slots[i], cause);
    mes_smtp_drop_output(session);
    return MES_SMTP_STEP_END;
}

enum mes_smtp_step mes_smtp_end_politely(struct mes_smtp_session *session, enum mes_smtp_cause cause,
                                         enum mes_step step, const struct mes_smtp_reply *reply)
{
    enum mes_smtp_step end = mes_smtp_end(session, cause, step, reply);
    mes_buf_add_text(&session->out, "QUIT\r\n");
    mes_smtp_transcript_sent(session, MES_STR("QUIT"), MES_SMTP_STEP_QUIT);
    return end;
}

void mes_smtp_learn(struct mes_smtp_session *session, enum mes_smtp_fact fact)
{
    session->facts |= 1u << fact;
}
