/* The routes /webhooks. */
#include "api/resource.h"
#include "base/id.h"
#include "base/secret.h"
#include "hook/service.h"
#include "hook/signature.h"
#include "store/webhook.h"

#include <string.h>

enum { EVENTS_LIMIT = 1000, MOST_WEBHOOKS = 32, MOST_COUNTED = 10000 };

struct making {
    struct mes_api_write write; /* first */
    struct mes_hook_events *events;
    struct mes_store_webhook webhook;
    const unsigned char *master;
};

/* A change of one webhook that is there. */
struct changing {
    struct mes_api_write write; /* first */
    struct mes_hook_service *hooks;
    struct mes_store_ref ref;
    struct mes_arena *arena;
    struct mes_store_webhook webhook; /* as it was */
    int64_t event;                    /* the test's */
    int64_t now;
};

/* --- what is shown --- */

static void write_events(struct mes_json_writer *json, const char *events)
{
    struct mes_str left = mes_str_of(events), name;
    mes_json_write_list(json, "events");
    while (left.size > 0 && mes_str_next(&left, ',', &name))
        mes_json_write_text(json, NULL, name);
    mes_json_write_list_end(json);
}

static void write_common(struct mes_json_writer *json, const struct mes_store_webhook *webhook)
{
    mes_api_resource_id(json, "id", webhook->id);
    mes_json_write_text(json, "company", mes_str_of(webhook->company));
    mes_json_write_text(json, "url", mes_str_of(webhook->url));
    write_events(json, webhook->events);
}

static void write_webhook(struct mes_json_writer *json, const struct mes_store_webhook *webhook,
                          unsigned waiting)
{
    static const char *const states[] = {[MES_STORE_WEBHOOK_ACTIVE] = "active",
                                         [MES_STORE_WEBHOOK_PAUSED] = "paused",
                                         [MES_STORE_WEBHOOK_DISABLED] = "disabled"};
    mes_json_write_object(json, NULL);
    write_common(json, webhook);
    mes_json_write_text(json, "state", mes_str_of(states[webhook->state]));
    mes_api_resource_time(json, "createdAt", webhook->created_at);
    mes_api_resource_time(json, "toldAt", webhook->told_at);
    mes_api_resource_time(json, "failingSince", webhook->failing_since);
    mes_api_resource_text(json, "lastResult", webhook->last_result);
    mes_json_write_integer(json, "waiting", waiting);
    mes_json_write_object_end(json);
}

/* A list may not be read while another one is: the rows first, then what waits for each. */
struct listing {
    struct mes_arena *arena;
    struct row {
        struct mes_store_webhook webhook;
        struct row *next;
    } * first, **last;
    bool has_failed;
};

static const char *keep(struct listing *listing, const char *text)
{
    const char *copy = mes_arena_copy(listing->arena, mes_str_of(text));
    listing->has_failed = listing->has_failed || copy == NULL;
    return copy;
}

static bool take_row(void *context, const struct mes_store_webhook *webhook)
{
    struct listing *listing = context;
    struct row *row = mes_arena_alloc(listing->arena, sizeof *row);
    listing->has_failed = row == NULL;
    if (row == NULL)
        return false;
    row->webhook = *webhook;
    row->webhook.company = keep(listing, webhook->company);
    row->webhook.url = keep(listing, webhook->url);
    row->webhook.events = keep(listing, webhook->events);
    row->webhook.last_result = keep(listing, webhook->last_result);
    *listing->last = row;
    listing->last = &row->next;
    return !listing->has_failed;
}

void mes_api_webhooks_list(struct mes_api_request *request)
{
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct listing listing = {.arena = &request->arena, .last = &listing.first};
    struct mes_error error;
    if (reader == NULL)
        return;
    int code = mes_store_webhook_list(reader, request->reach, take_row, &listing, &error);
    if (code == 0 && listing.has_failed)
        code = mes_fail_nomem(&error);
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_list(json, "items");
    for (const struct row *row = listing.first; code == 0 && row != NULL; row = row->next) {
        unsigned waiting = 0;
        code = mes_store_webhook_event_count(reader, row->webhook.id, MOST_COUNTED, &waiting, &error);
        write_webhook(json, &row->webhook, waiting);
    }
    mes_json_write_list_end(json);
    mes_json_write_object_end(json);
    if (code != 0)
        mes_api_refuse_failure(request, &error);
}

void mes_api_webhooks_get(struct mes_api_request *request)
{
    struct mes_store_webhook webhook;
    struct mes_store_ref ref = {.company = request->reach};
    struct mes_error error;
    unsigned waiting = 0;
    if (!mes_api_request_id(request, 0, &ref.id))
        return;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    if (reader == NULL)
        return;
    int code = mes_store_webhook_load(reader, ref, &request->arena, &webhook, &error);
    if (code == 0)
        code = mes_store_webhook_event_count(reader, ref.id, MOST_COUNTED, &waiting, &error);
    if (code == 0)
        write_webhook(mes_api_answer_json(request, 200), &webhook, waiting);
    else
        mes_api_refuse_failure(request, &error);
}

/* --- making one --- */

static bool count_row(void *context, const struct mes_store_webhook *webhook)
{
    size_t *count = context;
    (void)webhook;
    ++*count;
    return true;
}

static int make(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct making *making = (struct making *)write;
    size_t count = 0;
    int code =
        mes_store_webhook_list(mes_store_reads(store), making->webhook.company, count_row, &count, error);
    if (code == 0 && count >= MOST_WEBHOOKS)
        code = mes_fail(error, MES_E_INPUT, MES_SAY_hook_many, MES_ARGS(MES_NUMBER(count)));
    if (code == 0)
        code = mes_store_webhook_add(store, &making->webhook, error);
    mes_hook_events_changed(making->events);
    return code;
}

static void say_made(struct mes_api_request *request, struct mes_api_write *write, int code,
                     const struct mes_error *error)
{
    struct making *making = (struct making *)write;
    char secret[MES_HOOK_SECRET_SPACE];
    struct mes_error nomem;
    mes_hook_events_changed(making->events);
    if (code == 0 && !mes_hook_secret(making->master, making->webhook.id, secret)) {
        code = mes_fail_nomem(&nomem);
        error = &nomem;
    }
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    struct mes_json_writer *json = mes_api_answer_json(request, 201);
    mes_json_write_object(json, NULL);
    write_common(json, &making->webhook);
    mes_json_write_text(json, "secret", mes_str_of(secret));
    mes_json_write_object_end(json);
    mes_wipe(secret, sizeof secret);
}

static const char *join_events(struct mes_api_request *request, const struct mes_json_value *list)
{
    struct mes_buf text;
    mes_buf_init(&text, EVENTS_LIMIT);
    for (const struct mes_json_value *one = list != NULL ? list->first : NULL; one != NULL; one = one->next) {
        if (text.size > 0)
            mes_buf_add_char(&text, ',');
        mes_buf_add_str(&text, one->text);
    }
    const char *events = text.failed == 0 ? mes_arena_copy(&request->arena, mes_buf_str(&text)) : NULL;
    mes_buf_fini(&text);
    return events;
}

static bool is_good_url(struct mes_api_request *request, const char *url)
{
    struct mes_error error;
    int code = mes_hook_check_url(request->services->hooks, url, &error);
    if (code != 0)
        mes_api_refuse_error(request, MES_API_PROBLEM_bad_value, "url", &error);
    return code == 0;
}

static bool has_hooks(struct mes_api_request *request)
{
    if (request->services->hooks == NULL)
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_carrier, MES_NO_ARGS);
    return request->services->hooks != NULL;
}

void mes_api_webhooks_create(struct mes_api_request *request)
{
    struct making *making = mes_arena_alloc(&request->arena, sizeof *making);
    const char *url = mes_json_member(request->json, MES_STR("url"))->text.data;
    const char *events = join_events(request, mes_json_member(request->json, MES_STR("events")));
    if (making == NULL || events == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    if (!has_hooks(request) || !is_good_url(request, url))
        return;
    making->write = (struct mes_api_write){make, say_made};
    making->events = mes_hook_events(request->services->hooks);
    making->master = mes_hook_master(request->services->hooks);
    making->webhook = (struct mes_store_webhook){.id = mes_id_next(request->services->clock),
                                                 .company = request->company,
                                                 .url = url,
                                                 .events = events,
                                                 .asked_by = request->caller.key_id,
                                                 .created_at = request->now};
    mes_api_request_write(request, &making->write);
}

/* --- changing one --- */

static void change(struct mes_api_request *request,
                   int (*run)(struct mes_api_write *, struct mes_store *, struct mes_error *),
                   void (*after)(struct mes_api_request *, struct mes_api_write *, int,
                                 const struct mes_error *))
{
    struct changing *changing = mes_arena_alloc(&request->arena, sizeof *changing);
    int64_t id;
    if (!mes_api_request_id(request, 0, &id) || !has_hooks(request))
        return;
    if (changing == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    *changing = (struct changing){.write = {run, after},
                                  .hooks = request->services->hooks,
                                  .ref = {request->reach, id},
                                  .arena = &request->arena,
                                  .now = request->now};
    mes_api_request_write(request, &changing->write);
}

/* Nobody waits for its mending any more. */
static void clear_alert(const struct changing *changing)
{
    char id[MES_ID_SPACE];
    const struct mes_hook_alert alert = {.kind = MES_HOOK_ALERT_webhook_paused,
                                         .company = changing->webhook.company,
                                         .subject = mes_id_text(id, changing->ref.id)};
    mes_hook_alert_clear(mes_hook_alerts(changing->hooks), &alert);
}

static void say_changed(struct mes_api_request *request, struct mes_api_write *write, int code,
                        const struct mes_error *error)
{
    const struct changing *changing = (const struct changing *)write;
    mes_hook_events_changed(mes_hook_events(changing->hooks));
    if (code == 0 && changing->webhook.state != MES_STORE_WEBHOOK_ACTIVE)
        clear_alert(changing);
    mes_api_resource_answer_gone(request, code, error);
}

static int load(struct changing *changing, struct mes_store *store, struct mes_error *error)
{
    return mes_store_webhook_load(mes_store_reads(store), changing->ref, changing->arena, &changing->webhook,
                                  error);
}

static int delete (struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct changing *changing = (struct changing *)write;
    int code = load(changing, store, error);
    if (code == 0)
        code = mes_store_webhook_remove(store, changing->ref, error);
    mes_hook_events_changed(mes_hook_events(changing->hooks));
    return code;
}

void mes_api_webhooks_delete(struct mes_api_request *request)
{
    change(request, delete, say_changed);
}

/* It begins as if it had never failed. */
static int resume(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct changing *changing = (struct changing *)write;
    int code = load(changing, store, error);
    struct mes_store_webhook row = changing->webhook;
    row.state = MES_STORE_WEBHOOK_ACTIVE;
    row.failing_since = 0;
    if (code == 0)
        code = mes_store_webhook_mark(store, &row, error);
    if (code == 0)
        code = mes_store_webhook_event_hasten(store, row.id, changing->now, error);
    mes_hook_events_changed(mes_hook_events(changing->hooks));
    return code;
}

static void say_resumed(struct mes_api_request *request, struct mes_api_write *write, int code,
                        const struct mes_error *error)
{
    mes_hook_nudge(request->services->hooks);
    say_changed(request, write, code, error);
}

void mes_api_webhooks_resume(struct mes_api_request *request)
{
    change(request, resume, say_resumed);
}

static int test(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct changing *changing = (struct changing *)write;
    int code = load(changing, store, error);
    if (code != 0 || changing->webhook.state != MES_STORE_WEBHOOK_ACTIVE)
        return code;
    const struct mes_hook_test_news news = {.webhook = changing->ref.id,
                                            .event = mes_id_next(mes_clock_system()),
                                            .company = changing->webhook.company};
    changing->event = news.event;
    return mes_hook_test(mes_hook_events(changing->hooks), store, &news, error);
}

static void say_tested(struct mes_api_request *request, struct mes_api_write *write, int code,
                       const struct mes_error *error)
{
    const struct changing *changing = (const struct changing *)write;
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    if (changing->event == 0) {
        mes_api_refuse(request, MES_API_PROBLEM_conflict, NULL, MES_SAY_hook_not_active, MES_NO_ARGS);
        return;
    }
    struct mes_json_writer *json = mes_api_answer_json(request, 202);
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "event", changing->event);
    mes_json_write_object_end(json);
}

void mes_api_webhooks_test(struct mes_api_request *request)
{
    change(request, test, say_tested);
}
