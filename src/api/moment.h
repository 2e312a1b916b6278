/* Times in requests and answers: RFC 3339, or a local time beside the name of a zone. */
#ifndef MES_API_MOMENT_H
#define MES_API_MOMENT_H

#include "base/buf.h"
#include "base/zone.h"

/* "2026-12-01T09:00:00+08:00", "2026-12-01T01:00:00.5Z", or without an offset ("2026-12-01T09:00", the
 * seconds may be left out) the local time of `zone`, which may be NULL: then an offset is needed. `local_out`
 * says whether the clocks jump over that local time (the result is the first moment after the gap) or show it
 * twice (the first); MES_ZONE_ONCE where there is an offset. MES_E_INPUT: no such time, or a year beyond 1970
 * to 9999. */
int mes_api_moment_parse(struct mes_str text, const struct mes_zone *zone, int64_t *ms_out,
                         enum mes_zone_local *local_out, struct mes_error *error) MES_MUST_USE;

enum { MES_API_MOMENT_SPACE = 32 };

/* "2026-12-01T01:00:00.000Z". Fills `out` and returns it. */
struct mes_str mes_api_moment_text(char out[MES_API_MOMENT_SPACE], int64_t ms);

#endif
