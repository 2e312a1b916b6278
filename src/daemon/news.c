/* What the parts of the service tell one another. */
#include "daemon/parts.h"

/* ---- from the carrier: the loop thread ---- */

/* The carrier has logged it. */
static void on_account(void *context, const struct mes_carrier_account_news *news)
{
    struct mes_daemon *daemon = context;
    const struct mes_hook_account_news event = {.company = news->company,
                                                .account = news->account,
                                                .until = news->until,
                                                .advice_id = news->advice_id};
    mes_hook_on_carrier_account(daemon->hooks, &event, news->is_alarm);
}

static void on_all_down(void *context, const char *company, bool is_down)
{
    struct mes_daemon *daemon = context;
    mes_log(daemon->log, is_down ? MES_LOG_ERROR : MES_LOG_INFO,
            is_down ? "accounts.all_down" : "accounts.back", MES_LOG_TEXT("company", company));
    mes_hook_on_all_down(daemon->hooks, company, is_down);
}

static void on_fallback(void *context, const char *company, const char *account, bool is_in_use)
{
    struct mes_daemon *daemon = context;
    mes_log(daemon->log, is_in_use ? MES_LOG_WARNING : MES_LOG_INFO,
            is_in_use ? "accounts.fallback" : "accounts.first_again", MES_LOG_TEXT("company", company),
            MES_LOG_TEXT("account", account));
    mes_hook_on_fallback(daemon->hooks, company, account, is_in_use);
}

static void on_proved(void *context, const char *company, const char *account, bool is_first)
{
    struct mes_daemon *daemon = context;
    mes_hook_on_proved(daemon->hooks, company, account, is_first);
}

struct mes_carrier_listener mes_daemon_carrier_news(struct mes_daemon *daemon)
{
    return (struct mes_carrier_listener){.on_account = on_account,
                                         .on_all_down = on_all_down,
                                         .on_fallback = on_fallback,
                                         .on_proved = on_proved,
                                         .context = daemon};
}

/* ---- from the courier: the store thread ---- */

static int on_recipient(void *context, struct mes_store *store, const struct mes_queue_recipient_news *news,
                        struct mes_error *error)
{
    struct mes_daemon *daemon = context;
    return mes_hook_on_recipient(mes_hook_events(daemon->hooks), store, news, error);
}

static int on_job(void *context, struct mes_store *store, enum mes_queue_job_news_kind kind,
                  const char *company, int64_t job, struct mes_error *error)
{
    struct mes_daemon *daemon = context;
    const struct mes_hook_job_news news = {.kind = kind, .company = company, .job = job};
    return mes_hook_on_job(mes_hook_events(daemon->hooks), store, &news, error);
}

static void on_changed(void *context, const int64_t *jobs, size_t count)
{
    struct mes_daemon *daemon = context;
    mes_mutex_lock(&daemon->followers_mutex);
    if (daemon->has_followers)
        mes_api_server_news(daemon->api, jobs, count);
    mes_mutex_unlock(&daemon->followers_mutex);
}

void mes_daemon_set_followers(struct mes_daemon *daemon, bool has_followers)
{
    mes_mutex_lock(&daemon->followers_mutex);
    daemon->has_followers = has_followers;
    mes_mutex_unlock(&daemon->followers_mutex);
}

static void on_alert(void *context, const char *name, const char *detail)
{
    struct mes_daemon *daemon = context;
    /* Who raises alerts logs them too. */
    if (!mes_hook_on_alert(daemon->hooks, name, detail))
        mes_log(daemon->log, MES_LOG_WARNING, name, MES_LOG_TEXT("detail", detail));
}

static void end_broken(struct mes_daemon_order *order, struct mes_daemon *daemon)
{
    (void)order;
    if (daemon != NULL && !mes_daemon_is_stopping(daemon))
        mes_daemon_stop(daemon);
}

static void on_broken(void *context, const struct mes_error *error)
{
    static struct mes_daemon_order order = {.run = end_broken};
    struct mes_daemon *daemon = context;
    if (atomic_load(&daemon->is_broken))
        return;
    daemon->failure = *error;
    atomic_store(&daemon->is_broken, true);
    mes_daemon_log_error(daemon, MES_LOG_ERROR, "store.broken", error);
    mes_daemon_post(daemon, &order);
}

struct mes_courier_listener mes_daemon_courier_news(struct mes_daemon *daemon)
{
    return (struct mes_courier_listener){.on_recipient = on_recipient,
                                         .on_job = on_job,
                                         .on_changed = on_changed,
                                         .on_alert = on_alert,
                                         .on_broken = on_broken,
                                         .context = daemon};
}

/* ---- from any thread ---- */

void mes_daemon_alert(struct mes_daemon *daemon, enum mes_hook_alert_kind kind, bool is_raised,
                      const char *detail)
{
    const struct mes_hook_alert alert = {.kind = kind, .detail = detail};
    if (is_raised)
        mes_hook_alert_raise(mes_hook_alerts(daemon->hooks), &alert);
    else
        mes_hook_alert_clear(mes_hook_alerts(daemon->hooks), &alert);
}
