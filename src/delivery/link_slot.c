#include "delivery/link_slot.h"

#include "base/alloc.h"
#include "base/error.h"

/* Of the characters of a Message-ID xtext makes no more (RFC 3461 4). */
enum { MES_ENVELOPE_ID_MOST = 100 };

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
    mes_digest_stream_free(&slot->digest);
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

static void add_recipient(struct mes_link_slot *slot, const char *address, size_t number, const char *notify)
{
    size_t at = slot->message.count++;
    slot->recipients[at] = (struct mes_smtp_recipient){
        .address = mes_str_of(address),
        .notify = mes_str_of(notify),
        .original = notify[0] != '\0' ? mes_str_of(address) : MES_STR(""),
    };
    slot->numbers[at] = number;
}

static bool has_recipient(const struct mes_delivery_mail *mail, const char *address)
{
    for (size_t i = 0; i < mail->recipient_count; i++)
        if (mes_str_eq_nocase(mes_str_of(mail->recipients[i].address), mes_str_of(address)))
            return true;
    return false;
}

/* The archive comes last: whatever becomes of it, the mail's own recipients went first. A relay that takes
 * one recipient at a time has no room for it. */
static void add_recipients(struct mes_link_slot *slot, const struct mes_dispatch *dispatch,
                           const struct mes_link_terms *terms)
{
    const struct mes_delivery_mail *mail = dispatch->mail;
    const char *notify = mes_compose_job_wishes(dispatch->job)->dsn;
    bool is_archived = terms->archive_bcc[0] != '\0' && terms->most_recipients != 1 &&
                       !has_recipient(mail, terms->archive_bcc);
    size_t most = terms->most_recipients == 0 ? SIZE_MAX : terms->most_recipients - is_archived;
    for (size_t i = 0; i < mail->recipient_count && slot->message.count < most; i++)
        if (mail->recipients[i].fate == MES_FATE_OPEN)
            add_recipient(slot, mail->recipients[i].address, i, notify);
    if (is_archived)
        add_recipient(slot, terms->archive_bcc, MES_LINK_ARCHIVE, "");
}

/* What a notification names the mail by: its Message-ID, or the part before the @ where that is too long
 * (RFC 3461 4.4). */
static struct mes_str envelope_id(const char *message_id)
{
    struct mes_str id = mes_str_of(message_id), local;
    id = mes_str_cut(id, 1, id.size > 2 ? id.size - 2 : 0);
    struct mes_str rest = id;
    bool is_long = id.size > MES_ENVELOPE_ID_MOST && mes_str_next(&rest, '@', &local);
    return is_long ? local : id;
}

int mes_link_slot_fill(struct mes_link_slot *slot, struct mes_dispatch *dispatch,
                       const struct mes_link_terms *terms, struct mes_error *error)
{
    if (!make_room(slot, dispatch->mail->recipient_count + 1))
        return mes_fail_nomem(error);
    int code =
        mes_compose_job_render(dispatch->job, dispatch->mail->index, &dispatch->identity, &slot->wire, error);
    if (code != 0)
        return code;
    mes_wire_source_init(&slot->source, &slot->wire, slot->loop, slot->on_body_ready, slot->context);
    const struct mes_compose_wishes *wishes = mes_compose_job_wishes(dispatch->job);
    slot->message = (struct mes_smtp_message){
        .sender = mes_str_of(slot->wire.sender),
        .recipients = slot->recipients,
        .source = &slot->source.source,
        .needs_8bitmime = slot->wire.needs_smtputf8,
        .needs_smtputf8 = slot->wire.needs_smtputf8,
        .requires_tls = wishes->requires_tls,
        .dsn_return = wishes->dsn[0] != '\0' ? MES_SMTP_RETURN_HEADERS : MES_SMTP_RETURN_UNSAID,
        .envelope_id = wishes->dsn[0] != '\0' ? envelope_id(dispatch->mail->message_id) : MES_STR(""),
        .asks_late = dispatch->is_doubted,
        .context = slot,
    };
    add_recipients(slot, dispatch, terms);
    slot->source.digest = slot->digest;
    if (slot->digest != NULL)
        mes_digest_stream_clear(slot->digest);
    slot->dispatch = dispatch;
    return 0;
}
