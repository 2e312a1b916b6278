#include "api/schema.h"

#include <assert.h>
#include <string.h>

#include "api/server_parts.h"
#include "base/alloc.h"
#include "base/instant.h"
#include "base/nearest.h"
#include "json/tree.h"

enum { MOST_SCHEMA_VALUES = 65536, PATH_LIMIT = 512 };

struct mes_api_schemas {
    struct mes_arena arena;
    const struct mes_json_value *root;
};

/* A value of the document under way, and the schema that it must keep to. */
struct check {
    struct mes_api_request *request;
    const struct mes_json_value *root; /* of all schemas */
    const struct mes_json_value *top;  /* the value that was handed in */
    const char *prefix;
};

int mes_api_schemas_new(struct mes_api_schemas **schemas_out, struct mes_error *error)
{
    struct mes_api_schemas *schemas = mes_alloc(sizeof *schemas);
    *schemas_out = NULL;
    if (schemas == NULL)
        return mes_fail_nomem(error);
    mes_arena_init(&schemas->arena, SIZE_MAX);
    int code = mes_json_tree(mes_str_of(mes_api_schemas_text), MOST_SCHEMA_VALUES, &schemas->arena,
                             &schemas->root, error);
    if (code != 0)
        mes_api_schemas_free(&schemas);
    *schemas_out = schemas;
    return code;
}

void mes_api_schemas_free(struct mes_api_schemas **schemas)
{
    if (*schemas == NULL)
        return;
    mes_arena_fini(&(*schemas)->arena);
    mes_free(*schemas);
    *schemas = NULL;
}

const struct mes_json_value *mes_api_schemas_root(const struct mes_api_schemas *schemas)
{
    return schemas->root;
}

const struct mes_json_value *mes_api_schema(const struct mes_api_schemas *schemas, const char *name)
{
    const struct mes_json_value *schema = mes_json_member(schemas->root, mes_str_of(name));
    assert(schema != NULL);
    return schema;
}

/* "to[2].address", written from the outside in. */
static void add_path(const struct check *check, const struct mes_json_value *value, struct mes_buf *out)
{
    const struct mes_json_value *chain[MES_JSON_MOST_DEPTH + 1];
    size_t count = 0;
    mes_buf_add_text(out, check->prefix);
    for (; value != check->top && count <= MES_JSON_MOST_DEPTH; value = value->parent)
        chain[count++] = value;
    for (bool is_first = true; count > 0; is_first = false) {
        value = chain[--count];
        if (value->parent->kind == MES_JSON_LIST) {
            size_t index = 0;
            for (const struct mes_json_value *at = value->parent->first; at != value; at = at->next)
                index++;
            mes_buf_add_format(out, "[%zu]", index);
        } else {
            mes_buf_add_text(out, is_first ? "" : ".");
            mes_buf_add_str(out, value->key);
        }
    }
}

static void refuse(const struct check *check, enum mes_api_problem problem,
                   const struct mes_json_value *value, int sentence, const char *const *arguments)
{
    struct mes_buf path;
    mes_buf_init(&path, PATH_LIMIT);
    add_path(check, value, &path);
    mes_api_refuse(check->request, problem, path.size > 0 ? mes_buf_text(&path) : NULL, sentence, arguments);
    mes_buf_fini(&path);
}

/* A member that is not there has the path of its object and its name. */
static void refuse_missing(const struct check *check, const struct mes_json_value *object,
                           struct mes_str name)
{
    struct mes_buf path;
    mes_buf_init(&path, PATH_LIMIT);
    add_path(check, object, &path);
    mes_buf_add_text(&path, object != check->top ? "." : "");
    mes_buf_add_str(&path, name);
    mes_api_refuse(check->request, MES_API_PROBLEM_missing_field, mes_buf_text(&path),
                   MES_SAY_api_missing_field, MES_ARGS(MES_TEXT(name)));
    mes_buf_fini(&path);
}

static const struct mes_json_value *keyword(const struct mes_json_value *schema, const char *name)
{
    return mes_json_member(schema, mes_str_of(name));
}

static const struct mes_json_value *follow(const struct check *check, const struct mes_json_value *schema)
{
    static const char local[] = "#/components/schemas/";
    const struct mes_json_value *reference = keyword(schema, "$ref");
    for (unsigned hops = 0; reference != NULL && hops < MES_JSON_MOST_DEPTH; hops++) {
        schema = mes_json_member(check->root, mes_str_skip(reference->text, sizeof local - 1));
        assert(schema != NULL);
        reference = keyword(schema, "$ref");
    }
    return schema;
}

static const char *type_name(const struct mes_json_value *value)
{
    static const char *const names[] = {
        [MES_JSON_NULL] = "null",    [MES_JSON_FLAG] = "boolean", [MES_JSON_INTEGER] = "integer",
        [MES_JSON_REAL] = "number",  [MES_JSON_TEXT] = "string",  [MES_JSON_LIST] = "array",
        [MES_JSON_OBJECT] = "object"};
    return names[value->kind];
}

static bool is_type(struct mes_str type, const struct mes_json_value *value)
{
    return mes_str_eq(type, mes_str_of(type_name(value))) ||
           (value->kind == MES_JSON_INTEGER && mes_str_eq(type, MES_STR("number")));
}

static bool check_type(const struct check *check, const struct mes_json_value *schema,
                       const struct mes_json_value *value)
{
    const struct mes_json_value *type = keyword(schema, "type");
    struct mes_buf names;
    bool fits = type == NULL || (type->kind == MES_JSON_TEXT && is_type(type->text, value));
    if (fits)
        return true;
    mes_buf_init(&names, PATH_LIMIT);
    if (type->kind == MES_JSON_TEXT)
        mes_buf_add_str(&names, type->text);
    for (const struct mes_json_value *one = type->first; one != NULL && !fits; one = one->next) {
        fits = is_type(one->text, value);
        mes_buf_add_text(&names, one != type->first ? " | " : "");
        mes_buf_add_str(&names, one->text);
    }
    if (!fits)
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_wrong_type,
               MES_ARGS(mes_buf_text(&names), type_name(value)));
    mes_buf_fini(&names);
    return fits;
}

static void refuse_unknown(const struct check *check, const struct mes_json_value *properties,
                           const struct mes_json_value *member)
{
    struct mes_nearest nearest;
    char names[64][64];
    size_t count = 0;
    mes_nearest_init(&nearest, member->key);
    for (const struct mes_json_value *one = properties->first; one != NULL && count < 64; one = one->next)
        mes_nearest_offer(&nearest, mes_shown_text(names[count++], sizeof *names, one->key));
    if (nearest.found != NULL)
        refuse(check, MES_API_PROBLEM_unknown_field, member, MES_SAY_api_unknown_field_nearest,
               MES_ARGS(MES_TEXT(member->key), nearest.found));
    else
        refuse(check, MES_API_PROBLEM_unknown_field, member, MES_SAY_api_unknown_field,
               MES_ARGS(MES_TEXT(member->key)));
}

static bool is_length_wrong(const struct mes_json_value *schema, const char *least_name,
                            const char *most_name, size_t size, int64_t *bound_out)
{
    const struct mes_json_value *least = keyword(schema, least_name);
    const struct mes_json_value *most = keyword(schema, most_name);
    if (least != NULL && size < (size_t)least->integer)
        *bound_out = least->integer;
    else if (most != NULL && size > (size_t)most->integer)
        *bound_out = most->integer;
    else
        return false;
    return true;
}

static size_t count_characters(struct mes_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

static void check_enum(const struct check *check, const struct mes_json_value *choices,
                       const struct mes_json_value *value)
{
    struct mes_buf names;
    mes_buf_init(&names, PATH_LIMIT);
    for (const struct mes_json_value *one = choices->first; one != NULL; one = one->next) {
        if (one->kind == value->kind && mes_str_eq(one->text, value->text)) {
            mes_buf_fini(&names);
            return;
        }
        mes_buf_add_text(&names, one != choices->first ? ", " : "");
        mes_buf_add_str(&names, one->text);
    }
    refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_no_choice,
           MES_ARGS(MES_TEXT(value->text), mes_buf_text(&names)));
    mes_buf_fini(&names);
}

/* Characters are only counted where the number of bytes leaves it open. */
static size_t length_of(const struct mes_json_value *schema, struct mes_str text)
{
    const struct mes_json_value *least = keyword(schema, "minLength");
    const struct mes_json_value *most = keyword(schema, "maxLength");
    bool is_open =
        (least != NULL && least->integer > 1) || (most != NULL && text.size > (size_t)most->integer);
    return is_open ? count_characters(text) : text.size;
}

static void check_text(const struct check *check, const struct mes_json_value *schema,
                       const struct mes_json_value *value)
{
    const struct mes_json_value *format = keyword(schema, "format");
    int64_t bound = 0;
    int64_t instant = 0;
    size_t length = length_of(schema, value->text);
    if (is_length_wrong(schema, "minLength", "maxLength", length, &bound))
        refuse(check, MES_API_PROBLEM_bad_value, value,
               length < (size_t)bound ? MES_SAY_api_too_short : MES_SAY_api_too_long,
               MES_ARGS(MES_NUMBER(bound)));
    else if (format != NULL && mes_str_eq(format->text, MES_STR("date-time")) &&
             !mes_instant_parse(value->text, &instant))
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_bad_time,
               MES_ARGS(MES_TEXT(value->text)));
}

static void check_number(const struct check *check, const struct mes_json_value *schema,
                         const struct mes_json_value *value)
{
    const struct mes_json_value *least = keyword(schema, "minimum");
    const struct mes_json_value *most = keyword(schema, "maximum");
    if (least != NULL && value->real < least->real)
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_too_small,
               MES_ARGS(MES_TEXT(least->text)));
    else if (most != NULL && value->real > most->real)
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_too_big, MES_ARGS(MES_TEXT(most->text)));
}

static void check_object(const struct check *check, const struct mes_json_value *schema,
                         const struct mes_json_value *value)
{
    int64_t bound = 0;
    if (is_length_wrong(schema, "minProperties", "maxProperties", value->count, &bound))
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_wrong_count, MES_ARGS(MES_NUMBER(bound)));
}

/* After the members, so that a mistyped name is complained of before the one that is missing for it. */
static void check_required(const struct check *check, const struct mes_json_value *schema,
                           const struct mes_json_value *value)
{
    if (schema == NULL || value->kind != MES_JSON_OBJECT)
        return;
    const struct mes_json_value *required = keyword(schema, "required");
    for (const struct mes_json_value *one = required != NULL ? required->first : NULL; one != NULL;
         one = one->next)
        if (mes_json_member(value, one->text) == NULL)
            refuse_missing(check, value, one->text);
}

static void check_one(const struct check *check, const struct mes_json_value *schema,
                      const struct mes_json_value *value)
{
    const struct mes_json_value *choices = keyword(schema, "enum");
    int64_t bound = 0;
    if (!check_type(check, schema, value))
        return;
    if (choices != NULL)
        check_enum(check, choices, value);
    if (value->kind == MES_JSON_TEXT)
        check_text(check, schema, value);
    else if (value->kind == MES_JSON_INTEGER || value->kind == MES_JSON_REAL)
        check_number(check, schema, value);
    else if (value->kind == MES_JSON_OBJECT)
        check_object(check, schema, value);
    else if (value->kind == MES_JSON_LIST &&
             is_length_wrong(schema, "minItems", "maxItems", value->count, &bound))
        refuse(check, MES_API_PROBLEM_bad_value, value, MES_SAY_api_wrong_count, MES_ARGS(MES_NUMBER(bound)));
}

/* The schema of a value inside `outer`; NULL when anything may stand there. `is_unknown_out`: nothing may. */
static const struct mes_json_value *schema_inside(const struct mes_json_value *schema,
                                                  const struct mes_json_value *value, bool *is_unknown_out)
{
    *is_unknown_out = false;
    if (value->parent->kind == MES_JSON_LIST)
        return keyword(schema, "items");
    const struct mes_json_value *known = mes_json_member(keyword(schema, "properties"), value->key);
    if (known != NULL)
        return known;
    const struct mes_json_value *others = keyword(schema, "additionalProperties");
    *is_unknown_out = others != NULL && others->kind == MES_JSON_FLAG && others->integer == 0;
    return others != NULL && others->kind == MES_JSON_OBJECT ? others : NULL;
}

/* The open objects and lists, with their schemas; the innermost is the last. */
struct walk {
    const struct check *check;
    const struct mes_json_value *schemas[MES_JSON_MOST_DEPTH + 1];
    size_t depth;
};

/* Checks a member or entry. Gives its schema, NULL when anything may stand there. */
static const struct mes_json_value *visit(const struct walk *walk, const struct mes_json_value *value)
{
    bool is_unknown = false;
    const struct mes_json_value *outer = walk->schemas[walk->depth];
    const struct mes_json_value *schema = outer != NULL ? schema_inside(outer, value, &is_unknown) : NULL;
    if (is_unknown)
        refuse_unknown(walk->check, keyword(outer, "properties"), value);
    if (schema == NULL)
        return NULL;
    schema = follow(walk->check, schema);
    check_one(walk->check, schema, value);
    return schema;
}

/* The value that comes after `at`, whose own inside is done with; NULL at the end. */
static const struct mes_json_value *leave(struct walk *walk, const struct mes_json_value *at)
{
    while (at != walk->check->top && at->next == NULL) {
        at = at->parent;
        check_required(walk->check, walk->schemas[walk->depth], at);
        walk->depth -= at != walk->check->top;
    }
    return at != walk->check->top ? at->next : NULL;
}

bool mes_api_schema_check(struct mes_api_request *request, const struct mes_json_value *schema,
                          const char *prefix, const struct mes_json_value *value)
{
    struct check check = {request, mes_api_schemas_root(request->server->schemas), value, prefix};
    struct walk walk = {.check = &check};
    walk.schemas[0] = follow(&check, schema);
    check_one(&check, walk.schemas[0], value);
    if (value->first == NULL)
        check_required(&check, walk.schemas[0], value);
    const struct mes_json_value *at = value->first;
    while (at != NULL && walk.depth < MES_JSON_MOST_DEPTH) {
        const struct mes_json_value *inner = visit(&walk, at);
        if (at->first != NULL) {
            walk.schemas[++walk.depth] = inner;
            at = at->first;
        } else {
            check_required(&check, inner, at);
            at = leave(&walk, at);
        }
    }
    return !mes_api_is_refused(request);
}

bool mes_api_request_check(struct mes_api_request *request, const char *schema, const char *prefix,
                           const struct mes_json_value *value)
{
    return mes_api_schema_check(request, mes_api_schema(request->server->schemas, schema), prefix, value);
}
