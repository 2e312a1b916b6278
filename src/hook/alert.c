#include "hook/alert.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "hook/receiver.h"
#include "net/inbox.h"
#include "net/loop.h"
#include "queue/courier.h"
#include "store/alert.h"

enum { SUBJECT_SPACE = 200, DETAIL_SPACE = 256, COMPANY_SPACE = 65, NAME_SPACE = 400, EARLY = 100 };

/* One raise or clear: comes to the loop, goes to the store when the kind ends, and comes back. */
struct call {
    struct mes_courier_command command; /* first */
    struct mes_hook_alerts *alerts;
    enum mes_hook_alert_kind kind;
    bool is_over;
    bool is_back;
    bool is_news; /* by the store: it did not stand before, or it did when it is over */
    int code;
    char company[COMPANY_SPACE];
    char subject[SUBJECT_SPACE];
    char detail[DETAIL_SPACE];
};

struct mes_hook_alerts {
    struct mes_hook_alerts_options options; /* the lists in it are not kept */
    struct mes_inbox *inbox;
    struct mes_courier *courier;
    struct mes_hook_receiver *receivers; /* a list */
    struct call *early[EARLY];           /* raised before the start */
    size_t early_count;
    bool is_stopped;
};

/* --- the store --- */

static int run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct call *call = (struct call *)command;
    char name[NAME_SPACE];
    (void)snprintf(name, sizeof name, "%s/%s/%s", mes_hook_alert_id(call->kind), call->company,
                   call->subject);
    if (call->is_over)
        return mes_store_alert_clear(store, name, &call->is_news, error);
    const struct mes_store_alert alert = {.name = name,
                                          .detail = call->detail,
                                          .raised_at =
                                              mes_clock_wall(mes_loop_clock(call->alerts->options.loop))};
    return mes_store_alert_raise(store, &alert, &call->is_news, error);
}

static void done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct call *call = (struct call *)command;
    (void)error;
    call->code = code;
    call->is_back = true;
    bool is_posted = mes_inbox_post(call->alerts->inbox, &command->item);
    assert(is_posted); /* the courier is stopped before the inbox is freed */
    (void)is_posted;
}

/* --- the loop --- */

static void tell(struct mes_hook_alerts *alerts, const struct call *call)
{
    const struct mes_hook_alert alert = {
        .kind = call->kind, .company = call->company, .subject = call->subject, .detail = call->detail};
    mes_log(alerts->options.log, call->is_over ? MES_LOG_INFO : MES_LOG_WARNING,
            call->is_over ? "alert.cleared" : "alert.raised",
            MES_LOG_TEXT("alert", mes_hook_alert_id(call->kind)), MES_LOG_TEXT("company", call->company),
            MES_LOG_TEXT("subject", call->subject), MES_LOG_TEXT("detail", call->detail));
    mes_hook_receivers_tell(alerts->receivers, &alert, call->is_over, alerts->options.language);
}

static void take(struct mes_hook_alerts *alerts, struct call *call)
{
    if (!call->is_back && !alerts->is_stopped && alerts->courier != NULL && mes_hook_alert_ends(call->kind)) {
        mes_courier_post(alerts->courier, &call->command);
        return;
    }
    bool is_news = call->is_back ? call->code == 0 && call->is_news : !mes_hook_alert_ends(call->kind);
    if (is_news && !alerts->is_stopped)
        tell(alerts, call);
    mes_free(call);
}

static void on_item(void *context, struct mes_mailbox_item *item)
{
    struct mes_hook_alerts *alerts = context;
    struct call *call = (struct call *)item;
    bool is_early = alerts->courier == NULL && !alerts->is_stopped;
    if (!is_early)
        take(alerts, call);
    else if (alerts->early_count < EARLY)
        alerts->early[alerts->early_count++] = call;
    else
        mes_free(call);
}

/* --- any thread --- */

static void copy(char *out, size_t size, const char *text)
{
    (void)mes_shown_text(out, size, mes_str_of(text));
}

static void post(struct mes_hook_alerts *alerts, const struct mes_hook_alert *alert, bool is_over)
{
    struct call *call = mes_alloc(sizeof *call);
    if (call == NULL)
        return;
    call->command.run = run;
    call->command.done = done;
    call->alerts = alerts;
    call->kind = alert->kind;
    call->is_over = is_over;
    copy(call->company, sizeof call->company, alert->company);
    copy(call->subject, sizeof call->subject, alert->subject);
    copy(call->detail, sizeof call->detail, alert->detail);
    if (!mes_inbox_post(alerts->inbox, &call->command.item))
        mes_free(call);
}

void mes_hook_alert_raise(struct mes_hook_alerts *alerts, const struct mes_hook_alert *alert)
{
    post(alerts, alert, false);
}

void mes_hook_alert_clear(struct mes_hook_alerts *alerts, const struct mes_hook_alert *alert)
{
    assert(mes_hook_alert_ends(alert->kind));
    post(alerts, alert, true);
}

/* --- the alerts --- */

int mes_hook_alerts_new(const struct mes_hook_alerts_options *options, struct mes_hook_alerts **alerts_out,
                        struct mes_error *error)
{
    struct mes_hook_alerts *alerts = mes_alloc(sizeof *alerts);
    *alerts_out = NULL;
    if (alerts == NULL)
        return mes_fail_nomem(error);
    alerts->options = *options;
    int code = mes_inbox_new(options->loop, on_item, alerts, &alerts->inbox, error);
    if (code == 0)
        code = mes_hook_alerts_reload(alerts, options, error);
    if (code != 0)
        mes_hook_alerts_free(&alerts);
    *alerts_out = alerts;
    return code;
}

int mes_hook_alerts_reload(struct mes_hook_alerts *alerts, const struct mes_hook_alerts_options *options,
                           struct mes_error *error)
{
    const struct mes_hook_receiver_setting setting = {.loop = alerts->options.loop,
                                                      .client = alerts->options.client,
                                                      .log = alerts->options.log,
                                                      .on_mail = alerts->options.on_mail,
                                                      .context = alerts->options.context};
    int code =
        mes_hook_receivers_replace(&alerts->receivers, &setting, options->to, options->to_count, error);
    if (code == 0)
        alerts->options.language = options->language;
    return code;
}

void mes_hook_alerts_start(struct mes_hook_alerts *alerts, struct mes_courier *courier)
{
    alerts->courier = courier;
    for (size_t i = 0; i < alerts->early_count; i++)
        take(alerts, alerts->early[i]);
    alerts->early_count = 0;
}

void mes_hook_alerts_stop(struct mes_hook_alerts *alerts)
{
    alerts->is_stopped = true;
    for (size_t i = 0; i < alerts->early_count; i++)
        mes_free(alerts->early[i]);
    alerts->early_count = 0;
    mes_hook_receivers_free(&alerts->receivers);
}

void mes_hook_alerts_free(struct mes_hook_alerts **alerts_place)
{
    struct mes_hook_alerts *alerts = *alerts_place;
    if (alerts == NULL)
        return;
    mes_hook_alerts_stop(alerts);
    mes_inbox_free(&alerts->inbox);
    mes_free(alerts);
    *alerts_place = NULL;
}
