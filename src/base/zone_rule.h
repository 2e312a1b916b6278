/* The rule for all years after a zone file's last change: a POSIX TZ text such as
 * "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef MES_BASE_ZONE_RULE_H
#define MES_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum mes_zone_day {
    MES_ZONE_DAY_OF_WEEK, /* "M3.5.0": `week` 1 to 5 (5 = the last), `day` 0 = Sunday */
    MES_ZONE_DAY_NO_LEAP, /* "J60": 1 to 365, 29 February is never counted */
    MES_ZONE_DAY_OF_YEAR  /* "59": 0 to 365 */
};

/* When the clocks change: in seconds of local time after the midnight that begins the day. */
struct mes_zone_change {
    enum mes_zone_day kind;
    unsigned month, week, day;
    int32_t seconds;
};

/* Offsets are seconds to add to UTC. */
struct mes_zone_rule {
    int32_t standard;
    int32_t summer;
    bool has_summer;
    struct mes_zone_change begin; /* of summer, by the standard clock */
    struct mes_zone_change end;   /* by the summer clock */
};

/* As RFC 8536 3.3 has it, with hours from -167 to 167. False for anything else. */
bool mes_zone_rule_parse(struct mes_str text, struct mes_zone_rule *rule_out);

/* The offset at a UTC time in seconds since 1970. */
int32_t mes_zone_rule_offset(const struct mes_zone_rule *rule, int64_t utc);

#endif
