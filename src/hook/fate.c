#include "hook/fate.h"

static bool is_taken(const struct mes_hook_try *try)
{
    return try->end == MES_HTTP_ANSWERED && try->status >= 200 && try->status < 300;
}

enum mes_hook_fate mes_hook_fate(const struct mes_hook_try *try)
{
    if (is_taken(try))
        return MES_HOOK_TOLD;
    if (try->end == MES_HTTP_ANSWERED && try->status == 410)
        return MES_HOOK_DISABLED;
    if (try->failing_since != 0 && try->now - try->failing_since >= MES_HOOK_TRY_MOST_MS)
        return MES_HOOK_PAUSED;
    /* Others were taken meanwhile, so it is this one that the peer cannot take. */
    if (try->now - try->event_at >= MES_HOOK_TRY_MOST_MS && try->told_at > try->event_at)
        return MES_HOOK_DROPPED;
    return MES_HOOK_LATER;
}

int64_t mes_hook_wait(int64_t failures, int retry_after_s, unsigned chance)
{
    int64_t wait = MES_HOOK_TRY_FIRST_MS, asked = (int64_t)retry_after_s * 1000;
    for (int64_t i = 1; i < failures && wait < MES_HOOK_TRY_LONGEST_MS; i++)
        wait *= 2;
    if (wait > MES_HOOK_TRY_LONGEST_MS)
        wait = MES_HOOK_TRY_LONGEST_MS;
    if (asked > MES_HOOK_TRY_LONGEST_MS)
        asked = MES_HOOK_TRY_LONGEST_MS;
    wait = wait * 4 / 5 + wait * 2 / 5 * (int64_t)chance / 65535;
    return wait > asked ? wait : asked;
}
