/* Variables as JSON objects. */
#include "compose/message.h"
#include "compose/value.h"
#include "compose/variables.h"
#include "i18n/say.h"
#include "mime/limits.h"
#include "json/tree.h"

enum { MES_VARIABLES_VALUES = 10000 };

/* One member of the object. What is made of it in `scratch` is copied to where it belongs. */
static int set_member(struct mes_message *message, enum mes_variable_scope of,
                      const struct mes_json_value *member, struct mes_arena *scratch, struct mes_error *error)
{
    struct mes_variable variable = {.name = member->key};
    bool is_too_deep;
    int code = mes_compose_variable_check_name(member->key, error);
    if (code != 0)
        return code;
    if (member->size > MES_LIMIT_VARIABLE)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_field_too_long,
                        MES_ARGS(MES_TEXT(member->key), MES_NUMBER(MES_LIMIT_VARIABLE)));
    if (mes_compose_value_of_json(member, scratch, &variable.value, &is_too_deep))
        return mes_compose_message_set(message, of == MES_VARIABLES_OF_LAST_TO, &variable, error);
    return is_too_deep ? mes_fail(error, MES_E_LIMIT, MES_SAY_compose_variable_too_deep,
                                  MES_ARGS(MES_TEXT(member->key), MES_NUMBER(MES_VALUE_DEPTH)))
                       : mes_fail_nomem(error);
}

int mes_compose_message_set_variables(struct mes_message *message, enum mes_variable_scope of,
                                      const struct mes_json_value *object, struct mes_error *error)
{
    struct mes_arena scratch;
    int code = 0;
    if (object->kind != MES_JSON_OBJECT)
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_variables_no_object, MES_NO_ARGS);
    mes_arena_init(&scratch, SIZE_MAX);
    for (const struct mes_json_value *at = object->first; at != NULL && code == 0; at = at->next)
        code = set_member(message, of, at, &scratch, error);
    mes_arena_fini(&scratch);
    return code;
}

int mes_compose_message_set_variables_json(struct mes_message *message, enum mes_variable_scope of,
                                           struct mes_str json, struct mes_error *error)
{
    const struct mes_json_value *root;
    struct mes_arena arena;
    mes_arena_init(&arena, SIZE_MAX);
    int code = mes_json_tree(json, MES_VARIABLES_VALUES, &arena, &root, error);
    if (code == 0)
        code = mes_compose_message_set_variables(message, of, root, error);
    mes_arena_fini(&arena);
    return code;
}

void mes_compose_variables_write(const struct mes_variable *variables, size_t count, const char *key,
                                 struct mes_json_writer *writer)
{
    const struct mes_value map = mes_template_value_map(variables, count);
    mes_compose_value_write(&map, key, writer);
}
