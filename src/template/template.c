#include "template/template.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "template/program.h"

struct mes_value mes_template_value_text(struct mes_str text)
{
    return (struct mes_value){.type = MES_VALUE_TEXT, .text = text};
}

struct mes_value mes_template_value_map(const struct mes_variable *members, size_t count)
{
    return (struct mes_value){.type = MES_VALUE_MAP, .members = members, .count = count};
}

const char *mes_template_where(char out[160], const char *source, uint32_t line, uint32_t column)
{
    char name[120];
    (void)snprintf(out, 160, "%s:%u:%u", mes_shown_text(name, sizeof name, mes_str_of(source)), line, column);
    return out;
}

void mes_template_free(struct mes_template **template)
{
    if (*template == NULL)
        return;
    mes_arena_fini(&(*template)->arena);
    mes_free((*template)->ops);
    mes_free(*template);
    *template = NULL;
}

static bool has_default(const struct mes_template_op *op)
{
    for (const struct mes_template_filter *filter = op->filters; filter != NULL; filter = filter->next)
        if (filter->kind == MES_FILTER_DEFAULT)
            return true;
    return false;
}

static bool is_named(const struct mes_template_op *op)
{
    return op->kind == MES_OP_VALUE || op->kind == MES_OP_RAW || op->kind == MES_OP_SECTION ||
           op->kind == MES_OP_INVERTED;
}

size_t mes_template_size(const struct mes_template *template)
{
    if (template == NULL)
        return 0;
    return sizeof *template + mes_arena_size(&template->arena) + template->capacity * sizeof *template->ops;
}

bool mes_template_is_fixed(const struct mes_template *template)
{
    for (size_t i = 0; i < template->count; i++)
        if (is_named(&template->ops[i]))
            return false;
    return true;
}

void mes_template_each_name(const struct mes_template *template,
                            void (*each)(void *context, struct mes_str name, bool is_required), void *context)
{
    size_t depth = 0;
    for (size_t i = 0; i < template->count; i++) {
        const struct mes_template_op *op = &template->ops[i];
        bool is_variable = op->kind == MES_OP_VALUE || op->kind == MES_OP_RAW;
        if (is_named(op))
            each(context, op->text, is_variable && depth == 0 && !has_default(op));
        if (op->kind == MES_OP_SECTION || op->kind == MES_OP_INVERTED)
            depth++;
        else if (op->kind == MES_OP_END)
            depth--;
    }
}
