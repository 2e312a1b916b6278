/* What webhooks are told: each event becomes a row in the very transaction that makes it happen. */
#ifndef MES_HOOK_EVENT_H
#define MES_HOOK_EVENT_H

#include "base/str.h"
#include "queue/courier.h"

/* MES_HOOK_EVENT_<name> for each row of event.def. */
enum mes_hook_event {
#define EVENT(name, id) MES_HOOK_EVENT_##name,
#include "hook/event.def"
#undef EVENT
    MES_HOOK_EVENT_COUNT
};

/* "recipient.sent": static. Parsing is exact. */
const char *mes_hook_event_id(enum mes_hook_event event);
bool mes_hook_event_parse(struct mes_str id, enum mes_hook_event *event_out) MES_MUST_USE;

/* Who wants what. Belongs to the store thread once it runs. */
struct mes_hook_events;

/* `on_written` is called on the store thread when rows were written, before their commit; a courier command
 * that is posted then sees them. */
int mes_hook_events_new(void (*on_written)(void *context), void *context, struct mes_hook_events **events_out,
                        struct mes_error *error) MES_MUST_USE;
void mes_hook_events_free(struct mes_hook_events **events);

/* For struct mes_courier_listener, with a struct mes_hook_events as its context. One row for every webhook of
 * that company which wants the event; without any it costs a look into a list in memory. */
int mes_hook_on_recipient(void *events, struct mes_store *store, const struct mes_queue_recipient_news *news,
                          struct mes_error *error);
int mes_hook_on_job(void *events, struct mes_store *store, enum mes_queue_job_news_kind kind,
                    const char *company, int64_t job, struct mes_error *error);

/* An account rests (`until`: the end of its rest, INT64_MAX: until its settings change) or is well again
 * (`until` 0). Store thread, inside a transaction. */
struct mes_hook_account_news {
    const char *company;
    const char *account;
    int64_t until;
    const char *advice_id;
};
int mes_hook_on_account(struct mes_hook_events *events, struct mes_store *store,
                        const struct mes_hook_account_news *news, struct mes_error *error) MES_MUST_USE;

/* Webhooks were added, removed, paused or resumed: call it in the transaction and once more when it has
 * ended. */
void mes_hook_events_changed(struct mes_hook_events *events);

#endif
