/* Finding and reading one tag: {{name}}, {{#name}}, {{{name}}} and so on, with the delimiters in force. */
#ifndef MES_TEMPLATE_TAG_H
#define MES_TEMPLATE_TAG_H

#include "base/str.h"

struct mes_template_delimiters {
    struct mes_str open, close;
};

struct mes_template_tag {
    char kind;              /* 0 for a variable, else one of { & # ^ / ! > = */
    size_t begin, end;      /* of the whole tag */
    struct mes_str content; /* trimmed, without delimiters and kind */
    bool is_alone;          /* it and blanks are all that is on its line, and it writes nothing itself */
    size_t line_begin;      /* is_alone: the line from its first blank … */
    size_t line_end;        /* … to behind its line end */
};

enum mes_template_scan { MES_SCAN_TAG, MES_SCAN_NONE, MES_SCAN_UNCLOSED };

/* The next tag at or after `from`; UNCLOSED sets tag->begin alone. */
enum mes_template_scan mes_template_tag_next(struct mes_str text, size_t from,
                                             const struct mes_template_delimiters *delimiters,
                                             struct mes_template_tag *tag_out);

/* The next {name} of the old form. */
enum mes_template_scan mes_template_tag_next_old(struct mes_str text, size_t from,
                                                 const struct mes_str *names, size_t count,
                                                 struct mes_template_tag *tag_out);

/* "<% %>"; false when that is not two delimiters without '='. */
bool mes_template_tag_delimiters(struct mes_str content, struct mes_template_delimiters *delimiters_out);

/* A variable's name: no quotes, braces, brackets or control characters; members parted by single dots. */
bool mes_template_tag_is_name(struct mes_str name);

#endif
