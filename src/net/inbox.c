#include "net/inbox.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop_parts.h"

struct mes_inbox {
    uv_async_t wake; /* first: closing it frees the whole */
    struct mes_mailbox *mailbox;
    void (*on_item)(void *context, struct mes_mailbox_item *item);
    void *context;
};

static void hand_out(struct mes_inbox *inbox)
{
    struct mes_mailbox_item *next;
    for (struct mes_mailbox_item *item = mes_mailbox_take(inbox->mailbox); item != NULL; item = next) {
        next = item->next;
        inbox->on_item(inbox->context, item);
    }
}

static void woken(uv_async_t *wake)
{
    hand_out((struct mes_inbox *)wake);
}

static void wake_up(void *context)
{
    struct mes_inbox *inbox = context;
    (void)uv_async_send(&inbox->wake); /* only fails for a handle that is closing */
}

static void closed(uv_handle_t *handle)
{
    mes_free(handle);
}

int mes_inbox_new(struct mes_loop *loop, void (*on_item)(void *context, struct mes_mailbox_item *item),
                  void *context, struct mes_inbox **inbox_out, struct mes_error *error)
{
    *inbox_out = NULL;
    struct mes_inbox *inbox = mes_alloc(sizeof *inbox);
    if (inbox == NULL)
        return mes_fail_nomem(error);
    int code = mes_mailbox_new(wake_up, inbox, &inbox->mailbox, error);
    if (code != 0) {
        mes_free(inbox);
        return code;
    }
    int status = uv_async_init(mes_loop_uv(loop), &inbox->wake, woken);
    if (status != 0) {
        mes_mailbox_free(&inbox->mailbox);
        mes_free(inbox);
        return mes_fail_system(error, "eventfd", -status);
    }
    inbox->on_item = on_item;
    inbox->context = context;
    *inbox_out = inbox;
    return 0;
}

void mes_inbox_free(struct mes_inbox **inbox)
{
    if (*inbox == NULL)
        return;
    mes_mailbox_close((*inbox)->mailbox);
    hand_out(*inbox);
    mes_mailbox_free(&(*inbox)->mailbox);
    uv_close((uv_handle_t *)&(*inbox)->wake, closed);
    *inbox = NULL;
}

bool mes_inbox_post(struct mes_inbox *inbox, struct mes_mailbox_item *item)
{
    return mes_mailbox_post(inbox->mailbox, item);
}
