#include "delivery/link_slot.h"

#include "base/alloc.h"
#include "base/error.h"

void mes_link_slot_init(struct mes_link_slot *slot, struct mes_loop *loop,
                        void (*on_body_ready)(void *context), void *context)
{
    *slot = (struct mes_link_slot){.loop = loop, .on_body_ready = on_body_ready, .context = context};
    mes_compose_wire_init(&slot->wire);
}

void mes_link_slot_fini(struct mes_link_slot *slot)
{
    mes_link_slot_release(slot);
    mes_compose_wire_fini(&slot->wire);
    mes_free(slot->recipients);
    mes_free(slot->numbers);
}

void mes_link_slot_release(struct mes_link_slot *slot)
{
    if (slot->dispatch != NULL)
        mes_wire_source_fini(&slot->source);
    slot->dispatch = NULL;
}

static bool make_room(struct mes_link_slot *slot, size_t count)
{
    if (count <= slot->capacity)
        return true;
    struct mes_smtp_recipient *recipients = mes_realloc(slot->recipients, count * sizeof *recipients);
    if (recipients == NULL)
        return false;
    slot->recipients = recipients;
    size_t *numbers = mes_realloc(slot->numbers, count * sizeof *numbers);
    if (numbers == NULL)
        return false;
    slot->numbers = numbers;
    slot->capacity = count;
    return true;
}

static size_t add_open_recipients(struct mes_link_slot *slot, const struct mes_dispatch *dispatch)
{
    const struct mes_delivery_mail *mail = dispatch->mail;
    struct mes_str notify = mes_str_of(mes_compose_job_wishes(dispatch->job)->dsn);
    size_t count = 0;
    for (size_t i = 0; i < mail->recipient_count; i++) {
        if (mail->recipients[i].fate != MES_FATE_OPEN)
            continue;
        slot->recipients[count] = (struct mes_smtp_recipient){
            .address = mes_str_of(mail->recipients[i].address),
            .notify = notify,
            .original = notify.size > 0 ? mes_str_of(mail->recipients[i].address) : MES_STR(""),
        };
        slot->numbers[count++] = i;
    }
    return count;
}

int mes_link_slot_fill(struct mes_link_slot *slot, struct mes_dispatch *dispatch, struct mes_error *error)
{
    if (!make_room(slot, dispatch->mail->recipient_count))
        return mes_fail_nomem(error);
    int code =
        mes_compose_job_render(dispatch->job, dispatch->mail->index, &dispatch->identity, &slot->wire, error);
    if (code != 0)
        return code;
    mes_wire_source_init(&slot->source, &slot->wire, slot->loop, slot->on_body_ready, slot->context);
    slot->message = (struct mes_smtp_message){
        .sender = mes_str_of(slot->wire.sender),
        .recipients = slot->recipients,
        .count = add_open_recipients(slot, dispatch),
        .source = &slot->source.source,
        .needs_8bitmime = slot->wire.needs_smtputf8,
        .needs_smtputf8 = slot->wire.needs_smtputf8,
        .context = slot,
    };
    slot->dispatch = dispatch;
    return 0;
}
