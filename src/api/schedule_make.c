#include "api/schedule_make.h"

#include <string.h>

#include "base/id.h"
#include "compose/stored.h"
#include "json/tree.h"

enum {
    MES_API_SCHEDULE_VALUES = 1000 * 1000,
    MES_API_DOCUMENT_LIMIT = 160 * 1024 * 1024,
    MES_API_MEND_MS = 3600 * 1000
};

/* --- writing --- */

static void write_optional(struct mes_json_writer *json, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        mes_json_write_text(json, key, mes_str_of(text));
}

static void write_head(struct mes_json_writer *json, const struct mes_intake_head *head)
{
    mes_json_write_object(json, "head");
    mes_json_write_integer(json, "kind", head->kind);
    mes_json_write_integer(json, "lane", head->lane);
    mes_json_write_integer(json, "priority", head->priority);
    mes_json_write_integer(json, "onDoubt", head->on_doubt);
    mes_json_write_integer(json, "keepDays", head->keep_days);
    mes_json_write_integer(json, "copies", (int64_t)head->copies);
    write_optional(json, "account", head->account);
    write_optional(json, "zone", head->zone);
    write_optional(json, "quietHours", head->quiet_hours);
    mes_json_write_text(json, "subject", mes_str_of(head->subject));
    mes_json_write_object_end(json);
}

void mes_api_schedule_write(const struct mes_api_draft *draft, struct mes_str message, struct mes_buf *out)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_raw(&json, "message", message);
    write_head(&json, &draft->head);
    mes_json_write_raw(&json, "document", draft->head.document);
    mes_json_write_list(&json, "rows");
    for (size_t i = 0; i < draft->recipient_count; i++) {
        const struct mes_api_recipient *to = &draft->recipients[i];
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "address", mes_str_of(to->spec));
        write_optional(&json, "name", to->name);
        if (to->variables != NULL)
            mes_json_write_raw(&json, "vars", mes_str_of(to->variables));
        if (to->attachments != NULL)
            mes_json_write_raw(&json, "attachments", mes_str_of(to->attachments));
        mes_json_write_object_end(&json);
    }
    mes_json_write_list_end(&json);
    mes_json_write_list(&json, "blobs");
    for (size_t i = 0; i < draft->hash_count; i++)
        mes_json_write_text(&json, NULL, mes_str_of(draft->hashes[i]));
    mes_json_write_list_end(&json);
    mes_json_write_object_end(&json);
}

/* --- reading --- */

/* A time of a schedule on its way to a job. */
struct making {
    const struct mes_schedule_occurrence *occurrence;
    struct mes_arena arena;
    struct mes_str text;
    const struct mes_json_value *root;
    struct mes_compose_stored *stored;
    struct mes_compose_job *compiled;
    struct mes_buf document;
    struct mes_intake intake;
};

static const char *text_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_TEXT ? value->text.data : NULL;
}

static int64_t number_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_INTEGER ? value->integer : 0;
}

/* A member's JSON as it stands in the text, ended by NUL; NULL when there is none or memory is used up. */
static const char *json_of(struct making *making, const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    if (value == NULL)
        return NULL;
    return mes_arena_copy(&making->arena, mes_str_cut(making->text, value->offset, value->size));
}

static void read_head(struct making *making)
{
    const struct mes_store_schedule *schedule = making->occurrence->schedule;
    const struct mes_json_value *head = mes_json_member(making->root, MES_STR("head"));
    making->intake.head =
        (struct mes_intake_head){.company = schedule->company,
                                 .kind = (enum mes_queue_kind)number_of(head, "kind"),
                                 .lane = (enum mes_queue_lane)number_of(head, "lane"),
                                 .priority = (int)number_of(head, "priority"),
                                 .on_doubt = (enum mes_queue_doubt)number_of(head, "onDoubt"),
                                 .late = (enum mes_queue_late)schedule->late_policy,
                                 .keep_days = number_of(head, "keepDays"),
                                 .copies = (size_t)number_of(head, "copies"),
                                 .account = text_of(head, "account"),
                                 .zone = text_of(head, "zone"),
                                 .quiet_hours = text_of(head, "quietHours"),
                                 .subject = text_of(head, "subject"),
                                 .send_at = making->occurrence->at,
                                 .asked_by = schedule->asked_by,
                                 .schedule_id = schedule->id,
                                 .is_held = making->occurrence->is_held};
    making->intake.key.name = "";
}

static int read_rows(struct making *making, struct mes_error *error)
{
    const struct mes_json_value *list = mes_json_member(making->root, MES_STR("rows"));
    size_t each = 1 + making->intake.head.copies, count = 0;
    struct mes_intake_recipient *rows =
        mes_arena_alloc(&making->arena, (list->count * each + 1) * sizeof *rows);
    if (rows == NULL)
        return mes_fail_nomem(error);
    for (const struct mes_json_value *row = list->first; row != NULL; row = row->next, count += each) {
        rows[count] =
            (struct mes_intake_recipient){text_of(row, "address"), text_of(row, "name"),
                                          json_of(making, row, "vars"), json_of(making, row, "attachments")};
        const struct mes_compose_addressee addressee = {.number = count / each,
                                                        .address = rows[count].address,
                                                        .name = rows[count].name,
                                                        .variables = rows[count].variables,
                                                        .attachments = rows[count].attachments};
        int code = mes_compose_stored_add(making->stored, &addressee, error);
        if (code != 0)
            return code;
    }
    making->intake.recipients = rows;
    making->intake.recipient_count = count;
    return 0;
}

static void add_copies(struct making *making)
{
    size_t each = 1 + making->intake.head.copies;
    struct mes_intake_recipient *rows = (struct mes_intake_recipient *)making->intake.recipients;
    for (size_t i = 0; i < making->intake.recipient_count; i++)
        if (i % each != 0)
            rows[i].address = mes_compose_job_recipient(making->compiled, 0, i % each).address;
}

static int read_blobs(struct making *making, struct mes_error *error)
{
    const struct mes_json_value *list = mes_json_member(making->root, MES_STR("blobs"));
    const char **hashes = mes_arena_alloc(&making->arena, (list->count + 1) * sizeof *hashes);
    if (hashes == NULL)
        return mes_fail_nomem(error);
    for (const struct mes_json_value *blob = list->first; blob != NULL; blob = blob->next)
        hashes[making->intake.head.blob_count++] = blob->text.data;
    making->intake.head.blobs = hashes;
    return 0;
}

/* Each time gets Message-IDs and a Date of its own; all else is as it was when the schedule was made. */
static int compile(struct making *making, int64_t now, struct mes_error *error)
{
    struct mes_compose_options options = making->stored->options;
    options.seed = NULL;
    options.unix_seconds = now / 1000;
    int code = mes_compose_job_new(making->stored->message, &options, &making->compiled, error);
    if (code == 0)
        code = mes_compose_stored_write(making->stored->message, making->compiled, &making->document, error);
    making->intake.head.document = mes_buf_str(&making->document);
    making->intake.compiled = making->compiled;
    return code;
}

static int read(struct making *making, const char *blob_folder, int64_t now, struct mes_error *error)
{
    making->text = mes_str_of(making->occurrence->schedule->document);
    int code = mes_json_tree(making->text, MES_API_SCHEDULE_VALUES, &making->arena, &making->root, error);
    if (code != 0)
        return code;
    const struct mes_json_value *document = mes_json_member(making->root, MES_STR("document"));
    read_head(making);
    code = mes_compose_stored_read(mes_str_cut(making->text, document->offset, document->size), blob_folder,
                                   &making->stored, error);
    if (code == 0)
        code = read_rows(making, error);
    if (code == 0)
        code = read_blobs(making, error);
    if (code == 0)
        code = compile(making, now, error);
    if (code == 0)
        add_copies(making);
    return code;
}

/* --- the chore --- */

static int make(void *context, struct mes_store *store, const struct mes_schedule_occurrence *occurrence,
                int64_t *job_out, struct mes_error *error)
{
    const struct mes_api_schedules *schedules = context;
    struct making making = {.occurrence = occurrence};
    enum mes_intake_result result;
    const struct mes_clock *clock = schedules->clock != NULL ? schedules->clock : mes_clock_system();
    int64_t now = mes_clock_wall(clock);
    (void)store;
    mes_arena_init(&making.arena, SIZE_MAX);
    mes_buf_init(&making.document, MES_API_DOCUMENT_LIMIT);
    int code = read(&making, schedules->blob_folder, now, error);
    if (code == 0) {
        making.intake.head.id = mes_id_next(clock);
        making.intake.head.created_at = now;
        code = mes_intake_run(schedules->courier, &making.intake, &result, error);
    }
    *job_out = making.intake.head.id;
    mes_compose_job_release(&making.compiled);
    mes_compose_stored_free(&making.stored);
    mes_buf_fini(&making.document);
    mes_arena_fini(&making.arena);
    return code;
}

static void alert(void *context, const char *name, const char *detail)
{
    const struct mes_api_schedules *schedules = context;
    if (schedules->on_alert != NULL)
        schedules->on_alert(schedules->context, name, detail);
}

int mes_api_schedule_chore(void *context, struct mes_courier *courier, struct mes_store *store, int64_t now,
                           int64_t *next_at_out, struct mes_error *error)
{
    struct mes_api_schedules *schedules = context;
    const struct mes_schedule_host host = {
        .make = make, .on_alert = alert, .context = schedules, .log = schedules->log};
    int code = 0;
    schedules->courier = courier;
    if (now >= schedules->mended_at + MES_API_MEND_MS || now < schedules->mended_at) {
        code = mes_schedule_mend(store, now, error);
        schedules->mended_at = now;
    }
    return code == 0 ? mes_schedule_run_due(store, &host, now, next_at_out, error) : code;
}
