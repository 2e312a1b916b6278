#include "smtp/pipeline.h"

#include <assert.h>

#include "smtp/state.h"

enum follow { FOLLOW_NOTHING, FOLLOW_GROUP, FOLLOW_NEXT };

static const enum follow follows[] = {
#define STEP(name, send, on, report, wait, follow) [MES_SMTP_STEP_##name] = FOLLOW_##follow,
#include "smtp/steps.def"
#undef STEP
};

void mes_smtp_ring_push(struct mes_smtp_ring *ring, struct mes_smtp_entry entry)
{
    assert(ring->count < MES_SMTP_RING);
    ring->entries[(ring->first + ring->count++) % MES_SMTP_RING] = entry;
}

struct mes_smtp_entry mes_smtp_ring_pop(struct mes_smtp_ring *ring)
{
    assert(ring->count > 0);
    struct mes_smtp_entry entry = ring->entries[ring->first];
    ring->first = (ring->first + 1) % MES_SMTP_RING;
    ring->count--;
    return entry;
}

const struct mes_smtp_entry *mes_smtp_ring_front(const struct mes_smtp_ring *ring)
{
    return ring->count > 0 ? &ring->entries[ring->first] : NULL;
}

const struct mes_smtp_entry *mes_smtp_ring_back(const struct mes_smtp_ring *ring)
{
    return ring->count > 0 ? &ring->entries[(ring->first + ring->count - 1) % MES_SMTP_RING] : NULL;
}

bool mes_smtp_ring_has(const struct mes_smtp_ring *ring, const struct mes_smtp_slot *slot)
{
    for (unsigned i = 0; i < ring->count; i++)
        if (ring->entries[(ring->first + i) % MES_SMTP_RING].slot == slot)
            return true;
    return false;
}

bool mes_smtp_ring_has_any(const struct mes_smtp_ring *ring)
{
    for (unsigned i = 0; i < ring->count; i++)
        if (ring->entries[(ring->first + i) % MES_SMTP_RING].slot != NULL)
            return true;
    return false;
}

bool mes_smtp_may_pipeline(const struct mes_smtp_session *session)
{
    return session->ehlo.pipelining && !session->is_lock_step && session->options.pace != MES_SMTP_PACE_OFF &&
           !(session->options.pace == MES_SMTP_PACE_AUTO && session->relay == MES_SMTP_RELAY_LOCK_STEP);
}

bool mes_smtp_may_use_x(const struct mes_smtp_session *session)
{
    if (!mes_smtp_may_pipeline(session) || session->is_x_off)
        return false;
    if (session->options.pace != MES_SMTP_PACE_AUTO)
        return session->options.pace != MES_SMTP_PACE_P;
    return session->relay == MES_SMTP_RELAY_UNKNOWN ? session->has_p_proved
                                                    : session->relay != MES_SMTP_RELAY_P;
}

unsigned mes_smtp_session_flow(const struct mes_smtp_session *session)
{
    if (mes_smtp_may_use_b(session))
        return session->options.depth == 1 ? 1 : session->slot_count;
    return mes_smtp_may_use_x(session) ? 2 : 1;
}

/* Where a permit takes time (the service writes it down first), the next messages ask for theirs while they
 * wait, so that the pace does not hang on it. */
unsigned mes_smtp_hold_most(const struct mes_smtp_session *session)
{
    unsigned flow = mes_smtp_session_flow(session);
    unsigned most = session->callbacks.on_want_permit != NULL ? 1 + session->options.ahead : 1;
    if (most > session->slot_count)
        most = session->slot_count;
    return flow > most ? flow : most;
}

/* RFC 2920 section 3.1: "the commands RSET, MAIL FROM, SEND FROM, SOML FROM, SAML FROM, and RCPT TO can all
 * appear anywhere in a pipelined command group. The EHLO, DATA, VRFY, EXPN, TURN, QUIT, and NOOP commands can
 * only appear as the last command in a group since their success or failure produces a change of state which
 * the client SMTP must accommodate. […] The actual transfer of message content is explicitly allowed to be
 * the first "command" in a group. That is, a RSET/MAIL FROM sequence necessary to initiate a new message can
 * be placed in the same group as the final transfer of the headers and body of the previous message." */
bool mes_smtp_may_send_now(const struct mes_smtp_session *session)
{
    const struct mes_smtp_entry *last = mes_smtp_ring_back(&session->ring);
    bool is_chunk = session->step == MES_SMTP_STEP_CHUNK || session->step == MES_SMTP_STEP_PROBE;
    size_t chunk = is_chunk ? MES_SMTP_CHUNK_MOST : 0;
    if (session->out.size - session->out_at + chunk >= MES_SMTP_OUTPUT_FULL)
        return false;
    if (session->step == MES_SMTP_STEP_READY || last == NULL)
        return true; /* READY only chooses what comes next */
    if (session->ring.count == MES_SMTP_RING)
        return false;
    switch (follows[last->step]) {
    case FOLLOW_NOTHING:
        return false;
    case FOLLOW_GROUP:
        return mes_smtp_may_pipeline(session);
    case FOLLOW_NEXT:
        return (session->step == MES_SMTP_STEP_MAIL || session->step == MES_SMTP_STEP_RSET) &&
               (mes_smtp_may_use_x(session) || mes_smtp_may_use_b(session));
    }
    return false;
}
