/* The nightly backup. The keeper's thread. */
#include "store/backup.h"
#include "account/service.h"
#include "base/error.h"
#include "daemon/parts.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, OLD_DAYS = 2 };

int64_t mes_daemon_next_backup(const struct mes_zone *zone, int minute, int64_t now)
{
    int64_t local = now + (int64_t)mes_zone_offset(zone, now) * 1000;
    int64_t at = local - local % DAY_MS + (int64_t)minute * 60000 - DAY_MS;
    int64_t utc;
    do {
        at += DAY_MS;
        (void)mes_zone_to_utc(zone, at, &utc);
    } while (utc <= now);
    return utc;
}

static bool may_go_on(void *context, enum mes_store_backup_step step, uint64_t done, uint64_t total)
{
    (void)step;
    (void)done;
    (void)total;
    return !mes_daemon_is_stopping(context);
}

static void make_backup(struct mes_daemon *daemon, const struct mes_account_globals *globals)
{
    const struct mes_store_backup_progress progress = {may_go_on, daemon};
    struct mes_store_backup_result result = {0};
    struct mes_error error = {0};
    int64_t began = mes_clock_monotonic(daemon->clock);
    const struct mes_store_backup_options options = {
        .target = globals->backup_folder, .keep = (unsigned)globals->backup_keep, .progress = &progress};
    int code = mes_store_backup_make(daemon->folder, &options, &result, &error);
    if (code == 0)
        mes_log(daemon->log, MES_LOG_INFO, "backup.made", MES_LOG_TEXT("name", result.name),
                MES_LOG_NUMBER("files", result.files), MES_LOG_NUMBER("bytes", result.bytes),
                MES_LOG_NUMBER("ms", mes_clock_monotonic(daemon->clock) - began));
    else if (code != MES_E_CANCELLED)
        mes_daemon_log_error(daemon, MES_LOG_ERROR, "backup.failed", &error);
}

static void look_at_age(struct mes_daemon *daemon, const char *folder)
{
    struct mes_daemon_keeper *keeper = &daemon->keeper;
    int64_t newest = keeper->began_at; /* the first one may still be to come */
    int64_t now = mes_clock_wall(daemon->clock);
    if (folder[0] != '\0' && mes_store_backup_newest(folder, &newest, NULL) != 0)
        newest = keeper->began_at;
    bool is_old = folder[0] != '\0' && now - newest > (int64_t)OLD_DAYS * DAY_MS;
    if (!keeper->has_looked || is_old != keeper->is_backup_old)
        mes_daemon_alert(daemon, MES_HOOK_ALERT_backup, is_old, folder);
    keeper->is_backup_old = is_old;
}

void mes_daemon_look_after_backup(struct mes_daemon *daemon, const struct mes_account_globals *globals)
{
    struct mes_daemon_keeper *keeper = &daemon->keeper;
    int minute = mes_account_day_minute(mes_str_of(globals->backup_at));
    int64_t now = mes_clock_wall(daemon->clock);
    if (globals->backup_folder[0] == '\0') {
        keeper->backup_at = 0;
        look_at_age(daemon, "");
        return;
    }
    bool is_due = keeper->backup_at != 0 && keeper->backup_minute == minute && now >= keeper->backup_at;
    if (is_due)
        make_backup(daemon, globals);
    if (is_due || keeper->backup_at == 0 || keeper->backup_minute != minute)
        keeper->backup_at = mes_daemon_next_backup(daemon->zone, minute, mes_clock_wall(daemon->clock));
    keeper->backup_minute = minute;
    look_at_age(daemon, globals->backup_folder);
}
