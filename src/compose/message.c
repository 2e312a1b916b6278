/* A message's parts but its files: recipients, texts, variables, header fields. */
#include "compose/message.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/header.h"
#include "mime/invitation.h"
#include "mime/limits.h"

enum { MES_MESSAGE_ARENA = 1 << 30 };

static const char *const role_names[] = {"to", "cc", "bcc"};

struct mes_message *mes_message_new(void)
{
    struct mes_message *message = mes_alloc(sizeof *message);
    if (message == NULL)
        return NULL;
    message->contents = mes_compose_content_new();
    message->dsn = "";
    mes_arena_init(&message->arena, MES_MESSAGE_ARENA);
    mes_arena_init(&message->to_arena, MES_MESSAGE_ARENA);
    if (message->contents == NULL)
        mes_message_free(&message);
    return message;
}

void mes_message_free(struct mes_message **message_at)
{
    struct mes_message *message = *message_at;
    *message_at = NULL;
    if (message == NULL)
        return;
    for (size_t i = 0; i < MES_TEXT_COUNT; i++)
        mes_free(message->texts[i]);
    for (size_t i = 0; i <= MES_ROLE_BCC; i++)
        mes_compose_recipients_fini(&message->recipients[i]);
    mes_free(message->fields);
    mes_free(message->files);
    mes_compose_content_release(&message->contents);
    mes_compose_content_release(&message->to_contents);
    mes_arena_fini(&message->arena);
    mes_arena_fini(&message->to_arena);
    mes_free(message);
}

struct mes_str mes_compose_message_text(const struct mes_message *message, enum mes_message_text text)
{
    return mes_str_of(message->texts[text]);
}

/* Puts a copy of `value` in the place of the old text; an empty one takes it away. */
static int replace(struct mes_message *message, enum mes_message_text text, const char *value,
                   struct mes_error *error)
{
    char *copy = NULL;
    if (value != NULL && value[0] != '\0') {
        copy = mes_copy(value, strlen(value));
        if (copy == NULL)
            return mes_fail_nomem(error);
    }
    mes_free(message->texts[text]);
    message->texts[text] = copy;
    return 0;
}

static size_t most_recipients(const struct mes_message *message, enum mes_role role)
{
    if (role == MES_ROLE_TO)
        return MES_LIMIT_TO;
    size_t others = message->recipients[role == MES_ROLE_CC ? MES_ROLE_BCC : MES_ROLE_CC].count;
    return MES_LIMIT_COPIES - others;
}

/* Parses into an arena of its own, which the caller ends when it has used the address. `name` has been
 * checked. */
static int parse(const char *address, const char *name, struct mes_arena *arena,
                 struct mes_recipient *recipient_out, struct mes_error *error)
{
    struct mes_address parsed;
    int code = mes_mime_address_parse(mes_str_of(address), arena, NULL, &parsed, error);
    if (code != 0)
        return code;
    *recipient_out = (struct mes_recipient){.spec = parsed.spec,
                                            .name = name != NULL && name[0] != '\0' ? name : parsed.name,
                                            .needs_smtputf8 = parsed.needs_smtputf8};
    return 0;
}

struct mes_arena *mes_compose_message_arena(struct mes_message *message, enum mes_role role)
{
    return role == MES_ROLE_TO ? &message->to_arena : &message->arena;
}

static int add_recipient(struct mes_message *message, enum mes_role role,
                         const struct mes_recipient *recipient, struct mes_error *error)
{
    struct mes_recipients *list = &message->recipients[role];
    size_t position = mes_compose_recipients_find(list, recipient->spec);
    if (position == list->count && list->count >= most_recipients(message, role))
        return mes_fail(error, MES_E_LIMIT, MES_SAY_message_too_many_recipients,
                        MES_ARGS(MES_NUMBER(list->count), role_names[role]));
    if (!mes_compose_recipients_add(list, mes_compose_message_arena(message, role), recipient, &position))
        return mes_fail_nomem(error);
    if (role == MES_ROLE_TO)
        message->last_to = position;
    return 0;
}

size_t mes_compose_message_count(const struct mes_message *message, enum mes_role role)
{
    return message->recipients[role].count;
}

static int check_recipient_name(enum mes_role role, const char *name, struct mes_error *error)
{
    static const char *const fields[] = {"to name", "cc name", "bcc name"};
    return mes_mime_text_check(fields[role], mes_str_of(name), MES_LIMIT_NAME, error);
}

int mes_message_add_recipient(struct mes_message *message, enum mes_role role, const char *address,
                              const char *name, struct mes_error *error)
{
    struct mes_recipient recipient;
    struct mes_arena arena;
    mes_arena_init(&arena, SIZE_MAX);
    int code = check_recipient_name(role, name, error);
    if (code == 0)
        code = parse(address, name, &arena, &recipient, error);
    if (code == 0)
        code = add_recipient(message, role, &recipient, error);
    mes_arena_fini(&arena);
    return code;
}

int mes_compose_message_append_to(struct mes_message *message, uint64_t number, const char *address,
                                  const char *name, struct mes_error *error)
{
    struct mes_recipients *list = &message->recipients[MES_ROLE_TO];
    struct mes_recipient recipient;
    struct mes_arena arena;
    mes_arena_init(&arena, SIZE_MAX);
    int code = check_recipient_name(MES_ROLE_TO, name, error);
    if (code == 0)
        code = parse(address, name, &arena, &recipient, error);
    if (code == 0)
        recipient.number = number;
    if (code == 0 && !mes_compose_recipients_append(list, &message->to_arena, &recipient))
        code = mes_fail_nomem(error);
    if (code == 0)
        message->last_to = list->count - 1;
    mes_arena_fini(&arena);
    return code;
}

void mes_compose_message_drop_last_to(struct mes_message *message)
{
    message->recipients[MES_ROLE_TO].count--;
    message->last_to = message->recipients[MES_ROLE_TO].count - 1;
}

void mes_compose_message_clear_to(struct mes_message *message)
{
    mes_compose_recipients_clear(&message->recipients[MES_ROLE_TO]);
    mes_compose_content_release(&message->to_contents);
    mes_arena_fini(&message->to_arena);
    mes_arena_init(&message->to_arena, MES_MESSAGE_ARENA);
}

/* A wished sender: both texts, or neither. */
static int set_person(struct mes_message *message, enum mes_message_text text, const char *address,
                      const char *name, struct mes_error *error)
{
    struct mes_recipient person = {.spec = "", .name = name};
    struct mes_arena arena;
    int code = mes_mime_text_check("name", mes_str_of(name), MES_LIMIT_NAME, error);
    mes_arena_init(&arena, SIZE_MAX);
    if (code == 0 && address != NULL)
        code = parse(address, name, &arena, &person, error);
    char *old = message->texts[text];
    message->texts[text] = NULL;
    if (code == 0)
        code = replace(message, text, person.spec, error);
    if (code == 0)
        code = replace(message, text + 1, person.name, error);
    mes_arena_fini(&arena);
    if (code == 0) {
        mes_free(old);
        return 0;
    }
    mes_free(message->texts[text]);
    message->texts[text] = old;
    return code;
}

int mes_message_set_from(struct mes_message *message, const char *address, const char *name,
                         struct mes_error *error)
{
    return set_person(message, MES_TEXT_FROM_ADDRESS, address, name, error);
}

int mes_message_set_reply_to(struct mes_message *message, const char *address, const char *name,
                             struct mes_error *error)
{
    return set_person(message, MES_TEXT_REPLY_TO_ADDRESS, address, name, error);
}

int mes_message_set_subject(struct mes_message *message, const char *subject, struct mes_error *error)
{
    int code = mes_mime_text_check("subject", mes_str_of(subject), MES_LIMIT_SUBJECT, error);
    return code != 0 ? code : replace(message, MES_TEXT_SUBJECT, subject, error);
}

static int set_body(struct mes_message *message, enum mes_message_text text, const char *body,
                    struct mes_error *error)
{
    const char *field = text == MES_TEXT_HTML ? "HTML" : "text";
    struct mes_str value = mes_str_of(body);
    if (value.size > 0 && message->texts[MES_TEXT_TEMPLATE] != NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_template_and_body, MES_NO_ARGS);
    if (value.size > MES_LIMIT_BODY)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_field_too_long,
                        MES_ARGS(field, MES_NUMBER(MES_LIMIT_BODY)));
    if (!mes_utf8_is_valid(value))
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_not_utf8, MES_ARGS(field));
    return replace(message, text, body, error);
}

int mes_message_set_text(struct mes_message *message, const char *text, struct mes_error *error)
{
    return set_body(message, MES_TEXT_PLAIN, text, error);
}

int mes_message_set_html(struct mes_message *message, const char *html, struct mes_error *error)
{
    return set_body(message, MES_TEXT_HTML, html, error);
}

int mes_message_set_calendar(struct mes_message *message, const char *calendar, const char *method,
                             struct mes_error *error)
{
    const char *found = NULL;
    struct mes_buf text;
    int code = 0;
    mes_buf_init(&text, SIZE_MAX);
    if (calendar != NULL)
        code = mes_mime_invitation_write(mes_str_of(calendar), mes_str_of(method), &text, &found, error);
    if (code == 0)
        code = replace(message, MES_TEXT_CALENDAR_METHOD, found, error);
    if (code == 0)
        code = replace(message, MES_TEXT_CALENDAR, mes_buf_text(&text), error);
    mes_buf_fini(&text);
    return code;
}

int mes_message_set_template(struct mes_message *message, const char *folder, const char *name,
                             const char *language, struct mes_error *error)
{
    if (message->texts[MES_TEXT_PLAIN] != NULL || message->texts[MES_TEXT_HTML] != NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_template_and_body, MES_NO_ARGS);
    int code = mes_mime_text_check("template", mes_str_of(name), MES_LIMIT_FILE_NAME, error);
    if (code == 0)
        code = mes_mime_text_check("language", mes_str_of(language), MES_LIMIT_FILE_NAME, error);
    if (code == 0)
        code = replace(message, MES_TEXT_LANGUAGE, language, error);
    if (code == 0)
        code = replace(message, MES_TEXT_TEMPLATE_FOLDER, folder, error);
    return code != 0 ? code : replace(message, MES_TEXT_TEMPLATE, name, error);
}

static int check_field(const struct mes_message *message, struct mes_str name, struct mes_error *error)
{
    if (message->field_count >= MES_LIMIT_HEADERS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_message_too_many,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_HEADERS), "header fields"));
    for (size_t i = 0; mes_mime_header_is_single(name) && i < message->field_count; i++)
        if (mes_str_eq_nocase(name, mes_str_of(message->fields[i].name)))
            return mes_fail(error, MES_E_INPUT, MES_SAY_message_header_twice, MES_ARGS(MES_TEXT(name)));
    return 0;
}

int mes_message_add_header(struct mes_message *message, const char *name, const char *value,
                           struct mes_error *error)
{
    int code = mes_mime_header_check(mes_str_of(name), mes_str_of(value), error);
    if (code == 0)
        code = check_field(message, mes_str_of(name), error);
    if (code != 0)
        return code;
    struct mes_message_field *fields =
        mes_realloc(message->fields, (message->field_count + 1) * sizeof *message->fields);
    if (fields == NULL)
        return mes_fail_nomem(error);
    message->fields = fields;
    struct mes_message_field field = {mes_arena_copy(&message->arena, mes_str_of(name)),
                                      mes_arena_copy(&message->arena, mes_str_of(value))};
    if (field.name == NULL || field.value == NULL)
        return mes_fail_nomem(error);
    fields[message->field_count++] = field;
    return 0;
}

int mes_message_set_priority(struct mes_message *message, enum mes_priority priority, struct mes_error *error)
{
    if ((int)priority < MES_PRIORITY_NORMAL || priority > MES_PRIORITY_LOW)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_priority, MES_ARGS(MES_NUMBER(priority)));
    message->priority = priority;
    return 0;
}

void mes_message_set_require_tls(struct mes_message *message, bool is_required)
{
    message->requires_tls = is_required;
}

int mes_message_set_dsn(struct mes_message *message, const char *notify, struct mes_error *error)
{
    static const char *const words[] = {"success", "failure", "delay", "never"};
    static const char *const wishes[] = {"",      "SUCCESS",       "FAILURE",       "SUCCESS,FAILURE",
                                         "DELAY", "SUCCESS,DELAY", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"};
    struct mes_str rest = mes_str_of(notify), word;
    unsigned found = 0, bad = notify == NULL || notify[0] == '\0' ? 1 : 0;
    while (rest.size > 0 && mes_str_next(&rest, ',', &word)) {
        size_t i = 0;
        while (i < 4 && !mes_str_eq_nocase(mes_str_trim(word), mes_str_of(words[i])))
            i++;
        found |= i < 4 ? 1U << i : 0U;
        bad += i == 4;
    }
    if (bad > 0 || (found > 8))
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_dsn, MES_ARGS(notify != NULL ? notify : ""));
    message->dsn = found == 8 ? "NEVER" : wishes[found];
    return 0;
}
