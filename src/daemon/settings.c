/* The settings: where they stand, what is wrong with them, and noticing that they have changed. */
#include <string.h>

#include "account/setting.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/supervisor.h"
#include "daemon/parts.h"
#include "i18n/say.h"
#include "queue/quiet.h"

enum { LOOK_MS = 1000 };

/* Mails of a newcomer go nowhere, and can be looked at. */
static const char own_settings[] = "{\n"
                                   "  // Mails are kept, not sent: look at them with GET /api/v1/captured. "
                                   "To send, put your own accounts here, as\n"
                                   "  // docs/accounts.md says. Changes are taken up at once.\n"
                                   "  \"globalConfig\": { \"dataFolder\": \".\" },\n"
                                   "  \"senderEmailAccountList\": [\n"
                                   "    { \"name\": \"capture\", \"transport\": \"capture\", "
                                   "\"fromMailAddress\": \"service@example.com\" }\n"
                                   "  ]\n"
                                   "}\n";

static int make_own_settings(struct mes_error *error)
{
    if (mes_file_exists(MES_DAEMON_OWN_SETTINGS))
        return 0;
    int code = mes_file_make_folder("./data", 0700, error);
    return code == 0 ? mes_file_replace(MES_DAEMON_OWN_SETTINGS, mes_str_of(own_settings), error) : code;
}

/* ---- reading ---- */

/* A finding goes to who started the service, later to the log. */
static void on_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    struct mes_daemon *daemon = context;
    if (daemon->log == NULL && daemon->listener.on_finding != NULL)
        daemon->listener.on_finding(daemon->listener.context, kind, finding);
    else if (daemon->log != NULL && kind != MES_FINDING_NOTE)
        mes_daemon_log_error(daemon, kind == MES_FINDING_PROBLEM ? MES_LOG_ERROR : MES_LOG_WARNING,
                             kind == MES_FINDING_PROBLEM ? "settings.problem" : "settings.warning", finding);
}

/* What accounts' loading cannot know. */
static int check_list(const struct mes_account_list *list, const struct mes_findings *findings,
                      struct mes_error *error)
{
    const struct mes_account_globals *globals = mes_account_list_globals(list);
    struct mes_quiet quiet;
    struct mes_error reason = {0};
    char text[MES_ERROR_SPACE];
    if (mes_quiet_parse(mes_str_of(globals->quiet_hours), &quiet, &reason) == 0)
        return 0;
    int code = mes_fail(error, MES_E_CONFIG, MES_SAY_daemon_quiet,
                        MES_ARGS(MES_ORIGIN(&globals->origins[MES_GLOBAL_SETTING_quiet_hours]),
                                 mes_error_text(&reason, MES_EN, text, sizeof text)));
    findings->on_finding(findings->context, MES_FINDING_PROBLEM, error);
    return code;
}

static int read_roster(struct mes_daemon *daemon, struct mes_roster **roster_out, struct mes_error *error)
{
    const struct mes_findings findings = {on_finding, daemon};
    const struct mes_account_source source = {.path = daemon->config, .findings = &findings};
    int code = mes_roster_load(&source, roster_out, error);
    for (size_t i = 0; code == 0 && i < mes_roster_count(*roster_out); i++)
        code = check_list(mes_roster_at(*roster_out, i)->list, &findings, error);
    if (code != 0)
        mes_roster_drop(roster_out);
    return code;
}

int mes_daemon_load_settings(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = 0;
    if (daemon->config == NULL) {
        daemon->config = MES_DAEMON_OWN_SETTINGS;
        code = make_own_settings(error);
    }
    daemon->watcher.stamp = mes_roster_stamp(daemon->config);
    return code == 0 ? read_roster(daemon, &daemon->roster, error) : code;
}

struct mes_roster *mes_daemon_hold_roster(struct mes_daemon *daemon)
{
    mes_mutex_lock(&daemon->mutex);
    struct mes_roster *roster = mes_roster_hold(daemon->roster);
    mes_mutex_unlock(&daemon->mutex);
    return roster;
}

/* ---- taking over ---- */

/* What is only looked at when the service starts. */
static const enum mes_global_setting fixed[] = {
    MES_GLOBAL_SETTING_listen,        MES_GLOBAL_SETTING_data_folder,
    MES_GLOBAL_SETTING_public_url,    MES_GLOBAL_SETTING_http_threads,
    MES_GLOBAL_SETTING_run_as,        MES_GLOBAL_SETTING_tls_certificate_file,
    MES_GLOBAL_SETTING_tls_key_file,  MES_GLOBAL_SETTING_trusted_proxies,
    MES_GLOBAL_SETTING_log_format,    MES_GLOBAL_SETTING_log_file,
    MES_GLOBAL_SETTING_log_keep_days,
};

static bool is_same(const struct mes_setting *setting, const void *a, const void *b)
{
    const struct mes_text_list *lists[2] = {a, b};
    switch (setting->type) {
    case MES_SETTING_FLAG:
        return *(const bool *)a == *(const bool *)b;
    case MES_SETTING_NUMBER:
        return *(const int64_t *)a == *(const int64_t *)b;
    case MES_SETTING_CHOICE:
        return *(const int *)a == *(const int *)b;
    case MES_SETTING_LIST:
        for (size_t i = 0; i < lists[0]->count && lists[0]->count == lists[1]->count; i++)
            if (strcmp(lists[0]->texts[i], lists[1]->texts[i]) != 0)
                return false;
        return lists[0]->count == lists[1]->count;
    default:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    }
}

static void warn_of_fixed(struct mes_daemon *daemon, const struct mes_roster *fresh)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const struct mes_setting *setting = mes_account_setting_at(MES_SCOPE_GLOBAL, fixed[i]);
        const void *old = mes_account_setting_member_of(setting, mes_roster_globals(daemon->roster));
        if (!is_same(setting, old, mes_account_setting_member_of(setting, mes_roster_globals(fresh))))
            mes_log(daemon->log, MES_LOG_WARNING, "settings.needs_restart",
                    MES_LOG_TEXT("key", setting->key));
    }
}

/* On its way from the watcher to the loop thread. */
struct takeover {
    struct mes_daemon_order order; /* first */
    struct mes_roster *roster;
};

static void take_over(struct mes_daemon_order *order, struct mes_daemon *daemon)
{
    struct takeover *takeover = (struct takeover *)order;
    struct mes_error error = {0};
    if (daemon != NULL && !mes_daemon_is_stopping(daemon)) {
        const struct mes_hook_options options = {.roster = takeover->roster};
        warn_of_fixed(daemon, takeover->roster);
        if (mes_hook_reload(daemon->hooks, &options, &error) != 0 ||
            mes_carrier_set_roster(daemon->carrier, takeover->roster, &error) != 0) {
            mes_daemon_log_error(daemon, MES_LOG_ERROR, "settings.refused", &error);
        } else {
            mes_mutex_lock(&daemon->mutex);
            struct mes_roster *old = daemon->roster;
            daemon->roster = takeover->roster;
            mes_mutex_unlock(&daemon->mutex);
            takeover->roster = old;
            mes_daemon_plan_check(daemon);
            mes_log(daemon->log, MES_LOG_INFO, "settings.taken_over",
                    MES_LOG_NUMBER("companies", mes_roster_count(daemon->roster) - 1));
        }
        (void)mes_supervisor_tell("READY=1");
    }
    mes_roster_drop(&takeover->roster);
    mes_free(takeover);
}

/* ---- the thread ---- */

static void reload(struct mes_daemon *daemon)
{
    struct mes_roster *roster;
    struct mes_error error = {0};
    (void)mes_supervisor_tell_reloading();
    if (read_roster(daemon, &roster, &error) != 0) {
        mes_daemon_log_error(daemon, MES_LOG_ERROR, "settings.refused", &error);
        (void)mes_supervisor_tell("READY=1");
        return;
    }
    struct takeover *takeover = mes_alloc(sizeof *takeover);
    if (takeover == NULL) {
        mes_roster_drop(&roster);
        return;
    }
    takeover->order.run = take_over;
    takeover->roster = roster;
    mes_daemon_post(daemon, &takeover->order);
}

/* Files that are just being written are left alone until two looks see the same. */
static void run_watcher(void *context)
{
    struct mes_daemon *daemon = context;
    struct mes_daemon_watcher *watcher = &daemon->watcher;
    uint64_t seen = watcher->stamp;
    while (!mes_mailbox_is_closed(watcher->mailbox)) {
        (void)mes_mailbox_wait(watcher->mailbox, LOOK_MS);
        uint64_t stamp = mes_roster_stamp(daemon->config);
        bool is_changed = stamp == seen && stamp != watcher->stamp && stamp != 0;
        seen = stamp;
        if (mes_mailbox_is_closed(watcher->mailbox) ||
            (!atomic_exchange(&watcher->is_asked, false) && !is_changed))
            continue;
        watcher->stamp = stamp;
        reload(daemon);
    }
}

int mes_daemon_watcher_start(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = mes_mailbox_new(NULL, NULL, &daemon->watcher.mailbox, error);
    return code == 0 ? mes_thread_start("settings", run_watcher, daemon, &daemon->watcher.thread, error)
                     : code;
}

void mes_daemon_watcher_stop(struct mes_daemon *daemon)
{
    if (daemon->watcher.mailbox != NULL)
        mes_mailbox_close(daemon->watcher.mailbox);
    mes_thread_join(&daemon->watcher.thread);
    mes_mailbox_free(&daemon->watcher.mailbox);
}

void mes_daemon_reload(void *context)
{
    struct mes_daemon *daemon = context;
    atomic_store(&daemon->watcher.is_asked, true);
    mes_mailbox_nudge(daemon->watcher.mailbox);
}
