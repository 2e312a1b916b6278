/* Times in requests: RFC 3339, or a local time beside the name of a zone. */
#ifndef MES_API_MOMENT_H
#define MES_API_MOMENT_H

#include "base/error.h"
#include "base/zone.h"

/* "2026-12-01T09:00:00+08:00", or without an offset ("2026-12-01T09:00", as mes_instant_parse_local has it)
 * the local time of `zone`, which may be NULL: then an offset is needed. `local_out` says whether the clocks
 * jump over that local time (the result is the first moment after the gap) or show it twice (the first);
 * MES_ZONE_ONCE where there is an offset. MES_E_INPUT: no such time. */
int mes_api_moment_parse(struct mes_str text, const struct mes_zone *zone, int64_t *ms_out,
                         enum mes_zone_local *local_out, struct mes_error *error) MES_MUST_USE;

#endif
