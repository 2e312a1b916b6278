/* GET /messages/{id}/events: what happens to a job, while it happens (Server-Sent Events). */
#include "api/answer.h"
#include "api/exchange.h"
#include "base/clock.h"
#include "base/id.h"
#include "store/attempt.h"

#include <string.h>

enum { ATTEMPTS_AT_ONCE = 200, COMMENT_MS = 15000, JOB_ARENA = 64 * 1024, ROW_ARENA = 256 * 1024 };

/* Where a reader of events is. The id of every event is that of the last attempt it has seen. */
struct following {
    struct mes_store_ref job;
    int64_t last; /* the attempt that was told last */
    int64_t spoke_at;
    bool has_told; /* counts and state below are what was told last */
    enum mes_store_state state;
    int64_t counts[MES_STORE_STATUS_COUNT];
    bool is_over;
};

/* While a page of attempts is being told. */
struct page {
    struct following *following;
    struct mes_store_reader *reader;
    struct mes_buf *out;
    unsigned count;
};

static void begin_event(struct mes_buf *out, const char *name, struct mes_json_writer *json)
{
    mes_buf_add_text(out, "event: ");
    mes_buf_add_text(out, name);
    mes_buf_add_text(out, "\ndata: ");
    mes_json_writer_init(json, out);
    mes_json_write_object(json, NULL);
}

static void end_event(struct mes_buf *out, struct mes_json_writer *json, int64_t id)
{
    char text[MES_ID_SPACE];
    mes_json_write_object_end(json);
    mes_buf_add_text(out, "\nid: ");
    mes_buf_add_text(out, mes_id_text(text, id));
    mes_buf_add_text(out, "\n\n");
}

/* The row as it is now: later attempts may have changed it, and then further events follow. */
static void write_row(struct mes_json_writer *json, struct page *page,
                      const struct mes_store_attempt *attempt)
{
    struct mes_store_row row = {page->following->job.company, attempt->job, attempt->number};
    struct mes_store_recipient recipient;
    struct mes_arena arena;
    struct mes_error error;
    mes_arena_init(&arena, ROW_ARENA);
    if (mes_store_recipient_load(page->reader, row, &arena, &recipient, &error) == 0) {
        mes_json_write_text(json, "address", mes_str_of(recipient.address));
        mes_json_write_text(json, "status", mes_str_of(mes_store_status_name(recipient.status)));
        mes_json_write_integer(json, "attempts", recipient.attempts);
    }
    mes_arena_fini(&arena);
}

/* No attempt, but why another account was tried. What ends a mail without an attempt names no account. */
static bool is_passed_over(const struct mes_store_attempt *attempt)
{
    return strcmp(attempt->step, "limit") == 0 && attempt->account[0] != '\0';
}

static bool tell_attempt(void *context, const struct mes_store_attempt *attempt)
{
    struct page *page = context;
    struct mes_json_writer json;
    page->following->last = attempt->id;
    page->count++;
    if (is_passed_over(attempt))
        return true;
    begin_event(page->out, "recipient", &json);
    mes_json_write_integer(&json, "recipient", attempt->number);
    write_row(&json, page, attempt);
    mes_json_write_text(&json, "account", mes_str_of(attempt->account));
    mes_json_write_text(&json, "step", mes_str_of(attempt->step));
    mes_json_write_text(&json, "class", mes_str_of(attempt->class_));
    mes_json_write_integer(&json, "code", attempt->code);
    mes_json_write_text(&json, "enhanced", mes_str_of(attempt->enhanced));
    mes_json_write_text(&json, "reply", mes_str_of(attempt->reply));
    mes_json_write_text(&json, "adviceId", mes_str_of(attempt->advice_id));
    end_event(page->out, &json, attempt->id);
    return true;
}

static void tell_job(struct following *following, const struct mes_store_job *job, struct mes_buf *out)
{
    struct mes_json_writer json;
    bool has_moved = !following->has_told || memcmp(following->counts, job->counts, sizeof job->counts) != 0;
    bool has_turned = !following->has_told || following->state != job->state;
    if (has_moved) {
        begin_event(out, "progress", &json);
        for (int status = 0; status < MES_STORE_STATUS_COUNT; status++)
            mes_json_write_integer(&json, mes_store_status_name((enum mes_store_status)status),
                                   job->counts[status]);
        end_event(out, &json, following->last);
    }
    if (has_turned) {
        begin_event(out, "state", &json);
        mes_json_write_text(&json, "state", mes_str_of(mes_store_state_name(job->state)));
        end_event(out, &json, following->last);
    }
    following->has_told = true;
    following->state = job->state;
    memcpy(following->counts, job->counts, sizeof job->counts);
}

static bool is_over(const struct mes_store_job *job)
{
    return (job->state == MES_STORE_DONE || job->state == MES_STORE_CANCELLED) &&
           job->counts[MES_STORE_STATUS_QUEUED] == 0;
}

/* Attempts first, so that the counts that follow them are never behind. */
static int tell(struct following *following, struct mes_store_reader *reader, struct mes_buf *out,
                struct mes_error *error)
{
    struct page page = {following, reader, out, 0};
    struct mes_store_attempt_page wanted = {following->job, following->last, ATTEMPTS_AT_ONCE};
    struct mes_store_job job;
    struct mes_arena arena;
    mes_arena_init(&arena, JOB_ARENA);
    int code = mes_store_job_load(reader, following->job, &arena, &job, error);
    if (code == 0)
        code = mes_store_attempt_after(reader, &wanted, tell_attempt, &page, error);
    if (code == 0 && page.count < ATTEMPTS_AT_ONCE) {
        tell_job(following, &job, out);
        following->is_over = is_over(&job);
    }
    mes_arena_fini(&arena);
    return code;
}

static enum mes_api_more next(struct mes_api_request *request, struct mes_buf *out)
{
    struct following *following = request->own;
    size_t before = out->size; /* what was gathered for the same piece stands there already */
    int64_t now = mes_clock_monotonic(request->services->clock);
    struct mes_error error;
    struct mes_store_reader *reader = !following->is_over ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return MES_API_END;
    if (mes_store_reader_begin(reader, &error) != 0)
        return MES_API_END;
    int code = tell(following, reader, out, &error);
    mes_store_reader_end(reader);
    if (code != 0)
        return MES_API_END;
    if (out->size == before && now - following->spoke_at >= COMMENT_MS)
        mes_buf_add_text(out, ":\n\n");
    if (out->size == before)
        return MES_API_LATER;
    following->spoke_at = now;
    return MES_API_MORE;
}

/* 204 tells a reader that comes back after the end that there will be nothing more. */
static bool has_ended(struct mes_api_request *request, const struct following *following, bool *is_there_out)
{
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct mes_store_job job;
    struct mes_error error;
    *is_there_out = false;
    if (reader == NULL)
        return false;
    int code = mes_store_job_load(reader, following->job, &request->arena, &job, &error);
    if (code == MES_E_NOT_FOUND || (code == 0 && job.state == MES_STORE_RECEIVING))
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    else if (code != 0)
        mes_api_refuse_failure(request, &error);
    *is_there_out = !mes_api_is_refused(request);
    return *is_there_out && is_over(&job);
}

void mes_api_events(struct mes_api_request *request)
{
    struct following *following = mes_arena_alloc(&request->arena, sizeof *following);
    struct mes_str last = mes_api_request_header(request, "Last-Event-ID");
    bool is_there = false;
    int64_t id = 0;
    if (!mes_api_request_id(request, 0, &id))
        return;
    if (following == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    following->job = (struct mes_store_ref){request->reach, id};
    bool comes_back = last.data != NULL && mes_id_parse(last, &following->last);
    bool is_ended = has_ended(request, following, &is_there);
    if (!is_there)
        return;
    if (is_ended && comes_back) {
        mes_api_answer_empty(request, 204);
        return;
    }
    following->spoke_at = mes_clock_monotonic(request->services->clock);
    request->own = following;
    /* nginx would gather events until its buffer is full. */
    mes_api_answer_header(request, "X-Accel-Buffering", MES_STR("no"));
    mes_api_answer_stream(request, "text/event-stream", id, next);
}
