#include "base/error.h"
#include "i18n/say.h"
#include "template/escape.h"
#include "template/program.h"

/* Sections that may be open at once, those of partials included. */
enum { FRAMES = 256, VALUE_BYTES = 1024 * 1024, INDENT_BYTES = 4096 };

/* An open section, or a partial that was called. */
struct frame {
    const struct mes_template_op *op; /* SECTION, INVERTED or CALL */
    const struct mes_values *outer;   /* the scope to go back to */
    struct mes_values scope;          /* section: the value it shows */
    const struct mes_value *items;    /* section over a list: … */
    size_t next, count;               /* … what is left of it */
    size_t indent_begin, indent_end;  /* CALL: the caller's part of `indent` */
};

struct run {
    const struct mes_template *template;
    const struct mes_template_op *op; /* the next one */
    const struct mes_values *scope;
    struct frame frames[FRAMES];
    size_t depth, partials;
    struct mes_buf indent; /* what lines of the partial under way are indented by: from indent_begin on */
    size_t indent_begin;
    struct mes_buf scratch[2]; /* what filters make */
    struct mes_buf *out;
    struct mes_error *error;
};

static int fail(const struct run *run, const struct mes_template_op *op, int code, int sentence,
                struct mes_str value)
{
    char where[160];
    mes_template_where(where, op->source, op->line, op->column);
    return mes_fail(run->error, code, sentence, MES_ARGS(where, MES_TEXT(op->text), MES_TEXT(value)));
}

static int fail_limit(const struct run *run, int sentence, int limit)
{
    char where[160];
    mes_template_where(where, run->op->source, run->op->line, run->op->column);
    return mes_fail(run->error, MES_E_LIMIT, sentence, MES_ARGS(where, MES_NUMBER(limit)));
}

static const struct mes_value *member_of(const struct mes_value *map, struct mes_str name)
{
    if (map->type == MES_VALUE_MAP)
        for (size_t i = 0; i < map->count; i++)
            if (mes_str_eq(map->members[i].name, name))
                return &map->members[i].value;
    return NULL;
}

/* "a.b.c": a in the nearest scope that has it, then members of that alone. NULL: there is no such value. */
static const struct mes_value *find(const struct run *run, struct mes_str name)
{
    struct mes_str part;
    const struct mes_value *value = NULL;
    if (mes_str_eq(name, MES_STR(".")))
        return run->scope != NULL ? &run->scope->value : NULL;
    mes_str_next(&name, '.', &part);
    for (const struct mes_values *scope = run->scope; scope != NULL && value == NULL; scope = scope->outer)
        value = member_of(&scope->value, part);
    while (value != NULL && mes_str_next(&name, '.', &part))
        value = member_of(value, part);
    return value;
}

static bool is_true(const struct mes_value *value)
{
    if (value == NULL)
        return false;
    switch (value->type) {
    case MES_VALUE_BOOL:
        return value->truth;
    case MES_VALUE_TEXT:
        return value->text.size > 0;
    case MES_VALUE_LIST:
        return value->count > 0;
    case MES_VALUE_MAP:
        return true;
    case MES_VALUE_NONE:
        break;
    }
    return false;
}

static int text_of(const struct run *run, const struct mes_value *value, struct mes_str *text_out)
{
    *text_out = (struct mes_str){"", 0};
    if (value == NULL || value->type == MES_VALUE_NONE)
        return 0;
    if (value->type == MES_VALUE_LIST || value->type == MES_VALUE_MAP)
        return fail(run, run->op, MES_E_INPUT, MES_SAY_template_not_text, *text_out);
    if (value->type == MES_VALUE_BOOL)
        *text_out = value->truth ? MES_STR("true") : MES_STR("false");
    else
        *text_out = value->text;
    return 0;
}

/* Runs the filters over `*text`; `*is_there` turns true when a default was taken. */
static int filter(struct run *run, struct mes_str *text, bool *is_there)
{
    size_t turn = 0;
    for (const struct mes_template_filter *f = run->op->filters; f != NULL; f = f->next) {
        if (f->kind == MES_FILTER_DEFAULT) {
            *is_there = true;
            if (text->size == 0)
                *text = f->argument;
            continue;
        }
        if (text->size == 0)
            continue;
        struct mes_buf *made = &run->scratch[turn++ % 2];
        mes_buf_clear(made);
        if (!mes_template_filter_apply(f, &run->template->zone, *text, made))
            return fail(run, run->op, MES_E_INPUT, MES_SAY_template_not_a_date, *text);
        if (made->failed != 0)
            return mes_buf_check(made, run->error);
        *text = mes_buf_str(made);
    }
    return 0;
}

static int refuse(const struct run *run, enum mes_template_refusal refusal, struct mes_str value)
{
    static const int sentences[] = {
        [MES_REFUSED_LINE_END] = MES_SAY_template_line_end,
        [MES_REFUSED_SCHEME] = MES_SAY_template_scheme,
        [MES_REFUSED_CSS] = MES_SAY_template_css,
        [MES_REFUSED_NAME] = MES_SAY_template_tag_name,
    };
    if (refusal == MES_REFUSED_NOT)
        return 0;
    return fail(run, run->op, MES_E_INPUT, sentences[refusal], value);
}

static int write_value(struct run *run)
{
    const struct mes_template_op *op = run->op;
    const struct mes_value *value = find(run, op->text);
    bool is_there = value != NULL || run->template->is_lenient;
    struct mes_str text;
    int code = text_of(run, value, &text);
    if (code == 0)
        code = filter(run, &text, &is_there);
    if (code != 0)
        return code;
    if (!is_there)
        return fail(run, op, MES_E_INPUT, MES_SAY_template_missing, text);
    if (op->kind == MES_OP_VALUE)
        return refuse(run, mes_template_escape(op->place, text, run->out), text);
    mes_buf_add_str(run->out, text);
    return refuse(run, mes_template_check_raw(op->place, text), text);
}

static const struct mes_template_op *target(const struct run *run, const struct mes_template_op *op)
{
    return run->template->ops + op->target;
}

/* NULL when there are too many. */
static struct frame *push(struct run *run)
{
    if (run->depth == FRAMES)
        return NULL;
    struct frame *frame = &run->frames[run->depth++];
    *frame = (struct frame){.op = run->op, .outer = run->scope};
    return frame;
}

/* Shows the section's value, or the next item of its list. */
static void enter(struct run *run, struct frame *frame, const struct mes_value *value)
{
    frame->scope = (struct mes_values){*value, frame->outer};
    run->scope = &frame->scope;
    run->op = frame->op + 1;
}

static int begin_section(struct run *run)
{
    const struct mes_value *value = find(run, run->op->text);
    bool is_inverted = run->op->kind == MES_OP_INVERTED;
    if (is_true(value) == is_inverted) {
        run->op = target(run, run->op);
        return 0;
    }
    struct frame *frame = push(run);
    if (frame == NULL)
        return fail_limit(run, MES_SAY_template_too_deep, FRAMES);
    if (is_inverted) {
        run->op++;
        return 0;
    }
    if (value->type == MES_VALUE_LIST) {
        frame->items = value->items;
        frame->count = value->count;
        value = &frame->items[frame->next++];
    }
    enter(run, frame, value);
    return 0;
}

static void end_section(struct run *run)
{
    struct frame *frame = &run->frames[run->depth - 1];
    if (frame->next < frame->count) {
        enter(run, frame, &frame->items[frame->next++]);
        return;
    }
    run->scope = frame->outer;
    run->depth--;
    run->op++;
}

/* A partial on a line alone adds its indentation to what its caller's lines have; one within a line has none.
 */
static int call(struct run *run)
{
    const struct mes_template_op *op = run->op;
    if (run->partials == MES_TEMPLATE_PARTIALS)
        return fail_limit(run, MES_SAY_template_too_deep, MES_TEMPLATE_PARTIALS);
    struct frame *frame = push(run);
    if (frame == NULL)
        return fail_limit(run, MES_SAY_template_too_deep, FRAMES);
    run->partials++;
    frame->indent_begin = run->indent_begin;
    frame->indent_end = run->indent.size;
    if (op->is_alone)
        mes_buf_add_str(&run->indent, op->indentation);
    else
        run->indent_begin = run->indent.size;
    run->op = target(run, op);
    return mes_buf_check(&run->indent, run->error);
}

/* True at the end of the template itself. */
static bool leave(struct run *run)
{
    if (run->depth == 0)
        return true;
    const struct frame *frame = &run->frames[--run->depth];
    run->partials--;
    run->indent_begin = frame->indent_begin;
    mes_buf_truncate(&run->indent, frame->indent_end);
    run->op = frame->op + 1;
    return false;
}

/* One op; `*is_done_out` at the end. */
static int step(struct run *run, bool *is_done_out)
{
    int code = 0;
    switch (run->op->kind) {
    case MES_OP_TEXT:
        mes_buf_add_str(run->out, run->op->text);
        break;
    case MES_OP_INDENT:
        mes_buf_add_str(run->out, mes_str_skip(mes_buf_str(&run->indent), run->indent_begin));
        break;
    case MES_OP_VALUE:
    case MES_OP_RAW:
        code = write_value(run);
        break;
    case MES_OP_SECTION:
    case MES_OP_INVERTED:
        return begin_section(run);
    case MES_OP_END:
        end_section(run);
        return 0;
    case MES_OP_CALL:
        return call(run);
    case MES_OP_RETURN:
        *is_done_out = leave(run);
        return 0;
    }
    run->op++;
    return code;
}

static int run_all(struct run *run)
{
    bool is_done = false;
    int code = 0;
    for (size_t steps = 0; code == 0 && !is_done; steps++) {
        if (steps == MES_TEMPLATE_STEPS)
            return fail_limit(run, MES_SAY_template_too_many_steps, MES_TEMPLATE_STEPS);
        code = step(run, &is_done);
        if (code == 0 && run->out->failed != 0)
            code = mes_buf_check(run->out, run->error);
    }
    return code;
}

int mes_template_render(const struct mes_template *template, const struct mes_values *values,
                        struct mes_buf *out, struct mes_error *error)
{
    size_t before = out->size;
    int failed_before = out->failed;
    struct run run = {.template = template, .op = template->ops, .scope = values, .out = out, .error = error};
    mes_buf_init(&run.indent, INDENT_BYTES);
    mes_buf_init(&run.scratch[0], VALUE_BYTES);
    mes_buf_init(&run.scratch[1], VALUE_BYTES);
    int code = run_all(&run);
    mes_buf_fini(&run.indent);
    mes_buf_fini(&run.scratch[0]);
    mes_buf_fini(&run.scratch[1]);
    if (code != 0) {
        mes_buf_truncate(out, before);
        out->failed = failed_before;
    }
    return code;
}
