/* Alerts that stand: raised once, cleared once. */
#ifndef MES_STORE_ALERT_H
#define MES_STORE_ALERT_H

#include "store/store.h"

struct mes_store_alert {
    const char *name;
    const char *detail;
    int64_t raised_at;
};
/* `is_new_out` false: it stood already, and stays as it was. */
int mes_store_alert_raise(struct mes_store *store, const struct mes_store_alert *alert, bool *is_new_out,
                          struct mes_error *error) MES_MUST_USE;
/* `was_raised_out` false: it did not stand. */
int mes_store_alert_clear(struct mes_store *store, const char *name, bool *was_raised_out,
                          struct mes_error *error) MES_MUST_USE;
/* As mes_store_job_each. The oldest first. */
typedef bool mes_store_alert_each(void *context, const struct mes_store_alert *alert);
int mes_store_alert_list(struct mes_store_reader *reader, mes_store_alert_each *each, void *context,
                         struct mes_error *error) MES_MUST_USE;

#endif
