/* Webhooks and alerts of a running service: made once, and wired to the rest by the daemon. */
#ifndef MES_HOOK_SERVICE_H
#define MES_HOOK_SERVICE_H

#include "hook/alert.h"
#include "hook/event.h"
#include "net/guard.h"

struct mes_hook_service;
struct mes_log;
struct mes_loop;
struct mes_roster;

struct mes_hook_options {
    struct mes_loop *loop;
    const unsigned char *secret; /* of the data folder: mes_store_folder_secret */
    struct mes_roster *roster; /* `webhookAllow`, `alertTo` and the language of its globals, and who sends the
                                  alerts' mails; held */
    struct mes_log *log;       /* may be NULL */
    const char *name_servers;  /* for tests; NULL: the system's */
    const char *ca_file;       /* PEM; NULL: the authorities that the system trusts */
};

/* Loop thread, like all here that does not say otherwise. Copies the options. MES_E_CONFIG, naming what is
 * wrong, for a network or a receiver of alerts that is none. */
int mes_hook_new(const struct mes_hook_options *options, struct mes_hook_service **service_out,
                 struct mes_error *error) MES_MUST_USE;
/* The settings were read anew: `roster` alone counts. With an error nothing changes. */
int mes_hook_reload(struct mes_hook_service *service, const struct mes_hook_options *options,
                    struct mes_error *error) MES_MUST_USE;
/* After mes_courier_start: deliveries begin, and alerts that were raised before go out. */
void mes_hook_start(struct mes_hook_service *service, struct mes_courier *courier);
/* Breaks off what is under way and begins nothing more; what was not delivered stays in the database. Before
 * mes_courier_stop. */
void mes_hook_stop(struct mes_hook_service *service);
/* After mes_courier_stop. A NULL inside is allowed. */
void mes_hook_free(struct mes_hook_service **service);

/* A webhook may be told something now that could not be before. Any thread. */
void mes_hook_nudge(struct mes_hook_service *service);

/* For mes_hook_on_recipient and mes_hook_on_job, which are to be called from the courier's on_recipient and
 * on_job; and for the routes of webhooks. */
struct mes_hook_events *mes_hook_events(struct mes_hook_service *service);
/* For mes_hook_alert_raise and mes_hook_alert_clear. Any thread. */
struct mes_hook_alerts *mes_hook_alerts(struct mes_hook_service *service);
/* MES_E_INPUT, with the reason, for a URL that no webhook may have: none that can be called, or with an
 * address of the inside in it. What a name leads to is looked at when it is called. Any thread. */
int mes_hook_check_url(struct mes_hook_service *service, const char *url,
                       struct mes_error *error) MES_MUST_USE;
/* The data folder's secret. Any thread. */
const unsigned char *mes_hook_master(const struct mes_hook_service *service);

/* The carrier's news, to be called from its listener: events for webhooks, and alerts. */
void mes_hook_on_carrier_account(struct mes_hook_service *service, const struct mes_hook_account_news *news,
                                 bool is_alarm);
/* As struct mes_carrier_listener has it, like the next. */
void mes_hook_on_all_down(struct mes_hook_service *service, const char *company, bool is_down);
void mes_hook_on_fallback(struct mes_hook_service *service, const char *company, const char *account,
                          bool is_in_use);
void mes_hook_on_proved(struct mes_hook_service *service, const char *company, const char *account,
                        bool is_first);
/* The courier's on_alert. Any thread. False: no alert of that name is known. */
bool mes_hook_on_alert(struct mes_hook_service *service, const char *name, const char *detail);

#endif
