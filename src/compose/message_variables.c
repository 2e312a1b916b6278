/* A message's variables: its own and those of single recipients. */
#include "base/utf8.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/header.h"
#include "mime/limits.h"

int mes_compose_variable_check_name(struct mes_str name, struct mes_error *error)
{
    if (name.size == 0 || name.size > MES_LIMIT_VARIABLE_NAME)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_variable_name, MES_NO_ARGS);
    return mes_mime_text_check("variable name", name, MES_LIMIT_VARIABLE_NAME, error);
}

static int check_variable(const char *key, const char *value, struct mes_variable *variable_out,
                          struct mes_error *error)
{
    struct mes_str name = mes_str_of(key), text = mes_str_of(value);
    int code = mes_compose_variable_check_name(name, error);
    if (code != 0)
        return code;
    if (text.size > MES_LIMIT_VARIABLE)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_field_too_long,
                        MES_ARGS(key, MES_NUMBER(MES_LIMIT_VARIABLE)));
    if (!mes_utf8_is_valid(text))
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_not_utf8, MES_ARGS(key));
    *variable_out = (struct mes_variable){name, mes_template_value_text(text)};
    return 0;
}

/* The variables of all, or of the `to` added last. */
struct scope {
    struct mes_arena *arena;
    struct mes_variable **variables;
    size_t *count;
};

static int find_scope(struct mes_message *message, bool is_of_last_to, struct scope *scope_out,
                      struct mes_error *error)
{
    *scope_out = (struct scope){&message->arena, &message->variables, &message->variable_count};
    if (!is_of_last_to)
        return 0;
    if (message->recipients[MES_ROLE_TO].count == 0)
        return mes_fail(error, MES_E_USAGE, MES_SAY_message_no_to_for_variable, MES_NO_ARGS);
    struct mes_recipient *last = &message->recipients[MES_ROLE_TO].items[message->last_to];
    *scope_out = (struct scope){&message->to_arena, &last->variables, &last->variable_count};
    return 0;
}

static int set_variable(const struct scope *scope, const struct mes_variable *variable,
                        struct mes_error *error)
{
    if (*scope->count >= MES_LIMIT_VARIABLES)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_message_too_many,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_VARIABLES), "variables"));
    return mes_compose_variables_set(scope->arena, scope->variables, scope->count, variable)
               ? 0
               : mes_fail_nomem(error);
}

int mes_compose_message_set(struct mes_message *message, bool is_of_last_to,
                            const struct mes_variable *variable, struct mes_error *error)
{
    struct scope scope;
    int code = find_scope(message, is_of_last_to, &scope, error);
    return code != 0 ? code : set_variable(&scope, variable, error);
}

static int set_text_variable(struct mes_message *message, bool is_of_last_to, const char *key,
                             const char *value, struct mes_error *error)
{
    struct mes_variable variable;
    int code = check_variable(key, value, &variable, error);
    return code != 0 ? code : mes_compose_message_set(message, is_of_last_to, &variable, error);
}

int mes_message_set_recipient_variable(struct mes_message *message, const char *key, const char *value,
                                       struct mes_error *error)
{
    return set_text_variable(message, true, key, value, error);
}

int mes_message_set_variable(struct mes_message *message, const char *key, const char *value,
                             struct mes_error *error)
{
    return set_text_variable(message, false, key, value, error);
}
