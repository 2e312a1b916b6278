/* Names for jobs and the like: 63-bit numbers that grow with time, written as 13 characters. */
#ifndef MES_BASE_ID_H
#define MES_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

enum { MES_ID_SIZE = 13, MES_ID_SPACE = MES_ID_SIZE + 1 };

/* Above every id that this process made or was told of: the milliseconds since 1970 above 20 bits that count.
 * A clock set back makes the count go on, so no id comes twice. Any thread. */
int64_t mes_id_next(const struct mes_clock *clock);

/* Tells of an id from earlier (the newest one stored), so that what follows is above it whatever the clock
 * says. Any thread. */
void mes_id_note(int64_t id);

/* The milliseconds since 1970 at which it was made. */
int64_t mes_id_time(int64_t id);
/* The lowest id that is made at that time: what is older has a lower one. */
int64_t mes_id_first(int64_t time);

/* 13 digits of Crockford's base32 in lower case, ended by NUL; texts sort like the numbers. `id` is not
 * negative. Returns `out`. */
const char *mes_id_text(char out[MES_ID_SPACE], int64_t id);
/* Exactly what mes_id_text writes; anything else is false. */
bool mes_id_parse(struct mes_str text, int64_t *id_out) MES_MUST_USE;

#endif
