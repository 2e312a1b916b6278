/* PATCH /messages/{id}: time and content, while none of the job has been sent. */
#include <string.h>

#include "api/accept.h"
#include "api/message.h"
#include "api/resource.h"
#include "base/utf8.h"
#include "compose/message.h"
#include "compose/stored.h"
#include "queue/courier.h"
#include "store/content.h"

enum {
    MES_API_PATCH_ROWS = 500,
    MES_API_PATCH_MAILS = 100 * 1000,
    MES_API_DOCUMENT_MOST = 160 * 1024 * 1024
};

struct patch {
    struct mes_api_write write; /* first */
    struct mes_api_accept *accept;
    struct mes_store_job job; /* as it is to be */
    bool has_time, has_content;
    /* while the content is made anew: */
    struct mes_compose_stored *stored;
    struct mes_compose_options options;
    struct mes_error error; /* of a row */
    int code;
};

static bool has(const struct patch *patch, const char *member)
{
    return mes_json_member(patch->accept->request->json, mes_str_of(member)) != NULL;
}

/* --- the head --- */

static void take_head(struct patch *patch)
{
    const struct mes_intake_head *head = &patch->accept->draft.head;
    struct mes_store_job *job = &patch->job;
    patch->has_time = has(patch, "sendAt");
    if (has(patch, "priority"))
        job->priority = head->priority;
    if (has(patch, "account"))
        job->account = head->account;
    if (has(patch, "onDoubt"))
        job->on_doubt = (int)head->on_doubt;
    if (has(patch, "latePolicy"))
        job->late_policy = (int)head->late;
    if (has(patch, "quietHours"))
        job->quiet_hours = head->quiet_hours;
    if (has(patch, "timeZone"))
        job->zone = head->zone;
    if (has(patch, "keepMessagesDays"))
        job->keep_days = head->keep_days;
    if (patch->has_time)
        job->send_at = head->send_at;
    if (has(patch, "expiresAt"))
        job->expires_at = head->expires_at;
    if (job->expires_at == 0 || job->expires_at > job->send_at)
        return;
    size_t mark = mes_api_draft_enter(&patch->accept->draft, "expiresAt");
    mes_api_draft_complain_of(&patch->accept->draft, MES_API_PROBLEM_bad_value,
                              MES_SAY_resource_expires_early, MES_NO_ARGS);
    mes_api_draft_leave(&patch->accept->draft, mark);
}

/* --- the content --- */

static bool changes_content(const struct patch *patch)
{
    static const char *const members[] = {"from",     "replyTo", "subject",    "text",
                                          "html",     "vars",    "headers",    "template",
                                          "priority", "dsn",     "requireTls", "calendar"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (has(patch, members[i]))
            return true;
    return false;
}

/* A new body takes the place of the old one as a whole, new fields that of all old ones. */
static void make_room(struct patch *patch, struct mes_message *message)
{
    bool has_body = has(patch, "text") || has(patch, "html") || has(patch, "template");
    message->is_stored = false;
    message->personal = 0;
    if (has_body) {
        message->sources = NULL;
        patch->code = mes_message_set_text(message, NULL, &patch->error);
        if (patch->code == 0)
            patch->code = mes_message_set_html(message, NULL, &patch->error);
    }
    if (has(patch, "headers"))
        message->field_count = 0;
}

/* Compiles what was added since the last time: every mail must still come out whole. */
static void try_rows(struct patch *patch)
{
    struct mes_api_draft *draft = &patch->accept->draft;
    struct mes_compose_job *job = NULL;
    if (patch->code != 0 || patch->stored->message->recipients[MES_ROLE_TO].count == 0)
        return;
    patch->code = mes_compose_job_new(patch->stored->message, &patch->options, &job, &patch->error);
    if (patch->code == 0 && draft->document.size == 0)
        patch->code = mes_compose_stored_write(patch->stored->message, job, &draft->document, &patch->error);
    mes_compose_job_release(&job);
    mes_compose_stored_clear(patch->stored);
}

static bool add_row(void *context, const struct mes_store_recipient *row)
{
    struct patch *patch = context;
    int64_t each = 1 + patch->job.copies;
    if (row->number % each != 0)
        return true;
    const struct mes_compose_addressee addressee = {
        .number = (uint64_t)(row->number / each),
        .address = row->address,
        .name = row->name,
        .variables = row->variables[0] != '\0' ? row->variables : NULL,
        .attachments = row->attachments[0] != '\0' ? row->attachments : NULL};
    patch->code = mes_compose_stored_add(patch->stored, &addressee, &patch->error);
    return patch->code == 0;
}

static int read_stored(struct patch *patch, struct mes_store_reader *reader, struct mes_error *error)
{
    struct mes_buf document;
    mes_buf_init(&document, MES_API_DOCUMENT_MOST);
    struct mes_store_ref ref = {patch->accept->request->reach, patch->job.id};
    int code = mes_store_content_load(reader, ref, &document, error);
    if (code == 0)
        code = mes_compose_stored_read(mes_buf_str(&document), patch->accept->host.blob_folder,
                                       &patch->stored, error);
    mes_buf_fini(&document);
    return code;
}

static void compile_rows(struct patch *patch, struct mes_store_reader *reader)
{
    int64_t rows = patch->job.mails * (1 + patch->job.copies),
            step = MES_API_PATCH_ROWS * (1 + patch->job.copies);
    patch->options = patch->stored->options;
    patch->options.is_checked = false;
    patch->options.may_grow = true;
    for (int64_t from = 0; from < rows && patch->code == 0; from += step) {
        const struct mes_store_range range = {patch->job.id, from, from + step};
        int code = mes_store_recipient_range(reader, range, add_row, patch, &patch->error);
        if (code != 0)
            patch->code = code;
        try_rows(patch);
    }
}

/* The stored message is lent to the draft, whose members then change it. */
static void change_content(struct patch *patch)
{
    struct mes_api_request *request = patch->accept->request;
    struct mes_api_draft *draft = &patch->accept->draft;
    struct mes_message *own = draft->message;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct mes_error error;
    if (reader == NULL)
        return;
    if (read_stored(patch, reader, &error) != 0) {
        mes_api_refuse_failure(request, &error);
        return;
    }
    draft->message = patch->stored->message;
    make_room(patch, draft->message);
    mes_api_draft_read_head(draft, request->json);
    if (!draft->is_broken)
        compile_rows(patch, reader);
    if (patch->code != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &patch->error);
    draft->message = own;
    mes_compose_stored_free(&patch->stored);
}

static void take_subject(struct patch *patch)
{
    const struct mes_json_value *subject = mes_json_member(patch->accept->request->json, MES_STR("subject"));
    if (subject == NULL)
        return;
    const char *copy = mes_arena_copy(&patch->accept->request->arena, mes_utf8_cut(subject->text, 200));
    if (copy != NULL)
        patch->job.subject = copy;
}

/* --- the commit --- */

static int refuse_begun(const struct mes_store_job *job, struct mes_error *error)
{
    return mes_fail(error, MES_E_USAGE, MES_SAY_resource_begun, MES_ARGS(mes_store_state_name(job->state)));
}

/* Looked at once more where nothing can happen in between. */
static int check_waiting(const struct mes_store_job *job, struct mes_error *error)
{
    bool waits = job->state == MES_STORE_SCHEDULED || job->state == MES_STORE_QUEUED ||
                 job->state == MES_STORE_PAUSED || job->state == MES_STORE_HELD;
    bool is_whole =
        job->cursor == 0 && job->counts[MES_STORE_STATUS_QUEUED] == job->mails * (1 + job->copies);
    return waits && is_whole ? 0 : refuse_begun(job, error);
}

static int store(struct mes_api_write *write, struct mes_store *database, struct mes_error *error)
{
    struct patch *patch = (struct patch *)write;
    struct mes_store_job now, *job = &patch->job;
    struct mes_arena arena;
    mes_arena_init(&arena, 1024 * 1024);
    struct mes_store_ref ref = {patch->accept->request->reach, job->id};
    int code = mes_store_job_load(mes_store_reads(database), ref, &arena, &now, error);
    if (code == 0)
        code = check_waiting(&now, error);
    if (code == 0)
        code = mes_store_job_replace(database, job, error);
    if (code == 0 && patch->has_content)
        code = mes_store_content_put(database, job->id, mes_buf_str(&patch->accept->draft.document), error);
    mes_courier_forget(patch->accept->request->services->courier, job->id);
    bool is_moved = patch->has_time && (now.state == MES_STORE_SCHEDULED || now.state == MES_STORE_QUEUED);
    if (code == 0 && is_moved) {
        job->state = job->send_at > patch->accept->request->now ? MES_STORE_SCHEDULED : MES_STORE_QUEUED;
        const struct mes_store_job_change change = {.id = job->id,
                                                    .set = MES_STORE_JOB_STATE | MES_STORE_JOB_NEXT_AT,
                                                    .state = job->state,
                                                    .next_at = job->send_at};
        code = mes_store_job_change(database, &change, error);
    }
    mes_arena_fini(&arena);
    return code;
}

static void after(struct mes_api_request *request, struct mes_api_write *write, int code,
                  const struct mes_error *error)
{
    const struct patch *patch = (const struct patch *)write;
    if (code == MES_E_USAGE) {
        mes_api_refuse_error(request, MES_API_PROBLEM_conflict, NULL, error);
    } else if (code != 0) {
        mes_api_refuse_failure(request, error);
    } else {
        mes_courier_nudge(request->services->courier);
        mes_api_message_write(request, mes_api_answer_json(request, 200), &patch->job);
    }
}

void mes_api_message_patch(struct mes_api_request *request)
{
    struct patch *patch = mes_arena_alloc(&request->arena, sizeof *patch);
    struct mes_error error;
    if (patch == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    if (!mes_api_message_load(request, &patch->job))
        return;
    bool is_bound = patch->job.company[0] != '\0';
    if (is_bound && !mes_api_request_act_for(request, mes_str_of(patch->job.company)))
        return;
    patch->accept = mes_api_accept_new(request);
    if (patch->accept == NULL)
        return;
    patch->has_content = changes_content(patch);
    if (check_waiting(&patch->job, &error) != 0) {
        mes_api_refuse_error(request, MES_API_PROBLEM_conflict, NULL, &error);
        return;
    }
    if (patch->has_content && patch->job.mails > MES_API_PATCH_MAILS) {
        mes_api_refuse(request, MES_API_PROBLEM_conflict, NULL, MES_SAY_resource_too_big_to_change,
                       MES_ARGS(MES_NUMBER(MES_API_PATCH_MAILS)));
        return;
    }
    patch->accept->draft.head.account = patch->job.account[0] != '\0' ? patch->job.account : NULL;
    if (patch->has_content)
        change_content(patch);
    else
        mes_api_draft_read_head(&patch->accept->draft, request->json);
    take_head(patch);
    take_subject(patch);
    if (mes_api_is_refused(request))
        return;
    patch->write = (struct mes_api_write){store, after};
    mes_api_request_write(request, &patch->write);
}
