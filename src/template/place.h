/* Where in an HTML template a variable stands: follows the literal text as a browser's tokenizer would. */
#ifndef MES_TEMPLATE_PLACE_H
#define MES_TEMPLATE_PLACE_H

#include "base/str.h"

enum mes_template_place {
    MES_PLACE_PLAIN,     /* a text template */
    MES_PLACE_HEADER,    /* a header template */
    MES_PLACE_HTML,      /* text, comment, title */
    MES_PLACE_ATTRIBUTE, /* a quoted value */
    MES_PLACE_UNQUOTED,  /* a value without quotes */
    MES_PLACE_URL,       /* the beginning of a URL: the value may bring the scheme */
    MES_PLACE_URL_PATH,  /* behind the scheme or the first slash */
    MES_PLACE_URL_QUERY, /* behind ? or # */
    MES_PLACE_CSS,
    MES_PLACE_NAME,  /* of a tag or an attribute */
    MES_PLACE_SCRIPT /* a script, or an attribute that runs one: no escaping makes a value safe here */
};

/* Private; copied to remember a place. */
struct mes_template_position {
    unsigned char state;
    unsigned char element;   /* whose content or tag this is, where that matters */
    unsigned char attribute; /* what the value of this attribute is */
    unsigned char url;       /* how far the URL has come */
    unsigned char matched;   /* characters of an end tag, or dashes of a comment's end */
    unsigned char size;      /* of name */
    bool is_end_tag;
    char name[15]; /* the front of a tag's or attribute's name, in small letters */
};

/* Text, outside any tag. */
void mes_template_position_init(struct mes_template_position *position);

/* Literal text of the template. */
void mes_template_position_read(struct mes_template_position *position, struct mes_str text);
/* A value is put here. Returns the place, and moves on behind the value. */
enum mes_template_place mes_template_position_put(struct mes_template_position *position);

/* A section begins at `before` and ends at `*position`: makes `*position` a place that is right whether the
 * section came or not. False when there is none: the section opens or closes a tag, an attribute or the like
 * halfway. */
bool mes_template_position_join(struct mes_template_position *position,
                                const struct mes_template_position *before);

/* The same place, for all that escaping cares. */
bool mes_template_position_eq(const struct mes_template_position *a, const struct mes_template_position *b);

#endif
