/* Tells people of trouble: once when it begins, once when it is over, by mail and by robots in their chats.
 */
#ifndef MES_HOOK_ALERT_H
#define MES_HOOK_ALERT_H

#include <stdbool.h>

#include "mes/error.h"

/* MES_ALERT_<name> for each row of alert.def. */
enum mes_alert_kind {
#define ALERT(name, id, ends) MES_ALERT_##name,
#include "hook/alert.def"
#undef ALERT
    MES_ALERT_COUNT
};

/* "accounts.all_down": static. Parsing is exact. */
const char *mes_alert_id(enum mes_alert_kind kind);
bool mes_alert_parse(const char *id, enum mes_alert_kind *kind_out) MES_MUST_USE;
/* Does it end, by mes_alert_clear? */
bool mes_alert_ends(enum mes_alert_kind kind);

struct mes_alerts;

struct mes_alert {
    enum mes_alert_kind kind;
    const char *company; /* "" or NULL: the general list, or all */
    const char *subject; /* which one: an account, a job's id, a webhook's id; "" or NULL: there is but one */
    const char *detail;  /* a short text for people, without secrets; "" or NULL: none */
};

/* Tells everyone in `alertTo`. A kind that ends is stored (by kind, company and subject) and told only when
 * it does not stand already; another kind is told each time. Any thread, never blocks; memory used up or a
 * service that is ending lose it. */
void mes_alert_raise(struct mes_alerts *alerts, const struct mes_alert *alert);
/* The trouble is over: if it stood, everyone is told once more. Any thread. */
void mes_alert_clear(struct mes_alerts *alerts, const struct mes_alert *alert);

#endif
