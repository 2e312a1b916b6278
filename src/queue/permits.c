/* The final dot of a mail is written down before it is written out. The session asks ahead of need, the
 * courier commits, the session is told. What was asked for and not used is taken back the same way. */
#include "queue/carrier_parts.h"
#include "queue/flight.h"

/* One command at a time: what changed meanwhile is looked at when the courier has answered. */
static void sync_dot(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    struct mes_queue_dot *dot = &mail->dot;
    if (dot->is_posted || dot->is_wanted == dot->is_stored)
        return;
    dot->is_posted = true;
    dot->stores = dot->is_wanted;
    mes_flight_post_dot(carrier->courier, mail);
}

static void answer_session(struct mes_queue_mail *mail, bool is_granted)
{
    struct mes_transport *transport = mail->fleet->accounts[mail->dispatch.account].transport;
    transport->face->permit(transport, &mail->dispatch, is_granted);
}

void mes_carrier_want_permit(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    mail->dot.is_wanted = true;
    sync_dot(carrier, mail);
}

void mes_carrier_withdraw(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    mail->dot.is_wanted = false;
    sync_dot(carrier, mail);
}

void mes_carrier_on_dot(void *context, struct mes_mailbox_item *item)
{
    struct mes_carrier *carrier = context;
    struct mes_queue_mail *mail =
        (struct mes_queue_mail *)(void *)((char *)item - offsetof(struct mes_queue_mail, dot.answer));
    struct mes_queue_dot *dot = &mail->dot;
    dot->is_posted = false;
    dot->is_stored = dot->stores && !dot->is_refused;
    if (!dot->is_wanted) {
        sync_dot(carrier, mail);
        if (mes_carrier_is_dot_clear(mail) && dot->is_awaited) {
            dot->is_awaited = false;
            mes_carrier_make_ready(carrier, mail);
        }
        return;
    }
    if (dot->stores && dot->is_refused)
        dot->is_wanted = false;
    if (dot->stores)
        answer_session(mail, dot->is_stored);
    else
        sync_dot(carrier, mail);
}

bool mes_carrier_is_dot_clear(const struct mes_queue_mail *mail)
{
    return !mail->dot.is_posted && !mail->dot.is_stored && !mail->dot.is_wanted;
}
