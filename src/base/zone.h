/* Time zones by name, read from the system's TZif files (package tzdata): never by the process's TZ. */
#ifndef MES_BASE_ZONE_H
#define MES_BASE_ZONE_H

#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_zone;

/* "Asia/Hong_Kong". Names that are no plain path below the folder are refused. MES_E_NOT_FOUND: there is no
 * such zone, or no tzdata at all; the sentence says which. Reads a file: never on the loop thread. A zone is
 * read-only: any number of threads. */
int mes_zone_load(const char *name, struct mes_zone **zone_out, struct mes_error *error) MES_MUST_USE;
void mes_zone_free(struct mes_zone **zone);

/* A zone from the bytes of a TZif file, versions 1 to 4 (RFC 8536, RFC 9636), without leap seconds. `name` is
 * for the error. */
int mes_zone_parse(const char *name, struct mes_str bytes, struct mes_zone **zone_out,
                   struct mes_error *error) MES_MUST_USE;

/* Seconds to add to a UTC time (seconds since 1970) to get the local one. */
int32_t mes_zone_offset(const struct mes_zone *zone, int64_t utc);

/* How often a local time happens. */
enum mes_zone_fit {
    MES_ZONE_ONCE,
    MES_ZONE_NEVER, /* the clocks go forward over it */
    MES_ZONE_TWICE  /* the clocks go back over it */
};

/* A local time (seconds since 1970 as if it were UTC) as UTC. TWICE: `first_out` is the earlier one. NEVER:
 * `first_out` is as far behind the change as the local time is in the gap (02:30 becomes 03:30), `second_out`
 * as far before it. ONCE: both are the same. */
enum mes_zone_fit mes_zone_to_utc(const struct mes_zone *zone, int64_t local, int64_t *first_out,
                                  int64_t *second_out);

#endif
