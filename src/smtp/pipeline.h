/* The commands that wait for their replies, and the one rule about what may be sent before they have come. */
#ifndef MES_SMTP_PIPELINE_H
#define MES_SMTP_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

struct mes_smtp_session;
struct mes_smtp_slot;

enum { MES_SMTP_RING = 256 };

struct mes_smtp_entry {
    unsigned step;              /* enum mes_smtp_step */
    unsigned recipient;         /* of RCPT */
    struct mes_smtp_slot *slot; /* whose command it is; NULL: the session's own */
    uint64_t end;               /* bytes put out in all when it was written */
};

struct mes_smtp_ring {
    struct mes_smtp_entry entries[MES_SMTP_RING];
    unsigned first;
    unsigned count;
};

void mes_smtp_ring_push(struct mes_smtp_ring *ring, struct mes_smtp_entry entry);
struct mes_smtp_entry mes_smtp_ring_pop(struct mes_smtp_ring *ring);
/* The one whose reply is next; NULL when there is none. */
const struct mes_smtp_entry *mes_smtp_ring_front(const struct mes_smtp_ring *ring);
const struct mes_smtp_entry *mes_smtp_ring_back(const struct mes_smtp_ring *ring);
/* Does a command of this slot wait for its reply? */
bool mes_smtp_ring_has(const struct mes_smtp_ring *ring, const struct mes_smtp_slot *slot);
/* Or of any message? */
bool mes_smtp_ring_has_any(const struct mes_smtp_ring *ring);

/* May the command of session->step be written now? */
bool mes_smtp_may_send_now(const struct mes_smtp_session *session);
bool mes_smtp_may_pipeline(const struct mes_smtp_session *session);
/* May messages follow each other by BDAT, without a reply in between? */
bool mes_smtp_may_use_b(const struct mes_smtp_session *session);
/* May the next message's commands follow a dot without its reply? */
bool mes_smtp_may_use_x(const struct mes_smtp_session *session);
/* How many messages the session may hold now. */
unsigned mes_smtp_hold_most(const struct mes_smtp_session *session);

#endif
