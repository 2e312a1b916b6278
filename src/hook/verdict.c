#include <stdio.h>
#include <string.h>

#include "hook/deliverer_parts.h"
#include "store/webhook.h"

enum { ROW_LIMIT = 16 * 1024, MARK_MS = 60 * 1000 };

static int settle_event(const struct mes_hook_verdict *verdict, struct mes_store *store,
                        struct mes_error *error)
{
    const struct mes_hook_try *try = &verdict->try;
    int64_t wait = mes_hook_wait(try->tries, try->retry_after_s, verdict->chance);
    switch (verdict->fate) {
    case MES_HOOK_TOLD:
    case MES_HOOK_DROPPED:
        return mes_store_webhook_event_remove(store, verdict->event, error);
    case MES_HOOK_DISABLED:
        return mes_store_webhook_event_remove_all(store, verdict->webhook, error);
    case MES_HOOK_LATER:
    case MES_HOOK_PAUSED:
        break;
    }
    return mes_store_webhook_event_postpone(store, verdict->event, try->tries, try->now + wait, error);
}

/* Does the row say something else now? What only moves its time of success is written once a minute. */
static bool take_over(const struct mes_hook_verdict *verdict, struct mes_store_webhook *row)
{
    const struct mes_hook_try *try = &verdict->try;
    bool is_changed = strcmp(row->last_result, verdict->result) != 0;
    row->last_result = verdict->result;
    if (verdict->fate == MES_HOOK_TOLD) {
        is_changed = is_changed || row->failing_since != 0 || try->now - row->told_at >= MARK_MS;
        row->told_at = try->now;
        row->failing_since = 0;
    } else if (row->failing_since == 0) {
        row->failing_since = try->now;
        is_changed = true;
    }
    if (row->state == MES_STORE_WEBHOOK_ACTIVE && verdict->fate == MES_HOOK_PAUSED)
        row->state = MES_STORE_WEBHOOK_PAUSED;
    if (row->state != MES_STORE_WEBHOOK_DISABLED && verdict->fate == MES_HOOK_DISABLED)
        row->state = MES_STORE_WEBHOOK_DISABLED;
    return is_changed;
}

static int settle(struct mes_hook_verdict *verdict, struct mes_store_webhook *row, struct mes_store *store,
                  struct mes_error *error)
{
    enum mes_store_webhook_state before = row->state;
    verdict->try.told_at = row->told_at;
    verdict->try.failing_since = row->failing_since;
    verdict->fate = mes_hook_fate(&verdict->try);
    (void)snprintf(verdict->company, sizeof verdict->company, "%s", row->company);
    int code = settle_event(verdict, store, error);
    bool is_changed = take_over(verdict, row);
    verdict->is_news = row->state != before;
    if (code == 0 && (is_changed || verdict->is_news))
        code = mes_store_webhook_mark(store, row, error);
    if (verdict->is_news)
        mes_hook_events_changed(verdict->events);
    return code;
}

int mes_hook_verdict_run(struct mes_courier_command *command, struct mes_store *store,
                         struct mes_error *error)
{
    struct mes_hook_verdict *verdict = (struct mes_hook_verdict *)command;
    const struct mes_store_ref ref = {.company = NULL, .id = verdict->webhook};
    struct mes_store_webhook row;
    struct mes_arena arena;
    mes_arena_init(&arena, ROW_LIMIT);
    int code = mes_store_webhook_load(mes_store_reads(store), ref, &arena, &row, error);
    if (code == 0)
        code = settle(verdict, &row, store, error);
    else if (code == MES_E_NOT_FOUND) /* deleted meanwhile, with all its events */
        code = 0;
    mes_arena_fini(&arena);
    return code;
}
