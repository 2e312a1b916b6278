#include "delivery/backoff.h"

#include "base/random.h"

enum {
    MES_BACKOFF_FIRST_MS = 60 * 1000,
    MES_BACKOFF_MOST_MS = 60 * 60 * 1000,
    MES_BACKOFF_DOUBLINGS = 6,
    MES_BACKOFF_NAMED_MOST = 60 * 60,
};

int64_t mes_backoff_ms(unsigned passes, int named_seconds)
{
    uint32_t random = 0;
    if (named_seconds > 0)
        return (int64_t)(named_seconds < MES_BACKOFF_NAMED_MOST ? named_seconds : MES_BACKOFF_NAMED_MOST) *
               1000;
    unsigned doublings = passes > 0 ? passes - 1 : 0;
    int64_t delay = (int64_t)MES_BACKOFF_FIRST_MS
                    << (doublings < MES_BACKOFF_DOUBLINGS ? doublings : MES_BACKOFF_DOUBLINGS);
    if (delay > MES_BACKOFF_MOST_MS)
        delay = MES_BACKOFF_MOST_MS;
    if (mes_random_bytes(&random, sizeof random, NULL) != 0)
        return delay;
    return delay * 4 / 5 + delay * 2 / 5 * (random & 1023) / 1023;
}
