/* Schedules: jobs that come again and again. */
#ifndef MES_STORE_SCHEDULE_H
#define MES_STORE_SCHEDULE_H

#include "base/arena.h"
#include "store/store.h"

struct mes_store_schedule {
    int64_t id;
    const char *company;
    const char *name;
    const char *expression; /* as queue/cron.h reads it */
    const char *zone;
    const char *document; /* what is sent each time: the body of a POST /messages */
    int late_policy;
    bool is_paused;
    int64_t asked_by;
    int64_t created_at;
    int64_t until;   /* no further time after this one; 0: for ever */
    int64_t next_at; /* 0: never again, or paused */
    int64_t last_at; /* the time that it last fired for */
    int64_t last_job;
};

int mes_store_schedule_add(struct mes_store *store, const struct mes_store_schedule *schedule,
                           struct mes_error *error) MES_MUST_USE;
/* Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_schedule_load(struct mes_store_reader *reader, struct mes_store_ref ref,
                            struct mes_arena *arena, struct mes_store_schedule *schedule_out,
                            struct mes_error *error) MES_MUST_USE;
/* All but id, company, asked_by and created_at are taken over. MES_E_NOT_FOUND: no such schedule of
 * `schedule->company`. */
int mes_store_schedule_set(struct mes_store *store, const struct mes_store_schedule *schedule,
                           struct mes_error *error) MES_MUST_USE;
/* MES_E_NOT_FOUND. Its jobs stay. */
int mes_store_schedule_remove(struct mes_store *store, struct mes_store_ref ref,
                              struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. */
typedef bool mes_store_schedule_each(void *context, const struct mes_store_schedule *schedule);

struct mes_store_schedule_page {
    const char *company; /* NULL: all */
    int64_t after;       /* an id; 0 at first */
    unsigned limit;
};
int mes_store_schedule_list(struct mes_store_reader *reader, const struct mes_store_schedule_page *page,
                            mes_store_schedule_each *each, void *context,
                            struct mes_error *error) MES_MUST_USE;

/* Those whose time has come by `now`, the earliest first. To fire one: add its job and set next_at, last_at
 * and last_job in the same transaction. */
struct mes_store_schedule_due {
    int64_t now;
    unsigned limit;
};
int mes_store_schedule_due(struct mes_store_reader *reader, struct mes_store_schedule_due due,
                           mes_store_schedule_each *each, void *context,
                           struct mes_error *error) MES_MUST_USE;
/* The earliest next_at, 0: none. */
int mes_store_schedule_next(struct mes_store_reader *reader, int64_t *next_at_out,
                            struct mes_error *error) MES_MUST_USE;

#endif
