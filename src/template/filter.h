/* What stands behind the | of {{name | filter: "argument"}}. */
#ifndef MES_TEMPLATE_FILTER_H
#define MES_TEMPLATE_FILTER_H

#include "base/arena.h"
#include "base/buf.h"

enum mes_template_filter_kind { MES_FILTER_DEFAULT, MES_FILTER_UPPER, MES_FILTER_LOWER, MES_FILTER_DATE };

struct mes_template_filter {
    enum mes_template_filter_kind kind;
    struct mes_str argument; /* of default and date */
    struct mes_str zone;     /* of date: "+08:00", "Z"; data NULL: none was given */
    const struct mes_template_filter *next;
};

struct mes_template_zone {
    int32_t (*utc_offset)(const void *zone, int64_t utc_seconds); /* NULL: UTC */
    const void *zone;
};

/* Parses "a | b: "c", "d"". On failure `*problem_out` is the part that cannot be used, and the sentence that
 * says so is returned; 0 when all is well, MES_ERROR_NOMEM when the arena is used up. Slices point into
 * `text`. */
int mes_template_filter_parse(struct mes_arena *arena, struct mes_str text,
                              const struct mes_template_filter **filters_out,
                              struct mes_str *problem_out) MES_MUST_USE;

/* Appends what the filter (upper, lower or date) makes of `value`; false when the value is no date. */
bool mes_template_filter_apply(const struct mes_template_filter *filter, const struct mes_template_zone *zone,
                               struct mes_str value, struct mes_buf *out);

#endif
