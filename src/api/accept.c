#include "api/accept.h"

#include <string.h>

#include "api/resource.h"
#include "queue/roster.h"
#include "store/idempotency.h"

enum { MES_API_ACCEPTED_LIMIT = 4 * 1024 * 1024, MES_API_KEY_MOST = 255 };

static void refuse(void *context, enum mes_api_problem problem, const char *field,
                   const struct mes_error *why)
{
    const struct mes_api_accept *accept = context;
    mes_api_refuse_error(accept->request, problem, field[0] != '\0' ? field : NULL, why);
}

static int find_upload(void *context, int64_t id, struct mes_arena *arena,
                       struct mes_compose_blob_file *file_out, struct mes_error *error)
{
    return mes_api_resource_find_upload(((const struct mes_api_accept *)context)->request, id, arena,
                                        file_out, error);
}

static void over(struct mes_api_request *request)
{
    struct mes_api_accept *accept = request->own;
    mes_api_draft_fini(&accept->draft);
    mes_buf_fini(&accept->answer);
    if (accept->roster != NULL)
        request->services->drop_roster(request->services->context, accept->roster);
}

struct mes_api_accept *mes_api_accept_new(struct mes_api_request *request)
{
    const struct mes_api_services *services = request->services;
    struct mes_api_accept *accept = mes_arena_alloc(&request->arena, sizeof *accept);
    struct mes_error error;
    if (accept == NULL || services->hold_roster == NULL || services->courier == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready, MES_NO_ARGS);
        return NULL;
    }
    accept->request = request;
    accept->roster = services->hold_roster(services->context);
    accept->host =
        (struct mes_api_draft_host){.accounts = mes_roster_list(accept->roster, request->company),
                                    .company = request->company,
                                    .zone = mes_roster_zone(accept->roster, request->company),
                                    .zone_read = mes_roster_zone_read(accept->roster, request->company),
                                    .blob_folder = services->blob_folder,
                                    .now = request->now,
                                    .language = request->language,
                                    .arena = &request->arena,
                                    .find_upload = find_upload,
                                    .complain = refuse,
                                    .context = accept};
    mes_buf_init(&accept->answer, MES_API_ACCEPTED_LIMIT);
    int code = mes_api_draft_init(&accept->draft, &accept->host, &error);
    request->own = accept;
    mes_api_request_on_over(request, over);
    if (code != 0) {
        mes_api_refuse_failure(request, &error);
        return NULL;
    }
    return accept;
}

void mes_api_accept_refuse_all(struct mes_api_draft *draft, const char *list)
{
    size_t shown =
        draft->rejected_count < MES_API_REJECTED_SHOWN ? draft->rejected_count : MES_API_REJECTED_SHOWN;
    size_t mark = mes_api_draft_enter(draft, list);
    for (size_t i = 0; i < shown; i++) {
        size_t inner = mes_api_draft_enter_item(draft, draft->rejected[i].index);
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_rejected,
                                  MES_ARGS(MES_TEXT(draft->rejected[i].why)));
        mes_api_draft_leave(draft, inner);
    }
    if (shown == 0)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_missing_field, MES_SAY_message_no_recipient,
                                  MES_NO_ARGS);
    mes_api_draft_leave(draft, mark);
}

bool mes_api_accept_read(struct mes_api_accept *accept, const struct mes_json_value *json,
                         struct mes_str text)
{
    struct mes_api_draft *draft = &accept->draft;
    mes_api_draft_read_head(draft, json);
    mes_api_draft_read_to(draft, json, text);
    if (!draft->is_broken && draft->recipient_count == 0)
        mes_api_accept_refuse_all(draft, "to");
    if (!draft->is_broken)
        mes_api_draft_compile(draft);
    if (draft->is_broken)
        return false;
    struct mes_intake *intake = &accept->intake;
    intake->head = draft->head;
    intake->head.id = mes_id_next(accept->request->services->clock);
    intake->head.asked_by = accept->request->caller.key_id;
    intake->recipients = mes_api_draft_rows(draft, &intake->recipient_count);
    intake->compiled = draft->compiled;
    draft->head.id = intake->head.id;
    if (intake->recipients != NULL)
        return true;
    mes_api_refuse(accept->request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
    return false;
}

/* --- the key --- */

static bool is_key(struct mes_str name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] > '~')
            return false;
    return name.size > 0 && name.size <= MES_API_KEY_MOST;
}

/* Whoever asks again is answered without a look at uploads and templates that may be gone by now. */
static bool is_known(struct mes_api_accept *accept)
{
    struct mes_api_request *request = accept->request;
    struct mes_intake_key *key = &accept->intake.key;
    struct mes_store_idempotency row = {
        .company = request->company, .asked_by = request->caller.key_id, .name = key->name};
    struct mes_store_reader *reader = mes_api_request_reader(request);
    if (reader == NULL || mes_store_idempotency_find(reader, &row, &request->arena, NULL) != 0)
        return false;
    bool is_same = memcmp(row.digest, key->digest, sizeof row.digest) == 0;
    accept->result = row.is_open ? MES_INTAKE_BUSY : is_same ? MES_INTAKE_REPEATED : MES_INTAKE_CONFLICT;
    accept->known_status = row.status;
    accept->known_answer = row.answer;
    return true;
}

bool mes_api_accept_key_name(struct mes_api_request *request, struct mes_arena *arena,
                             struct mes_intake_key *key)
{
    struct mes_str name = mes_api_request_header(request, "Idempotency-Key");
    key->name = "";
    key->status = 202;
    if (name.data == NULL)
        return true;
    if (!is_key(name)) {
        mes_api_refuse(request, MES_API_PROBLEM_bad_request, "Idempotency-Key", MES_SAY_resource_bad_key,
                       MES_ARGS(MES_NUMBER(MES_API_KEY_MOST)));
        return false;
    }
    key->name = mes_arena_copy(arena, name);
    if (key->name == NULL)
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
    return key->name != NULL;
}

bool mes_api_accept_key(struct mes_api_accept *accept, struct mes_str text)
{
    struct mes_api_request *request = accept->request;
    struct mes_intake_key *key = &accept->intake.key;
    if (!mes_api_accept_key_name(request, &request->arena, key))
        return false;
    if (key->name[0] == '\0')
        return true;
    if (mes_digest(&text, 1, key->digest))
        return !is_known(accept);
    mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
    return false;
}

/* --- the commit --- */

/* On the store thread. The request waits, so that its arena is nobody else's. */
static void on_done(struct mes_intake *intake, enum mes_intake_result result, const struct mes_error *error)
{
    struct mes_api_accept *accept = (struct mes_api_accept *)intake;
    accept->result = result;
    if (result == MES_INTAKE_FAILED)
        accept->error = *error;
    if (result == MES_INTAKE_REPEATED) {
        const char *copy = mes_arena_copy(&accept->request->arena, intake->known_answer);
        accept->known_status = intake->known_status;
        accept->known_answer = mes_str_make(copy, intake->known_answer.size);
        if (copy == NULL) {
            accept->result = MES_INTAKE_FAILED;
            mes_fail_nomem(&accept->error);
        }
    }
    mes_api_request_wake(accept->request);
}

static void after_intake(struct mes_api_request *request)
{
    struct mes_api_accept *accept = request->own;
    accept->after(accept);
}

static void post(struct mes_api_accept *accept)
{
    accept->intake.key.answer = mes_buf_str(&accept->answer);
    accept->intake.on_done = on_done;
    mes_api_request_wait(accept->request, after_intake);
    mes_intake_post(accept->request->services->courier, &accept->intake);
}

static int add_blobs(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    const struct mes_api_accept *accept = MES_API_OWNER(write, struct mes_api_accept, blobs);
    return mes_api_resource_add_blobs(accept->draft.new_blobs, accept->request->now, store, error);
}

static void after_blobs(struct mes_api_request *request, struct mes_api_write *write, int code,
                        const struct mes_error *error)
{
    struct mes_api_accept *accept = MES_API_OWNER(write, struct mes_api_accept, blobs);
    if (code == 0) {
        post(accept);
        return;
    }
    accept->result = MES_INTAKE_FAILED;
    accept->error = *error;
    accept->after(accept);
    (void)request;
}

void mes_api_accept_store(struct mes_api_accept *accept, void (*after)(struct mes_api_accept *accept))
{
    accept->after = after;
    if (accept->draft.new_blobs == NULL) {
        post(accept);
        return;
    }
    accept->blobs = (struct mes_api_write){add_blobs, after_blobs};
    mes_api_request_write(accept->request, &accept->blobs);
}

/* --- the answer --- */

void mes_api_accept_write_rejected(struct mes_json_writer *json, const struct mes_api_draft *draft)
{
    size_t shown =
        draft->rejected_count < MES_API_REJECTED_SHOWN ? draft->rejected_count : MES_API_REJECTED_SHOWN;
    mes_json_write_list(json, "rejected");
    for (size_t i = 0; i < shown; i++) {
        const struct mes_api_rejected *one = &draft->rejected[i];
        mes_json_write_object(json, NULL);
        mes_json_write_integer(json, "index", (int64_t)one->index);
        mes_json_write_text(json, "address", one->address);
        mes_json_write_text(json, "error", one->why);
        mes_json_write_object_end(json);
    }
    mes_json_write_list_end(json);
    mes_json_write_integer(json, "rejectedCount", (int64_t)draft->rejected_count);
}

void mes_api_accept_describe(const struct mes_api_request *request, const struct mes_api_draft *draft,
                             uint64_t rows, struct mes_buf *out)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_api_resource_id(&json, "id", draft->head.id);
    mes_json_write_integer(&json, "recipients", (int64_t)rows);
    mes_json_write_integer(&json, "accepted", (int64_t)(rows / (1 + draft->head.copies)));
    mes_api_accept_write_rejected(&json, draft);
    mes_json_write_integer(&json, "duplicates", (int64_t)draft->duplicates);
    mes_json_write_list(&json, "warnings");
    for (size_t i = 0; i < draft->warning_count; i++)
        mes_json_write_text(&json, NULL, draft->warnings[i]);
    mes_json_write_list_end(&json);
    mes_api_resource_time(&json, "sendAt", draft->head.send_at);
    mes_api_resource_links(request, &json, draft->head.id);
    mes_json_write_object_end(&json);
}

static void repeat(struct mes_api_request *request, int status, struct mes_str answer)
{
    struct mes_buf body;
    mes_buf_init(&body, answer.size + 1);
    mes_buf_add_str(&body, answer);
    mes_api_answer_header(request, "Idempotent-Replayed", MES_STR("true"));
    mes_api_answer_bytes(request, (unsigned)status, "application/json", &body);
    mes_buf_fini(&body);
}

void mes_api_accept_answer_known(struct mes_api_request *request, enum mes_intake_result result, int status,
                                 struct mes_str answer)
{
    if (result == MES_INTAKE_REPEATED) {
        repeat(request, status, answer);
    } else if (result == MES_INTAKE_BUSY) {
        mes_api_answer_header(request, "Retry-After", MES_STR("5"));
        mes_api_refuse(request, MES_API_PROBLEM_conflict, "Idempotency-Key", MES_SAY_resource_key_busy,
                       MES_NO_ARGS);
    } else {
        mes_api_refuse(request, MES_API_PROBLEM_conflict, "Idempotency-Key", MES_SAY_resource_key_conflict,
                       MES_NO_ARGS);
    }
}

void mes_api_accept_answer(struct mes_api_accept *accept)
{
    struct mes_api_request *request = accept->request;
    if (accept->result == MES_INTAKE_ACCEPTED)
        mes_api_answer_bytes(request, 202, "application/json", &accept->answer);
    else if (accept->result == MES_INTAKE_FAILED)
        mes_api_refuse_failure(request, &accept->error);
    else
        mes_api_accept_answer_known(request, accept->result, accept->known_status, accept->known_answer);
}
