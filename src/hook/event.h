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

/* Who wants what. Belongs to the store thread once that runs. */
struct mes_hook_events;

struct mes_hook_events_options {
    const struct mes_clock *clock; /* NULL: the machine's */
    /* On the store thread when rows were written, before their commit: a courier command that is posted now
     * sees them. May be NULL. */
    void (*on_written)(void *context);
    void *context;
};

/* Reads nothing yet. */
int mes_hook_events_new(const struct mes_hook_events_options *options, struct mes_hook_events **events_out,
                        struct mes_error *error) MES_MUST_USE;
void mes_hook_events_free(struct mes_hook_events **events);

/* All below: store thread, inside the transaction in which it happens, which fails when they fail. Each
 * writes one row for every webhook of that company which wants the event; without any it costs a look into a
 * list in memory. */

/* "recipient.sent" and the like, by the status. */
int mes_hook_on_recipient(struct mes_hook_events *events, struct mes_store *store,
                          const struct mes_queue_recipient_news *news, struct mes_error *error) MES_MUST_USE;

struct mes_hook_job_news {
    enum mes_queue_job_news_kind kind; /* a job that is held is no event */
    const char *company;
    int64_t job;
};
/* "message.accepted" and "job.done". */
int mes_hook_on_job(struct mes_hook_events *events, struct mes_store *store,
                    const struct mes_hook_job_news *news, struct mes_error *error) MES_MUST_USE;

/* An account rests (`until`: the end of its rest, INT64_MAX: until its settings change) or is well again (0).
 */
struct mes_hook_account_news {
    const char *company;
    const char *account;
    int64_t until;
    const char *advice_id;
};
/* "account.resting" and "account.recovered". */
int mes_hook_on_account(struct mes_hook_events *events, struct mes_store *store,
                        const struct mes_hook_account_news *news, struct mes_error *error) MES_MUST_USE;

/* An event for this webhook alone, whatever it wants; `event` is of mes_id_next. */
struct mes_hook_test_news {
    int64_t webhook;
    int64_t event;
    const char *company;
};
/* "webhook.test". */
int mes_hook_test(struct mes_hook_events *events, struct mes_store *store,
                  const struct mes_hook_test_news *news, struct mes_error *error) MES_MUST_USE;

/* Webhooks were added, removed, paused or resumed: to be called in that transaction, and once more when it
 * has ended. */
void mes_hook_events_changed(struct mes_hook_events *events);

#endif
