#include "api/draft.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "i18n/say.h"

enum { MES_API_FIELD_SPACE = 512, MES_API_DOCUMENT_LIMIT = 160 * 1024 * 1024, MES_API_WARNINGS = 20 };

int mes_api_draft_init(struct mes_api_draft *draft, const struct mes_api_draft_host *host,
                       struct mes_error *error)
{
    *draft = (struct mes_api_draft){.host = host, .people = host->arena, .message = mes_message_new()};
    mes_buf_init(&draft->field, MES_API_FIELD_SPACE);
    mes_buf_init(&draft->document, MES_API_DOCUMENT_LIMIT);
    draft->head = (struct mes_intake_head){
        .company = host->company, .priority = 5, .created_at = host->now, .send_at = host->now};
    return draft->message != NULL ? 0 : mes_fail_nomem(error);
}

void mes_api_draft_fini(struct mes_api_draft *draft)
{
    mes_message_free(&draft->message);
    mes_compose_job_release(&draft->compiled);
    mes_buf_fini(&draft->field);
    mes_buf_fini(&draft->document);
    mes_free(draft->recipients);
    mes_free(draft->rejected);
    mes_free(draft->hashes);
}

/* --- where we are --- */

size_t mes_api_draft_enter(struct mes_api_draft *draft, const char *member)
{
    size_t mark = draft->field.size;
    if (mark > 0)
        mes_buf_add_char(&draft->field, '.');
    mes_buf_add_str(&draft->field, mes_utf8_cut(mes_str_of(member), 100));
    return mark;
}

size_t mes_api_draft_enter_item(struct mes_api_draft *draft, size_t index)
{
    size_t mark = draft->field.size;
    mes_buf_add_format(&draft->field, "[%zu]", index);
    return mark;
}

void mes_api_draft_leave(struct mes_api_draft *draft, size_t mark)
{
    mes_buf_truncate(&draft->field, mark);
}

/* --- what is wrong --- */

void mes_api_draft_complain(struct mes_api_draft *draft, enum mes_api_problem problem,
                            const struct mes_error *why)
{
    draft->is_broken = true;
    draft->host->complain(draft->host->context, problem, mes_buf_text(&draft->field), why);
}

void mes_api_draft_complain_of(struct mes_api_draft *draft, enum mes_api_problem problem, int sentence,
                               const char *const *arguments)
{
    struct mes_error why;
    mes_fail(&why, MES_E_INPUT, sentence, arguments);
    mes_api_draft_complain(draft, problem, &why);
}

static struct mes_str say(const struct mes_api_draft *draft, const struct mes_error *error)
{
    struct mes_buf text;
    mes_buf_init(&text, 4096);
    mes_say_error(&text, draft->host->language, error);
    struct mes_str copy = {mes_arena_copy(draft->host->arena, mes_buf_str(&text)), text.size};
    mes_buf_fini(&text);
    return copy.data != NULL ? copy : MES_STR("");
}

void mes_api_draft_warn_of(struct mes_api_draft *draft, const struct mes_error *warning)
{
    if (draft->warnings == NULL)
        draft->warnings = mes_arena_alloc(draft->host->arena, MES_API_WARNINGS * sizeof *draft->warnings);
    if (draft->warnings != NULL && draft->warning_count < MES_API_WARNINGS)
        draft->warnings[draft->warning_count++] = say(draft, warning);
}

void mes_api_draft_warn(struct mes_api_draft *draft, int sentence, const char *const *arguments)
{
    struct mes_error warning;
    mes_fail(&warning, MES_E_INPUT, sentence, arguments);
    mes_api_draft_warn_of(draft, &warning);
}

void mes_api_draft_reject(struct mes_api_draft *draft, size_t index, struct mes_str address,
                          const struct mes_error *why)
{
    if (draft->rejected_count++ >= MES_API_REJECTED_SHOWN)
        return;
    size_t count = draft->rejected_count;
    if (count > draft->rejected_room) {
        size_t room = draft->rejected_room > 0 ? draft->rejected_room * 2 : 16;
        struct mes_api_rejected *rejected = mes_realloc(draft->rejected, room * sizeof *rejected);
        if (rejected == NULL)
            return;
        draft->rejected = rejected;
        draft->rejected_room = room;
    }
    struct mes_str shown = mes_utf8_cut(address, 320);
    struct mes_str copy = {mes_arena_copy(draft->host->arena, shown), shown.size};
    draft->rejected[count - 1] =
        (struct mes_api_rejected){index, copy.data != NULL ? copy : MES_STR(""), say(draft, why)};
}

const char *mes_api_draft_text(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    if (value == NULL || value->kind == MES_JSON_TEXT)
        return value != NULL ? value->text.data : NULL;
    mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_text, MES_NO_ARGS);
    return NULL;
}

void mes_api_draft_check_names(struct mes_api_draft *draft, const struct mes_json_value *object,
                               const char *const *names)
{
    for (const struct mes_json_value *member = object->first; member != NULL; member = member->next) {
        size_t i = 0;
        while (names[i] != NULL && !mes_str_eq(member->key, mes_str_of(names[i])))
            i++;
        if (names[i] != NULL)
            continue;
        struct mes_nearest nearest;
        mes_nearest_init(&nearest, member->key);
        for (i = 0; names[i] != NULL; i++)
            mes_nearest_offer(&nearest, names[i]);
        size_t mark = mes_api_draft_enter(draft, member->key.data);
        bool is_near = nearest.found != NULL;
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_unknown_field,
                                  is_near ? MES_SAY_resource_unknown_near : MES_SAY_resource_unknown,
                                  MES_ARGS(MES_TEXT(member->key), is_near ? nearest.found : ""));
        mes_api_draft_leave(draft, mark);
    }
}
