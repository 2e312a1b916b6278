/* Webhooks and what is still to be told to them. */
#ifndef MES_STORE_WEBHOOK_H
#define MES_STORE_WEBHOOK_H

#include "base/arena.h"
#include "store/store.h"

/* Numbers as the database has them: never renumber. */
enum mes_store_webhook_state {
    MES_STORE_WEBHOOK_ACTIVE,
    MES_STORE_WEBHOOK_PAUSED,  /* it failed for too long; what waits for it stays */
    MES_STORE_WEBHOOK_DISABLED /* it answered 410 */
};

/* Its secret is not here: it is derived from the data folder's and its id. */
struct mes_store_webhook {
    int64_t id;
    const char *company;
    const char *url;
    const char *events; /* "recipient.sent,job.done"; "" all */
    int64_t asked_by;
    int64_t created_at;
    enum mes_store_webhook_state state;
    int64_t told_at;         /* when it took something last; 0: never */
    int64_t failing_since;   /* the first failure after that; 0: none */
    const char *last_result; /* of the last try: "200", "timeout" … */
};
int mes_store_webhook_add(struct mes_store *store, const struct mes_store_webhook *webhook,
                          struct mes_error *error) MES_MUST_USE;
/* Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_webhook_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                           struct mes_store_webhook *webhook_out, struct mes_error *error) MES_MUST_USE;
/* Takes over state, told_at, failing_since and last_result. No failure when it is gone by now. */
int mes_store_webhook_mark(struct mes_store *store, const struct mes_store_webhook *webhook,
                           struct mes_error *error) MES_MUST_USE;
/* With everything still to be told to it. MES_E_NOT_FOUND. */
int mes_store_webhook_remove(struct mes_store *store, struct mes_store_ref ref,
                             struct mes_error *error) MES_MUST_USE;
/* As mes_store_job_each. Oldest first; `company` NULL: all. */
typedef bool mes_store_webhook_each(void *context, const struct mes_store_webhook *webhook);
int mes_store_webhook_list(struct mes_store_reader *reader, const char *company, mes_store_webhook_each *each,
                           void *context, struct mes_error *error) MES_MUST_USE;

struct mes_store_webhook_event {
    int64_t id;
    int64_t webhook;
    const char *event;
    struct mes_str body;
    int64_t attempts;
    int64_t due_at;
};
int mes_store_webhook_event_add(struct mes_store *store, const struct mes_store_webhook_event *event,
                                struct mes_error *error) MES_MUST_USE;
/* Another try later. No failure when it is gone by now. */
int mes_store_webhook_event_postpone(struct mes_store *store, int64_t id, int64_t attempts, int64_t due_at,
                                     struct mes_error *error) MES_MUST_USE;
/* All that waits for the webhook is due at `due_at`, if not earlier. */
int mes_store_webhook_event_hasten(struct mes_store *store, int64_t webhook, int64_t due_at,
                                   struct mes_error *error) MES_MUST_USE;
/* Told, or given up. No failure when it is gone by now. */
int mes_store_webhook_event_remove(struct mes_store *store, int64_t id, struct mes_error *error) MES_MUST_USE;

/* Everything that waits for a webhook. */
int mes_store_webhook_event_remove_all(struct mes_store *store, int64_t webhook,
                                       struct mes_error *error) MES_MUST_USE;

typedef bool mes_store_webhook_event_each(void *context, const struct mes_store_webhook_event *event);
struct mes_store_webhook_due {
    int64_t webhook;
    int64_t now;
    unsigned limit;
};
/* What is to be told to one webhook by now, the earliest first: by the index (webhook_id, due_at, id). */
int mes_store_webhook_event_due(struct mes_store_reader *reader, struct mes_store_webhook_due due,
                                mes_store_webhook_event_each *each, void *context,
                                struct mes_error *error) MES_MUST_USE;
/* The earliest due_at of what waits for a webhook, 0: nothing does. By the same index. */
int mes_store_webhook_event_next(struct mes_store_reader *reader, int64_t webhook, int64_t *due_at_out,
                                 struct mes_error *error) MES_MUST_USE;
/* How many wait for a webhook, counted up to `most`. */
int mes_store_webhook_event_count(struct mes_store_reader *reader, int64_t webhook, unsigned most,
                                  unsigned *count_out, struct mes_error *error) MES_MUST_USE;

#endif
