/* Text that is borrowed: a pointer and a length, not ended by NUL. */
#ifndef MES_BASE_STR_H
#define MES_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mes/export.h"

struct mes_str {
    const char *data;
    size_t size;
};

#define MES_STR(literal) ((struct mes_str){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". */
#define MES_STR_ARGS(str) (int)(str).size, (str).data

/* The text up to its NUL; NULL gives the empty text. */
struct mes_str mes_str_of(const char *text);
struct mes_str mes_str_make(const char *data, size_t size);

bool mes_str_eq(struct mes_str a, struct mes_str b);
/* ASCII letters match whatever their case; other bytes must be equal. */
bool mes_str_eq_nocase(struct mes_str a, struct mes_str b);
bool mes_str_starts(struct mes_str text, struct mes_str with);
bool mes_str_starts_nocase(struct mes_str text, struct mes_str with);
bool mes_str_ends_nocase(struct mes_str text, struct mes_str with);

/* Position of the first `what` at or after `from`; SIZE_MAX when there is none. */
size_t mes_str_find(struct mes_str text, struct mes_str what, size_t from);
size_t mes_str_find_nocase(struct mes_str text, struct mes_str what, size_t from);

/* From `from` on; empty when `from` is past the end. */
struct mes_str mes_str_skip(struct mes_str text, size_t from);
struct mes_str mes_str_cut(struct mes_str text, size_t from, size_t size);
/* Without the blanks, tabs, CR and LF at both ends. */
struct mes_str mes_str_trim(struct mes_str text);

/* Takes the part before `separator` off the front of `*rest`; false when `*rest` is used up (data NULL). */
bool mes_str_next(struct mes_str *rest, char separator, struct mes_str *part_out);

/* A whole decimal number without sign or blanks, at most `most`; false for anything else. */
bool mes_str_to_uint(struct mes_str text, uint64_t most, uint64_t *value_out) MES_MUST_USE;

/* ASCII alone, whatever the locale. */
char mes_lower(char c);

#endif
