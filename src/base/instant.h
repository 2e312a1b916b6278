/* Moments as other programs write them: RFC 3339. */
#ifndef MES_BASE_INSTANT_H
#define MES_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { MES_INSTANT_SPACE = 32 };

/* "2026-11-22T09:05:00Z", "2026-11-22t17:05:00.25+08:00": milliseconds since 1970 (UTC), further digits
 * dropped. False for anything else, also for days that do not exist, a leap second (…:60) and years outside
 * 1970 to 9999. */
bool mes_instant_parse(struct mes_str text, int64_t *ms_out) MES_MUST_USE;

/* The same without zone, "2026-11-22T17:05" or with seconds, 'T' or a blank between: milliseconds since 1970
 * as if it were UTC, for mes_zone_to_utc. */
bool mes_instant_parse_local(struct mes_str text, int64_t *local_ms_out) MES_MUST_USE;

/* "2026-11-22T09:05:00Z", with milliseconds (".250") only where there are some. Returns `out`. */
const char *mes_instant_text(int64_t ms, char out[MES_INSTANT_SPACE]);

#endif
