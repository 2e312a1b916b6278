#include "queue/retry.h"

enum {
    MES_RETRY_USUAL_MS = 48 * 60 * 60 * 1000,
    MES_RETRY_DOUBT_FIRST_MS = 5 * 1000,
    MES_RETRY_DOUBT_SECOND_MS = 10 * 60 * 1000,
};

int64_t mes_retry_doubt_ms(unsigned doubts, bool is_after_restart)
{
    if (doubts >= MES_RETRY_DOUBTS_MOST)
        return -1;
    if (doubts >= 2)
        return MES_RETRY_DOUBT_SECOND_MS;
    return is_after_restart ? 0 : MES_RETRY_DOUBT_FIRST_MS;
}

int64_t mes_retry_deadline(const struct mes_progress *progress, int64_t expires_at)
{
    if (expires_at > 0)
        return expires_at;
    if (progress->counts_from == 0)
        return INT64_MAX;
    return progress->counts_from + MES_RETRY_USUAL_MS + progress->waited_ms;
}

void mes_retry_note_waiting(struct mes_progress *progress, const struct mes_retry_waiting *waiting)
{
    if (progress->counts_from == 0)
        progress->counts_from = waiting->since;
    if (waiting->now > waiting->since + waiting->ill_ms)
        progress->waited_ms += waiting->now - waiting->since - waiting->ill_ms;
}
