#include "api/message.h"

#include "api/resource.h"
#include "queue/intake.h"

const char *mes_api_kind_name(int kind)
{
    static const char *const names[] = {"transactional", "notice", "marketing"};
    return kind >= 0 && kind <= MES_KIND_MARKETING ? names[kind] : "";
}

static const char *late_name(int late)
{
    static const char *const names[] = {"send", "skip", "hold"};
    return late >= 0 && late <= MES_LATE_HOLD ? names[late] : "";
}

static const char *doubt_name(int doubt)
{
    static const char *const names[] = {"account", "resend", "hold"};
    return doubt >= 0 && doubt <= MES_DOUBT_HOLD ? names[doubt] : "";
}

static void write_counts(struct mes_json_writer *json, const struct mes_store_job *job)
{
    mes_json_write_object(json, "counts");
    for (int i = 0; i < MES_STORE_STATUS_COUNT; i++)
        mes_json_write_integer(json, mes_store_status_name((enum mes_store_status)i), job->counts[i]);
    mes_json_write_object_end(json);
}

void mes_api_message_write(const struct mes_api_request *request, struct mes_json_writer *json,
                           const struct mes_store_job *job)
{
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "id", job->id);
    mes_api_resource_text(json, "company", job->company);
    mes_json_write_text(json, "state", mes_str_of(mes_store_state_name(job->state)));
    mes_json_write_text(json, "kind", mes_str_of(mes_api_kind_name(job->kind)));
    mes_json_write_integer(json, "priority", job->priority);
    mes_json_write_text(json, "subject", mes_str_of(job->subject));
    write_counts(json, job);
    mes_json_write_integer(json, "mails", job->mails);
    mes_api_resource_time(json, "createdAt", job->created_at);
    mes_api_resource_time(json, "sendAt", job->send_at);
    mes_api_resource_time(json, "expiresAt", job->expires_at);
    mes_api_resource_time(json, "doneAt", job->done_at);
    mes_api_resource_text(json, "account", job->account);
    mes_json_write_text(json, "onDoubt", mes_str_of(doubt_name(job->on_doubt)));
    mes_json_write_text(json, "latePolicy", mes_str_of(late_name(job->late_policy)));
    mes_api_resource_text(json, "quietHours", job->quiet_hours);
    mes_api_resource_text(json, "timeZone", job->zone);
    if (job->schedule_id != 0)
        mes_api_resource_id(json, "scheduleId", job->schedule_id);
    else
        mes_json_write_null(json, "scheduleId");
    mes_json_write_flag(json, "contentKept", !job->is_content_gone);
    mes_api_resource_links(request, json, job->id);
    mes_json_write_object_end(json);
}

/* --- the list --- */

static bool add_job(void *context, const struct mes_store_job *job)
{
    struct mes_api_listing *listing = context;
    mes_api_message_write(listing->request, listing->json, job);
    return true;
}

static bool parse_state(struct mes_str word, unsigned *bit_out)
{
    enum mes_store_state state;
    bool is_state = mes_store_state_parse(word, &state) && state != MES_STORE_RECEIVING;
    *bit_out = is_state ? (unsigned)state : 0;
    return is_state;
}

/* -1 when none is wished. */
static bool read_kind(struct mes_api_request *request, int *kind_out)
{
    struct mes_str text = mes_api_request_query(request, "kind");
    *kind_out = -1;
    for (int kind = 0; kind <= MES_KIND_MARKETING; kind++)
        if (mes_str_eq(text, mes_str_of(mes_api_kind_name(kind))))
            *kind_out = kind;
    if (text.data == NULL || *kind_out >= 0)
        return true;
    mes_api_refuse(request, MES_API_PROBLEM_bad_value, "kind", MES_SAY_resource_no_such_word,
                   MES_ARGS(MES_TEXT(text)));
    return false;
}

static bool read_schedule(struct mes_api_request *request, int64_t *id_out)
{
    struct mes_str text = mes_api_request_query(request, "scheduleId");
    *id_out = 0;
    if (text.data == NULL || mes_id_parse(text, id_out))
        return true;
    mes_api_refuse(request, MES_API_PROBLEM_bad_value, "scheduleId", MES_SAY_resource_no_such_word,
                   MES_ARGS(MES_TEXT(text)));
    return false;
}

void mes_api_message_list(struct mes_api_request *request)
{
    struct mes_store_job_page page = {.company = request->reach,
                                      .text = mes_api_request_query(request, "text"),
                                      .limit = mes_api_resource_limit(request)};
    struct mes_error error;
    bool is_sound = mes_api_resource_cursor(request, &page.cursor) &&
                    mes_api_resource_query_set(request, "state", parse_state, &page.states) &&
                    read_kind(request, &page.kind) && read_schedule(request, &page.schedule_id) &&
                    mes_api_resource_query_time(request, "from", &page.from) &&
                    mes_api_resource_query_time(request, "to", &page.to);
    struct mes_store_reader *reader = is_sound ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return;
    struct mes_api_listing listing = mes_api_resource_begin_list(request);
    int code = mes_store_job_list(reader, &page, add_job, &listing, &error);
    mes_api_resource_end_list(&listing, page.cursor, code, &error);
}

/* --- one job --- */

bool mes_api_message_load(struct mes_api_request *request, struct mes_store_job *job_out)
{
    struct mes_store_ref ref = {.company = request->reach};
    struct mes_error error;
    struct mes_store_reader *reader =
        mes_api_request_id(request, 0, &ref.id) ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return false;
    int code = mes_store_job_load(reader, ref, &request->arena, job_out, &error);
    bool is_there = code == 0 && job_out->state != MES_STORE_RECEIVING;
    if (code != 0 && code != MES_E_NOT_FOUND)
        mes_api_refuse_failure(request, &error);
    else if (!is_there)
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    return is_there;
}

void mes_api_message_get(struct mes_api_request *request)
{
    struct mes_store_job job;
    if (mes_api_message_load(request, &job))
        mes_api_message_write(request, mes_api_answer_json(request, 200), &job);
}
