/* Tells people of trouble: once when it begins, once when it is over, by mail and by robots in their chats.
 */
#ifndef MES_HOOK_ALERT_H
#define MES_HOOK_ALERT_H

#include <stdbool.h>

#include "base/buf.h"

/* MES_HOOK_ALERT_<name> for each row of alert.def. */
enum mes_hook_alert_kind {
#define ALERT(name, id, ends) MES_HOOK_ALERT_##name,
#include "hook/alert.def"
#undef ALERT
    MES_HOOK_ALERT_COUNT
};

/* "accounts.all_down": static. Parsing is exact. */
const char *mes_hook_alert_id(enum mes_hook_alert_kind kind);
bool mes_hook_alert_parse(const char *id, enum mes_hook_alert_kind *kind_out) MES_MUST_USE;
/* Does it end, by mes_hook_alert_clear? */
bool mes_hook_alert_ends(enum mes_hook_alert_kind kind);

struct mes_hook_alert {
    enum mes_hook_alert_kind kind;
    const char *company; /* "" or NULL: the general list, or all */
    const char *subject; /* which one: an account, a job's id, a webhook's id; "" or NULL: there is but one */
    const char *detail;  /* a short text for people, without secrets; "" or NULL: none */
};

/* Appends one sentence: that it has begun, or (where it ends) that it is over. */
void mes_hook_alert_say(const struct mes_hook_alert *alert, bool is_over, enum mes_language language,
                        struct mes_buf *out);

struct mes_hook_alerts;
struct mes_courier;
struct mes_http_client;
struct mes_log;
struct mes_loop;

struct mes_hook_alerts_options {
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_log *log; /* may be NULL */
    enum mes_language language;
    const char *const *to; /* mail addresses, and URLs of robots (hook/robot.h) */
    size_t to_count;
    /* Hands a mail to the queue, on the loop thread; false: it could not. NULL: mail addresses are told
     * nothing. */
    bool (*on_mail)(void *context, const char *address, const char *subject, const char *text);
    void *context;
};

/* Loop thread, like all here that does not say otherwise. Copies the options. MES_E_CONFIG, naming it, for a
 * receiver that is neither a mail address nor a URL that can be called. */
int mes_hook_alerts_new(const struct mes_hook_alerts_options *options, struct mes_hook_alerts **alerts_out,
                        struct mes_error *error) MES_MUST_USE;
/* Other receivers or another language; with an error nothing changes. The rest of the options is not looked
 * at. */
int mes_hook_alerts_reload(struct mes_hook_alerts *alerts, const struct mes_hook_alerts_options *options,
                           struct mes_error *error) MES_MUST_USE;
/* What was raised before goes out now. */
void mes_hook_alerts_start(struct mes_hook_alerts *alerts, struct mes_courier *courier);
/* Nothing goes out any more. Before mes_courier_stop. */
void mes_hook_alerts_stop(struct mes_hook_alerts *alerts);
/* After mes_courier_stop. A NULL inside is allowed. */
void mes_hook_alerts_free(struct mes_hook_alerts **alerts);

/* Tells everyone in `alertTo`, once: a kind that ends is stored (by kind, company and subject) and not told
 * again while it stands; another kind is told each time. What comes within seconds for one receiver goes into
 * one message. Any thread, never blocks; memory used up or a service that is ending lose it. */
void mes_hook_alert_raise(struct mes_hook_alerts *alerts, const struct mes_hook_alert *alert);
/* The trouble is over: if it stood, everyone is told once more. Any thread. */
void mes_hook_alert_clear(struct mes_hook_alerts *alerts, const struct mes_hook_alert *alert);

#endif
