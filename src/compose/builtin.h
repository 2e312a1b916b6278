/* The templates that are compiled in: src/compose/builtin as tools/embed makes it. */
#ifndef MES_COMPOSE_BUILTIN_H
#define MES_COMPOSE_BUILTIN_H

#include <stddef.h>

struct mes_compose_builtin {
    const char *name;     /* "Register" */
    const char *language; /* "zh-HK" */
    const char *html;
};

extern const struct mes_compose_builtin mes_compose_builtins[];
extern const size_t mes_compose_builtin_count;

#endif
