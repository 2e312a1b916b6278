/* A mailbox that a loop reads: what other threads post comes up as calls on the loop's thread. */
#ifndef MES_NET_INBOX_H
#define MES_NET_INBOX_H

#include "base/mailbox.h"

struct mes_inbox;
struct mes_loop;

/* `on_item` is called from mes_loop_step, once for each item, in the order in which they were posted; the
 * item is its own from then on. */
int mes_inbox_new(struct mes_loop *loop, void (*on_item)(void *context, struct mes_mailbox_item *item),
                  void *context, struct mes_inbox **inbox_out, struct mes_error *error) MES_MUST_USE;
/* Loop thread, not from inside on_item. What is still inside is handed to on_item first. */
void mes_inbox_free(struct mes_inbox **inbox);

/* Any thread. False, and the item stays the caller's, once the inbox is being freed. */
bool mes_inbox_post(struct mes_inbox *inbox, struct mes_mailbox_item *item) MES_MUST_USE;

#endif
