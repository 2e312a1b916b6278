/* What a mail says, from whom, and who gets a copy of it. */
#include <string.h>

#include "account/account.h"
#include "account/list.h"
#include "api/draft.h"
#include "base/base64.h"
#include "compose/message.h"
#include "compose/variables.h"
#include "delivery/identity.h"
#include "mime/limits.h"

static const char *const person_members[] = {"address", "name", NULL};

static void complain_if(struct mes_api_draft *draft, int code, const struct mes_error *error)
{
    if (code != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, error);
}

/* A text "Name <a@b>" or {address,name}. False: it is neither, and was complained of. */
static bool read_person(struct mes_api_draft *draft, const struct mes_json_value *value,
                        const char **address_out, const char **name_out)
{
    *name_out = NULL;
    if (value->kind != MES_JSON_OBJECT) {
        *address_out = mes_api_draft_text(draft, value);
        return *address_out != NULL;
    }
    mes_api_draft_check_names(draft, value, person_members);
    size_t mark = mes_api_draft_enter(draft, "address");
    *address_out = mes_api_draft_text(draft, mes_json_member(value, MES_STR("address")));
    mes_api_draft_leave(draft, mark);
    mark = mes_api_draft_enter(draft, "name");
    *name_out = mes_api_draft_text(draft, mes_json_member(value, MES_STR("name")));
    mes_api_draft_leave(draft, mark);
    return true;
}

/* A wished address is used only by accounts that allow it: one at least must. */
static void check_from(struct mes_api_draft *draft, const char *address)
{
    const struct mes_account_list *accounts = draft->host->accounts;
    struct mes_buf allowed;
    bool is_allowed = false;
    mes_buf_init(&allowed, 500);
    for (size_t i = 0; i < mes_account_list_count(accounts); i++) {
        const struct mes_account *account = mes_account_list_at(accounts, i);
        bool is_wished = draft->head.account == NULL ||
                         mes_str_eq(mes_str_of(draft->head.account), mes_str_of(account->identity));
        if (!is_wished)
            continue;
        is_allowed = is_allowed || mes_delivery_identity_allows(account, address);
        mes_buf_add_format(&allowed, "%s%s", allowed.size > 0 ? ", " : "", account->from_address);
        for (size_t k = 0; k < account->allowed_from.count; k++)
            mes_buf_add_format(&allowed, ", %s", account->allowed_from.texts[k]);
    }
    size_t mark = mes_api_draft_enter(draft, "address");
    if (!is_allowed)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_delivery_from_not_allowed,
                                  MES_ARGS(address, mes_buf_text(&allowed)));
    mes_api_draft_leave(draft, mark);
    mes_buf_fini(&allowed);
}

static void read_from(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    const char *address, *name;
    struct mes_error error;
    if (!read_person(draft, value, &address, &name))
        return;
    int code = mes_message_set_from(draft->message, address, name, &error);
    complain_if(draft, code, &error);
    if (code == 0 && address != NULL)
        check_from(draft, mes_compose_message_text(draft->message, MES_TEXT_FROM_ADDRESS).data);
}

static void read_reply_to(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    const char *address, *name;
    struct mes_error error;
    if (!read_person(draft, value, &address, &name))
        return;
    if (address == NULL)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_missing_field, MES_SAY_resource_no_address,
                                  MES_NO_ARGS);
    else
        complain_if(draft, mes_message_set_reply_to(draft->message, address, name, &error), &error);
}

/* cc and bcc are few and meant for every mail: a bad one is no reason to send without it. */
static void read_copies(struct mes_api_draft *draft, const struct mes_json_value *list, enum mes_role role)
{
    size_t index = 0;
    if (list->kind != MES_JSON_LIST) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_list, MES_NO_ARGS);
        return;
    }
    for (const struct mes_json_value *item = list->first; item != NULL; item = item->next) {
        const char *address, *name;
        struct mes_error error;
        size_t mark = mes_api_draft_enter_item(draft, index++);
        if (read_person(draft, item, &address, &name))
            complain_if(
                draft,
                mes_message_add_recipient(draft->message, role, address != NULL ? address : "", name, &error),
                &error);
        mes_api_draft_leave(draft, mark);
    }
}

static void read_cc(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_copies(draft, value, MES_ROLE_CC);
}

static void read_bcc(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_copies(draft, value, MES_ROLE_BCC);
}

static void read_text_by(struct mes_api_draft *draft, const struct mes_json_value *value,
                         int (*set)(struct mes_message *message, const char *text, struct mes_error *error))
{
    const char *text = mes_api_draft_text(draft, value);
    struct mes_error error;
    if (text != NULL)
        complain_if(draft, set(draft->message, text, &error), &error);
}

static void read_subject(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_text_by(draft, value, mes_message_set_subject);
}

static void read_text(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_text_by(draft, value, mes_message_set_text);
}

static void read_html(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_text_by(draft, value, mes_message_set_html);
}

static void read_template(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    const char *folder = mes_account_list_globals(draft->host->accounts)->mail_template_folder;
    const char *name = mes_api_draft_text(draft, value);
    const struct mes_json_value *lang = mes_json_member(value->parent, MES_STR("lang"));
    struct mes_error error;
    if (name != NULL)
        complain_if(draft,
                    mes_message_set_template(draft->message, folder[0] != '\0' ? folder : NULL, name,
                                             lang != NULL ? lang->text.data : NULL, &error),
                    &error);
}

/* The template reads it; without one it says nothing. */
static void read_lang(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    if (mes_api_draft_text(draft, value) != NULL &&
        mes_json_member(value->parent, MES_STR("template")) == NULL)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_lang_alone, MES_NO_ARGS);
}

static void read_vars(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    struct mes_error error;
    complain_if(draft, mes_compose_message_set_variables(draft->message, MES_VARIABLES_OF_ALL, value, &error),
                &error);
}

static void read_headers(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    struct mes_error error;
    if (value->kind != MES_JSON_OBJECT) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_object, MES_NO_ARGS);
        return;
    }
    for (const struct mes_json_value *field = value->first; field != NULL; field = field->next) {
        size_t mark = mes_api_draft_enter(draft, field->key.data);
        const char *text = mes_api_draft_text(draft, field);
        if (text != NULL)
            complain_if(draft, mes_message_add_header(draft->message, field->key.data, text, &error), &error);
        mes_api_draft_leave(draft, mark);
    }
}

/* {"text" or "base64", "method"}; both are UTF-8. */
static void read_calendar(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    static const char *const names[] = {"text", "base64", "method", NULL};
    const struct mes_json_value *text = mes_json_member(value, MES_STR("text"));
    const struct mes_json_value *base64 = mes_json_member(value, MES_STR("base64"));
    const struct mes_json_value *method = mes_json_member(value, MES_STR("method"));
    struct mes_error error;
    struct mes_buf decoded;
    if (value->kind != MES_JSON_OBJECT || (text == NULL) == (base64 == NULL)) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_calendar, MES_NO_ARGS);
        return;
    }
    mes_api_draft_check_names(draft, value, names);
    const char *calendar = mes_api_draft_text(draft, text != NULL ? text : base64);
    const char *wished = mes_api_draft_text(draft, method);
    mes_buf_init(&decoded, MES_LIMIT_CALENDAR);
    bool is_readable = calendar != NULL;
    if (is_readable && base64 != NULL)
        is_readable =
            mes_base64_decode(base64->text, &decoded) && memchr(decoded.data, '\0', decoded.size) == NULL;
    if (!is_readable)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_calendar, MES_NO_ARGS);
    else
        complain_if(draft,
                    mes_message_set_calendar(
                        draft->message, base64 != NULL ? mes_buf_text(&decoded) : calendar, wished, &error),
                    &error);
    mes_buf_fini(&decoded);
}

static void read_dsn(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    read_text_by(draft, value, mes_message_set_dsn);
}

static void read_require_tls(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    if (value->kind != MES_JSON_FLAG)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_flag, MES_NO_ARGS);
    else
        mes_message_set_require_tls(draft->message, value->integer != 0);
}

void mes_api_draft_read_content(struct mes_api_draft *draft, const struct mes_json_value *body)
{
    static const struct {
        const char *name;
        void (*read)(struct mes_api_draft *draft, const struct mes_json_value *value);
    } members[] = {
        {"from", read_from},         {"replyTo", read_reply_to},  {"cc", read_cc},
        {"bcc", read_bcc},           {"subject", read_subject},   {"text", read_text},
        {"html", read_html},         {"template", read_template}, {"lang", read_lang},
        {"vars", read_vars},         {"headers", read_headers},   {"attachments", mes_api_draft_read_files},
        {"calendar", read_calendar}, {"dsn", read_dsn},           {"requireTls", read_require_tls}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct mes_json_value *value = mes_json_member(body, mes_str_of(members[i].name));
        size_t mark = mes_api_draft_enter(draft, members[i].name);
        if (value != NULL)
            members[i].read(draft, value);
        mes_api_draft_leave(draft, mark);
    }
}
