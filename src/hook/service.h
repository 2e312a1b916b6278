/* Webhooks and alerts of a running service, as its other parts see them: made once, wired by the daemon. */
#ifndef MES_HOOK_SERVICE_H
#define MES_HOOK_SERVICE_H

#include "hook/alert.h"
#include "hook/event.h"
#include "net/guard.h"

struct mes_hook_service;
struct mes_log;
struct mes_loop;

struct mes_hook_options {
    struct mes_loop *loop;
    const unsigned char
        *secret; /* MES_STORE_FOLDER_SECRET_SIZE bytes: the webhooks' secrets are derived from it */
    const char *const *allow; /* `webhookAllow`: networks */
    size_t allow_count;
    const char *const *alert_to; /* `alertTo`: mail addresses and robots' URLs */
    size_t alert_to_count;
    enum mes_language language; /* of alerts */
    struct mes_log *log;        /* may be NULL */
    const char *name_servers;   /* for tests; NULL: the system's */
    const char *ca_file;        /* PEM; NULL: the authorities that the system trusts */
};

/* Loop thread, like all here that does not say otherwise. Copies the options. Fails with MES_E_CONFIG, naming
 * what is wrong, for a network or a receiver of alerts that is none. */
int mes_hook_new(const struct mes_hook_options *options, struct mes_hook_service **service_out,
                 struct mes_error *error) MES_MUST_USE;
/* The settings were read anew; with an error nothing changes. `loop`, `secret` and `log` are not looked at.
 */
int mes_hook_reload(struct mes_hook_service *service, const struct mes_hook_options *options,
                    struct mes_error *error) MES_MUST_USE;

/* What the courier tells the webhooks: context of mes_hook_on_recipient and mes_hook_on_job. */
struct mes_hook_events *mes_hook_events(struct mes_hook_service *service);
/* Who is told of trouble. */
struct mes_hook_alerts *mes_hook_alerts(struct mes_hook_service *service);

/* After mes_courier_start: deliveries begin. */
void mes_hook_start(struct mes_hook_service *service, struct mes_courier *courier);
/* Carrier news (struct mes_carrier_listener.on_account): events for webhooks, and the alert of a refused
 * login. */
void mes_hook_on_carrier_account(void *service, const char *company, const char *account, int64_t until,
                                 const char *advice_id, bool is_alarm);
void mes_hook_on_all_down(void *service, const char *company, bool is_down);
void mes_hook_on_fallback(void *service, const char *company, const char *account, bool is_in_use);
/* Courier news (struct mes_courier_listener.on_alert). Store thread. */
void mes_hook_on_alert(void *service, const char *name, const char *detail);

/* Ends what is under way and begins nothing more; what was not delivered stays in the database. Before
 * mes_courier_stop. */
void mes_hook_stop(struct mes_hook_service *service);
/* After mes_courier_stop. */
void mes_hook_free(struct mes_hook_service **service);

#endif
