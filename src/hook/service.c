#include "hook/service.h"

#include <string.h>

#include "account/account.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/thread.h"
#include "hook/deliverer.h"
#include "hook/letter.h"
#include "hook/service_parts.h"
#include "http/client.h"
#include "http/url.h"
#include "i18n/say.h"
#include "net/loop.h"
#include "queue/roster.h"

/* Store thread, and the loop. */
static void on_written(void *context)
{
    struct mes_hook_service *service = context;
    mes_hook_deliverer_nudge(service->deliverer);
}

static bool on_mail(void *context, const char *address, const char *subject, const char *text)
{
    struct mes_hook_service *service = context;
    struct mes_error error;
    const struct mes_hook_letter letter = {.address = address,
                                           .subject = subject,
                                           .text = text,
                                           .clock = mes_loop_clock(service->loop),
                                           .roster = service->roster};
    if (service->courier == NULL)
        return false;
    return mes_hook_letter_post(&letter, service->courier, &error) == 0;
}

static int read_guard(const struct mes_hook_options *options, struct mes_guard *guard_out,
                      struct mes_error *error)
{
    const struct mes_text_list *allow = &mes_roster_globals(options->roster)->webhook_allow;
    int code = 0;
    *guard_out = (struct mes_guard){0};
    for (size_t i = 0; code == 0 && i < allow->count; i++)
        code = mes_guard_allow(guard_out, mes_str_of(allow->texts[i]), error);
    return code;
}

/* The first of `languageFallback` that is one of ours. */
static enum mes_language language_of(const struct mes_roster *roster)
{
    const struct mes_text_list *names = &mes_roster_globals(roster)->language_fallback;
    enum mes_language language;
    for (size_t i = 0; i < names->count; i++)
        if (mes_language_parse(mes_str_of(names->texts[i]), &language))
            return language;
    return MES_EN;
}

static struct mes_hook_alerts_options alert_options(struct mes_hook_service *service,
                                                    const struct mes_hook_options *options)
{
    const struct mes_text_list *to = &mes_roster_globals(options->roster)->alert_to;
    return (struct mes_hook_alerts_options){.loop = service->loop,
                                            .client = service->client,
                                            .log = service->log,
                                            .language = language_of(options->roster),
                                            .to = to->texts,
                                            .to_count = to->count,
                                            .on_mail = on_mail,
                                            .context = service};
}

static int make_parts(struct mes_hook_service *service, const struct mes_hook_options *options,
                      struct mes_error *error)
{
    const struct mes_http_client_options client = {.loop = service->loop,
                                                   .guard = service->guard,
                                                   .name_servers = options->name_servers,
                                                   .ca_file = options->ca_file};
    const struct mes_hook_events_options events = {
        .clock = mes_loop_clock(service->loop), .on_written = on_written, .context = service};
    int code = mes_http_client_new(&client, &service->client, error);
    if (code == 0)
        code = mes_hook_events_new(&events, &service->events, error);
    if (code != 0)
        return code;
    const struct mes_hook_alerts_options alerts = alert_options(service, options);
    code = mes_hook_alerts_new(&alerts, &service->alerts, error);
    if (code != 0)
        return code;
    const struct mes_hook_deliverer_options deliverer = {.loop = service->loop,
                                                         .client = service->client,
                                                         .events = service->events,
                                                         .alerts = service->alerts,
                                                         .log = service->log,
                                                         .secret = service->master};
    return mes_hook_deliverer_new(&deliverer, &service->deliverer, error);
}

int mes_hook_new(const struct mes_hook_options *options, struct mes_hook_service **service_out,
                 struct mes_error *error)
{
    struct mes_hook_service *service = mes_alloc(sizeof *service);
    *service_out = NULL;
    if (service == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&service->mutex);
    service->loop = options->loop;
    service->log = options->log;
    service->roster = mes_roster_hold(options->roster);
    memcpy(service->master, options->secret, sizeof service->master);
    int code = read_guard(options, &service->guard, error);
    if (code == 0)
        code = make_parts(service, options, error);
    if (code != 0)
        mes_hook_free(&service);
    *service_out = service;
    return code;
}

int mes_hook_reload(struct mes_hook_service *service, const struct mes_hook_options *options,
                    struct mes_error *error)
{
    struct mes_guard guard;
    int code = read_guard(options, &guard, error);
    if (code != 0)
        return code;
    const struct mes_hook_alerts_options alerts = alert_options(service, options);
    code = mes_hook_alerts_reload(service->alerts, &alerts, error);
    if (code != 0)
        return code;
    struct mes_roster *old = service->roster;
    service->roster = mes_roster_hold(options->roster);
    mes_roster_drop(&old);
    mes_mutex_lock(&service->mutex);
    service->guard = guard;
    mes_mutex_unlock(&service->mutex);
    mes_http_client_set_guard(service->client, &guard);
    return 0;
}

void mes_hook_start(struct mes_hook_service *service, struct mes_courier *courier)
{
    service->courier = courier;
    mes_hook_alerts_start(service->alerts, courier);
    mes_hook_deliverer_start(service->deliverer, courier);
}

void mes_hook_stop(struct mes_hook_service *service)
{
    service->courier = NULL;
    mes_hook_deliverer_stop(service->deliverer);
    mes_hook_alerts_stop(service->alerts);
}

void mes_hook_free(struct mes_hook_service **service_place)
{
    struct mes_hook_service *service = *service_place;
    if (service == NULL)
        return;
    mes_hook_deliverer_free(&service->deliverer);
    mes_hook_alerts_free(&service->alerts);
    mes_hook_events_free(&service->events);
    mes_http_client_free(&service->client);
    mes_roster_drop(&service->roster);
    mes_mutex_fini(&service->mutex);
    mes_wipe(service->master, sizeof service->master);
    mes_free(service);
    *service_place = NULL;
}

void mes_hook_nudge(struct mes_hook_service *service)
{
    mes_hook_deliverer_nudge(service->deliverer);
}

struct mes_hook_events *mes_hook_events(struct mes_hook_service *service)
{
    return service->events;
}

struct mes_hook_alerts *mes_hook_alerts(struct mes_hook_service *service)
{
    return service->alerts;
}

int mes_hook_check_url(struct mes_hook_service *service, const char *url, struct mes_error *error)
{
    struct mes_http_url parts;
    int code = mes_http_url_parse(url, &parts, error);
    if (code != 0)
        return code;
    mes_mutex_lock(&service->mutex);
    const char *kind = mes_guard_refuses_host(&service->guard, mes_str_of(parts.host));
    mes_mutex_unlock(&service->mutex);
    return kind == NULL ? 0 : mes_fail(error, MES_E_INPUT, MES_SAY_hook_internal, MES_ARGS(parts.host, kind));
}

const unsigned char *mes_hook_master(const struct mes_hook_service *service)
{
    return service->master;
}
