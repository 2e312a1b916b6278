/* A database that refused to write is tried until it takes a mail again, so that it is known when it does. */
#include "base/log.h"
#include "queue/courier_parts.h"

enum { MES_TRIAL_MS = 1000 };

bool mes_courier_can_write(const struct mes_courier *courier)
{
    return !atomic_load(&courier->cannot_write);
}

void mes_courier_cannot_write(struct mes_courier *courier)
{
    atomic_store(&courier->cannot_write, true);
    courier->trial_at = mes_clock_monotonic(courier->clock) + MES_TRIAL_MS;
}

void mes_courier_try_to_write(struct mes_courier *courier)
{
    struct mes_error error = {0};
    bool is_due = mes_clock_monotonic(courier->clock) >= courier->trial_at;
    if (mes_courier_can_write(courier) || courier->is_broken || !is_due)
        return;
    courier->trial_at += MES_TRIAL_MS;
    if (mes_store_try_room(courier->options.store, &error) != 0)
        return;
    atomic_store(&courier->cannot_write, false);
    courier->is_failing = false;
    mes_log(courier->options.log, MES_LOG_INFO, "store.works", MES_LOG_NONE);
}
