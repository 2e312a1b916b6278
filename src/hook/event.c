#include "hook/event.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "hook/body.h"
#include "store/job.h"
#include "store/webhook.h"

enum { COMPANY_SPACE = 65, BODY_LIMIT = 64 * 1024, JOB_LIMIT = 64 * 1024 };

static const char *const ids[] = {
#define EVENT(name, id) [MES_HOOK_EVENT_##name] = (id),
#include "hook/event.def"
#undef EVENT
};

struct wish {
    int64_t webhook;
    char company[COMPANY_SPACE];
    unsigned events; /* a bit for each */
};

/* The list is read from the database when it is needed after a change: that may be one which is rolled back
 * later, so the end of its transaction is a change too. */
struct mes_hook_events {
    const struct mes_clock *clock;
    void (*on_written)(void *context);
    void *context;
    struct wish *wishes;
    size_t count, places;
    atomic_bool is_known;
    int failed; /* while the list is read */
};

const char *mes_hook_event_id(enum mes_hook_event event)
{
    return ids[event];
}

bool mes_hook_event_parse(struct mes_str id, enum mes_hook_event *event_out)
{
    for (int i = 0; i < MES_HOOK_EVENT_COUNT; i++) {
        if (mes_str_eq(id, mes_str_of(ids[i]))) {
            *event_out = (enum mes_hook_event)i;
            return true;
        }
    }
    return false;
}

int mes_hook_events_new(const struct mes_hook_events_options *options, struct mes_hook_events **events_out,
                        struct mes_error *error)
{
    struct mes_hook_events *events = mes_alloc(sizeof *events);
    *events_out = events;
    if (events == NULL)
        return mes_fail_nomem(error);
    events->clock = options->clock != NULL ? options->clock : mes_clock_system();
    events->on_written = options->on_written;
    events->context = options->context;
    return 0;
}

void mes_hook_events_free(struct mes_hook_events **events)
{
    if (*events == NULL)
        return;
    mes_free((*events)->wishes);
    mes_free(*events);
    *events = NULL;
}

void mes_hook_events_changed(struct mes_hook_events *events)
{
    atomic_store(&events->is_known, false);
}

/* --- who wants what --- */

/* "" is every event but the test, which is only told to the webhook that is tested. */
static unsigned parse_events(const char *text)
{
    struct mes_str rest = mes_str_of(text), id;
    enum mes_hook_event event;
    unsigned events = 0;
    if (rest.size == 0)
        return ~(1U << MES_HOOK_EVENT_test);
    while (mes_str_next(&rest, ',', &id))
        if (mes_hook_event_parse(id, &event))
            events |= 1U << event;
    return events;
}

static bool add_wish(void *context, const struct mes_store_webhook *webhook)
{
    struct mes_hook_events *events = context;
    if (webhook->state != MES_STORE_WEBHOOK_ACTIVE)
        return true;
    if (events->count == events->places) {
        size_t places = events->places > 0 ? events->places * 2 : 8;
        struct wish *wishes = mes_realloc(events->wishes, places * sizeof *wishes);
        if (wishes == NULL) {
            events->failed = MES_E_NOMEM;
            return false;
        }
        events->wishes = wishes;
        events->places = places;
    }
    struct wish *wish = &events->wishes[events->count++];
    *wish = (struct wish){.webhook = webhook->id, .events = parse_events(webhook->events)};
    (void)snprintf(wish->company, sizeof wish->company, "%s", webhook->company);
    return true;
}

static int know(struct mes_hook_events *events, struct mes_store *store, struct mes_error *error)
{
    if (atomic_exchange(&events->is_known, true))
        return 0;
    events->count = 0;
    events->failed = 0;
    int code = mes_store_webhook_list(mes_store_reads(store), NULL, add_wish, events, error);
    if (code == 0 && events->failed != 0)
        code = mes_fail_nomem(error);
    if (code != 0)
        atomic_store(&events->is_known, false);
    return code;
}

static bool wants(const struct wish *wish, const char *company, enum mes_hook_event event)
{
    return (wish->events >> event & 1) != 0 && strcmp(wish->company, company) == 0;
}

static bool does_anyone_want(const struct mes_hook_events *events, const char *company,
                             enum mes_hook_event event)
{
    for (size_t i = 0; i < events->count; i++)
        if (wants(&events->wishes[i], company, event))
            return true;
    return false;
}

/* --- rows --- */

static int add_row(struct mes_store *store, int64_t webhook, struct mes_hook_body *body,
                   struct mes_error *error)
{
    struct mes_buf text;
    mes_buf_init(&text, BODY_LIMIT);
    mes_hook_body_write(body, &text);
    int code = mes_buf_check(&text, error);
    if (code == 0) {
        const struct mes_store_webhook_event row = {.id = body->id,
                                                    .webhook = webhook,
                                                    .event = mes_hook_event_id(body->event),
                                                    .body = mes_buf_str(&text),
                                                    .due_at = body->at};
        code = mes_store_webhook_event_add(store, &row, error);
    }
    mes_buf_fini(&text);
    return code;
}

/* One row for every webhook that wants it. */
static int tell(struct mes_hook_events *events, struct mes_store *store, struct mes_hook_body *body,
                struct mes_error *error)
{
    bool is_written = false;
    body->at = mes_clock_wall(events->clock);
    for (size_t i = 0; i < events->count; i++) {
        if (!wants(&events->wishes[i], body->company, body->event))
            continue;
        body->id = mes_id_next(events->clock);
        int code = add_row(store, events->wishes[i].webhook, body, error);
        if (code != 0)
            return code;
        is_written = true;
    }
    if (is_written && events->on_written != NULL)
        events->on_written(events->context);
    return 0;
}

static bool event_of_status(const char *status, enum mes_hook_event *event_out)
{
    char id[32];
    (void)snprintf(id, sizeof id, "recipient.%s", status);
    return mes_hook_event_parse(mes_str_of(id), event_out);
}

int mes_hook_on_recipient(struct mes_hook_events *events, struct mes_store *store,
                          const struct mes_queue_recipient_news *news, struct mes_error *error)
{
    enum mes_hook_event event;
    int code = know(events, store, error);
    if (code != 0 || events->count == 0 || !event_of_status(news->status, &event))
        return code;
    struct mes_hook_body body = {
        .event = event, .company = news->company, .write = mes_hook_write_recipient, .what = news};
    return tell(events, store, &body, error);
}

int mes_hook_on_job(struct mes_hook_events *events, struct mes_store *store,
                    const struct mes_hook_job_news *news, struct mes_error *error)
{
    struct mes_arena arena;
    struct mes_store_job job;
    bool is_accepted = news->kind == MES_QUEUE_JOB_ACCEPTED;
    enum mes_hook_event event = is_accepted ? MES_HOOK_EVENT_accepted : MES_HOOK_EVENT_done;
    int code = know(events, store, error);
    if (code != 0 || (!is_accepted && news->kind != MES_QUEUE_JOB_DONE) ||
        !does_anyone_want(events, news->company, event))
        return code;
    mes_arena_init(&arena, JOB_LIMIT);
    const struct mes_store_ref ref = {.company = NULL, .id = news->job};
    code = mes_store_job_load(mes_store_reads(store), ref, &arena, &job, error);
    if (code == 0) {
        struct mes_hook_body body = {
            .event = event, .company = news->company, .write = mes_hook_write_job, .what = &job};
        code = tell(events, store, &body, error);
    }
    mes_arena_fini(&arena);
    return code;
}

int mes_hook_on_account(struct mes_hook_events *events, struct mes_store *store,
                        const struct mes_hook_account_news *news, struct mes_error *error)
{
    struct mes_hook_body body = {.event =
                                     news->until != 0 ? MES_HOOK_EVENT_resting : MES_HOOK_EVENT_recovered,
                                 .company = news->company,
                                 .write = mes_hook_write_account,
                                 .what = news};
    int code = know(events, store, error);
    return code == 0 ? tell(events, store, &body, error) : code;
}

int mes_hook_test(struct mes_hook_events *events, struct mes_store *store,
                  const struct mes_hook_test_news *news, struct mes_error *error)
{
    struct mes_hook_body body = {.id = news->event,
                                 .event = MES_HOOK_EVENT_test,
                                 .at = mes_clock_wall(events->clock),
                                 .company = news->company};
    int code = add_row(store, news->webhook, &body, error);
    if (code == 0 && events->on_written != NULL)
        events->on_written(events->context);
    return code;
}
