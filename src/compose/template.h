/* Finding a mail template by its name and language: in the template folder, else built in. */
#ifndef MES_COMPOSE_TEMPLATE_H
#define MES_COMPOSE_TEMPLATE_H

#include "template/template.h"

struct mes_compose_wish {
    /* The template folder, with files such as Register_zh-HK.html, whatever their case; NULL: none. */
    const char *folder;
    struct mes_str name;     /* "Register" or "0", "ForgetPassword" or "1", or another of [A-Za-z0-9._-] */
    struct mes_str language; /* "zh-HK"; empty: the first of the fall-back */
    /* Languages in order, parted by blanks, ',' or ';'; empty: zh-HK zh-TW zh-CN en-US. */
    struct mes_str fall_back;
    /* For the date filter, as in struct mes_template_source. */
    int32_t (*utc_offset)(const void *zone, int64_t utc_seconds);
    const void *zone;
};

struct mes_compose_partial {
    struct mes_str name;
    bool is_text; /* of the text twin */
    struct mes_str source;
    const struct mes_compose_partial *next;
};

/* A template as it was written, with all that it needs: compiles without any file. */
struct mes_compose_sources {
    const char *name; /* "Register_zh-HK.html" */
    const char *language;
    bool is_built_in;
    struct mes_str html;
    struct mes_str text; /* of the text twin; its data NULL: there is none */
    const struct mes_compose_partial *partials;
};

struct mes_compose_template {
    struct mes_template *html;
    struct mes_template *text;    /* of a .txt file beside the .html; NULL: to be made from the HTML */
    struct mes_template *subject; /* the <title>, as MES_TEMPLATE_HEADER; NULL: there is none */
    const char *name;             /* as it was found: "Register_zh-HK.html"; built in: "Register" */
    const char *language;         /* "zh-HK" */
    bool is_built_in;
    struct mes_compose_sources sources; /* as long as the template, and as what it was made of */
};

/* The wished language, one that its reader reads too ("en-US" for "en", "zh-HK" for "zh-TW") and those behind
 * it in the fall-back are looked for (all of the fall-back, when the wish is not in it): first among the
 * files of the folder, then among the built-in templates; then any other language will do. NAME_LL-CC.txt
 * beside NAME_LL-CC.html is the text part; {{>footer}} is footer_LL-CC.html (or .txt), found in the same way.
 * A file without any "{{" is of the old form: {callbackurl} is the variable. MES_E_NOT_FOUND lists what there
 * is; MES_E_INPUT: a name that is none, or a faulty template. Reads files: never on the loop thread. */
int mes_compose_template_load(const struct mes_compose_wish *wish, struct mes_compose_template **template_out,
                              struct mes_error *error) MES_MUST_USE;
/* The same from its sources, which must outlive it; the wish is only asked for its zone. */
int mes_compose_template_make(const struct mes_compose_sources *sources, const struct mes_compose_wish *wish,
                              struct mes_compose_template **template_out,
                              struct mes_error *error) MES_MUST_USE;
/* Does a reader of the one language also read the other: "zh_TW" and "zh-HK", "en" and "en-US"? */
bool mes_compose_language_is_kin(struct mes_str a, struct mes_str b);

/* About how many bytes of memory it takes. */
size_t mes_compose_template_size(const struct mes_compose_template *template);

/* Clears the pointer; NULL inside is allowed. */
void mes_compose_template_free(struct mes_compose_template **template);

/* Calls `each` for every template, sorted by name and language; a file of the folder (NULL: none) hides the
 * built-in one. */
int mes_compose_template_list(const char *folder,
                              void (*each)(void *context, const char *name, const char *language,
                                           bool is_built_in),
                              void *context, struct mes_error *error) MES_MUST_USE;

#endif
