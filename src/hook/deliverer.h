/* Tells webhooks what waits for them: takes due rows through the courier, POSTs them, and has the courier
 * write what became of it. */
#ifndef MES_HOOK_DELIVERER_H
#define MES_HOOK_DELIVERER_H

#include "hook/event.h"
#include "store/folder.h"

struct mes_hook_alerts;
struct mes_hook_deliverer;
struct mes_http_client;
struct mes_log;
struct mes_loop;

enum {
    MES_HOOK_AT_ONCE = 4, /* deliveries to one webhook at the same time; a failing one has one */
    MES_HOOK_AT_ONCE_IN_ALL = 256,
    MES_HOOK_LEASE_MS = 60 * 1000 /* after a kill: when what was under way is told again, under its old id */
};

struct mes_hook_deliverer_options {
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_hook_events *events;
    struct mes_hook_alerts *alerts; /* may be NULL */
    struct mes_log *log;            /* may be NULL */
    const unsigned char *secret;    /* MES_STORE_FOLDER_SECRET_SIZE bytes, copied */
};

/* Loop thread, like all here that does not say otherwise. Nothing happens yet. */
int mes_hook_deliverer_new(const struct mes_hook_deliverer_options *options,
                           struct mes_hook_deliverer **deliverer_out, struct mes_error *error) MES_MUST_USE;
void mes_hook_deliverer_start(struct mes_hook_deliverer *deliverer, struct mes_courier *courier);
/* Something may be due. Any thread. */
void mes_hook_deliverer_nudge(struct mes_hook_deliverer *deliverer);
/* Breaks off what is under way: it is told again after the next start. Before mes_courier_stop. */
void mes_hook_deliverer_stop(struct mes_hook_deliverer *deliverer);
/* After mes_courier_stop. A NULL inside is allowed. */
void mes_hook_deliverer_free(struct mes_hook_deliverer **deliverer);

#endif
