/* Time zones by name, read from the machine's zone files (RFC 8536, package tzdata), never from or into the
 * environment. */
#ifndef MES_BASE_ZONE_H
#define MES_BASE_ZONE_H

#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_zone;

/* Reads the zone `name`, such as "Asia/Hong_Kong"; "UTC" needs no file. Names with "..", a leading '/' and
 * the like are refused. Errors: MES_E_NOT_FOUND for an unknown name, MES_E_FILE when there are no zone files
 * at all, MES_E_INPUT for a file that is none. Blocking. The zone is read-only: any thread. */
int mes_zone_load(const char *name, struct mes_zone **zone_out, struct mes_error *error) MES_MUST_USE;
void mes_zone_free(struct mes_zone **zone);

/* A zone from the bytes of such a file, versions 1 to 4, without leap seconds. `name` is for the error. */
int mes_zone_parse(const char *name, struct mes_str bytes, struct mes_zone **zone_out,
                   struct mes_error *error) MES_MUST_USE;

/* Seconds east of UTC at the time `utc_ms` (milliseconds since 1970 UTC): 28800 for Hong Kong. */
int mes_zone_offset(const struct mes_zone *zone, int64_t utc_ms);

enum mes_zone_local {
    MES_ZONE_ONCE, /* this local time occurs once */
    MES_ZONE_GAP,  /* it does not occur: the clocks jump over it; the result is the first moment after the gap
                    */
    MES_ZONE_TWICE /* it occurs twice: the result is the first */
};

/* The moment of a local time, given as milliseconds since 1970 as if it were UTC. */
enum mes_zone_local mes_zone_to_utc(const struct mes_zone *zone, int64_t local_ms, int64_t *utc_ms_out);

#endif
