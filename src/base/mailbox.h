/* Hands items from any thread to the one that owns the mailbox. */
#ifndef MES_BASE_MAILBOX_H
#define MES_BASE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "mes/error.h"

struct mes_mailbox;

/* Embedded as the first member of what is posted. It belongs to the mailbox from post to take. */
struct mes_mailbox_item {
    struct mes_mailbox_item *next;
};

/* `wake` NULL: the owner sleeps in mes_mailbox_wait. Else it sleeps elsewhere (in a loop) and `wake` gets it
 * out of there: called on the posting thread, once for all items that are posted until the owner takes them.
 * It must not block and must not call the mailbox. */
int mes_mailbox_new(void (*wake)(void *context), void *context, struct mes_mailbox **mailbox_out,
                    struct mes_error *error) MES_MUST_USE;
/* Only when no thread can post any more (after mes_mailbox_close or once the posting threads have ended) and
 * nothing is inside. */
void mes_mailbox_free(struct mes_mailbox **mailbox);

/* Any thread. False, and the item stays the caller's, once the mailbox is closed. */
bool mes_mailbox_post(struct mes_mailbox *mailbox, struct mes_mailbox_item *item) MES_MUST_USE;
/* Wakes the owner without an item. Any thread; not lost when the owner is just about to sleep. */
void mes_mailbox_nudge(struct mes_mailbox *mailbox);
/* Refuses what is posted from now on and wakes the owner. What is inside can still be taken. Any thread; when
 * it returns, `wake` is not running and will not be called again. */
void mes_mailbox_close(struct mes_mailbox *mailbox);
bool mes_mailbox_is_closed(struct mes_mailbox *mailbox);

/* Both are for the owner's thread and give all items, linked by `next` in the order in which they were
 * posted, NULL when there are none. `take` never waits. `wait` waits at most `timeout_ms` (below 0: without
 * limit) for an item, a nudge or the closing; a closed mailbox does not wait. */
struct mes_mailbox_item *mes_mailbox_take(struct mes_mailbox *mailbox);
struct mes_mailbox_item *mes_mailbox_wait(struct mes_mailbox *mailbox, int64_t timeout_ms);

#endif
