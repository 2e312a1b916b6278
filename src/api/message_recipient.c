/* The recipients of a job: what became of each, and what was said to relays on the way. */
#include "api/message.h"
#include "api/resource.h"
#include "store/attempt.h"
#include "store/content.h"
#include "store/transcript.h"
#include "json/tree.h"

enum { MES_API_DOCUMENT_MOST = 160 * 1024 * 1024, MES_API_DOCUMENT_VALUES = 1000000 };

/* --- the list --- */

struct recipients {
    struct mes_api_listing listing; /* first */
    int64_t rows;                   /* of each mail: its `to`, the cc, the bcc */
    int64_t cc;                     /* -1: not known any more */
};

/* Rows do not say who is cc and who is bcc; the content does, as long as it is kept. */
static int64_t count_cc(struct mes_api_request *request, struct mes_store_reader *reader,
                        const struct mes_store_job *job)
{
    const struct mes_json_value *root = NULL;
    struct mes_arena arena;
    struct mes_buf document;
    int64_t count = -1;
    if (job->copies == 0)
        return 0;
    mes_buf_init(&document, MES_API_DOCUMENT_MOST);
    mes_arena_init(&arena, SIZE_MAX);
    struct mes_store_ref ref = {request->reach, job->id};
    if (mes_store_content_load(reader, ref, &document, NULL) == 0 &&
        mes_json_tree(mes_buf_str(&document), MES_API_DOCUMENT_VALUES, &arena, &root, NULL) == 0) {
        const struct mes_json_value *list = mes_json_member(root, MES_STR("cc"));
        count = list != NULL ? (int64_t)list->count : 0;
    }
    mes_arena_fini(&arena);
    mes_buf_fini(&document);
    return count;
}

static void write_role(const struct recipients *recipients, int64_t number)
{
    int64_t place = number % recipients->rows;
    if (place > 0 && recipients->cc < 0)
        mes_json_write_null(recipients->listing.json, "role");
    else
        mes_json_write_text(recipients->listing.json, "role",
                            mes_str_of(place == 0                ? "to"
                                       : place <= recipients->cc ? "cc"
                                                                 : "bcc"));
}

static bool add_recipient(void *context, const struct mes_store_recipient *recipient)
{
    struct recipients *recipients = context;
    struct mes_json_writer *json = recipients->listing.json;
    enum mes_language language = recipients->listing.request->language;
    mes_json_write_object(json, NULL);
    mes_json_write_integer(json, "number", recipient->number);
    mes_json_write_text(json, "address", mes_str_of(recipient->address));
    mes_api_resource_text(json, "name", recipient->name);
    write_role(recipients, recipient->number);
    mes_json_write_text(json, "status", mes_str_of(mes_store_status_name(recipient->status)));
    mes_api_resource_text(json, "account", recipient->account);
    mes_json_write_integer(json, "code", recipient->code);
    mes_json_write_text(json, "enhanced", mes_str_of(recipient->enhanced));
    mes_json_write_text(json, "reply", mes_str_of(recipient->reply));
    mes_json_write_integer(json, "attempts", recipient->attempts);
    mes_api_resource_text(json, "messageId", recipient->message_id);
    mes_api_resource_text(json, "adviceId", recipient->advice_id);
    mes_api_resource_text(json, "advice", mes_advice_text(recipient->advice_id, language));
    mes_api_resource_text(json, "dsn", recipient->dsn);
    mes_api_resource_time(json, "dueAt", recipient->due_at);
    mes_api_resource_time(json, "doneAt", recipient->done_at);
    mes_json_write_object_end(json);
    return true;
}

static bool parse_status(struct mes_str word, unsigned *bit_out)
{
    enum mes_store_status status;
    bool is_status = mes_store_status_parse(word, &status);
    *bit_out = is_status ? (unsigned)status : 0;
    return is_status;
}

void mes_api_message_recipients(struct mes_api_request *request)
{
    struct mes_store_job job;
    struct mes_error error;
    if (!mes_api_message_load(request, &job))
        return;
    struct mes_store_recipient_page page = {.job = {request->reach, job.id},
                                            .text = mes_api_request_query(request, "text"),
                                            .limit = mes_api_resource_limit(request)};
    bool is_sound = mes_api_resource_cursor(request, &page.cursor) &&
                    mes_api_resource_query_set(request, "status", parse_status, &page.statuses);
    struct mes_store_reader *reader = is_sound ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return;
    struct recipients recipients = {.rows = 1 + job.copies, .cc = count_cc(request, reader, &job)};
    recipients.listing = mes_api_resource_begin_list(request);
    int code = mes_store_recipient_list(reader, &page, add_recipient, &recipients, &error);
    mes_api_resource_end_list(&recipients.listing, page.cursor, code, &error);
}

/* --- what was said --- */

bool mes_api_message_row(struct mes_api_request *request, struct mes_str text, struct mes_store_row *row_out)
{
    uint64_t number;
    if (mes_str_to_uint(text, INT64_MAX, &number)) {
        row_out->number = (int64_t)number;
        return true;
    }
    mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    return false;
}

/* The conversations of one recipient, held until their attempts are written. */
struct talks {
    struct mes_api_request *request;
    struct mes_json_writer *json;
    struct talk {
        struct talk *next;
        int64_t attempt;
        const char *text;
    } * first;
    bool is_cut; /* memory ran out */
};

static bool keep_talk(void *context, const struct mes_store_transcript *transcript)
{
    struct talks *talks = context;
    struct talk *talk = mes_arena_alloc(&talks->request->arena, sizeof *talk);
    const char *text = mes_arena_copy(&talks->request->arena, mes_str_of(transcript->text));
    talks->is_cut = talk == NULL || text == NULL;
    if (talks->is_cut)
        return false;
    *talk = (struct talk){talks->first, transcript->attempt, text};
    talks->first = talk;
    return true;
}

static const char *talk_of(const struct talks *talks, int64_t attempt)
{
    for (const struct talk *talk = talks->first; talk != NULL; talk = talk->next)
        if (talk->attempt == attempt)
            return talk->text;
    return "";
}

static bool add_attempt(void *context, const struct mes_store_attempt *attempt)
{
    const struct talks *talks = context;
    struct mes_json_writer *json = talks->json;
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "id", attempt->id);
    mes_api_resource_time(json, "at", attempt->at);
    mes_json_write_text(json, "account", mes_str_of(attempt->account));
    mes_json_write_text(json, "step", mes_str_of(attempt->step));
    mes_json_write_text(json, "class", mes_str_of(attempt->class_));
    mes_json_write_integer(json, "code", attempt->code);
    mes_json_write_text(json, "enhanced", mes_str_of(attempt->enhanced));
    mes_json_write_text(json, "reply", mes_str_of(attempt->reply));
    mes_api_resource_text(json, "adviceId", attempt->advice_id);
    mes_api_resource_text(json, "advice", mes_advice_text(attempt->advice_id, talks->request->language));
    mes_json_write_integer(json, "ms", attempt->milliseconds);
    mes_api_resource_text(json, "tls", attempt->tls);
    mes_api_resource_text(json, "messageId", attempt->message_id);
    mes_api_resource_text(json, "transcript", talk_of(talks, attempt->id));
    mes_json_write_object_end(json);
    return true;
}

void mes_api_message_transcript(struct mes_api_request *request)
{
    struct mes_store_job job;
    struct mes_store_recipient recipient;
    struct mes_error error;
    struct talks talks = {.request = request};
    struct mes_str number = mes_api_request_query(request, "recipient");
    if (!mes_api_message_load(request, &job))
        return;
    struct mes_store_row row = {.company = request->reach, .job = job.id};
    if (!mes_api_message_row(request, number.data != NULL ? number : MES_STR("0"), &row))
        return;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    if (reader == NULL)
        return;
    int code = mes_store_recipient_load(reader, row, &request->arena, &recipient, &error);
    if (code == 0)
        code = mes_store_transcript_of(reader, row, keep_talk, &talks, &error);
    if (code == 0 && talks.is_cut)
        code = mes_fail_nomem(&error);
    if (code != 0) {
        mes_api_refuse_failure(request, &error);
        return;
    }
    struct mes_api_listing listing = mes_api_resource_begin_list(request);
    talks.json = listing.json;
    code = mes_store_attempt_of(reader, row, add_attempt, &talks, &error);
    mes_api_resource_end_list(&listing, 0, code, &error);
}
