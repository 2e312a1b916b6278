/* The transport of an account with `transport: capture`: mails are rendered whole and handed to the host, who
 * keeps them for people to look at; nothing leaves the machine. Loop thread. */
#ifndef MES_DELIVERY_CAPTURE_H
#define MES_DELIVERY_CAPTURE_H

#include "delivery/account_state.h"
#include "delivery/transport.h"
#include "net/loop.h"

/* A mail as a relay would have got it. Valid until mes_capture_done for its dispatch. */
struct mes_captured {
    const char *sender;            /* of the envelope */
    const char *const *recipients; /* of the envelope; archiveBcc last */
    size_t recipient_count;
    struct mes_str bytes; /* RFC 5322 */
};

struct mes_capture_options {
    const struct mes_account_state *state;
    struct mes_loop *loop;
    /* Keep it, then say mes_capture_done; never from inside this call. */
    void (*on_captured)(void *context, struct mes_transport *transport, struct mes_dispatch *dispatch,
                        const struct mes_captured *mail);
    void *context;
};

/* At most 16 mails wait for the host's word at a time. No permit is asked: what the host did not keep was not
 * sent. */
int mes_capture_new(const struct mes_capture_options *options, const struct mes_transport_events *events,
                    struct mes_transport **transport_out, struct mes_error *error) MES_MUST_USE;

/* The host's word. `kept`: its recipients are sent, with `note` as the reply ("kept as 0c…"); else the
 * attempt ends as MES_CAUSE_INTERNAL with `note` as the reason. A dispatch that is not under way here is
 * ignored. Tells the outcome before it returns. */
void mes_capture_done(struct mes_transport *transport, struct mes_dispatch *dispatch, bool kept,
                      const char *note);

#endif
