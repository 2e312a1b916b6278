#include "json/parse.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "i18n/say.h"
#include "json/blank.h"
#include "json/token.h"

struct mes_json {
    json_t *tree; /* owns keys and texts */
    struct mes_arena arena;
    struct mes_json_value *root;
};

/* What parsing needs on its way. */
struct parser {
    const char *name;
    struct mes_str file;  /* as it came */
    struct mes_str plain; /* the same without comments, BOM and trailing commas */
    struct mes_json *json;
    size_t counted; /* up to here `place` has counted */
    struct mes_json_place place;
};

/* A list or object that is still open. */
struct level {
    struct mes_json_value *value;
    struct mes_json_value *last;
    json_t *source;
    void *member; /* OBJECT: the member whose key or value comes next */
};

struct builder {
    struct parser *parser;
    struct level levels[MES_JSON_MOST_DEPTH + 1];
    size_t depth;
    struct mes_json_token key; /* size 0: none has been seen for the next value */
    struct mes_json_place key_place;
};

/* Offsets only grow from call to call, so that the whole file is counted once. */
static struct mes_json_place place_of(struct parser *parser, size_t offset)
{
    for (; parser->counted < offset && parser->counted < parser->file.size; parser->counted++) {
        unsigned char c = (unsigned char)parser->file.data[parser->counted];
        if (c == '\n') {
            parser->place.line++;
            parser->place.column = 1;
        } else if ((c & 0xC0) != 0x80) {
            parser->place.column++;
        }
    }
    return parser->place;
}

static void count_from_start(struct parser *parser)
{
    parser->place = (struct mes_json_place){1, 1};
    parser->counted = mes_str_starts(parser->file, MES_STR("\xEF\xBB\xBF")) ? 3 : 0;
}

/* All sentences of this folder have the arguments file, line, column and the text that is wrong. */
static int fail_at(struct parser *parser, size_t offset, int sentence, struct mes_str near,
                   struct mes_error *error)
{
    count_from_start(parser);
    struct mes_json_place place = place_of(parser, offset);
    return mes_fail(error, MES_E_CONFIG, sentence,
                    MES_ARGS(parser->name, MES_NUMBER(place.line), MES_NUMBER(place.column),
                             MES_TEXT(mes_utf8_cut(near, 40))));
}

/* A byte 0 is refused with the same words: it means UTF-16, and jansson would take it for the end. */
static int check_utf8(struct parser *parser, struct mes_error *error)
{
    size_t at = 0;
    uint32_t character = 1;
    while (character != 0 && mes_utf8_next(parser->file, &at, &character)) {
    }
    if (character != 0 && at == parser->file.size)
        return 0;
    if (character == 0)
        at--;
    return fail_at(parser, at, MES_SAY_json_not_utf8, MES_STR(""), error);
}

static int blank(struct parser *parser, char *text, struct mes_error *error)
{
    static const int sentences[] = {[MES_JSON_OPEN_COMMENT] = MES_SAY_json_open_comment,
                                    [MES_JSON_TOO_DEEP] = MES_SAY_json_too_deep,
                                    [MES_JSON_TOO_MANY] = MES_SAY_json_too_many};
    size_t offset = 0;
    enum mes_json_fault fault = mes_json_blank(text, parser->file.size, &offset);
    parser->plain = mes_str_make(text, parser->file.size);
    return fault == MES_JSON_SOUND ? 0 : fail_at(parser, offset, sentences[fault], MES_STR(""), error);
}

static int sentence_for(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return MES_SAY_json_too_short;
    case json_error_end_of_input_expected:
        return MES_SAY_json_too_long;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return MES_SAY_json_nul;
    case json_error_duplicate_key:
        return MES_SAY_json_twice;
    case json_error_numeric_overflow:
        return MES_SAY_json_number_too_large;
    default:
        return MES_SAY_json_syntax;
    }
}

/* When memory runs out jansson leaves no report, or finds a text that is whole to be no token or no text. */
static bool is_out_of_memory(const json_error_t *problem, struct mes_json_token token)
{
    struct mes_str text = mes_str_of(problem->text);
    bool is_denied = mes_str_starts(text, MES_STR("invalid token")) ||
                     mes_str_starts(text, MES_STR("string or '}' expected"));
    return text.size == 0 || (is_denied && token.kind == '"');
}

/* jansson reports the place behind the token that it could not use. Texts and words are not shown: they may
 * be a password. */
static int fail_tree(struct parser *parser, const json_error_t *problem, struct mes_error *error)
{
    enum json_error_code code = json_error_code(problem);
    struct mes_json_token token = mes_json_token_before(parser->plain, (size_t)problem->position);
    int sentence = sentence_for(code);
    if (is_out_of_memory(problem, token))
        return mes_fail_nomem(error);
    if (sentence == MES_SAY_json_syntax && (token.kind == '"' || token.kind == 'w'))
        sentence = MES_SAY_json_bad_value;
    /* What is missing at the end is missed at the end, but an open quotation mark where it stands. */
    if (code == json_error_premature_end_of_input && token.kind != '"')
        token = (struct mes_json_token){.offset = parser->file.size};
    return fail_at(parser, token.offset, sentence, mes_str_cut(parser->plain, token.offset, token.size),
                   error);
}

static int load_tree(struct parser *parser, struct mes_error *error)
{
    json_error_t problem;
    memset(&problem, 0, sizeof problem);
    parser->json->tree = json_loadb(parser->plain.data, parser->plain.size, JSON_REJECT_DUPLICATES, &problem);
    if (parser->json->tree != NULL)
        return 0;
    return fail_tree(parser, &problem, error);
}

static enum mes_json_kind kind_of(const json_t *source)
{
    switch (json_typeof(source)) {
    case JSON_OBJECT:
        return MES_JSON_OBJECT;
    case JSON_ARRAY:
        return MES_JSON_LIST;
    case JSON_STRING:
        return MES_JSON_TEXT;
    case JSON_INTEGER:
        return MES_JSON_INTEGER;
    case JSON_REAL:
        return MES_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return MES_JSON_FLAG;
    default:
        return MES_JSON_NULL;
    }
}

/* jansson's lexer goes on when memory for a long token runs out, and drops what did not fit. */
static bool is_whole(const struct parser *parser, struct mes_json_token token, size_t size)
{
    return mes_json_token_text_size(mes_str_cut(parser->plain, token.offset, token.size)) == size;
}

static bool fill_number(struct mes_json_value *value, const json_t *source)
{
    value->real = json_number_value(source);
    if (value->kind != MES_JSON_INTEGER)
        return true;
    errno = 0;
    value->integer = strtoll(value->text.data, NULL, 10);
    return errno == 0;
}

/* The words and numbers of the file are kept as well, so that a setting may be written either way. */
static bool fill(struct builder *builder, struct mes_json_value *value, struct mes_json_token token,
                 json_t *source)
{
    struct parser *parser = builder->parser;
    struct mes_str word = mes_str_cut(parser->plain, token.offset, token.size);
    value->kind = kind_of(source);
    value->offset = token.offset;
    value->size = token.size;
    value->place = place_of(parser, token.offset);
    if (value->kind == MES_JSON_FLAG)
        value->integer = json_is_true(source);
    if (value->kind == MES_JSON_TEXT) {
        value->text = mes_str_make(json_string_value(source), json_string_length(source));
        return is_whole(parser, token, value->text.size);
    }
    if (token.kind != 'w')
        return true;
    value->text = mes_str_make(mes_arena_copy(&parser->json->arena, word), word.size);
    return value->text.data != NULL && fill_number(value, source);
}

/* jansson keeps the file's order in lists and objects alike, so its next value belongs to our next token. */
static json_t *take_source(struct builder *builder)
{
    if (builder->depth == 0)
        return builder->parser->json->tree;
    struct level *level = &builder->levels[builder->depth - 1];
    if (level->value->kind == MES_JSON_LIST)
        return json_array_get(level->source, level->value->count);
    json_t *source = json_object_iter_value(level->member);
    level->member = json_object_iter_next(level->source, level->member);
    return source;
}

static void link_value(struct builder *builder, struct mes_json_value *value)
{
    if (builder->depth == 0) {
        builder->parser->json->root = value;
        return;
    }
    struct level *level = &builder->levels[builder->depth - 1];
    value->parent = level->value;
    if (level->last != NULL)
        level->last->next = value;
    else
        level->value->first = value;
    level->last = value;
    level->value->count++;
}

static void set_key(struct builder *builder, struct mes_json_value *value)
{
    value->key_offset = value->offset;
    value->key_place = value->place;
    if (builder->key.size == 0)
        return;
    value->key_offset = builder->key.offset;
    value->key_place = builder->key_place;
    builder->key.size = 0;
}

static int add_value(struct builder *builder, struct mes_json_token token)
{
    struct level *level = builder->depth > 0 ? &builder->levels[builder->depth - 1] : NULL;
    struct mes_json_value *value = mes_arena_alloc(&builder->parser->json->arena, sizeof *value);
    if (value == NULL)
        return MES_E_NOMEM;
    if (level != NULL && level->value->kind == MES_JSON_OBJECT)
        value->key = mes_str_of(json_object_iter_key(level->member));
    json_t *source = take_source(builder);
    bool is_key_whole = builder->key.size == 0 || is_whole(builder->parser, builder->key, value->key.size);
    if (!is_key_whole || !fill(builder, value, token, source))
        return MES_E_NOMEM;
    set_key(builder, value);
    link_value(builder, value);
    if (token.kind == '{' || token.kind == '[')
        builder->levels[builder->depth++] = (struct level){
            .value = value, .source = source, .member = token.kind == '{' ? json_object_iter(source) : NULL};
    return 0;
}

static void close_level(struct builder *builder, size_t end)
{
    struct mes_json_value *value = builder->levels[--builder->depth].value;
    value->size = end - value->offset;
}

static bool is_key(const struct builder *builder, struct mes_json_token token)
{
    return token.kind == '"' && builder->depth > 0 && builder->key.size == 0 &&
           builder->levels[builder->depth - 1].value->kind == MES_JSON_OBJECT;
}

/* Walks over the text once more, beside jansson's tree, which has proved that it is sound. */
static int build_values(struct parser *parser, struct mes_error *error)
{
    struct builder builder = {.parser = parser};
    struct mes_json_token token;
    count_from_start(parser);
    for (size_t at = 0; mes_json_token_next(parser->plain, &at, &token);) {
        if (token.kind == ',' || token.kind == ':')
            continue;
        if (token.kind == '}' || token.kind == ']') {
            close_level(&builder, at);
        } else if (is_key(&builder, token)) {
            builder.key = token;
            builder.key_place = place_of(parser, token.offset);
        } else if (add_value(&builder, token) != 0) {
            return mes_fail_nomem(error);
        }
    }
    return 0;
}

/* The value after `value` in the order of the file, NULL at the end. */
static const struct mes_json_value *following(const struct mes_json_value *value)
{
    if (value->first != NULL)
        return value->first;
    while (value != NULL && value->next == NULL)
        value = value->parent;
    return value != NULL ? value->next : NULL;
}

static int compare_lowered(struct mes_str a, struct mes_str b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (mes_lower(a.data[i]) != mes_lower(b.data[i]))
            return mes_lower(a.data[i]) < mes_lower(b.data[i]) ? -1 : 1;
    return a.size < b.size ? -1 : a.size > b.size;
}

/* By key, and equal ones by their place in the file. */
static int compare_members(const void *one, const void *other)
{
    const struct mes_json_value *a = *(const struct mes_json_value *const *)one;
    const struct mes_json_value *b = *(const struct mes_json_value *const *)other;
    int order = compare_lowered(a->key, b->key);
    return order != 0 ? order : a->offset < b->offset ? -1 : 1;
}

static int check_members(struct parser *parser, const struct mes_json_value *object, struct mes_error *error)
{
    const struct mes_json_value *twice = NULL;
    const struct mes_json_value **members = mes_alloc(object->count * sizeof *members);
    if (members == NULL)
        return mes_fail_nomem(error);
    size_t count = 0;
    for (const struct mes_json_value *member = object->first; member != NULL; member = member->next)
        members[count++] = member;
    qsort(members, count, sizeof *members, compare_members);
    for (size_t i = 1; i < count && twice == NULL; i++)
        if (compare_lowered(members[i - 1]->key, members[i]->key) == 0)
            twice = members[i];
    mes_free(members);
    return twice == NULL ? 0 : fail_at(parser, twice->key_offset, MES_SAY_json_twice, twice->key, error);
}

static int check_keys(struct parser *parser, struct mes_error *error)
{
    int code = 0;
    for (const struct mes_json_value *value = parser->json->root; value != NULL && code == 0;
         value = following(value))
        if (value->kind == MES_JSON_OBJECT && value->count > 1)
            code = check_members(parser, value, error);
    return code;
}

static int parse(struct parser *parser, char *text, enum mes_json_keys keys, struct mes_error *error)
{
    int code = check_utf8(parser, error);
    if (code == 0)
        code = blank(parser, text, error);
    if (code == 0)
        code = load_tree(parser, error);
    if (code == 0)
        code = build_values(parser, error);
    if (code == 0 && keys == MES_JSON_KEYS_ANY_CASE)
        code = check_keys(parser, error);
    return code;
}

int mes_json_parse(const char *name, struct mes_str text, enum mes_json_keys keys, struct mes_json **json_out,
                   struct mes_error *error)
{
    struct parser parser = {.name = name, .file = text};
    *json_out = NULL;
    if (text.size > MES_JSON_MOST_BYTES)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_json_file_too_large,
                        MES_ARGS(name, MES_NUMBER(MES_JSON_MOST_BYTES)));
    char *copy = mes_copy(text.data, text.size);
    parser.json = mes_alloc(sizeof *parser.json);
    if (copy == NULL || parser.json == NULL) {
        mes_free(copy);
        mes_free(parser.json);
        return mes_fail_nomem(error);
    }
    mes_arena_init(&parser.json->arena, SIZE_MAX); /* MES_JSON_MOST_VALUES bounds it */
    int code = parse(&parser, copy, keys, error);
    mes_wipe(copy, text.size);
    mes_free(copy);
    if (code != 0)
        mes_json_free(&parser.json);
    *json_out = parser.json;
    return code;
}

void mes_json_free(struct mes_json **json)
{
    if (*json == NULL)
        return;
    for (const struct mes_json_value *value = (*json)->root; value != NULL; value = following(value))
        if (value->kind == MES_JSON_TEXT)
            mes_wipe((char *)value->text.data, value->text.size);
    json_decref((*json)->tree);
    mes_arena_fini(&(*json)->arena);
    mes_free(*json);
    *json = NULL;
}

const struct mes_json_value *mes_json_root(const struct mes_json *json)
{
    return json->root;
}

const struct mes_json_value *mes_json_member(const struct mes_json_value *object, struct mes_str key)
{
    const struct mes_json_value *member = NULL;
    if (object != NULL && object->kind == MES_JSON_OBJECT)
        member = object->first;
    while (member != NULL && !mes_str_eq(member->key, key))
        member = member->next;
    return member;
}

const struct mes_json_value *mes_json_member_any_case(const struct mes_json_value *object, struct mes_str key)
{
    const struct mes_json_value *member = NULL;
    if (object != NULL && object->kind == MES_JSON_OBJECT)
        member = object->first;
    while (member != NULL && !mes_str_eq_nocase(member->key, key))
        member = member->next;
    return member;
}

const struct mes_json_value *mes_json_item(const struct mes_json_value *list, size_t index)
{
    const struct mes_json_value *item = NULL;
    if (list != NULL && list->kind == MES_JSON_LIST)
        item = list->first;
    while (item != NULL && index-- > 0)
        item = item->next;
    return item;
}
