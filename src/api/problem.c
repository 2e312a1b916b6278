#include "api/problem.h"

#include "base/id.h"
#include "base/log.h"

static const struct {
    const char *type;
    unsigned status;
    int title;
    int advice;
} problems[MES_API_PROBLEM_COUNT] = {
#define PROBLEM(name, id, status)                                                                            \
    {"urn:mailenhance:problem:" id, status, MES_SAY_problem_##name, MES_SAY_advice_##name},
#include "api/problem.def"
#undef PROBLEM
};

unsigned mes_api_problem_status(enum mes_api_problem problem)
{
    return problems[problem].status;
}

static const char *keep(struct mes_api_request *request, struct mes_buf *text)
{
    const char *kept = mes_arena_copy(&request->arena, mes_buf_str(text));
    mes_buf_fini(text);
    return kept != NULL ? kept : "";
}

static void complain(struct mes_api_request *request, enum mes_api_problem problem, const char *field,
                     struct mes_buf *reason)
{
    struct mes_api_refusal *refusal = &mes_api_exchange_of(request)->refusal;
    struct mes_api_complaint *complaint = NULL;
    if (refusal->count++ == 0)
        refusal->problem = problem;
    if (refusal->count <= MES_API_COMPLAINTS)
        complaint = mes_arena_alloc(&request->arena, sizeof *complaint);
    const char *text = keep(request, reason);
    if (complaint == NULL)
        return;
    complaint->field = field != NULL ? mes_arena_copy(&request->arena, mes_str_of(field)) : NULL;
    complaint->reason = text;
    complaint->advice = mes_say_text(request->language, problems[problem].advice);
    if (refusal->last != NULL)
        refusal->last->next = complaint;
    else
        refusal->first = complaint;
    refusal->last = complaint;
}

void mes_api_refuse(struct mes_api_request *request, enum mes_api_problem problem, const char *field,
                    int sentence, const char *const *arguments)
{
    struct mes_buf reason;
    mes_buf_init(&reason, 4096);
    mes_say(&reason, request->language, sentence, arguments);
    complain(request, problem, field, &reason);
}

/* Words that hold a path, a statement or what the system says are for the log alone. */
static bool may_be_shown(int code)
{
    return code == MES_E_INPUT || code == MES_E_NOT_FOUND || code == MES_E_LIMIT || code == MES_E_CONFIG ||
           code == MES_E_USAGE;
}

static void log_failure(struct mes_api_request *request, const struct mes_error *error)
{
    char text[MES_ERROR_SPACE];
    char id[MES_ID_SPACE];
    mes_log(request->services->log, MES_LOG_ERROR, "api.failure",
            MES_LOG_TEXT("request", mes_id_text(id, request->id)),
            MES_LOG_TEXT("code", mes_code_name(error->code)),
            MES_LOG_TEXT("reason", mes_error_text(error, MES_EN, text, sizeof text)));
}

void mes_api_refuse_error(struct mes_api_request *request, enum mes_api_problem problem, const char *field,
                          const struct mes_error *error)
{
    struct mes_buf reason;
    mes_buf_init(&reason, 4096);
    if (may_be_shown(error->code)) {
        mes_say_error(&reason, request->language, error);
    } else {
        char id[MES_ID_SPACE];
        log_failure(request, error);
        mes_say(&reason, request->language, MES_SAY_api_failure, MES_ARGS(mes_id_text(id, request->id)));
    }
    complain(request, problem, field, &reason);
}

void mes_api_refuse_failure(struct mes_api_request *request, const struct mes_error *error)
{
    enum mes_api_problem problem = MES_API_PROBLEM_internal;
    if (error->code == MES_E_INPUT || error->code == MES_E_USAGE)
        problem = MES_API_PROBLEM_bad_value;
    else if (error->code == MES_E_NOT_FOUND)
        problem = MES_API_PROBLEM_not_found;
    else if (error->code == MES_E_LIMIT)
        problem = MES_API_PROBLEM_too_large;
    else if (error->code == MES_E_FULL)
        problem = MES_API_PROBLEM_storage_full;
    else if (error->code == MES_E_NOMEM || error->code == MES_E_CANCELLED || error->code == MES_E_BUSY)
        problem = MES_API_PROBLEM_unavailable;
    mes_api_refuse_error(request, problem, NULL, error);
}

bool mes_api_is_refused(const struct mes_api_request *request)
{
    return mes_api_exchange_of(request)->refusal.count > 0;
}

static void write_complaint(struct mes_json_writer *json, const struct mes_api_complaint *complaint)
{
    if (complaint->field != NULL)
        mes_json_write_text(json, "field", mes_str_of(complaint->field));
    mes_json_write_text(json, "reason", mes_str_of(complaint->reason));
    mes_json_write_text(json, "advice", mes_str_of(complaint->advice));
}

void mes_api_problem_write(const struct mes_api_request *request, struct mes_buf *out)
{
    static const struct mes_api_complaint none = {.reason = "", .advice = ""};
    const struct mes_api_refusal *refusal = &mes_api_exchange_of(request)->refusal;
    const struct mes_api_complaint *first = refusal->first != NULL ? refusal->first : &none;
    char id[MES_ID_SPACE];
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "type", mes_str_of(problems[refusal->problem].type));
    mes_json_write_text(&json, "title",
                        mes_str_of(mes_say_text(request->language, problems[refusal->problem].title)));
    mes_json_write_integer(&json, "status", problems[refusal->problem].status);
    mes_json_write_text(&json, "detail", mes_str_of(first->reason));
    write_complaint(&json, first);
    mes_json_write_text(&json, "id", mes_str_of(mes_id_text(id, request->id)));
    mes_json_write_list(&json, "errors");
    for (const struct mes_api_complaint *at = refusal->first; at != NULL; at = at->next) {
        mes_json_write_object(&json, NULL);
        write_complaint(&json, at);
        mes_json_write_object_end(&json);
    }
    mes_json_write_list_end(&json);
    mes_json_write_object_end(&json);
}
