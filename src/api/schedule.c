/* Jobs that come again and again: POST, GET, PATCH and DELETE /schedules. */
#include <string.h>

#include "api/accept.h"
#include "api/moment.h"
#include "api/resource.h"
#include "api/schedule_make.h"
#include "queue/courier.h"
#include "queue/roster.h"
#include "store/blob.h"
#include "json/tree.h"

enum {
    MES_API_NEXT_TIMES = 5,
    MES_API_SCHEDULE_SIZE = 64 * 1024 * 1024,
    MES_API_STORED_VALUES = 1000 * 1000
};

static const char *const late_words[] = {"send", "skip", "hold"};

/* --- showing --- */

/* The caller's own `message` stands first in the document. */
static void write_message(struct mes_api_request *request, struct mes_json_writer *json,
                          const struct mes_store_schedule *schedule)
{
    const struct mes_json_value *root;
    struct mes_str document = mes_str_of(schedule->document);
    if (mes_json_tree(document, MES_API_STORED_VALUES, &request->arena, &root, NULL) != 0)
        return;
    const struct mes_json_value *message = mes_json_member(root, MES_STR("message"));
    if (message != NULL)
        mes_json_write_raw(json, "message", mes_str_cut(document, message->offset, message->size));
}

static void write_times(struct mes_json_writer *json, const struct mes_store_schedule *schedule, int64_t now)
{
    const struct mes_schedule_plan plan = {schedule->expression, schedule->zone, now, schedule->until};
    int64_t times[MES_API_NEXT_TIMES];
    size_t count = 0;
    mes_json_write_list(json, "nextTimes");
    if (!schedule->is_paused && mes_schedule_times(&plan, MES_API_NEXT_TIMES, times, &count, NULL) == 0)
        for (size_t i = 0; i < count; i++)
            mes_api_resource_time(json, NULL, times[i]);
    mes_json_write_list_end(json);
}

static void write_schedule(struct mes_api_request *request, struct mes_json_writer *json,
                           const struct mes_store_schedule *schedule, bool is_whole)
{
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "id", schedule->id);
    mes_api_resource_text(json, "company", schedule->company);
    mes_json_write_text(json, "name", mes_str_of(schedule->name));
    mes_json_write_text(json, "cron", mes_str_of(schedule->expression));
    mes_json_write_text(json, "timeZone", mes_str_of(schedule->zone));
    mes_json_write_text(json, "latePolicy", mes_str_of(late_words[schedule->late_policy]));
    mes_json_write_flag(json, "paused", schedule->is_paused);
    mes_api_resource_time(json, "until", schedule->until);
    mes_api_resource_time(json, "createdAt", schedule->created_at);
    write_times(json, schedule, request->now);
    mes_api_resource_time(json, "lastAt", schedule->last_at);
    if (schedule->last_job != 0)
        mes_api_resource_id(json, "lastJob", schedule->last_job);
    else
        mes_json_write_null(json, "lastJob");
    if (is_whole)
        write_message(request, json, schedule);
    mes_json_write_object_end(json);
}

struct listing {
    struct mes_api_listing listing;
    unsigned left; /* rows that may still come on this page */
    int64_t last;
};

static bool add_item(void *context, const struct mes_store_schedule *schedule)
{
    struct listing *listing = context;
    write_schedule(listing->listing.request, listing->listing.json, schedule, false);
    listing->last = schedule->id;
    listing->left--;
    return true;
}

void mes_api_schedule_list(struct mes_api_request *request)
{
    struct mes_store_schedule_page page = {.company = request->reach,
                                           .limit = mes_api_resource_limit(request)};
    struct listing listing = {.left = page.limit};
    struct mes_error error;
    struct mes_store_reader *reader =
        mes_api_resource_cursor(request, &page.after) ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return;
    listing.listing = mes_api_resource_begin_list(request);
    int code = mes_store_schedule_list(reader, &page, add_item, &listing, &error);
    mes_api_resource_end_list(&listing.listing, listing.left == 0 ? listing.last : 0, code, &error);
}

static bool load(struct mes_api_request *request, struct mes_store_schedule *schedule_out)
{
    struct mes_store_ref ref = {.company = request->reach};
    struct mes_error error;
    struct mes_store_reader *reader =
        mes_api_request_id(request, 0, &ref.id) ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return false;
    int code = mes_store_schedule_load(reader, ref, &request->arena, schedule_out, &error);
    if (code != 0)
        mes_api_refuse_failure(request, &error);
    return code == 0;
}

void mes_api_schedule_get(struct mes_api_request *request)
{
    struct mes_store_schedule schedule;
    if (load(request, &schedule))
        write_schedule(request, mes_api_answer_json(request, 200), &schedule, true);
}

/* --- making and changing --- */

struct change {
    struct mes_api_write write; /* first */
    struct mes_api_request *request;
    struct mes_store_schedule row;
    struct mes_api_accept *accept; /* NULL: the message stays as it is */
    bool is_new;
};

static int store(struct mes_api_write *write, struct mes_store *database, struct mes_error *error)
{
    const struct change *change = (const struct change *)write;
    int code = 0;
    if (change->accept != NULL) {
        const struct mes_api_draft *draft = &change->accept->draft;
        code = mes_api_resource_add_blobs(draft->new_blobs, change->request->now, database, error);
        if (code == 0)
            code = mes_store_blob_release(database, change->row.id, error);
        if (code == 0)
            code = mes_store_blob_use(database, change->row.id, draft->hashes, draft->hash_count, error);
    }
    if (code != 0)
        return code;
    return change->is_new ? mes_store_schedule_add(database, &change->row, error)
                          : mes_store_schedule_set(database, &change->row, error);
}

static void after(struct mes_api_request *request, struct mes_api_write *write, int code,
                  const struct mes_error *error)
{
    const struct change *change = (const struct change *)write;
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    mes_courier_look_at_schedules(request->services->courier);
    write_schedule(request, mes_api_answer_json(request, change->is_new ? 201 : 200), &change->row, true);
}

/* The message is read, checked and kept in a form that needs none of its uploads and templates any more. */
static void read_message(struct change *change, const struct mes_json_value *message)
{
    struct mes_api_request *request = change->request;
    struct mes_str text = mes_str_cut(request->body, message->offset, message->size);
    struct mes_buf document;
    struct mes_error error;
    change->accept = mes_api_accept_new(request);
    if (change->accept == NULL)
        return;
    struct mes_api_draft *draft = &change->accept->draft;
    (void)mes_api_draft_enter(draft, "message");
    draft->root = draft->field.size;
    if (!mes_api_accept_read(change->accept, message, request->body))
        return;
    mes_buf_init(&document, MES_API_SCHEDULE_SIZE);
    mes_api_schedule_write(draft, text, &document);
    change->row.document = mes_arena_copy(&request->arena, mes_buf_str(&document));
    int code = mes_buf_check(&document, &error);
    if (code == 0 && change->row.document == NULL)
        code = mes_fail_nomem(&error);
    if (code != 0)
        mes_api_refuse_failure(request, &error);
    mes_buf_fini(&document);
}

static void read_until(struct change *change, const struct mes_json_value *value)
{
    enum mes_zone_local local;
    struct mes_error error;
    change->row.until = 0;
    if (value->kind == MES_JSON_TEXT &&
        mes_api_moment_parse(value->text, NULL, &change->row.until, &local, &error) != 0)
        mes_api_refuse_error(change->request, MES_API_PROBLEM_bad_value, "until", &error);
}

static void read_late(struct change *change, const struct mes_json_value *value)
{
    for (int i = 0; i <= MES_LATE_HOLD; i++)
        if (mes_str_eq(value->text, mes_str_of(late_words[i])))
            change->row.late_policy = i;
}

/* The body keeps to its schema. */
static void read_members(struct change *change)
{
    const struct mes_json_value *body = change->request->json;
    const struct mes_json_value *name = mes_json_member(body, MES_STR("name"));
    const struct mes_json_value *cron = mes_json_member(body, MES_STR("cron"));
    const struct mes_json_value *zone = mes_json_member(body, MES_STR("timeZone"));
    const struct mes_json_value *late = mes_json_member(body, MES_STR("latePolicy"));
    const struct mes_json_value *paused = mes_json_member(body, MES_STR("paused"));
    const struct mes_json_value *until = mes_json_member(body, MES_STR("until"));
    const struct mes_json_value *message = mes_json_member(body, MES_STR("message"));
    if (name != NULL)
        change->row.name = name->text.data;
    if (cron != NULL)
        change->row.expression = cron->text.data;
    if (zone != NULL)
        change->row.zone = zone->text.data;
    if (late != NULL)
        read_late(change, late);
    if (paused != NULL)
        change->row.is_paused = paused->integer != 0;
    if (until != NULL)
        read_until(change, until);
    if (message != NULL)
        read_message(change, message);
}

static void plan(struct change *change)
{
    struct mes_store_schedule *row = &change->row;
    const struct mes_schedule_plan when = {row->expression, row->zone, change->request->now, row->until};
    struct mes_error error;
    int code = mes_schedule_first(&when, &row->next_at, &error);
    if (code != 0)
        mes_api_refuse_error(change->request, MES_API_PROBLEM_bad_value,
                             code == MES_E_NOT_FOUND || code == MES_E_FILE ? "timeZone" : "cron", &error);
    else if (row->next_at == 0)
        mes_api_refuse(change->request, MES_API_PROBLEM_bad_value, "until", MES_SAY_resource_never,
                       MES_NO_ARGS);
    if (row->is_paused)
        row->next_at = 0;
}

static void apply(struct change *change)
{
    read_members(change);
    if (!mes_api_is_refused(change->request))
        plan(change);
    if (mes_api_is_refused(change->request))
        return;
    change->write = (struct mes_api_write){store, after};
    mes_api_request_write(change->request, &change->write);
}

static struct change *new_change(struct mes_api_request *request)
{
    struct change *change = mes_arena_alloc(&request->arena, sizeof *change);
    if (change == NULL)
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
    else
        change->request = request;
    return change;
}

/* The zone that applies where none is named. */
static const char *zone_of_company(struct mes_api_request *request)
{
    const struct mes_api_services *services = request->services;
    if (services->hold_roster == NULL)
        return "UTC";
    struct mes_roster *roster = services->hold_roster(services->context);
    const char *zone = mes_arena_copy(&request->arena, mes_str_of(mes_roster_zone(roster, request->company)));
    services->drop_roster(services->context, roster);
    return zone != NULL ? zone : "UTC";
}

void mes_api_schedule_post(struct mes_api_request *request)
{
    struct change *change = new_change(request);
    if (change == NULL)
        return;
    change->is_new = true;
    change->row = (struct mes_store_schedule){.id = mes_id_next(request->services->clock),
                                              .company = request->company,
                                              .name = "",
                                              .zone = zone_of_company(request),
                                              .asked_by = request->caller.key_id,
                                              .created_at = request->now};
    apply(change);
}

void mes_api_schedule_patch(struct mes_api_request *request)
{
    struct change *change = new_change(request);
    if (change == NULL || !load(request, &change->row))
        return;
    /* What it sends belongs to its company, whoever changes it. */
    if (change->row.company[0] != '\0' && !mes_api_request_act_for(request, mes_str_of(change->row.company)))
        return;
    apply(change);
}

/* --- removing --- */

struct removal {
    struct mes_api_write write; /* first */
    struct mes_store_ref ref;
};

static int remove_row(struct mes_api_write *write, struct mes_store *database, struct mes_error *error)
{
    const struct removal *removal = (const struct removal *)write;
    int code = mes_store_schedule_remove(database, removal->ref, error);
    return code == 0 ? mes_store_blob_release(database, removal->ref.id, error) : code;
}

static void after_removal(struct mes_api_request *request, struct mes_api_write *write, int code,
                          const struct mes_error *error)
{
    (void)write;
    mes_api_resource_answer_gone(request, code, error);
}

void mes_api_schedule_delete(struct mes_api_request *request)
{
    struct removal *removal = mes_arena_alloc(&request->arena, sizeof *removal);
    struct mes_store_ref ref = {.company = request->reach};
    if (!mes_api_request_id(request, 0, &ref.id))
        return;
    if (removal == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    *removal = (struct removal){{remove_row, after_removal}, ref};
    mes_api_request_write(request, &removal->write);
}
