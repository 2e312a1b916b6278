/* Is the service alive? Looked at once a second; systemd is told as long as it is. */
#include "base/supervisor.h"
#include "daemon/parts.h"

enum { BEAT_MS = 1000, STUCK_MS = 10000 };

static int64_t now_ms(const struct mes_daemon *daemon)
{
    return mes_clock_monotonic(daemon->clock);
}

const char *mes_daemon_not_ready(void *context)
{
    struct mes_daemon *daemon = context;
    int64_t now = now_ms(daemon);
    if (atomic_load(&daemon->state) < MES_DAEMON_SERVING)
        return "starting";
    if (mes_daemon_is_stopping(daemon))
        return "stopping";
    if (atomic_load(&daemon->is_broken) || !mes_courier_can_write(daemon->courier) ||
        now - atomic_load(&daemon->pulse.courier_at) > STUCK_MS)
        return "database";
    return now - atomic_load(&daemon->pulse.loop_at) > STUCK_MS ? "loop" : NULL;
}

/* Beats come several times in what the watchdog waits, so that one late beat kills nobody. */
static int64_t beat_ms(const struct mes_daemon_pulse *pulse)
{
    return pulse->watchdog_ms > 0 && pulse->watchdog_ms < 4 * BEAT_MS ? pulse->watchdog_ms / 4 : BEAT_MS;
}

static void tell_watchdog(struct mes_daemon *daemon, int64_t now)
{
    struct mes_daemon_pulse *pulse = &daemon->pulse;
    bool is_due = pulse->watchdog_ms > 0 && now - pulse->told_at >= pulse->watchdog_ms / 3;
    bool is_alive = now - atomic_load(&pulse->courier_at) < pulse->watchdog_ms;
    if (!is_due || !is_alive)
        return;
    pulse->told_at = now;
    (void)mes_supervisor_tell("WATCHDOG=1");
}

static void on_beat(void *context)
{
    struct mes_daemon *daemon = context;
    struct mes_daemon_pulse *pulse = &daemon->pulse;
    int64_t now = now_ms(daemon);
    uint64_t turns = mes_courier_turns(daemon->courier);
    atomic_store(&pulse->loop_at, now);
    if (turns != pulse->turns)
        atomic_store(&pulse->courier_at, now);
    pulse->turns = turns;
    tell_watchdog(daemon, now);
    mes_timer_start(pulse->timer, beat_ms(pulse));
}

int mes_daemon_pulse_start(struct mes_daemon *daemon, struct mes_error *error)
{
    struct mes_daemon_pulse *pulse = &daemon->pulse;
    int code = mes_timer_new(daemon->loop, on_beat, daemon, &pulse->timer, error);
    if (code != 0)
        return code;
    pulse->watchdog_ms = mes_supervisor_watchdog_ms();
    atomic_store(&pulse->loop_at, now_ms(daemon));
    atomic_store(&pulse->courier_at, now_ms(daemon));
    mes_timer_start(pulse->timer, 0);
    return 0;
}

void mes_daemon_pulse_stop(struct mes_daemon *daemon)
{
    if (daemon->pulse.timer != NULL)
        mes_timer_free(&daemon->pulse.timer);
}
