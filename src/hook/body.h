/* The JSON that webhooks are told. */
#ifndef MES_HOOK_BODY_H
#define MES_HOOK_BODY_H

#include "hook/event.h"
#include "json/write.h"

struct mes_store_job;

/* Appends {"id":…,"type":…,"time":…,"company":…,"data":{…}} to `out`; the members of `data` are written by
 * `write` (NULL: none). */
struct mes_hook_body {
    int64_t id;
    enum mes_hook_event event;
    int64_t at; /* ms since 1970 */
    const char *company;
    void (*write)(struct mes_json_writer *writer, const void *what);
    const void *what;
};
void mes_hook_body_write(const struct mes_hook_body *body, struct mes_buf *out);

/* For `write`: members from what the courier and the carrier tell. */
void mes_hook_write_recipient(struct mes_json_writer *writer, const void *recipient_news);
void mes_hook_write_account(struct mes_json_writer *writer, const void *account_news);
void mes_hook_write_job(struct mes_json_writer *writer, const void *store_job);

#endif
