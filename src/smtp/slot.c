#include "smtp/slot.h"

#include "base/alloc.h"
#include "i18n/say.h"

enum { TEXTS_MOST = 1024 * 1024 };

void mes_smtp_slot_init(struct mes_smtp_slot *slot)
{
    *slot = (struct mes_smtp_slot){0};
    mes_buf_init(&slot->texts, TEXTS_MOST);
}

void mes_smtp_slot_fini(struct mes_smtp_slot *slot)
{
    mes_free(slot->outcomes);
    mes_free(slot->text_at);
    mes_buf_fini(&slot->texts);
}

static bool make_room(struct mes_smtp_slot *slot, size_t count)
{
    if (count <= slot->capacity)
        return true;
    struct mes_smtp_outcome *outcomes = mes_realloc(slot->outcomes, count * sizeof *outcomes);
    if (outcomes == NULL)
        return false;
    slot->outcomes = outcomes;
    size_t *text_at = mes_realloc(slot->text_at, count * sizeof *text_at);
    if (text_at == NULL)
        return false;
    slot->text_at = text_at;
    slot->capacity = count;
    return true;
}

void mes_smtp_slot_undecide(struct mes_smtp_slot *slot)
{
    mes_buf_clear(&slot->texts);
    slot->refusal_at = SIZE_MAX;
    slot->undecided = (unsigned)slot->message->count;
    for (unsigned i = 0; i < slot->message->count; i++)
        slot->text_at[i] = SIZE_MAX;
    for (unsigned i = slot->to_send; i < slot->message->count; i++)
        mes_smtp_slot_decide(slot, i, MES_STEP_RCPT, MES_SMTP_LEFT, NULL);
}

/* Everything but the memory, the message and its permit is forgotten. */
static void start_anew(struct mes_smtp_slot *slot)
{
    struct mes_smtp_slot fresh = {
        .state = MES_SMTP_SLOT_QUEUED,
        .turn = slot->turn,
        .message = slot->message,
        .outcomes = slot->outcomes,
        .text_at = slot->text_at,
        .capacity = slot->capacity,
        .texts = slot->texts,
        .to_send = slot->to_send,
        .permit = slot->permit,
    };
    *slot = fresh;
    mes_smtp_slot_undecide(slot);
}

bool mes_smtp_slot_take(struct mes_smtp_slot *slot, const struct mes_smtp_message *message,
                        unsigned most_recipients, uint64_t turn)
{
    if (message->count > UINT16_MAX || !make_room(slot, message->count))
        return false;
    slot->message = message;
    slot->turn = turn;
    slot->permit = MES_SMTP_PERMIT_UNASKED;
    slot->to_send = (unsigned)message->count;
    if (most_recipients > 0 && slot->to_send > most_recipients)
        slot->to_send = most_recipients;
    start_anew(slot);
    return true;
}

void mes_smtp_slot_repeat(struct mes_smtp_slot *slot)
{
    start_anew(slot);
}

struct mes_smtp_slot *mes_smtp_slot_oldest(struct mes_smtp_slot *slots, unsigned count,
                                           enum mes_smtp_slot_state state)
{
    struct mes_smtp_slot *oldest = NULL;
    for (unsigned i = 0; i < count; i++)
        if (slots[i].state == state && (oldest == NULL || slots[i].turn < oldest->turn))
            oldest = &slots[i];
    return oldest;
}

bool mes_smtp_slot_is_decided(const struct mes_smtp_slot *slot, unsigned recipient)
{
    return slot->text_at[recipient] != SIZE_MAX;
}

void mes_smtp_outcome_set(struct mes_smtp_outcome *outcome, enum mes_step step, enum mes_smtp_cause cause,
                          const struct mes_smtp_reply *reply, struct mes_buf *texts)
{
    size_t at = texts->size;
    *outcome = (struct mes_smtp_outcome){.step = step, .cause = cause};
    if (reply == NULL)
        return;
    outcome->code = reply->code;
    mes_buf_add_str(texts, reply->enhanced);
    mes_smtp_reply_add_text(reply, MES_SMTP_TEXT_MOST, texts);
    if (texts->failed != 0) {
        /* The code is what decides; its words are given up when thousands of recipients have filled the room.
         */
        texts->failed = 0;
        mes_buf_truncate(texts, at);
        return;
    }
    outcome->enhanced.size = reply->enhanced.size;
    outcome->text.size = texts->size - at - reply->enhanced.size;
}

void mes_smtp_outcome_resolve(struct mes_smtp_outcome *outcome, const struct mes_buf *texts, size_t at)
{
    outcome->enhanced.data = mes_buf_text(texts) + at;
    outcome->text.data = outcome->enhanced.data + outcome->enhanced.size;
}

void mes_smtp_slot_decide(struct mes_smtp_slot *slot, unsigned recipient, enum mes_step step,
                          enum mes_smtp_cause cause, const struct mes_smtp_reply *reply)
{
    slot->text_at[recipient] = slot->texts.size;
    slot->undecided--;
    mes_smtp_outcome_set(&slot->outcomes[recipient], step, cause, reply, &slot->texts);
}

void mes_smtp_slot_decide_rest(struct mes_smtp_slot *slot, enum mes_step step, enum mes_smtp_cause cause,
                               const struct mes_smtp_reply *reply)
{
    struct mes_smtp_outcome outcome;
    size_t at = slot->texts.size;
    if (slot->undecided == 0)
        return;
    mes_smtp_outcome_set(&outcome, step, cause, reply, &slot->texts);
    for (unsigned i = 0; i < slot->message->count; i++) {
        if (mes_smtp_slot_is_decided(slot, i))
            continue;
        slot->text_at[i] = at;
        slot->outcomes[i] = outcome;
    }
    slot->undecided = 0;
}

void mes_smtp_slot_hold_refusal(struct mes_smtp_slot *slot, enum mes_step step,
                                const struct mes_smtp_reply *reply)
{
    slot->refusal_at = slot->texts.size;
    mes_smtp_outcome_set(&slot->refusal, step, MES_SMTP_REPLIED, reply, &slot->texts);
}

void mes_smtp_slot_refuse(struct mes_smtp_slot *slot, unsigned recipient)
{
    slot->text_at[recipient] = slot->refusal_at;
    slot->outcomes[recipient] = slot->refusal;
    slot->undecided--;
}

void mes_smtp_slot_refuse_rest(struct mes_smtp_slot *slot)
{
    for (unsigned i = 0; i < slot->message->count; i++)
        if (!mes_smtp_slot_is_decided(slot, i))
            mes_smtp_slot_refuse(slot, i);
}

void mes_smtp_slot_end_refused(struct mes_smtp_slot *slot, enum mes_step step,
                               const struct mes_smtp_reply *reply)
{
    if (slot->is_repeat)
        mes_smtp_slot_repeat(slot);
    else if (slot->refusal_at != SIZE_MAX)
        mes_smtp_slot_refuse_rest(slot);
    else
        mes_smtp_slot_decide_rest(slot, step, MES_SMTP_REPLIED, reply);
}

bool mes_smtp_slot_is_dot_written(const struct mes_smtp_slot *slot, uint64_t sent)
{
    return slot->is_dot_put && sent > slot->dot_at;
}

struct mes_smtp_result mes_smtp_slot_result(struct mes_smtp_slot *slot, uint64_t sent)
{
    for (size_t i = 0; i < slot->message->count; i++)
        mes_smtp_outcome_resolve(&slot->outcomes[i], &slot->texts, slot->text_at[i]);
    return (struct mes_smtp_result){.message = slot->message,
                                    .outcomes = slot->outcomes,
                                    .accepted = slot->accepted,
                                    .dot_written = mes_smtp_slot_is_dot_written(slot, sent),
                                    .dsn = slot->dsn,
                                    .begun_at = slot->begun_at};
}

int mes_smtp_cause_sentence(enum mes_smtp_cause cause)
{
    static const int sentences[] = {
#define CAUSE(name, sentence) [MES_SMTP_##name] = MES_SAY_##sentence,
#include "smtp/causes.def"
#undef CAUSE
    };
    return sentences[cause];
}
