/* The wall clock was set: what waits for a time of the old clock must not wait for years, and nothing may be
 * given up for time that never passed. Times of people (sendAt, schedules, expiresAt) stay what they are. */
#include "queue/jump.h"
#include "base/id.h"
#include "base/log.h"
#include "queue/courier_parts.h"

enum {
    MES_JUMP_LEAST_MS = 60 * 1000,
    MES_JUMP_LOOK_MS = 1000,
    MES_JUMP_WAIT_MS = 75 * 60 * 1000, /* no retry waits longer by itself */
    MES_JUMP_JOBS = 500,               /* looked at in one turn */
};

int64_t mes_jump_offset(const struct mes_clock *clock)
{
    int64_t before, wall;
    do { /* a process that is stopped between the two looks would see a jump */
        before = mes_clock_monotonic(clock);
        wall = mes_clock_wall(clock);
    } while (mes_clock_monotonic(clock) - before > MES_JUMP_LOOK_MS);
    return wall - before;
}

int64_t mes_jump_since(const struct mes_clock *clock, int64_t offset)
{
    int64_t moved = mes_jump_offset(clock) - offset;
    return moved >= MES_JUMP_LEAST_MS || moved <= -MES_JUMP_LEAST_MS ? moved : 0;
}

void mes_courier_begin_clock(struct mes_courier *courier)
{
    struct mes_courier_clock *watched = &courier->watched;
    watched->offset = mes_jump_offset(courier->clock);
    /* Ids grow with time: one from the future was made by a clock that ran ahead. */
    int64_t newest = mes_id_time(mes_id_next(courier->clock));
    watched->is_mending = newest - mes_clock_wall(courier->clock) >= MES_JUMP_LEAST_MS;
}

void mes_courier_watch_clock(struct mes_courier *courier)
{
    struct mes_courier_clock *watched = &courier->watched;
    int64_t moved = mes_jump_since(courier->clock, watched->offset);
    if (moved == 0)
        return;
    watched->offset += moved;
    watched->at = mes_clock_wall(courier->clock);
    watched->moved = moved;
    watched->mended_job = 0;
    watched->is_mending = watched->is_mending || moved < 0;
    mes_log(courier->options.log, MES_LOG_WARNING, "clock.jumped", MES_LOG_NUMBER("seconds", moved / 1000));
    for (int lane = 0; lane < MES_LANE_COUNT; lane++)
        courier->look_at[lane] = 0;
    mes_courier_look_at_schedules(courier);
    if (courier->options.carrier != NULL)
        mes_carrier_look_at_clock(courier->options.carrier);
}

int64_t mes_courier_true_ill_ms(const struct mes_courier *courier, int64_t since, int64_t ill_ms)
{
    const struct mes_courier_clock *watched = &courier->watched;
    if (watched->moved <= 0 || since >= watched->at)
        return ill_ms;
    return ill_ms > watched->moved ? ill_ms - watched->moved : 0;
}

int mes_courier_mend_times(struct mes_courier *courier, struct mes_error *error)
{
    struct mes_courier_clock *watched = &courier->watched;
    if (!watched->is_mending)
        return 0;
    int64_t now = mes_clock_wall(courier->clock);
    struct mes_store_job_mending mending = {
        .now = now, .latest = now + MES_JUMP_WAIT_MS, .after = watched->mended_job, .limit = MES_JUMP_JOBS};
    int code = mes_store_job_mend_times(courier->options.store, &mending, error);
    if (code != 0)
        return code;
    watched->mended_job = mending.after;
    watched->is_mending = !mending.is_end;
    for (int lane = 0; lane < MES_LANE_COUNT; lane++)
        courier->look_at[lane] = 0;
    return 0;
}
