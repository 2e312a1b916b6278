/* A body by BDAT (RFC 3030), as far ahead of the replies as PIPELINING lets it: pace B. The body of a small
 * message is one chunk, "BDAT n LAST", and whole messages follow each other without a reply in between. */
#include "smtp/command.h"
#include "smtp/state.h"
#include "smtp/transcript.h"

enum { X_MEASURED = 4, B_MEASURED = 16 }; /* messages that each pace is judged by */

static bool is_positive(const struct mes_smtp_reply *reply)
{
    return reply->code / 100 == 2;
}

/* --- Is it worth it? --- */

static bool is_far(const struct mes_smtp_session *session)
{
    return session->round_trip != INT64_MAX && session->round_trip >= MES_SMTP_FAR_MS;
}

bool mes_smtp_may_use_b(const struct mes_smtp_session *session)
{
    if (!mes_smtp_may_pipeline(session) || !session->ehlo.chunking || session->is_b_off ||
        session->relay == MES_SMTP_RELAY_B_REFUSED)
        return false;
    if (session->options.pace != MES_SMTP_PACE_AUTO)
        return session->options.pace == MES_SMTP_PACE_B;
    if (!is_far(session) || !mes_smtp_may_use_x(session))
        return false;
    return session->relay == MES_SMTP_RELAY_B ||
           (session->relay != MES_SMTP_RELAY_B_SLOW && session->by_x.messages >= X_MEASURED);
}

/* After as many messages as are needed to tell: which pace took less time for one? */
static void judge(struct mes_smtp_session *session)
{
    const struct mes_smtp_meter *x = &session->by_x, *b = &session->by_b;
    if (x->messages < X_MEASURED || b->messages != B_MEASURED)
        return;
    bool is_slower = b->ms * x->messages >= x->ms * b->messages;
    session->is_b_off = is_slower;
    mes_smtp_learn(session, is_slower ? MES_SMTP_FACT_B_SLOW : MES_SMTP_FACT_B_WORKS);
}

/* The time from one message's last reply to the next one's, where the next had been begun by then. */
void mes_smtp_measure(struct mes_smtp_session *session, const struct mes_smtp_slot *slot)
{
    struct mes_smtp_meter *meter = slot->is_by_b ? &session->by_b : &session->by_x;
    int64_t time = mes_smtp_now(session);
    if (slot->is_by_x) {
        meter->ms += time - session->done_at;
        meter->messages++;
        judge(session);
    }
    session->done_at = time;
}

/* --- Refusals --- */

/* What a relay says that offers CHUNKING and does not know it, rather than to a message. */
static bool refuses_bdat(const struct mes_smtp_reply *reply)
{
    return (reply->code >= 500 && reply->code <= 504) || reply->code == 555;
}

/* It took the command for unknown, and so the bytes behind it for commands: no reply can be trusted. Whether
 * anybody had been accepted does not matter: go-smtp says 502 where nobody was, and leaves the chunk unread.
 */
static bool is_lost(const struct mes_smtp_reply *reply)
{
    return reply->code == 500 || reply->code == 502;
}

void mes_smtp_stop_b(struct mes_smtp_session *session)
{
    session->is_b_off = true;
    mes_smtp_learn(session, MES_SMTP_FACT_B_REFUSED);
}

void mes_smtp_give_up_b(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    slot->is_repeat = true;
    mes_smtp_stop_b(session);
}

static enum mes_smtp_step end_lost(struct mes_smtp_session *session, struct mes_smtp_slot *slot,
                                   const struct mes_smtp_reply *reply)
{
    mes_smtp_stop_b(session);
    if (slot->is_repeat)
        mes_smtp_slot_repeat(slot);
    return mes_smtp_end(session, MES_SMTP_REPLIED, MES_STEP_BODY, reply);
}

/* --- Chunks --- */

static enum mes_smtp_step put_chunk(struct mes_smtp_session *session, struct mes_smtp_slot *slot,
                                    bool is_last)
{
    uint64_t at = mes_smtp_put_total(session);
    size_t start;
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_buf_add_text(out, "BDAT ");
    mes_buf_add_uint(out, session->chunk.size);
    mes_buf_add_text(out, is_last ? " LAST" : "");
    enum mes_smtp_step step = is_last ? MES_SMTP_STEP_LAST : MES_SMTP_STEP_CHUNK;
    if (!mes_smtp_put_data(session, start, mes_buf_str(&session->chunk), step))
        return MES_SMTP_STEP_CHUNK;
    mes_buf_clear(&session->chunk);
    session->is_open = true;
    if (!is_last)
        return MES_SMTP_STEP_CHUNK;
    slot->dot_at = at;
    slot->is_dot_put = true;
    /* RFC 3030 does not say that a refused BDAT LAST ends a transaction without recipients, and Exim keeps
     * its sender: the next message would go out in this one's name. As long as no recipient is known to be
     * taken, a RSET comes in between. */
    session->is_open = slot->accepted == 0;
    mes_smtp_transcript_body(session, slot->body.written);
    return MES_SMTP_STEP_READY;
}

/* Its transaction is ended by a RSET in front of the next one (RFC 3030 section 2), so that a body which
 * cannot be read, or is not wanted any more, does not cost the connection. */
static enum mes_smtp_step drop(struct mes_smtp_session *session, enum mes_smtp_step step)
{
    mes_buf_clear(&session->chunk);
    return mes_smtp_give_up(session, step);
}

/* The size stands in front, so a chunk is put together aside. False: nothing can be put out at `step` now,
 * and
 * `*next_out` says what comes next. */
static bool fill(struct mes_smtp_session *session, enum mes_smtp_step step, bool *is_all_out,
                 enum mes_smtp_step *next_out)
{
    struct mes_smtp_slot *slot = session->current;
    struct mes_buf *chunk = &session->chunk;
    enum mes_pull pulled = MES_PULL_FAILED;
    *next_out = step;
    if (!slot->is_body_begun && !mes_smtp_is_pointless(slot)) {
        mes_smtp_body_init(&slot->body, slot->message->source, false);
        slot->is_body_begun = true;
    }
    if (!mes_smtp_is_pointless(slot))
        pulled = mes_smtp_body_write(&slot->body, chunk, MES_SMTP_CHUNK_MOST - chunk->size);
    if (chunk->failed != 0)
        *next_out = mes_smtp_end(session, MES_SMTP_NO_MEMORY, MES_STEP_BODY, NULL);
    else if (pulled == MES_PULL_FAILED) {
        mes_smtp_slot_decide_rest(slot, MES_STEP_BODY, MES_SMTP_BODY_FAILED, NULL);
        *next_out = drop(session, step);
    }
    *is_all_out = pulled == MES_PULL_END;
    return chunk->failed == 0 && (pulled == MES_PULL_END || pulled == MES_PULL_PIECE);
}

enum mes_smtp_step mes_smtp_send_chunk(struct mes_smtp_session *session)
{
    struct mes_smtp_slot *slot = session->current;
    enum mes_smtp_step next;
    bool is_last;
    if (!fill(session, MES_SMTP_STEP_CHUNK, &is_last, &next))
        return next;
    if (is_last && slot->permit != MES_SMTP_PERMIT_GRANTED)
        return MES_SMTP_STEP_CHUNK;
    return put_chunk(session, slot, is_last);
}

/* --- The first time on a connection --- */

/* The first line of the message and no more: to a relay that does not know BDAT it is a command that it does
 * not know either, while a whole body might hold some that it does. (An empty chunk would do, but for
 * Postfix, which refuses it.) */
enum mes_smtp_step mes_smtp_send_probe(struct mes_smtp_session *session)
{
    struct mes_buf *chunk = &session->chunk;
    enum mes_smtp_step next;
    bool is_all;
    size_t start;
    if (!fill(session, MES_SMTP_STEP_PROBE, &is_all, &next))
        return next;
    size_t end = mes_str_find(mes_buf_str(chunk), MES_STR("\r\n"), 0);
    struct mes_str line = mes_str_cut(mes_buf_str(chunk), 0, end == SIZE_MAX ? chunk->size : end + 2);
    struct mes_buf *out = mes_smtp_put_begin(session, &start);
    mes_buf_add_text(out, "BDAT ");
    mes_buf_add_uint(out, line.size);
    if (!mes_smtp_put_data(session, start, line, MES_SMTP_STEP_PROBE))
        return MES_SMTP_STEP_PROBE;
    mes_buf_consume(chunk, line.size);
    session->is_open = true;
    return MES_SMTP_STEP_WAIT;
}

enum mes_smtp_step mes_smtp_on_probe(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                     const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    bool is_pointless = mes_smtp_is_pointless(slot);
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    if (is_positive(reply))
        session->has_b_proved = true;
    if (is_positive(reply) && !is_pointless)
        return MES_SMTP_STEP_CHUNK;
    mes_buf_clear(&session->chunk);
    if (!is_pointless && refuses_bdat(reply))
        mes_smtp_give_up_b(session, slot);
    else if (!is_pointless)
        mes_smtp_slot_decide_rest(slot, MES_STEP_DATA, MES_SMTP_REPLIED, reply);
    return is_lost(reply) ? end_lost(session, slot, reply) : mes_smtp_conclude(session, slot);
}

/* --- Their replies --- */

/* With LAST on its way the relay may yet take what it has; unless it does, the refusal counts. */
static void refuse_chunk(struct mes_smtp_session *session, struct mes_smtp_slot *slot,
                         const struct mes_smtp_reply *reply)
{
    if (refuses_bdat(reply))
        mes_smtp_give_up_b(session, slot);
    else if (slot->is_dot_put)
        mes_smtp_slot_hold_refusal(slot, MES_STEP_BODY, reply);
    else
        mes_smtp_slot_decide_rest(slot, MES_STEP_BODY, MES_SMTP_REPLIED, reply);
}

/* RFC 3030 section 2: "If a 5XX or 4XX code is received by the sender-SMTP in response to a BDAT chunk, the
 * transaction should be considered failed and the sender-SMTP MUST NOT send any additional BDAT segments." */
enum mes_smtp_step mes_smtp_on_chunk(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                     const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    if (reply->code / 100 == 3)
        return mes_smtp_make_no_sense(session, entry);
    if (is_positive(reply))
        return MES_SMTP_STEP_STAY;
    slot->is_chunk_refused = true;
    session->is_bdat_refused = true;
    if (!mes_smtp_is_pointless(slot) && slot->refusal_at == SIZE_MAX)
        refuse_chunk(session, slot, reply);
    return is_lost(reply) && !slot->is_dot_put ? end_lost(session, slot, reply) : MES_SMTP_STEP_STAY;
}

/* What the relay said of the message as a whole. */
static void take_verdict(struct mes_smtp_session *session, struct mes_smtp_slot *slot,
                         const struct mes_smtp_reply *reply)
{
    bool is_taken = is_positive(reply) && slot->undecided > 0;
    if (is_taken)
        slot->is_repeat = false; /* whatever MAIL said */
    else if (slot->refusal_at != SIZE_MAX)
        mes_smtp_slot_refuse_rest(slot);
    else if (slot->undecided > 0 && !slot->is_repeat && refuses_bdat(reply))
        mes_smtp_give_up_b(session, slot);
    if (!slot->is_repeat)
        mes_smtp_slot_decide_rest(slot, MES_STEP_DOT, MES_SMTP_REPLIED, reply);
    if (is_taken && session->options.pace != MES_SMTP_PACE_AUTO)
        mes_smtp_learn(session, MES_SMTP_FACT_B_WORKS);
}

enum mes_smtp_step mes_smtp_on_last(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                    const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    /* A message without one of its chunks: nobody knows what was taken. */
    bool is_maimed = slot->is_chunk_refused && is_positive(reply) && slot->undecided > 0;
    if (reply->code / 100 == 3 || is_maimed) {
        slot->refusal_at = SIZE_MAX; /* it is worth nothing any more */
        return mes_smtp_make_no_sense(session, entry);
    }
    session->is_bdat_refused = !is_positive(reply);
    take_verdict(session, slot, reply);
    mes_smtp_measure(session, slot);
    if (is_lost(reply))
        return end_lost(session, slot, reply);
    (void)mes_smtp_conclude(session, slot);
    return MES_SMTP_STEP_STAY;
}
