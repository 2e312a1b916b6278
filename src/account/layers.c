#include "account/layers.h"

#include "base/file.h"
#include "i18n/say.h"

static const struct mes_str LIST_KEY = {"senderEmailAccountList", 22};
static const struct mes_str GLOBALS_KEY = {"globalConfig", 12};

static struct mes_origin origin_in_file(const char *file, struct mes_json_place place)
{
    return (struct mes_origin){MES_ORIGIN_FILE, file, place.line, place.column};
}

static const struct mes_json_value *of_kind(const struct mes_json_value *value, enum mes_json_kind kind)
{
    return value != NULL && value->kind == kind ? value : NULL;
}

static int fail_kind(const struct mes_layer *layer, const struct mes_json_value *value, int sentence,
                     struct mes_error *error)
{
    struct mes_origin origin = origin_in_file(layer->file, value->place);
    return mes_fail(error, MES_E_CONFIG, sentence, MES_ARGS(MES_ORIGIN(&origin), MES_TEXT(value->key)));
}

static int find_parts(struct mes_layer *layer, struct mes_error *error)
{
    const struct mes_json_value *root = mes_json_root(layer->json);
    const struct mes_json_value *globals = mes_json_member_any_case(root, GLOBALS_KEY);
    const struct mes_json_value *list = mes_json_member_any_case(root, LIST_KEY);
    if (list == NULL)
        list = mes_json_member_any_case(globals, LIST_KEY);
    if (root->kind == MES_JSON_LIST)
        list = root;
    if (list != NULL && list->kind != MES_JSON_LIST && list->kind != MES_JSON_NULL)
        return fail_kind(layer, list, MES_SAY_account_not_list, error);
    if (globals != NULL && globals->kind != MES_JSON_OBJECT && globals->kind != MES_JSON_NULL)
        return fail_kind(layer, globals, MES_SAY_account_not_object, error);
    if (list != NULL && list->count > MES_ACCOUNTS_MOST)
        return fail_kind(layer, list, MES_SAY_account_too_many, error);
    layer->accounts = of_kind(list, MES_JSON_LIST);
    layer->globals = of_kind(globals, MES_JSON_OBJECT);
    return 0;
}

int mes_account_layers_add_file(struct mes_layers *layers, const char *file, struct mes_arena *arena,
                                struct mes_error *error)
{
    struct mes_layer *layer = &layers->files[layers->count++];
    *layer = (struct mes_layer){.file = mes_arena_copy(arena, mes_str_of(file))};
    mes_buf_init(&layer->text, MES_JSON_MOST_BYTES);
    if (layer->file == NULL)
        return mes_fail_nomem(error);
    int code = mes_file_read(file, &layer->text, error);
    if (code == 0)
        code = mes_json_parse(file, mes_buf_str(&layer->text), MES_JSON_KEYS_ANY_CASE, &layer->json, error);
    return code == 0 ? find_parts(layer, error) : code;
}

void mes_account_layers_fini(struct mes_layers *layers)
{
    while (layers->count > 0) {
        struct mes_layer *layer = &layers->files[--layers->count];
        mes_json_free(&layer->json);
        mes_wipe(layer->text.data, layer->text.size);
        mes_buf_fini(&layer->text);
    }
}

/* Takes the part before the next "__" off the front, as the binder does. */
static struct mes_str next_part(struct mes_str *rest)
{
    size_t end = mes_str_find(*rest, MES_STR("__"), 0);
    struct mes_str part = mes_str_cut(*rest, 0, end);
    *rest = mes_str_skip(*rest, end == SIZE_MAX ? rest->size : end + 2);
    return part;
}

/* False for a variable that is none of ours. `setting` may come out as the count: a key that is unknown. */
static bool parse_name(struct mes_str name, struct mes_variable *variable, struct mes_str *key_out)
{
    struct mes_str part = next_part(&name);
    uint64_t number;
    variable->scope = MES_SCOPE_GLOBAL;
    if (mes_str_eq_nocase(part, GLOBALS_KEY))
        part = next_part(&name);
    else if (!mes_str_eq_nocase(part, LIST_KEY))
        return false;
    if (mes_str_eq_nocase(part, LIST_KEY)) {
        variable->scope = MES_SCOPE_ACCOUNT;
        if (!mes_str_to_uint(next_part(&name), MES_ACCOUNTS_MOST - 1, &number))
            number = SIZE_MAX;
        variable->account = (size_t)number;
        part = next_part(&name);
    }
    bool is_whole =
        name.size == 0 && (variable->scope == MES_SCOPE_GLOBAL || variable->account < MES_ACCOUNTS_MOST);
    *key_out = part;
    variable->setting = is_whole ? mes_account_setting_find(variable->scope, part)
                                 : mes_account_setting_count(variable->scope);
    return true;
}

static void warn_variable(const struct mes_variable *variable, struct mes_str key,
                          struct mes_complaints *complaints)
{
    const char *nearest = mes_account_setting_nearest(variable->scope, key);
    if (nearest != NULL)
        mes_account_complaints_warn(complaints, MES_SAY_account_unknown_variable_near,
                                    MES_ARGS(variable->name, nearest));
    else
        mes_account_complaints_warn(complaints, MES_SAY_account_unknown_variable, MES_ARGS(variable->name));
}

static int add_variable(struct mes_layers *layers, const char *entry, bool accounts_count,
                        struct mes_arena *arena, struct mes_complaints *complaints)
{
    struct mes_str rest = mes_str_of(entry);
    struct mes_str name, key;
    struct mes_variable variable;
    if (!mes_str_next(&rest, '=', &name) || !parse_name(name, &variable, &key))
        return 0;
    if (variable.scope == MES_SCOPE_ACCOUNT && !accounts_count)
        return 0;
    variable.name = mes_arena_copy(arena, name);
    variable.value = mes_str_of(entry + name.size + 1);
    if (variable.name == NULL)
        return MES_E_NOMEM;
    if (variable.setting == mes_account_setting_count(variable.scope))
        warn_variable(&variable, key, complaints);
    else
        layers->variables[layers->variable_count++] = variable;
    return 0;
}

int mes_account_layers_add_environment(struct mes_layers *layers, const char *const *environment,
                                       bool accounts_count, struct mes_arena *arena,
                                       struct mes_complaints *complaints)
{
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    layers->variables = mes_arena_alloc(arena, count * sizeof *layers->variables);
    if (layers->variables == NULL)
        return MES_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (add_variable(layers, environment[i], accounts_count, arena, complaints) != 0)
            return MES_E_NOMEM;
    return 0;
}

size_t mes_account_layers_count(const struct mes_layers *layers)
{
    size_t count = 0;
    for (size_t i = 0; i < layers->count; i++)
        if (layers->files[i].accounts != NULL && layers->files[i].accounts->count > count)
            count = layers->files[i].accounts->count;
    for (size_t i = 0; i < layers->variable_count; i++)
        if (layers->variables[i].scope == MES_SCOPE_ACCOUNT && layers->variables[i].account >= count)
            count = layers->variables[i].account + 1;
    return count;
}

static const struct mes_json_value *object_in(const struct mes_layer *layer, enum mes_setting_scope scope,
                                              size_t account)
{
    return scope == MES_SCOPE_GLOBAL ? layer->globals : mes_json_item(layer->accounts, account);
}

static const struct mes_json_value *value_in(const struct mes_json_value *object,
                                             enum mes_setting_scope scope, size_t setting)
{
    const char *key = mes_account_setting_at(scope, setting)->key;
    const struct mes_json_value *value = NULL;
    for (size_t nth = 0; key != NULL && (value == NULL || value->kind == MES_JSON_NULL); nth++) {
        value = mes_json_member_any_case(object, mes_str_of(key));
        key = mes_account_setting_alias(scope, setting, nth);
    }
    return value != NULL && value->kind != MES_JSON_NULL ? value : NULL;
}

bool mes_account_layers_find(const struct mes_layers *layers, enum mes_setting_scope scope, size_t account,
                             size_t setting, struct mes_written *written_out)
{
    for (size_t i = 0; i < layers->variable_count; i++) {
        const struct mes_variable *variable = &layers->variables[i];
        bool is_account = scope == MES_SCOPE_GLOBAL || variable->account == account;
        if (variable->scope == scope && is_account && variable->setting == setting) {
            *written_out = (struct mes_written){
                .text = variable->value, .origin = {.kind = MES_ORIGIN_ENVIRONMENT, .place = variable->name}};
            return true;
        }
    }
    for (size_t i = layers->count; i-- > 0;) {
        const struct mes_layer *layer = &layers->files[i];
        const struct mes_json_value *value = value_in(object_in(layer, scope, account), scope, setting);
        if (value != NULL) {
            *written_out = (struct mes_written){
                .text = value->text, .json = value, .origin = origin_in_file(layer->file, value->place)};
            return true;
        }
    }
    return false;
}

struct mes_origin mes_account_layers_origin(const struct mes_layers *layers, size_t account)
{
    for (size_t i = 0; i < layers->count; i++) {
        const struct mes_json_value *object = mes_json_item(layers->files[i].accounts, account);
        if (object != NULL)
            return origin_in_file(layers->files[i].file, object->place);
    }
    for (size_t i = 0; i < layers->variable_count; i++)
        if (layers->variables[i].scope == MES_SCOPE_ACCOUNT && layers->variables[i].account == account)
            return (struct mes_origin){.kind = MES_ORIGIN_ENVIRONMENT, .place = layers->variables[i].name};
    return (struct mes_origin){.place = layers->count > 0 ? layers->files[0].file : ""};
}

/* "$schema" and keys used as comments are nobody's mistake. */
static bool is_remark(struct mes_str key)
{
    return key.size == 0 || key.data[0] == '$' || key.data[0] == '/' || key.data[0] == '_' ||
           key.data[0] == '#';
}

static void warn_key(const struct mes_layer *layer, const struct mes_json_value *member,
                     enum mes_setting_scope scope, struct mes_complaints *complaints)
{
    struct mes_origin origin = origin_in_file(layer->file, member->key_place);
    const char *nearest = mes_account_setting_nearest(scope, member->key);
    if (nearest != NULL)
        mes_account_complaints_warn(complaints, MES_SAY_account_unknown_key_near,
                                    MES_ARGS(MES_ORIGIN(&origin), MES_TEXT(member->key), nearest));
    else
        mes_account_complaints_warn(complaints, MES_SAY_account_unknown_key,
                                    MES_ARGS(MES_ORIGIN(&origin), MES_TEXT(member->key)));
}

/* A key beside its alias, "enableTSL" and "enableTLS": nobody can say which one counts. */
static void check_alias(const struct mes_layer *layer, const struct mes_json_value *object,
                        const struct mes_json_value *member, struct mes_complaints *complaints)
{
    size_t setting = mes_account_setting_find(MES_SCOPE_ACCOUNT, member->key);
    const char *key = mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key;
    if (mes_str_eq_nocase(member->key, mes_str_of(key)) ||
        mes_json_member_any_case(object, mes_str_of(key)) == NULL)
        return;
    struct mes_origin origin = origin_in_file(layer->file, member->key_place);
    mes_account_complaints_problem(complaints, MES_SAY_account_two_spellings,
                                   MES_ARGS(MES_ORIGIN(&origin), MES_TEXT(member->key), key));
}

static void check_object(const struct mes_layer *layer, const struct mes_json_value *object,
                         enum mes_setting_scope scope, struct mes_complaints *complaints)
{
    for (const struct mes_json_value *member = object->first; member != NULL; member = member->next) {
        bool is_known = mes_account_setting_find(scope, member->key) < mes_account_setting_count(scope);
        bool is_list = scope == MES_SCOPE_GLOBAL && mes_str_eq_nocase(member->key, LIST_KEY);
        if (is_known && scope == MES_SCOPE_ACCOUNT)
            check_alias(layer, object, member, complaints);
        if (!is_known && !is_list && !is_remark(member->key))
            warn_key(layer, member, scope, complaints);
    }
}

static void check_layer(const struct mes_layer *layer, struct mes_complaints *complaints)
{
    const struct mes_json_value *item = layer->accounts != NULL ? layer->accounts->first : NULL;
    for (; item != NULL; item = item->next) {
        struct mes_origin origin = origin_in_file(layer->file, item->place);
        if (item->kind == MES_JSON_OBJECT)
            check_object(layer, item, MES_SCOPE_ACCOUNT, complaints);
        else
            mes_account_complaints_problem(complaints, MES_SAY_account_not_account,
                                           MES_ARGS(MES_ORIGIN(&origin)));
    }
    if (layer->globals != NULL)
        check_object(layer, layer->globals, MES_SCOPE_GLOBAL, complaints);
}

void mes_account_layers_check_keys(const struct mes_layers *layers, struct mes_complaints *complaints)
{
    for (size_t i = 0; i < layers->count; i++)
        check_layer(&layers->files[i], complaints);
}
