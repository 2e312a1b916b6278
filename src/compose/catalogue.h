/* The templates that there are: files of the template folder and the built-in ones. */
#ifndef MES_COMPOSE_CATALOGUE_H
#define MES_COMPOSE_CATALOGUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "compose/builtin.h"

struct mes_compose_entry {
    struct mes_str name;     /* "Register" */
    struct mes_str language; /* "zh-HK" */
    const char *file;        /* in the folder: "register_ZH-hk.html"; of a built-in one, its name */
    bool is_text;            /* the .txt beside a .html */
    const struct mes_compose_builtin *builtin; /* NULL: a file */
};

/* Sorted by name, language and file, whatever their case. Lives in the arena. */
struct mes_compose_catalogue {
    struct mes_arena arena;
    struct mes_compose_entry *entries;
    size_t count, capacity;
    int failed; /* 0 or a code */
};

/* Lists the folder (NULL: none) and the built-in templates. Always fini it. */
int mes_compose_catalogue_init(struct mes_compose_catalogue *catalogue, const char *folder,
                               struct mes_error *error) MES_MUST_USE;
void mes_compose_catalogue_fini(struct mes_compose_catalogue *catalogue);

/* The text twin of `entry`, or NULL. */
const struct mes_compose_entry *mes_compose_catalogue_twin(const struct mes_compose_catalogue *catalogue,
                                                           const struct mes_compose_entry *entry);

/* The template `name` in the best language there is (see compose/template.h), or NULL. `fall_back` as in
 * struct mes_compose_wish. */
const struct mes_compose_entry *mes_compose_catalogue_find(const struct mes_compose_catalogue *catalogue,
                                                           struct mes_str name, struct mes_str language,
                                                           struct mes_str fall_back);

/* "Register (en-US, zh-CN), Welcome (zh-HK)" */
void mes_compose_catalogue_describe(const struct mes_compose_catalogue *catalogue, struct mes_buf *out);

#endif
