/* Recipients: taken one by one, so that a bad one keeps no other from its mail. */
#include <string.h>

#include "api/draft.h"
#include "base/alloc.h"
#include "mime/address.h"
#include "mime/header.h"
#include "mime/limits.h"

enum { MES_API_RECIPIENT_VARIABLES = MES_LIMIT_VARIABLE };

static const char *const recipient_members[] = {"address", "name", "vars", "attachments", NULL};

/* Line ends in an address are no slip of the pen but an attempt to smuggle something in: nothing is sent. */
static bool is_smuggled(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0')
            return true;
    return false;
}

/* False: it was rejected or complained of. */
static bool read_address(struct mes_api_draft *draft, struct mes_str text,
                         struct mes_api_recipient *recipient)
{
    struct mes_address address;
    struct mes_error error;
    int code = mes_mime_address_parse(text, draft->people, NULL, &address, &error);
    if (code == MES_E_INPUT && !is_smuggled(text)) {
        mes_api_draft_reject(draft, recipient->index, text, &error);
        return false;
    }
    if (code != 0) {
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
        return false;
    }
    recipient->address = address.shown;
    recipient->spec = address.spec;
    recipient->name = address.name;
    return true;
}

static void read_name(struct mes_api_draft *draft, const struct mes_json_value *value,
                      struct mes_api_recipient *recipient)
{
    struct mes_error error;
    const char *name = mes_api_draft_text(draft, value);
    if (name == NULL || name[0] == '\0')
        return;
    if (mes_mime_text_check("name", value->text, MES_LIMIT_NAME, &error) != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
    recipient->name = name;
}

static void read_vars(struct mes_api_draft *draft, const struct mes_json_value *value, struct mes_str text,
                      struct mes_api_recipient *recipient)
{
    if (value == NULL)
        return;
    if (value->kind != MES_JSON_OBJECT)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_object, MES_NO_ARGS);
    else if (value->size > MES_API_RECIPIENT_VARIABLES)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_too_long,
                                  MES_ARGS(MES_NUMBER(MES_API_RECIPIENT_VARIABLES)));
    else if (value->count > 0) {
        recipient->vars = value;
        recipient->variables = mes_arena_copy(draft->people, mes_str_cut(text, value->offset, value->size));
        if (recipient->variables == NULL)
            mes_api_draft_complain_of(draft, MES_API_PROBLEM_unavailable, MES_SAY_nomem, MES_NO_ARGS);
    }
}

static bool read_members(struct mes_api_draft *draft, const struct mes_json_value *value, struct mes_str text,
                         struct mes_api_recipient *recipient)
{
    const struct mes_json_value *address = mes_json_member(value, MES_STR("address"));
    mes_api_draft_check_names(draft, value, recipient_members);
    size_t mark = mes_api_draft_enter(draft, "address");
    bool is_taken = false;
    if (address == NULL)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_missing_field, MES_SAY_resource_no_address,
                                  MES_NO_ARGS);
    else if (mes_api_draft_text(draft, address) != NULL)
        is_taken = read_address(draft, address->text, recipient);
    mes_api_draft_leave(draft, mark);
    mark = mes_api_draft_enter(draft, "name");
    read_name(draft, mes_json_member(value, MES_STR("name")), recipient);
    mes_api_draft_leave(draft, mark);
    mark = mes_api_draft_enter(draft, "vars");
    read_vars(draft, mes_json_member(value, MES_STR("vars")), text, recipient);
    mes_api_draft_leave(draft, mark);
    mark = mes_api_draft_enter(draft, "attachments");
    mes_api_draft_read_own_files(draft, mes_json_member(value, MES_STR("attachments")), recipient);
    mes_api_draft_leave(draft, mark);
    return is_taken;
}

static void append(struct mes_api_draft *draft, const struct mes_api_recipient *recipient)
{
    if (draft->recipient_count == draft->recipient_room) {
        size_t room = draft->recipient_room > 0 ? draft->recipient_room * 2 : 4;
        struct mes_api_recipient *recipients = mes_realloc(draft->recipients, room * sizeof *recipients);
        if (recipients == NULL) {
            mes_api_draft_complain_of(draft, MES_API_PROBLEM_unavailable, MES_SAY_nomem, MES_NO_ARGS);
            return;
        }
        draft->recipients = recipients;
        draft->recipient_room = room;
    }
    draft->recipients[draft->recipient_count++] = *recipient;
}

void mes_api_draft_read_recipient(struct mes_api_draft *draft, const struct mes_json_value *value,
                                  struct mes_str text, size_t index)
{
    struct mes_api_recipient recipient = {.index = index, .name = ""};
    bool is_taken = value->kind == MES_JSON_OBJECT ? read_members(draft, value, text, &recipient)
                                                   : mes_api_draft_text(draft, value) != NULL &&
                                                         read_address(draft, value->text, &recipient);
    if (is_taken)
        append(draft, &recipient);
}

void mes_api_draft_read_row(struct mes_api_draft *draft, const struct mes_api_row *row, size_t index)
{
    struct mes_api_recipient recipient = {.index = index, .name = ""};
    struct mes_error error;
    if (!read_address(draft, row->address, &recipient))
        return;
    if (row->name.size > 0 && mes_mime_text_check("name", row->name, MES_LIMIT_NAME, &error) != 0) {
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
        return;
    }
    if (row->name.size > 0)
        recipient.name = mes_arena_copy(draft->people, row->name);
    recipient.variables = mes_arena_copy(draft->people, row->variables);
    if (recipient.name == NULL || recipient.variables == NULL)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_unavailable, MES_SAY_nomem, MES_NO_ARGS);
    else
        append(draft, &recipient);
}

void mes_api_draft_read_to(struct mes_api_draft *draft, const struct mes_json_value *body,
                           struct mes_str text)
{
    const struct mes_json_value *list = mes_json_member(body, MES_STR("to"));
    size_t index = 0, mark = mes_api_draft_enter(draft, "to");
    if (list == NULL)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_missing_field, MES_SAY_message_no_recipient,
                                  MES_NO_ARGS);
    else if (list->kind != MES_JSON_LIST)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_list, MES_NO_ARGS);
    else
        for (const struct mes_json_value *item = list->first; item != NULL; item = item->next) {
            size_t inner = mes_api_draft_enter_item(draft, index);
            mes_api_draft_read_recipient(draft, item, text, index++);
            mes_api_draft_leave(draft, inner);
        }
    mes_api_draft_leave(draft, mark);
}
