/* How much an account may send: per minute, hour and day, kept so that bulk leaves a reserve, and what the
 * relay's replies taught. Pure functions of (state, event, now). Loop thread. */
#ifndef MES_DELIVERY_LIMIT_H
#define MES_DELIVERY_LIMIT_H

#include "delivery/verdict.h"
#include "mes/memory.h"

struct mes_zone;

/* From the account's settings. All counts are recipients (one RCPT accepted = 1); 0: no limit. */
struct mes_limit_rules {
    uint32_t per_minute;
    uint32_t per_hour;
    uint32_t per_day;
    unsigned reserve_percent;    /* of each of them, which bulk may not take */
    const struct mes_zone *zone; /* NULL: a day is any 24 hours (quotaReset "rolling") */
    unsigned reset_minute;       /* minutes after midnight in `zone` at which a day begins */
};

/* The last minute in slots of 5 s, the last hour in slots of 5 min, the last 24 hours in slots of 1 h. A slot
 * counts until all of it has left the window, so that a limit is never exceeded in any minute, hour or day,
 * and at worst one slot's length is waited too long. */
enum { MES_LIMIT_MINUTE, MES_LIMIT_HOUR, MES_LIMIT_DAY, MES_LIMIT_WINDOWS, MES_LIMIT_SLOTS = 25 };

struct mes_limit_window {
    int64_t newest;                   /* number of the newest slot, counted from 1970 */
    uint32_t counts[MES_LIMIT_SLOTS]; /* index: slot number modulo the window's number of slots */
};

/* All times are wall-clock milliseconds. */
struct mes_limit {
    struct mes_limit_window windows[MES_LIMIT_WINDOWS];
    int64_t day_start;     /* with a zone: when the counted day began */
    uint32_t day_count;    /* with a zone: taken since then */
    int64_t blocked_until; /* a quota that the relay said was used up */
    uint32_t recipients;   /* learned maxRecipientsPerMessage, 0: none */
    int64_t recipients_until;
    uint32_t connections; /* learned number of connections at a time, 0: none */
    int64_t connections_until;
};

/* What is kept for the account; all zero when there is nothing or it cannot be read. */
void mes_limit_load(struct mes_limit *limit, const struct mes_memory *memory, const char *account);
void mes_limit_save(const struct mes_limit *limit, const struct mes_memory *memory, const char *account);

/* 0: `amount` recipients may be taken now. Else when to ask again, always after `now`; INT64_MAX when bulk
 * may take nothing at all (a reserve of 100 %). An amount larger than a whole window is let through when the
 * window is empty, so that nothing waits for ever. */
int64_t mes_limit_ready_at(const struct mes_limit *limit, const struct mes_limit_rules *rules,
                           uint32_t amount, bool is_bulk, int64_t now);

/* Counts them. Give back, with the `now` of the taking, what the relay never accepted. */
void mes_limit_take(struct mes_limit *limit, const struct mes_limit_rules *rules, uint32_t amount,
                    int64_t now);
void mes_limit_give_back(struct mes_limit *limit, uint32_t amount, int64_t taken_at, int64_t now);

/* Keeps what a verdict taught. `value`: with `recipients` how many were accepted, with `connections` how many
 * were open beside the refused one; else unused. A used-up quota blocks until it is reset; where the reset is
 * not known (rolling) for an hour, and then the next message tries. */
void mes_limit_learn(struct mes_limit *limit, const struct mes_limit_rules *rules, enum mes_learn learn,
                     uint32_t value, int64_t now);

/* What was learned, or 0. Forgotten after 30 days and after an hour. */
uint32_t mes_limit_recipients(const struct mes_limit *limit, int64_t now);
uint32_t mes_limit_connections(const struct mes_limit *limit, int64_t now);

/* Forgets what was learned, not what was counted: the settings changed or a person said "wake". */
void mes_limit_wake(struct mes_limit *limit);

#endif
