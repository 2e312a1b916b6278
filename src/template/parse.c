#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "template/program.h"
#include "template/tag.h"

enum {
    SOURCE_BYTES = 32 * 1024 * 1024,
    MEMORY_BYTES = 256 * 1024 * 1024,
    OPS = 1000000,
    BLOCKS = 128 /* partials, counted again for each kind of place they stand in */
};

struct section {
    struct mes_str name;
    uint32_t op;
    struct mes_template_position before;
};

/* The template itself, or a partial. */
struct block {
    const char *name;
    struct mes_str text;
    struct mes_template_position start;
    uint32_t first_op;
};

struct parser {
    const struct mes_template_source *source;
    struct mes_template *template;
    struct mes_error *error;
    struct block blocks[BLOCKS];
    size_t block_count;
    /* The block under way. */
    struct block *block;
    bool is_old_form;
    struct mes_template_delimiters delimiters;
    struct mes_template_position position;
    struct section sections[MES_TEMPLATE_SECTIONS];
    size_t section_count;
    size_t at;      /* what is before is done */
    size_t counted; /* line and column are those of this offset */
    uint32_t line, column;
};

static void count_to(struct parser *parser, size_t at)
{
    for (; parser->counted < at; parser->counted++) {
        unsigned char c = (unsigned char)parser->block->text.data[parser->counted];
        if (c == '\n') {
            parser->line++;
            parser->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            parser->column++;
        }
    }
}

/* The sentence with the current line and column as {1}. */
static int fail(struct parser *parser, int sentence, struct mes_str second, struct mes_str third)
{
    char where[160];
    mes_template_where(where, parser->block->name, parser->line, parser->column);
    return mes_fail(parser->error, MES_E_INPUT, sentence, MES_ARGS(where, MES_TEXT(second), MES_TEXT(third)));
}

static int fail_limit(struct parser *parser, int sentence, const char *limit)
{
    char where[160];
    mes_template_where(where, parser->block->name, parser->line, parser->column);
    return mes_fail(parser->error, MES_E_LIMIT, sentence, MES_ARGS(where, limit));
}

static const struct mes_str nothing = {"", 0};

static int add_op(struct parser *parser, const struct mes_template_op *op)
{
    struct mes_template *template = parser->template;
    if (template->count == OPS)
        return fail_limit(parser, MES_SAY_template_too_big, MES_NUMBER(OPS));
    if (template->count == template->capacity) {
        size_t capacity = template->capacity > 0 ? template->capacity * 2 : 16;
        struct mes_template_op *ops = mes_realloc(template->ops, capacity * sizeof *ops);
        if (ops == NULL)
            return mes_fail_nomem(parser->error);
        template->ops = ops;
        template->capacity = capacity;
    }
    template->ops[template->count] = *op;
    template->ops[template->count].line = parser->line;
    template->ops[template->count].column = parser->column;
    template->ops[template->count].source = parser->block->name;
    template->count++;
    return 0;
}

static int add_literal(struct parser *parser, struct mes_str text)
{
    if (text.size == 0)
        return 0;
    if (parser->source->kind == MES_TEMPLATE_HTML)
        mes_template_position_read(&parser->position, text);
    return add_op(parser, &(struct mes_template_op){.kind = MES_OP_TEXT, .text = text});
}

/* In a partial every line that is written begins with its tag's indentation. */
static int add_indent(struct parser *parser, size_t at)
{
    bool is_partial = parser->block != parser->blocks;
    bool is_line_begin = at == 0 || parser->block->text.data[at - 1] == '\n';
    if (!is_partial || !is_line_begin)
        return 0;
    return add_op(parser, &(struct mes_template_op){.kind = MES_OP_INDENT});
}

static int check_literal(struct parser *parser, struct mes_str text)
{
    if (parser->source->kind != MES_TEMPLATE_HEADER)
        return 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0') {
            count_to(parser, parser->at + i);
            return fail(parser, MES_SAY_template_header_line_end, nothing, nothing);
        }
    return 0;
}

/* Everything up to `end`, line by line in partials. */
static int parse_literal(struct parser *parser, size_t end)
{
    struct mes_str text = mes_str_cut(parser->block->text, parser->at, end - parser->at);
    int code = check_literal(parser, text);
    bool is_partial = parser->block != parser->blocks;
    while (code == 0 && parser->at < end) {
        const char *from = parser->block->text.data + parser->at;
        const char *line_end = is_partial ? memchr(from, '\n', end - parser->at) : NULL;
        size_t size = line_end != NULL ? (size_t)(line_end - from) + 1 : end - parser->at;
        code = add_indent(parser, parser->at);
        if (code == 0)
            code = add_literal(parser, mes_str_make(from, size));
        parser->at += size;
    }
    return code;
}

static enum mes_template_place put_value(struct parser *parser)
{
    switch (parser->source->kind) {
    case MES_TEMPLATE_HTML:
        return mes_template_position_put(&parser->position);
    case MES_TEMPLATE_HEADER:
        return MES_PLACE_HEADER;
    case MES_TEMPLATE_TEXT:
        break;
    }
    return MES_PLACE_PLAIN;
}

static int parse_filters(struct parser *parser, struct mes_str text, struct mes_template_op *op)
{
    struct mes_str problem;
    int sentence = mes_template_filter_parse(&parser->template->arena, text, &op->filters, &problem);
    if (sentence == MES_ERROR_NOMEM)
        return mes_fail_nomem(parser->error);
    return sentence != 0 ? fail(parser, sentence, problem, nothing) : 0;
}

static int parse_variable(struct parser *parser, const struct mes_template_tag *tag)
{
    struct mes_template_op op = {.kind = tag->kind == '\0' ? MES_OP_VALUE : MES_OP_RAW};
    size_t bar = mes_str_find(tag->content, MES_STR("|"), 0);
    op.text = mes_str_trim(mes_str_cut(tag->content, 0, bar));
    op.place = put_value(parser);
    if (!mes_template_tag_is_name(op.text))
        return fail(parser, MES_SAY_template_bad_name, op.text, nothing);
    if (op.kind == MES_OP_VALUE && op.place == MES_PLACE_SCRIPT)
        return fail(parser, MES_SAY_template_in_script, op.text, nothing);
    int code = bar != SIZE_MAX ? parse_filters(parser, mes_str_skip(tag->content, bar + 1), &op) : 0;
    return code != 0 ? code : add_op(parser, &op);
}

static int parse_section(struct parser *parser, const struct mes_template_tag *tag)
{
    if (!mes_template_tag_is_name(tag->content))
        return fail(parser, MES_SAY_template_bad_name, tag->content, nothing);
    if (parser->section_count == MES_TEMPLATE_SECTIONS)
        return fail_limit(parser, MES_SAY_template_too_deep, MES_NUMBER(MES_TEMPLATE_SECTIONS));
    parser->sections[parser->section_count++] =
        (struct section){tag->content, (uint32_t)parser->template->count, parser->position};
    return add_op(parser,
                  &(struct mes_template_op){.kind = tag->kind == '#' ? MES_OP_SECTION : MES_OP_INVERTED,
                                            .text = tag->content});
}

static int parse_section_end(struct parser *parser, const struct mes_template_tag *tag)
{
    if (parser->section_count == 0)
        return fail(parser, MES_SAY_template_stray_end, tag->content, nothing);
    const struct section *section = &parser->sections[--parser->section_count];
    if (!mes_str_eq(section->name, tag->content))
        return fail(parser, MES_SAY_template_wrong_end, tag->content, section->name);
    if (!mes_template_position_join(&parser->position, &section->before) && !parser->source->is_lenient)
        return fail(parser, MES_SAY_template_halfway, section->name, nothing);
    int code = add_op(parser, &(struct mes_template_op){
                                  .kind = MES_OP_END, .text = tag->content, .target = section->op + 1});
    if (code == 0)
        parser->template->ops[section->op].target = (uint32_t)parser->template->count;
    return code;
}

/* A copy that lives as long as the template; data NULL when memory is used up. */
static struct mes_str keep(struct parser *parser, struct mes_str text)
{
    return mes_str_make(mes_arena_copy(&parser->template->arena, text), text.size);
}

static bool is_same_partial(const struct block *block, struct mes_str name)
{
    return mes_str_eq(mes_str_of(block->name), name);
}

/* The text of a partial: loaded once, whatever places it stands in. */
static int find_partial(struct parser *parser, struct mes_str name, struct block *block_out)
{
    struct mes_str text;
    for (size_t i = 1; i < parser->block_count; i++)
        if (is_same_partial(&parser->blocks[i], name)) {
            *block_out = parser->blocks[i];
            return 0;
        }
    const struct mes_template_source *source = parser->source;
    if (source->find_partial == NULL || !source->find_partial(source->partial_context, name, &text))
        return fail(parser, MES_SAY_template_no_partial, name, nothing);
    if (text.size > SOURCE_BYTES)
        return fail_limit(parser, MES_SAY_template_too_big, MES_NUMBER(SOURCE_BYTES));
    block_out->name = keep(parser, name).data;
    block_out->text = keep(parser, text);
    return block_out->name != NULL && block_out->text.data != NULL ? 0 : mes_fail_nomem(parser->error);
}

static int find_block(struct parser *parser, struct mes_str name, uint32_t *index_out)
{
    struct block block = {0};
    for (uint32_t i = 1; i < parser->block_count; i++)
        if (is_same_partial(&parser->blocks[i], name) &&
            mes_template_position_eq(&parser->blocks[i].start, &parser->position)) {
            *index_out = i;
            return 0;
        }
    int code = find_partial(parser, name, &block);
    if (code != 0)
        return code;
    if (parser->block_count == BLOCKS)
        return fail_limit(parser, MES_SAY_template_too_big, MES_NUMBER(BLOCKS));
    block.start = parser->position;
    *index_out = (uint32_t)parser->block_count;
    parser->blocks[parser->block_count++] = block;
    return 0;
}

static int parse_partial(struct parser *parser, const struct mes_template_tag *tag)
{
    struct mes_template_op op = {.kind = MES_OP_CALL, .text = tag->content, .is_alone = tag->is_alone};
    if (tag->is_alone)
        op.indentation = mes_str_cut(parser->block->text, tag->line_begin, tag->begin - tag->line_begin);
    int code = find_block(parser, tag->content, &op.target);
    if (code == MES_E_INPUT && parser->source->is_lenient)
        return 0;
    return code != 0 ? code : add_op(parser, &op);
}

static int parse_tag(struct parser *parser, const struct mes_template_tag *tag)
{
    switch (tag->kind) {
    case '!':
        return 0;
    case '=':
        return mes_template_tag_delimiters(tag->content, &parser->delimiters)
                   ? 0
                   : fail(parser, MES_SAY_template_bad_delimiters, tag->content, nothing);
    case '#':
    case '^':
        return parse_section(parser, tag);
    case '/':
        return parse_section_end(parser, tag);
    case '>':
        return parse_partial(parser, tag);
    default:
        return parse_variable(parser, tag);
    }
}

static enum mes_template_scan next_tag(struct parser *parser, struct mes_template_tag *tag)
{
    const struct block *block = parser->block;
    const struct mes_template_source *source = parser->source;
    if (!parser->is_old_form)
        return mes_template_tag_next(block->text, parser->at, &parser->delimiters, tag);
    enum mes_template_scan scan =
        mes_template_tag_next_old(block->text, parser->at, source->old_names, source->old_name_count, tag);
    if (scan == MES_SCAN_TAG)
        tag->content = keep(parser, tag->content);
    return scan;
}

/* One tag and the literal before it. */
static int parse_next(struct parser *parser, const struct mes_template_tag *tag)
{
    int code = parse_literal(parser, tag->is_alone ? tag->line_begin : tag->begin);
    count_to(parser, tag->begin);
    if (code == 0 && !tag->is_alone && parser->at == tag->begin)
        code = add_indent(parser, tag->begin);
    if (code == 0)
        code = tag->content.data == NULL ? mes_fail_nomem(parser->error) : parse_tag(parser, tag);
    parser->at = tag->is_alone ? tag->line_end : tag->end;
    return code;
}

static void begin_block(struct parser *parser, struct block *block)
{
    parser->block = block;
    block->first_op = (uint32_t)parser->template->count;
    parser->is_old_form =
        parser->source->old_name_count > 0 && mes_str_find(block->text, MES_STR("{{"), 0) == SIZE_MAX;
    parser->delimiters = (struct mes_template_delimiters){MES_STR("{{"), MES_STR("}}")};
    parser->position = block->start;
    parser->at = parser->counted = 0;
    parser->line = parser->column = 1;
    if (mes_str_starts(block->text, MES_STR("\xEF\xBB\xBF")))
        block->text = mes_str_skip(block->text, 3);
}

static int end_block(struct parser *parser)
{
    const struct block *block = parser->block;
    bool is_partial = block != parser->blocks;
    if (parser->section_count > 0) {
        const struct section *section = &parser->sections[parser->section_count - 1];
        parser->line = parser->template->ops[section->op].line;
        parser->column = parser->template->ops[section->op].column;
        return fail(parser, MES_SAY_template_unclosed_section, section->name, nothing);
    }
    if (is_partial && !mes_template_position_join(&parser->position, &block->start) &&
        !parser->source->is_lenient)
        return fail(parser, MES_SAY_template_halfway, mes_str_of(block->name), nothing);
    return add_op(parser, &(struct mes_template_op){.kind = MES_OP_RETURN});
}

static int parse_block(struct parser *parser, struct block *block)
{
    struct mes_template_tag tag;
    int code = 0;
    begin_block(parser, block);
    while (code == 0) {
        enum mes_template_scan scan = next_tag(parser, &tag);
        if (scan == MES_SCAN_UNCLOSED) {
            count_to(parser, tag.begin);
            return fail(parser, MES_SAY_template_unclosed_tag, parser->delimiters.close, nothing);
        }
        if (scan == MES_SCAN_NONE)
            break;
        code = parse_next(parser, &tag);
    }
    if (code == 0)
        code = parse_literal(parser, parser->block->text.size);
    return code != 0 ? code : end_block(parser);
}

/* Partials are found while blocks are parsed, and parsed one after the other: no recursion, and one that
 * calls itself is a block that is there already. */
static int parse_blocks(struct parser *parser)
{
    struct mes_template *template = parser->template;
    int code = 0;
    for (size_t i = 0; i < parser->block_count && code == 0; i++)
        code = parse_block(parser, &parser->blocks[i]);
    for (size_t i = 0; i < template->count && code == 0; i++)
        if (template->ops[i].kind == MES_OP_CALL)
            template->ops[i].target = parser->blocks[template->ops[i].target].first_op;
    return code;
}

int mes_template_parse(const struct mes_template_source *source, struct mes_template **template_out,
                       struct mes_error *error)
{
    int code = 0;
    *template_out = NULL;
    if (source->text.size > SOURCE_BYTES)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(SOURCE_BYTES)));
    struct mes_template *template = mes_alloc(sizeof *template);
    struct parser *parser = mes_alloc(sizeof *parser);
    if (template == NULL || parser == NULL) {
        code = mes_fail_nomem(error);
        goto out;
    }
    mes_arena_init(&template->arena, MEMORY_BYTES);
    template->zone = (struct mes_template_zone){source->utc_offset, source->zone};
    template->is_lenient = source->is_lenient;
    *parser = (struct parser){.source = source, .template = template, .error = error, .block_count = 1};
    parser->blocks[0].name = keep(parser, source->name).data;
    parser->blocks[0].text = keep(parser, source->text);
    if (parser->blocks[0].name == NULL || parser->blocks[0].text.data == NULL)
        code = mes_fail_nomem(error);
    else
        code = parse_blocks(parser);
out:
    mes_free(parser);
    if (code != 0)
        mes_template_free(&template);
    *template_out = template;
    return code;
}
