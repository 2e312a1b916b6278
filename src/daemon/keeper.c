/* Slow work on the disk, on a thread of its own: sweeps, the nightly backup, the look at the room that is
 * left. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "daemon/parts.h"

enum {
    LOOK_MS = 60 * 1000,            /* at the disk and the age of the backup */
    SWEEP_MS = 60 * 60 * 1000,      /* between two sweeps */
    FIRST_SWEEP_MS = 5 * 60 * 1000, /* after the start, which has enough to do */
    LOW_PERCENT = 10
};

static bool is_ending(const struct mes_daemon *daemon)
{
    return mes_mailbox_is_closed(daemon->keeper.mailbox);
}

/* ---- writing ---- */

struct waiting {
    struct mes_courier_command command; /* first */
    struct mes_courier_command *inner;
    struct mes_daemon *daemon;
    int code;
    struct mes_error *error;
};

static int run_inner(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct waiting *waiting = (struct waiting *)command;
    return waiting->inner->run(waiting->inner, store, error);
}

static void on_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct waiting *waiting = (struct waiting *)command;
    waiting->code = code;
    if (code != 0 && error != NULL)
        *waiting->error = *error;
    /* Never closed while the keeper waits for it. */
    if (!mes_mailbox_post(waiting->daemon->keeper.answers, &command->item))
        return;
}

int mes_daemon_write(struct mes_daemon *daemon, struct mes_courier_command *command, struct mes_error *error)
{
    struct waiting waiting = {
        .command = {.run = run_inner, .done = on_done}, .inner = command, .daemon = daemon, .error = error};
    mes_courier_post(daemon->courier, &waiting.command);
    while (mes_mailbox_wait(daemon->keeper.answers, -1) == NULL) {
    }
    return waiting.code;
}

/* ---- the disk ---- */

static void look_at_disk(struct mes_daemon *daemon)
{
    uint64_t left;
    uint64_t total;
    struct mes_daemon_keeper *keeper = &daemon->keeper;
    if (!mes_file_room(mes_store_folder_path(daemon->folder), &left, &total) || total == 0)
        return;
    bool is_low = left < total / 100 * LOW_PERCENT;
    bool is_change = is_low != keeper->is_disk_low;
    keeper->is_disk_low = is_low;
    /* An alert may stand from before the start. */
    if (is_change || !keeper->has_looked)
        mes_daemon_alert(daemon, MES_HOOK_ALERT_disk, is_low, mes_store_folder_path(daemon->folder));
    if (is_change)
        mes_log(daemon->log, is_low ? MES_LOG_ERROR : MES_LOG_INFO, is_low ? "disk.low" : "disk.enough",
                MES_LOG_NUMBER("free_bytes", left), MES_LOG_NUMBER("free_percent", left * 100 / total));
}

static void keep_reserve(struct mes_daemon *daemon)
{
    struct mes_error error = {0};
    if (mes_store_folder_keep_reserve(daemon->folder, &error) != 0)
        mes_daemon_log_error(daemon, MES_LOG_WARNING, "disk.no_reserve", &error);
}

/* ---- the thread ---- */

static void look(struct mes_daemon *daemon)
{
    struct mes_daemon_keeper *keeper = &daemon->keeper;
    struct mes_roster *roster = mes_daemon_hold_roster(daemon);
    int64_t now = mes_clock_monotonic(daemon->clock);
    look_at_disk(daemon);
    keep_reserve(daemon);
    mes_daemon_look_after_backup(daemon, mes_roster_globals(roster));
    keeper->has_looked = true;
    if (now >= keeper->sweep_at && !is_ending(daemon)) {
        mes_daemon_sweep(daemon, mes_roster_globals(roster));
        keeper->sweep_at = mes_clock_monotonic(daemon->clock) + SWEEP_MS;
    }
    mes_roster_drop(&roster);
}

/* Until the next look, or the backup's minute. */
static int64_t rest_ms(const struct mes_daemon *daemon)
{
    int64_t until = daemon->keeper.backup_at - mes_clock_wall(daemon->clock);
    if (daemon->keeper.backup_at == 0 || until > LOOK_MS)
        return LOOK_MS;
    return until > 0 ? until : 0;
}

static void run_keeper(void *context)
{
    struct mes_daemon *daemon = context;
    daemon->keeper.began_at = mes_clock_wall(daemon->clock);
    daemon->keeper.sweep_at = mes_clock_monotonic(daemon->clock) + FIRST_SWEEP_MS;
    while (!is_ending(daemon)) {
        look(daemon);
        (void)mes_mailbox_wait(daemon->keeper.mailbox, rest_ms(daemon));
    }
}

int mes_daemon_keeper_start(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = mes_mailbox_new(NULL, NULL, &daemon->keeper.mailbox, error);
    if (code == 0)
        code = mes_mailbox_new(NULL, NULL, &daemon->keeper.answers, error);
    return code == 0 ? mes_thread_start("keeper", run_keeper, daemon, &daemon->keeper.thread, error) : code;
}

void mes_daemon_keeper_stop(struct mes_daemon *daemon)
{
    if (daemon->keeper.mailbox != NULL)
        mes_mailbox_close(daemon->keeper.mailbox);
    mes_thread_join(&daemon->keeper.thread);
    mes_mailbox_free(&daemon->keeper.mailbox);
    mes_mailbox_free(&daemon->keeper.answers);
}
