/* Quiet hours: the times of the week at which no mail may leave. Pure.
 *
 * "22:00-08:00" means every day; "MON-FRI 22:00-08:00; SAT,SUN 00:00-24:00" gives each set of weekdays its
 * own. A period that ends before it begins goes on into the next day; its weekday is the one on which it
 * begins. They are read by the clock on the wall, so where an hour occurs twice, it is quiet twice. */
#ifndef MES_QUIET_H
#define MES_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"

enum { MES_QUIET_TEXT_MOST = 500, MES_QUIET_WEEK = 7 * 24 * 60 };

struct mes_quiet {
    uint64_t minutes[(MES_QUIET_WEEK + 63) / 64]; /* of the week, from Sunday 00:00: bit set = quiet */
};

/* The empty text has no quiet hours. MES_E_INPUT, naming the part and the reason, for what cannot be read,
 * and for hours that leave no minute of the week. */
int mes_quiet_parse(struct mes_str text, struct mes_quiet *quiet_out, struct mes_error *error) MES_MUST_USE;

/* The first moment from `from_ms` on (itself included) that is not quiet. */
int64_t mes_quiet_next(const struct mes_quiet *quiet, const struct mes_zone *zone, int64_t from_ms);

#endif
