/* JSON as people write settings files: comments, trailing commas and a BOM are allowed, and every value knows
 * its line and column. */
#ifndef MES_JSON_PARSE_H
#define MES_JSON_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

enum { MES_JSON_MOST_BYTES = 16 * 1024 * 1024, MES_JSON_MOST_VALUES = 256 * 1024, MES_JSON_MOST_DEPTH = 64 };

enum mes_json_kind {
    MES_JSON_NULL,
    MES_JSON_FLAG,
    MES_JSON_INTEGER,
    MES_JSON_REAL,
    MES_JSON_TEXT,
    MES_JSON_LIST,
    MES_JSON_OBJECT
};

/* Both from 1; columns count characters, not bytes, and a BOM does not count. */
struct mes_json_place {
    unsigned line;
    unsigned column;
};

/* A value and where it stands. Belongs to its struct mes_json; the texts end with NUL. */
struct mes_json_value {
    enum mes_json_kind kind;
    struct mes_str key;  /* its key in an object, else empty */
    struct mes_str text; /* TEXT: the characters; NULL, FLAG and numbers: as the file has them; else empty */
    int64_t integer;     /* INTEGER: the number; FLAG: 0 or 1 */
    double real;         /* INTEGER and REAL */
    size_t count;        /* LIST and OBJECT: how many values are in it */
    size_t key_offset;   /* of the key's quotation mark in the text that was parsed */
    size_t offset, size; /* of the value there, quotation marks and brackets included */
    struct mes_json_place key_place; /* of the key, or of the value where there is none */
    struct mes_json_place place;
    const struct mes_json_value *parent; /* NULL: the root */
    const struct mes_json_value *first;  /* LIST and OBJECT: the first value in it, in the file's order */
    const struct mes_json_value *next;   /* the next one in the same list or object */
};

struct mes_json;

enum mes_json_keys {
    MES_JSON_KEYS_EXACT,
    MES_JSON_KEYS_ANY_CASE /* as the .NET configuration reader: keys that differ only in case are the same one
                            */
};

/* Reads a whole document: an object or a list, with comments of both kinds, trailing commas and a UTF-8 BOM.
 * Refused with MES_E_CONFIG, naming `name` (the file), line and column: everything else that RFC 8259 does
 * not allow, a key that stands twice in an object, invalid UTF-8 (in comments too), U+0000, and what is above
 * the limits. The text is not kept; copies of it are wiped. */
int mes_json_parse(const char *name, struct mes_str text, enum mes_json_keys keys, struct mes_json **json_out,
                   struct mes_error *error) MES_MUST_USE;
/* Wipes the texts, which may be secrets. */
void mes_json_free(struct mes_json **json);

/* The object or list that is the document. */
const struct mes_json_value *mes_json_root(const struct mes_json *json);

/* The value of a key, NULL when there is none or `object` is NULL or no object. */
const struct mes_json_value *mes_json_member(const struct mes_json_value *object, struct mes_str key);
/* ASCII letters match whatever their case. */
const struct mes_json_value *mes_json_member_any_case(const struct mes_json_value *object,
                                                      struct mes_str key);
/* Value `index` of a list, NULL past its end or when `list` is NULL or no list. */
const struct mes_json_value *mes_json_item(const struct mes_json_value *list, size_t index);

#endif
