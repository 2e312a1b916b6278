/* What a schedule sends, kept so that it needs nobody but the courier to become a job. */
#ifndef MES_API_SCHEDULE_MAKE_H
#define MES_API_SCHEDULE_MAKE_H

#include "api/draft.h"
#include "queue/schedule.h"

/* {"message":{…the caller's…},"head":{"kind":1,…},"document":{…compose/stored.h…},
 *  "rows":[{"address":…,"name":…,"vars":{…},"attachments":[…]}],"blobs":["hash",…]} */

/* Writes that of a draft that was read from `message` and compiled. */
void mes_api_schedule_write(const struct mes_api_draft *draft, struct mes_str message, struct mes_buf *out);

/* What the chore works with; outlives the courier. */
struct mes_api_schedules {
    const char *blob_folder;       /* NULL: none */
    const struct mes_clock *clock; /* NULL: the machine's */
    void (*on_alert)(void *context, const char *name,
                     const char *detail); /* as in struct mes_schedule_host */
    void *context;
    struct mes_log *log;         /* may be NULL */
    struct mes_courier *courier; /* private */
    int64_t mended_at;           /* private */
};

/* The courier's chore (struct mes_courier_chore): makes the jobs of all schedules that are due. `context` is
 * a struct mes_api_schedules. */
int mes_api_schedule_chore(void *context, struct mes_courier *courier, struct mes_store *store, int64_t now,
                           int64_t *next_at_out, struct mes_error *error) MES_MUST_USE;

#endif
