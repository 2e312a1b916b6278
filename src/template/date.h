/* Dates as variables bring them, and the formats that templates ask for. */
#ifndef MES_TEMPLATE_DATE_H
#define MES_TEMPLATE_DATE_H

#include "base/buf.h"
#include "template/filter.h"

struct mes_template_date {
    int64_t seconds; /* since 1970: in UTC, or of the wall clock when `is_local` */
    bool is_local;   /* the text named no zone */
};

/* "2026-11-22", "2026-11-22 09:30", "2026-11-22T09:30:00.123+08:00" (RFC 3339), 20261122, or seconds or
 * milliseconds since 1970 (9 digits and more). False for anything else, and for dates that are none. */
bool mes_template_date_parse(struct mes_str text, struct mes_template_date *date_out);

/* "+08:00", "-0330", "Z", "UTC". */
bool mes_template_date_parse_zone(struct mes_str text, int32_t *offset_out);

/* Is every % in the format followed by one of YymdeHIMSpjBbAaz%, with or without '-' (no leading zero)? */
bool mes_template_date_may_format(struct mes_str format);

/* Appends the date in the zone. Names of months and days are English. */
void mes_template_date_write(const struct mes_template_date *date, struct mes_str format,
                             const struct mes_template_zone *zone, struct mes_buf *out);

#endif
