/* GET /proofs: every mail that a relay took over in a span of time, one JSON object a line, however many
 * there are. */
#include "api/message.h"
#include "api/resource.h"
#include "store/attempt.h"

enum { MES_API_PROOFS_AT_ONCE = 100 };

struct export
{
    struct mes_store_proof_page page;
    struct mes_buf *out; /* of the call under way */
    int64_t count;
};

static bool add_proof(void *context, const struct mes_store_proof *proof)
{
    struct export *export = context;
    const struct mes_store_attempt *attempt = &proof->attempt;
    struct mes_json_writer json;
    mes_json_writer_init(&json, export->out);
    mes_json_write_object(&json, NULL);
    mes_api_resource_id(&json, "messageId", attempt->job);
    mes_json_write_integer(&json, "recipient", attempt->number);
    mes_json_write_text(&json, "address", mes_str_of(proof->address));
    mes_json_write_text(&json, "company", mes_str_of(proof->company));
    mes_json_write_text(&json, "kind", mes_str_of(mes_api_kind_name(proof->kind)));
    mes_json_write_text(&json, "subject", mes_str_of(proof->subject));
    mes_api_resource_time(&json, "createdAt", proof->created_at);
    mes_api_resource_time(&json, "sentAt", attempt->at);
    mes_json_write_text(&json, "account", mes_str_of(attempt->account));
    mes_json_write_text(&json, "sender", mes_str_of(attempt->sender));
    mes_json_write_text(&json, "tls", mes_str_of(attempt->tls));
    mes_json_write_integer(&json, "code", attempt->code);
    mes_json_write_text(&json, "enhanced", mes_str_of(attempt->enhanced));
    mes_json_write_text(&json, "reply", mes_str_of(attempt->reply));
    mes_json_write_text(&json, "internetMessageId", mes_str_of(attempt->message_id));
    mes_json_write_text(&json, "sha256", mes_str_of(attempt->sha256));
    mes_api_resource_id(&json, "askedBy", proof->asked_by);
    mes_json_write_object_end(&json);
    mes_buf_add_char(export->out, '\n');
    export->count++;
    return true;
}

static void add_end(const struct export *export)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, export->out);
    mes_json_write_object(&json, NULL);
    mes_json_write_flag(&json, "complete", true);
    mes_json_write_integer(&json, "count", export->count);
    mes_json_write_object_end(&json);
    mes_buf_add_char(export->out, '\n');
}

/* A page of the database at a time. The last line says that it is the last: without it, something broke, and
 * nobody takes the part for the whole. */
static enum mes_api_more next(struct mes_api_request *request, struct mes_buf *out)
{
    struct export *export = request->own;
    struct mes_error error;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    export->out = out;
    if (reader == NULL)
        return MES_API_END;
    if (mes_store_attempt_proofs(reader, &export->page, add_proof, export, &error) != 0) {
        mes_api_refuse_failure(request, &error);
        return MES_API_END;
    }
    if (export->page.cursor != 0)
        return MES_API_MORE;
    add_end(export);
    return MES_API_END;
}

void mes_api_proof_list(struct mes_api_request *request)
{
    struct export *export = mes_arena_alloc(&request->arena, sizeof *export);
    if (export == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    export->page = (struct mes_store_proof_page){.company = request->reach, .limit = MES_API_PROOFS_AT_ONCE};
    if (!mes_api_resource_query_time(request, "from", &export->page.from) ||
        !mes_api_resource_query_time(request, "to", &export->page.to))
        return;
    request->own = export;
    mes_api_answer_stream(request, "application/x-ndjson", 0, next);
}
