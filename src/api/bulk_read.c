/* NDJSON: the head in the first line, then a recipient in each. */
#include <string.h>

#include "api/bulk.h"
#include "compose/message.h"
#include "json/tree.h"

enum { MES_API_HEAD_VALUES = 100 * 1000 };

static bool has_tag(const struct mes_api_bulk *bulk, enum mes_message_text text)
{
    struct mes_str value = mes_compose_message_text(bulk->draft.message, text);
    return mes_str_find(value, MES_STR("{{"), 0) != SIZE_MAX;
}

static bool open_document(struct mes_api_bulk *bulk)
{
    struct mes_api_draft *draft = &bulk->draft;
    struct mes_error error;
    bulk->is_personal = mes_compose_message_text(draft->message, MES_TEXT_TEMPLATE).size > 0 ||
                        has_tag(bulk, MES_TEXT_SUBJECT) || has_tag(bulk, MES_TEXT_PLAIN) ||
                        has_tag(bulk, MES_TEXT_HTML);
    if (mes_compose_stored_read(draft->head.document, bulk->host.blob_folder, &bulk->stored, &error) == 0)
        return true;
    mes_api_refuse_failure(bulk->request, &error);
    return false;
}

bool mes_api_bulk_head(struct mes_api_bulk *bulk, struct mes_str text)
{
    struct mes_api_request *request = bulk->request;
    const struct mes_json_value *head;
    struct mes_error error;
    bulk->has_head = true;
    if (mes_json_tree(text, MES_API_HEAD_VALUES, &bulk->arena, &head, &error) != 0) {
        mes_api_refuse_error(request, MES_API_PROBLEM_malformed_json, "head", &error);
        return false;
    }
    const struct mes_json_value *company = mes_json_member(head, MES_STR("company"));
    if (company != NULL && company->kind == MES_JSON_TEXT && !mes_api_request_act_for(request, company->text))
        return false;
    if (!mes_api_request_check(request, "MessageHead", "", head) || !mes_api_bulk_settle(bulk))
        return false;
    mes_api_draft_read_head(&bulk->draft, head);
    if (!bulk->draft.is_broken)
        mes_api_draft_compile_head(&bulk->draft);
    if (bulk->draft.is_broken || !open_document(bulk))
        return false;
    bulk->draft.head.id = mes_id_next(request->services->clock);
    bulk->draft.head.asked_by = request->caller.key_id;
    mes_api_bulk_open(bulk);
    return true;
}

/* The parser has seen this line alone, and calls it the first. */
static void refuse_malformed(struct mes_api_bulk *bulk, const struct mes_error *why)
{
    struct mes_error error = *why;
    if (why->count == 3) /* line, column, what stands there */
        mes_fail(
            &error, why->code, why->sentence,
            MES_ARGS(MES_NUMBER(bulk->line_number), mes_error_argument(why, 1), mes_error_argument(why, 2)));
    mes_api_refuse_error(bulk->request, MES_API_PROBLEM_malformed_json, mes_buf_text(&bulk->draft.field),
                         &error);
}

static void read_recipient(struct mes_api_bulk *bulk, struct mes_str text)
{
    struct mes_api_draft *draft = &bulk->draft;
    const struct mes_json_value *value;
    struct mes_error error;
    struct mes_arena *arena = mes_api_bulk_room(bulk);
    if (arena == NULL)
        return;
    draft->people = arena;
    mes_buf_clear(&draft->field);
    mes_buf_add_format(&draft->field, "recipients[%zu]", bulk->index);
    if (mes_json_tree(text, MES_API_LINE_VALUES, arena, &value, &error) != 0) {
        refuse_malformed(bulk, &error);
        return;
    }
    mes_api_draft_read_recipient(draft, value, text, bulk->index++);
    mes_buf_clear(&draft->field);
    mes_api_bulk_take(bulk);
}

static void read_line(struct mes_api_bulk *bulk, struct mes_str line)
{
    if (++bulk->line_number == 1 && mes_str_starts(line, MES_STR("\xEF\xBB\xBF")))
        line = mes_str_skip(line, 3);
    line = mes_str_trim(line);
    if (line.size == 0)
        return;
    if (bulk->has_head && !bulk->is_repeat)
        read_recipient(bulk, line);
    else if (!bulk->has_head && !mes_api_bulk_head(bulk, line))
        return;
}

/* Keeps the part of a line whose end has not come yet. */
static void keep(struct mes_api_bulk *bulk, struct mes_str part)
{
    size_t most = bulk->has_head ? MES_API_LINE_MOST : MES_API_BODY_LIMIT;
    if (bulk->line.size + part.size > most) {
        mes_api_refuse(bulk->request, MES_API_PROBLEM_too_large, NULL, MES_SAY_resource_line_too_long,
                       MES_ARGS(MES_NUMBER(bulk->line_number + 1), MES_NUMBER(most)));
        return;
    }
    struct mes_error error;
    mes_buf_add_str(&bulk->line, part);
    if (mes_buf_check(&bulk->line, &error) != 0)
        mes_api_refuse_failure(bulk->request, &error);
}

void mes_api_bulk_read(struct mes_api_bulk *bulk, struct mes_str bytes)
{
    while (bytes.size > 0 && !mes_api_is_refused(bulk->request)) {
        size_t end = mes_str_find(bytes, MES_STR("\n"), 0);
        struct mes_str line = mes_str_cut(bytes, 0, end != SIZE_MAX ? end : bytes.size);
        bytes = mes_str_skip(bytes, end != SIZE_MAX ? end + 1 : bytes.size);
        bool is_whole = end != SIZE_MAX && bulk->line.size == 0;
        if (!is_whole)
            keep(bulk, line);
        if (end == SIZE_MAX || mes_api_is_refused(bulk->request))
            return;
        read_line(bulk, is_whole ? line : mes_buf_str(&bulk->line));
        mes_buf_clear(&bulk->line);
    }
}

void mes_api_bulk_read_end(struct mes_api_bulk *bulk)
{
    if (bulk->line.size > 0)
        read_line(bulk, mes_buf_str(&bulk->line));
    if (!bulk->has_head)
        mes_api_refuse(bulk->request, MES_API_PROBLEM_missing_field, "head", MES_SAY_resource_no_head,
                       MES_NO_ARGS);
}
