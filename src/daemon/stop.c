/* Signals, and the way from serving to the end. */
#include "base/process.h"
#include "base/signals.h"
#include "base/supervisor.h"
#include "daemon/parts.h"

enum { LAST_RESORT_MS = 15000, STOPPED_STATUS = 75 };

int mes_daemon_signals_block(struct mes_daemon *daemon, struct mes_error *error)
{
    return mes_signals_open(&daemon->signals, error);
}

void mes_daemon_signals_unblock(struct mes_daemon *daemon)
{
    mes_signals_close(&daemon->signals);
}

/* ---- the end ---- */

/* What is committed is safe, and what is under way is found again by the next start: nothing is worth waiting
 * for. */
static void end_now(struct mes_daemon *daemon, const char *event)
{
    mes_log(daemon->log, MES_LOG_WARNING, event,
            MES_LOG_NUMBER("in_flight", mes_carrier_in_flight(daemon->carrier)));
    mes_log_free(&daemon->log);
    mes_process_end(STOPPED_STATUS);
}

static void on_last_resort(void *context)
{
    end_now(context, "service.stuck");
}

static void on_closed(struct mes_daemon_order *order, struct mes_daemon *daemon)
{
    (void)order;
    mes_thread_join(&daemon->closer);
    mes_log(daemon->log, MES_LOG_INFO, "service.stopped", MES_LOG_NONE);
    atomic_store(&daemon->state, MES_DAEMON_ENDED);
}

/* Requests that wait are woken by the courier and by the loop, which therefore go on meanwhile. */
static void close_api(void *context)
{
    struct mes_daemon *daemon = context;
    mes_daemon_set_followers(daemon, false);
    mes_api_server_stop(&daemon->api);
    daemon->closed.run = on_closed;
    mes_daemon_post(daemon, &daemon->closed);
}

static void on_drained(void *context)
{
    struct mes_daemon *daemon = context;
    struct mes_error error = {0};
    atomic_store(&daemon->state, MES_DAEMON_CLOSING);
    if (mes_thread_start("closing", close_api, daemon, &daemon->closer, &error) != 0)
        end_now(daemon, "service.stuck");
}

void mes_daemon_stop(struct mes_daemon *daemon)
{
    int64_t grace = mes_roster_globals(daemon->roster)->drain * 1000;
    if (mes_daemon_is_stopping(daemon))
        end_now(daemon, "service.stopped_at_once");
    atomic_store(&daemon->state, MES_DAEMON_DRAINING);
    (void)mes_supervisor_tell("STOPPING=1");
    mes_log(daemon->log, MES_LOG_INFO, "service.stopping",
            MES_LOG_NUMBER("in_flight", mes_carrier_in_flight(daemon->carrier)));
    mes_timer_start(daemon->last_resort, grace + LAST_RESORT_MS);
    mes_timer_stop(daemon->check_timer);
    mes_api_server_drain(daemon->api);
    mes_courier_pause(daemon->courier);
    mes_carrier_drain(daemon->carrier, grace, on_drained, daemon);
}

/* ---- signals ---- */

static void on_signals(void *context, bool is_readable, bool is_writable)
{
    struct mes_daemon *daemon = context;
    (void)is_readable;
    (void)is_writable;
    for (enum mes_signal next; (next = mes_signals_next(daemon->signals)) != MES_SIGNAL_NONE;)
        if (next == MES_SIGNAL_STOP) {
            mes_daemon_stop(daemon);
        } else if (!mes_daemon_is_stopping(daemon)) {
            mes_log_reopen(daemon->log);
            mes_daemon_reload(daemon);
        }
}

static void on_check_due(void *context)
{
    struct mes_daemon *daemon = context;
    mes_carrier_check_all(daemon->carrier);
    mes_daemon_plan_check(daemon);
}

void mes_daemon_plan_check(struct mes_daemon *daemon)
{
    int64_t hours = mes_roster_globals(daemon->roster)->check_every;
    if (hours > 0)
        mes_timer_start(daemon->check_timer, hours * 3600 * 1000);
    else
        mes_timer_stop(daemon->check_timer);
}

int mes_daemon_stopping_start(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_watch_handler handler = {on_signals, daemon};
    int code = mes_watch_new(daemon->loop, daemon->signals, &handler, &daemon->watch, error);
    if (code == 0)
        code = mes_timer_new(daemon->loop, on_last_resort, daemon, &daemon->last_resort, error);
    if (code == 0)
        code = mes_timer_new(daemon->loop, on_check_due, daemon, &daemon->check_timer, error);
    if (code == 0)
        mes_watch_set(daemon->watch, true, false);
    return code;
}

void mes_daemon_stopping_end(struct mes_daemon *daemon)
{
    if (daemon->check_timer != NULL)
        mes_timer_free(&daemon->check_timer);
    if (daemon->last_resort != NULL)
        mes_timer_free(&daemon->last_resort);
    if (daemon->watch != NULL)
        mes_watch_free(&daemon->watch);
}
