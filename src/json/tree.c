#include "json/tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "i18n/say.h"
#include "json/pull.h"

struct level {
    struct mes_json_value *value, *last;
};

struct builder {
    struct mes_str text;
    struct mes_arena *arena;
    struct mes_json_pull pull;
    struct mes_json_value *root;
    size_t values_left;
    struct mes_str key; /* of the value that comes next; data NULL: it has none */
    size_t key_offset;
    struct level levels[MES_JSON_PULL_DEPTH];
    size_t depth;
};

static int fail_at(const struct builder *builder, size_t offset, int code, int sentence,
                   struct mes_error *error)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset && i < builder->text.size; i++) {
        unsigned char c = (unsigned char)builder->text.data[i];
        line += c == '\n';
        column = c == '\n' ? 1 : column + ((c & 0xC0) != 0x80);
    }
    struct mes_str near = mes_str_cut(builder->text, offset, 1);
    return mes_fail(error, code, sentence, MES_ARGS(MES_NUMBER(line), MES_NUMBER(column), MES_TEXT(near)));
}

static int fail_pull(const struct builder *builder, struct mes_error *error)
{
    static const int sentences[MES_JSON_FAULTS] = {
        [MES_JSON_FAULT_TOKEN] = MES_SAY_json_body_token, [MES_JSON_FAULT_WORD] = MES_SAY_json_body_word,
        [MES_JSON_FAULT_TEXT] = MES_SAY_json_body_text,   [MES_JSON_FAULT_UTF8] = MES_SAY_json_body_utf8,
        [MES_JSON_FAULT_NUL] = MES_SAY_json_body_nul,     [MES_JSON_FAULT_EARLY] = MES_SAY_json_body_early,
        [MES_JSON_FAULT_DEEP] = MES_SAY_json_body_deep};
    enum mes_json_pull_fault fault = builder->pull.fault;
    if (sentences[fault] == 0)
        return mes_fail_nomem(error);
    return fail_at(builder, builder->pull.offset, fault == MES_JSON_FAULT_DEEP ? MES_E_LIMIT : MES_E_INPUT,
                   sentences[fault], error);
}

static int copy_text(struct builder *builder, struct mes_str text, struct mes_str *copy_out,
                     struct mes_error *error)
{
    *copy_out = mes_str_make(mes_arena_copy(builder->arena, text), text.size);
    return copy_out->data != NULL ? 0 : mes_fail_nomem(error);
}

static int fill_number(struct builder *builder, struct mes_json_value *value, struct mes_error *error)
{
    int code = copy_text(builder, builder->pull.text, &value->text, error);
    if (code != 0)
        return code;
    errno = 0;
    value->kind = strpbrk(value->text.data, ".eE") != NULL ? MES_JSON_REAL : MES_JSON_INTEGER;
    value->real = strtod(value->text.data, NULL);
    bool fits = isfinite(value->real);
    if (value->kind == MES_JSON_INTEGER) {
        value->integer = strtoll(value->text.data, NULL, 10);
        fits = errno == 0;
    }
    return fits ? 0 : fail_at(builder, value->offset, MES_E_INPUT, MES_SAY_json_body_number, error);
}

static int fill(struct builder *builder, struct mes_json_value *value, enum mes_json_event event,
                struct mes_error *error)
{
    static const enum mes_json_kind kinds[] = {
        [MES_JSON_OPEN_OBJECT] = MES_JSON_OBJECT, [MES_JSON_OPEN_LIST] = MES_JSON_LIST,
        [MES_JSON_STRING] = MES_JSON_TEXT,        [MES_JSON_TRUE] = MES_JSON_FLAG,
        [MES_JSON_FALSE] = MES_JSON_FLAG,         [MES_JSON_NOTHING] = MES_JSON_NULL};
    value->offset = (size_t)builder->pull.offset;
    value->key_offset = builder->key_offset;
    value->key = builder->key;
    builder->key = (struct mes_str){0};
    if (event == MES_JSON_NUMBER)
        return fill_number(builder, value, error);
    value->kind = kinds[event];
    value->integer = event == MES_JSON_TRUE;
    bool is_bracket = event == MES_JSON_OPEN_OBJECT || event == MES_JSON_OPEN_LIST;
    return is_bracket ? 0 : copy_text(builder, builder->pull.text, &value->text, error);
}

static void append(struct builder *builder, struct mes_json_value *value)
{
    if (builder->depth == 0) {
        builder->root = value;
        return;
    }
    struct level *level = &builder->levels[builder->depth - 1];
    value->parent = level->value;
    level->value->count++;
    if (level->last == NULL)
        level->value->first = value;
    else
        level->last->next = value;
    level->last = value;
}

static int add_value(struct builder *builder, enum mes_json_event event, struct mes_error *error)
{
    if (builder->values_left-- == 0)
        return fail_at(builder, (size_t)builder->pull.offset, MES_E_LIMIT, MES_SAY_json_body_many, error);
    struct mes_json_value *value = mes_arena_alloc(builder->arena, sizeof *value);
    if (value == NULL)
        return mes_fail_nomem(error);
    int code = fill(builder, value, event, error);
    if (code != 0)
        return code;
    append(builder, value);
    value->size = builder->pull.at - value->offset;
    if (value->kind == MES_JSON_OBJECT || value->kind == MES_JSON_LIST)
        builder->levels[builder->depth++] = (struct level){value, NULL};
    return 0;
}

static int compare_keys(const void *one, const void *other)
{
    const struct mes_json_value *a = *(const struct mes_json_value *const *)one;
    const struct mes_json_value *b = *(const struct mes_json_value *const *)other;
    size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order = memcmp(a->key.data, b->key.data, size);
    if (order == 0 && a->key.size != b->key.size)
        order = a->key.size < b->key.size ? -1 : 1;
    return order != 0 ? order : a->offset < b->offset ? -1 : 1;
}

/* Few keys are compared with each other; many are sorted, so that a flood of them costs no square. */
static int find_twice_among_many(const struct mes_json_value *object, const struct mes_json_value **twice_out)
{
    size_t count = 0;
    const struct mes_json_value **members = mes_alloc(object->count * sizeof *members);
    if (members == NULL)
        return MES_E_NOMEM;
    for (const struct mes_json_value *member = object->first; member != NULL; member = member->next)
        members[count++] = member;
    qsort(members, count, sizeof *members, compare_keys);
    for (size_t i = 1; i < count && *twice_out == NULL; i++)
        if (mes_str_eq(members[i - 1]->key, members[i]->key))
            *twice_out = members[i];
    mes_free(members);
    return 0;
}

static int check_keys(const struct builder *builder, const struct mes_json_value *object,
                      struct mes_error *error)
{
    const struct mes_json_value *twice = NULL;
    if (object->count > 16) {
        if (find_twice_among_many(object, &twice) != 0)
            return mes_fail_nomem(error);
    } else {
        for (const struct mes_json_value *a = object->first; a != NULL && twice == NULL; a = a->next)
            for (const struct mes_json_value *b = object->first; b != a && twice == NULL; b = b->next)
                twice = mes_str_eq(a->key, b->key) ? a : NULL;
    }
    return twice == NULL ? 0
                         : fail_at(builder, twice->key_offset, MES_E_INPUT, MES_SAY_json_body_twice, error);
}

static int close_value(struct builder *builder, struct mes_error *error)
{
    struct mes_json_value *value = builder->levels[--builder->depth].value;
    value->size = builder->pull.at - value->offset;
    return value->kind == MES_JSON_OBJECT ? check_keys(builder, value, error) : 0;
}

static int take(struct builder *builder, enum mes_json_event event, struct mes_error *error)
{
    switch (event) {
    case MES_JSON_KEY:
        builder->key_offset = (size_t)builder->pull.offset;
        return copy_text(builder, builder->pull.text, &builder->key, error);
    case MES_JSON_CLOSE_OBJECT:
    case MES_JSON_CLOSE_LIST:
        return close_value(builder, error);
    case MES_JSON_BROKEN:
        return fail_pull(builder, error);
    default:
        return add_value(builder, event, error);
    }
}

int mes_json_tree(struct mes_str text, size_t most_values, struct mes_arena *arena,
                  const struct mes_json_value **root_out, struct mes_error *error)
{
    struct builder builder = {.text = text, .arena = arena, .values_left = most_values};
    int code = 0;
    mes_json_pull_init(&builder.pull, SIZE_MAX);
    mes_json_pull_feed(&builder.pull, text);
    mes_json_pull_end(&builder.pull);
    enum mes_json_event event = mes_json_pull_next(&builder.pull);
    for (; code == 0 && event != MES_JSON_DONE; event = mes_json_pull_next(&builder.pull))
        code = take(&builder, event, error);
    mes_json_pull_fini(&builder.pull);
    *root_out = code == 0 ? builder.root : NULL;
    return code;
}
