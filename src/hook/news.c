/* What the carrier and the courier tell: rows for webhooks, alerts for people. */
#include <stdio.h>

#include "base/alloc.h"
#include "hook/service_parts.h"

enum { TEXT_SPACE = 200 };

/* An account's news on its way to the store thread. */
struct account_command {
    struct mes_courier_command command; /* first */
    struct mes_hook_events *events;
    struct mes_hook_account_news news;
    char company[TEXT_SPACE], account[TEXT_SPACE], advice_id[TEXT_SPACE];
};

static int run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct account_command *mine = (struct account_command *)command;
    return mes_hook_on_account(mine->events, store, &mine->news, error);
}

static void done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    (void)code;
    (void)error;
    mes_free(command);
}

static const char *copy(char out[TEXT_SPACE], const char *text)
{
    (void)snprintf(out, TEXT_SPACE, "%s", text != NULL ? text : "");
    return out;
}

/* Out of memory: the webhooks miss it, nobody else. */
static void tell_webhooks(struct mes_hook_service *service, const struct mes_hook_account_news *news)
{
    struct account_command *mine = service->courier != NULL ? mes_alloc(sizeof *mine) : NULL;
    if (mine == NULL)
        return;
    mine->command.run = run;
    mine->command.done = done;
    mine->events = service->events;
    mine->news = (struct mes_hook_account_news){.company = copy(mine->company, news->company),
                                                .account = copy(mine->account, news->account),
                                                .until = news->until,
                                                .advice_id = copy(mine->advice_id, news->advice_id)};
    mes_courier_post(service->courier, &mine->command);
}

static void tell_people(struct mes_hook_service *service, const struct mes_hook_alert *alert, bool is_over)
{
    if (is_over)
        mes_hook_alert_clear(service->alerts, alert);
    else
        mes_hook_alert_raise(service->alerts, alert);
}

void mes_hook_on_carrier_account(struct mes_hook_service *service, const struct mes_hook_account_news *news,
                                 bool is_alarm)
{
    const struct mes_hook_alert alert = {.kind = MES_HOOK_ALERT_login,
                                         .company = news->company,
                                         .subject = news->account,
                                         .detail = news->advice_id};
    tell_webhooks(service, news);
    if (is_alarm || news->until == 0)
        tell_people(service, &alert, news->until == 0);
}

void mes_hook_on_all_down(struct mes_hook_service *service, const char *company, bool is_down)
{
    const struct mes_hook_alert alert = {.kind = MES_HOOK_ALERT_all_down, .company = company};
    tell_people(service, &alert, !is_down);
}

/* One alert for each list: which of its later accounts is in use may change meanwhile. */
void mes_hook_on_fallback(struct mes_hook_service *service, const char *company, const char *account,
                          bool is_in_use)
{
    const struct mes_hook_alert alert = {
        .kind = MES_HOOK_ALERT_fallback, .company = company, .detail = is_in_use ? account : ""};
    tell_people(service, &alert, !is_in_use);
}

void mes_hook_on_proved(struct mes_hook_service *service, const char *company, const char *account,
                        bool is_first)
{
    const struct mes_hook_alert login = {
        .kind = MES_HOOK_ALERT_login, .company = company, .subject = account};
    mes_hook_alert_clear(service->alerts, &login);
    mes_hook_on_all_down(service, company, false);
    if (is_first)
        mes_hook_on_fallback(service, company, account, false);
}

bool mes_hook_on_alert(struct mes_hook_service *service, const char *name, const char *detail)
{
    struct mes_hook_alert alert = {.subject = detail, .detail = detail};
    if (!mes_hook_alert_parse(name, &alert.kind))
        return false;
    mes_hook_alert_raise(service->alerts, &alert);
    return true;
}
