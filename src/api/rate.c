#include "api/rate.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/thread.h"

enum { SETS = 2048, WAYS = 4, MINUTE_US = 60 * 1000 * 1000 };

/* The generic cell rate algorithm: all that is kept is the time at which the key will have used up nothing.
 */
struct cell {
    uint64_t key;
    int64_t free_at; /* us; 0: unused */
};

struct mes_api_rate {
    struct mes_mutex mutex;
    struct cell cells[SETS][WAYS];
};

int mes_api_rate_new(struct mes_api_rate **rate_out, struct mes_error *error)
{
    *rate_out = mes_alloc(sizeof **rate_out);
    if (*rate_out == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&(*rate_out)->mutex);
    return 0;
}

void mes_api_rate_free(struct mes_api_rate **rate)
{
    if (*rate == NULL)
        return;
    mes_mutex_fini(&(*rate)->mutex);
    mes_free(*rate);
    *rate = NULL;
}

/* Its cell, or that of the key that is free for longest. */
static struct cell *cell_of(struct mes_api_rate *rate, uint64_t key)
{
    struct cell *set = rate->cells[(key ^ key >> 32) % SETS];
    struct cell *oldest = &set[0];
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].free_at < oldest->free_at)
            oldest = &set[i];
    }
    *oldest = (struct cell){.key = key};
    return oldest;
}

static unsigned measure(struct mes_api_rate *rate, uint64_t key, unsigned per_minute, int64_t now,
                        bool counts)
{
    int64_t now_us = now * 1000;
    int64_t interval = MINUTE_US / (per_minute > 0 ? per_minute : 1);
    mes_mutex_lock(&rate->mutex);
    struct cell *cell = cell_of(rate, key);
    int64_t after = (cell->free_at > now_us ? cell->free_at : now_us) + interval;
    int64_t excess = after - now_us - MINUTE_US;
    if (counts && excess <= 0)
        cell->free_at = after;
    mes_mutex_unlock(&rate->mutex);
    return excess <= 0 ? 0 : (unsigned)((excess + 999999) / 1000000);
}

unsigned mes_api_rate_take(struct mes_api_rate *rate, uint64_t key, unsigned per_minute, int64_t now)
{
    return measure(rate, key, per_minute, now, true);
}

unsigned mes_api_rate_look(struct mes_api_rate *rate, uint64_t key, unsigned per_minute, int64_t now)
{
    return measure(rate, key, per_minute, now, false);
}
