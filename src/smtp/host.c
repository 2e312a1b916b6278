/* What the host of a session wants of it: messages, permits, an end. */
#include <assert.h>

#include "smtp/state.h"

bool mes_smtp_session_has_room(const struct mes_smtp_session *session)
{
    unsigned held = 0;
    if (!session->was_ready || session->is_over || session->is_closing || session->is_quitting)
        return false;
    for (unsigned i = 0; i < session->slot_count; i++)
        held += session->slots[i].state != MES_SMTP_SLOT_FREE;
    return held < mes_smtp_hold_most(session);
}

int mes_smtp_session_submit(struct mes_smtp_session *session, const struct mes_smtp_message *message)
{
    assert(mes_smtp_session_has_room(session) && message->count > 0);
    struct mes_smtp_slot *slot = session->slots;
    while (slot->state != MES_SMTP_SLOT_FREE)
        slot++;
    if (!mes_smtp_slot_take(slot, message, session->options.most_recipients, ++session->turn))
        return MES_E_NOMEM;
    if (session->callbacks.on_want_permit == NULL)
        slot->permit = MES_SMTP_PERMIT_GRANTED;
    if (!mes_smtp_is_fit(session, slot))
        slot->state = MES_SMTP_SLOT_DONE;
    session->is_room_told = false;
    mes_smtp_run(session);
    return 0;
}

void mes_smtp_session_permit(struct mes_smtp_session *session, const struct mes_smtp_message *message,
                             bool granted)
{
    for (unsigned i = 0; i < session->slot_count; i++) {
        struct mes_smtp_slot *slot = &session->slots[i];
        bool is_busy = slot->state == MES_SMTP_SLOT_QUEUED || slot->state == MES_SMTP_SLOT_SENDING;
        if (is_busy && slot->message == message && slot->permit != MES_SMTP_PERMIT_REFUSED)
            slot->permit = granted ? MES_SMTP_PERMIT_GRANTED : MES_SMTP_PERMIT_REFUSED;
    }
    mes_smtp_run(session);
}

void mes_smtp_session_body_ready(struct mes_smtp_session *session)
{
    mes_smtp_run(session);
}

void mes_smtp_session_quit(struct mes_smtp_session *session)
{
    session->is_quitting = true;
    mes_smtp_run(session);
}

void mes_smtp_session_recall(struct mes_smtp_session *session)
{
    for (unsigned i = 0; i < session->slot_count; i++) {
        struct mes_smtp_slot *slot = &session->slots[i];
        if (slot->state != MES_SMTP_SLOT_QUEUED)
            continue;
        mes_smtp_slot_decide_rest(slot, MES_STEP_MAIL, MES_SMTP_NOT_TRIED, NULL);
        slot->state = MES_SMTP_SLOT_DONE;
    }
    mes_smtp_run(session);
}

void mes_smtp_session_cancel(struct mes_smtp_session *session, int64_t grace_ms)
{
    session->is_closing = true;
    session->grace_until = mes_smtp_now(session) + grace_ms;
    mes_smtp_run(session);
}

void mes_smtp_session_set_relay(struct mes_smtp_session *session, enum mes_smtp_relay relay)
{
    session->relay = relay;
    mes_smtp_run(session);
}
