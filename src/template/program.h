/* The compiled form of a template: private to parse and render. */
#ifndef MES_TEMPLATE_PROGRAM_H
#define MES_TEMPLATE_PROGRAM_H

#include "base/arena.h"
#include "template/filter.h"
#include "template/place.h"
#include "template/template.h"

enum { MES_TEMPLATE_SECTIONS = 64, MES_TEMPLATE_PARTIALS = 32, MES_TEMPLATE_STEPS = 100000 };

enum mes_template_op_kind {
    MES_OP_TEXT,     /* text as it is */
    MES_OP_INDENT,   /* a line of a partial begins: what its tag was indented by */
    MES_OP_VALUE,    /* {{text}} */
    MES_OP_RAW,      /* {{{text}}} */
    MES_OP_SECTION,  /* {{#text}}; target: behind its END */
    MES_OP_INVERTED, /* {{^text}}; target: behind its END */
    MES_OP_END,      /* {{/text}}; target: behind its SECTION */
    MES_OP_CALL,     /* {{>text}}; target: first of the partial; indentation when it stands on a line alone */
    MES_OP_RETURN    /* end of the template or of a partial */
};

struct mes_template_op {
    enum mes_template_op_kind kind;
    enum mes_template_place place;
    uint32_t line, column; /* from 1 */
    uint32_t target;
    bool is_alone;              /* CALL */
    struct mes_str text;        /* in the arena */
    struct mes_str indentation; /* CALL */
    const struct mes_template_filter *filters;
    const char *source; /* the template's or partial's name, in the arena */
};

struct mes_template {
    struct mes_arena arena;
    struct mes_template_op *ops;
    size_t count, capacity;
    struct mes_template_zone zone;
    bool is_lenient;
};

/* "name:line:column" in `out`, for the first argument of every sentence. */
const char *mes_template_where(char out[160], const char *source, uint32_t line, uint32_t column);

#endif
