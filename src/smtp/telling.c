/* The callbacks: one at a time, each from a state in which the host may call back. */
#include "smtp/state.h"

static void tell_done(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    const struct mes_smtp_callbacks *callbacks = &session->callbacks;
    struct mes_smtp_result result = mes_smtp_slot_result(slot, session->sent);
    bool is_asked = slot->permit == MES_SMTP_PERMIT_ASKED || slot->permit == MES_SMTP_PERMIT_GRANTED;
    if (is_asked && !result.dot_written && callbacks->on_want_permit != NULL &&
        callbacks->on_withdrawn != NULL)
        callbacks->on_withdrawn(session->context, session, slot->message);
    callbacks->on_done(session->context, session, &result);
    slot->state = MES_SMTP_SLOT_FREE;
    slot->message = NULL;
}

static bool tell_fact(struct mes_smtp_session *session)
{
    for (unsigned fact = 0; (session->facts & ~session->facts_told) >> fact != 0; fact++) {
        if ((session->facts & ~session->facts_told & (1u << fact)) == 0)
            continue;
        session->facts_told |= 1u << fact;
        if (session->callbacks.on_learned != NULL)
            session->callbacks.on_learned(session->context, session, (enum mes_smtp_fact)fact);
        return true;
    }
    return false;
}

static struct mes_smtp_slot *oldest_unasked(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *oldest = NULL;
    for (unsigned i = 0; i < session->slot_count; i++) {
        struct mes_smtp_slot *slot = &session->slots[i];
        bool is_busy = slot->state == MES_SMTP_SLOT_QUEUED || slot->state == MES_SMTP_SLOT_SENDING;
        bool is_due = is_busy && (slot->is_put || !slot->message->asks_late);
        if (is_due && slot->permit == MES_SMTP_PERMIT_UNASKED &&
            (oldest == NULL || slot->turn < oldest->turn))
            oldest = slot;
    }
    return oldest;
}

static bool want_permit(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = oldest_unasked(session);
    if (slot == NULL || session->is_closing)
        return false;
    slot->permit = MES_SMTP_PERMIT_ASKED;
    session->callbacks.on_want_permit(session->context, session, slot->message);
    return true;
}

static bool tell_ended(struct mes_smtp_session *session)
{
    if (session->is_ended_told)
        return false;
    session->is_ended_told = true;
    mes_smtp_outcome_resolve(&session->ended, &session->ended_text, 0);
    if (session->callbacks.on_ended != NULL)
        session->callbacks.on_ended(session->context, session, &session->ended, session->is_blameless);
    return true;
}

static bool tell_room(struct mes_smtp_session *session)
{
    bool is_news = mes_smtp_session_has_room(session) && !session->is_room_told;
    session->is_room_told = mes_smtp_session_has_room(session);
    if (is_news && session->callbacks.on_ready != NULL)
        session->callbacks.on_ready(session->context, session);
    return is_news;
}

bool mes_smtp_tell(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *done =
        mes_smtp_slot_oldest(session->slots, session->slot_count, MES_SMTP_SLOT_DONE);
    if (tell_fact(session))
        return true;
    if (done != NULL) {
        tell_done(session, done);
        return true;
    }
    if (session->is_over)
        return tell_ended(session);
    return want_permit(session) || tell_room(session);
}
