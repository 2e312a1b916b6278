/* The inside of the service, for the files of this folder alone: what there is, and who has it. */
#ifndef MES_DAEMON_PARTS_H
#define MES_DAEMON_PARTS_H

#include <stdatomic.h>

#include "api/schedule_make.h"
#include "api/server.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/zone.h"
#include "daemon/daemon.h"
#include "hook/service.h"
#include "net/inbox.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/watch.h"
#include "queue/carrier.h"
#include "queue/courier.h"
#include "queue/memory.h"
#include "queue/roster.h"
#include "store/folder.h"
#include "store/journal.h"
#include "store/store.h"

/* What the loop thread does. */
enum mes_daemon_state {
    MES_DAEMON_STARTING,
    MES_DAEMON_SERVING,
    MES_DAEMON_DRAINING, /* what is under way is finished */
    MES_DAEMON_CLOSING,  /* the last answers are given */
    MES_DAEMON_ENDED
};

/* Work for the loop thread from another one. */
struct mes_daemon;
struct mes_daemon_order {
    struct mes_mailbox_item item;                                           /* first */
    void (*run)(struct mes_daemon_order *order, struct mes_daemon *daemon); /* owns the order from now on */
};

/* Is the service alive? Written by the loop thread once a second, read by any. */
struct mes_daemon_pulse {
    struct mes_timer *timer;
    int64_t watchdog_ms;        /* 0: nobody waits for a sign of life */
    int64_t told_at;            /* the last sign */
    uint64_t turns;             /* of the courier, at the last beat */
    _Atomic int64_t loop_at;    /* monotonic: the last beat */
    _Atomic int64_t courier_at; /* monotonic: the courier's last turn that was seen */
};

/* The thread that watches the settings files. */
struct mes_daemon_watcher {
    struct mes_thread *thread;
    struct mes_mailbox *mailbox; /* nudged, never posted to */
    atomic_bool is_asked;        /* to read the settings whether they changed or not */
    uint64_t stamp;              /* of the files that were read last */
};

/* The thread for slow work on the disk: sweeps, backups, room. */
struct mes_daemon_keeper {
    struct mes_thread *thread;
    struct mes_mailbox *mailbox; /* nudged, never posted to */
    struct mes_mailbox *answers; /* its own commands, when the courier has done them */
    int64_t sweep_at;            /* monotonic */
    int64_t backup_at;           /* wall; 0: none is made */
    int backup_minute;           /* of the day, that it was worked out from */
    int64_t began_at;            /* wall */
    bool has_looked;             /* what follows is known */
    bool is_disk_low;
    bool is_backup_old;
};

struct mes_daemon {
    const char *config;
    struct mes_daemon_listener listener;
    const struct mes_clock *clock;

    struct mes_mutex mutex; /* of `roster` alone, which is shared by reference */
    struct mes_roster *roster;

    /* In the order in which they are made. */
    int signals;
    int listener_given;    /* by the supervisor; -1 */
    struct mes_zone *zone; /* of globalConfig, at the start */
    struct mes_log *log;
    struct mes_store_folder *folder;
    struct mes_store *store; /* the courier's once it runs */
    struct mes_store_readers *readers;
    struct mes_store_journal *journal;
    struct mes_loop *loop;
    struct mes_inbox *inbox;
    struct mes_watch *watch; /* of the signals */
    struct mes_queue_memory *memory;
    struct mes_carrier *carrier;
    struct mes_hook_service *hooks;
    struct mes_courier *courier;
    struct mes_api_server *api;
    struct mes_api_services services;
    struct mes_api_schedules schedules;
    struct mes_daemon_pulse pulse;
    struct mes_daemon_watcher watcher;
    struct mes_daemon_keeper keeper;

    atomic_int state; /* enum mes_daemon_state; written by the loop thread alone */
    bool is_first;    /* no service was on this data folder before */
    atomic_bool is_broken;
    struct mes_error failure; /* why, once is_broken is set */
    struct mes_timer *last_resort;
    struct mes_timer *check_timer; /* of the accounts */
    struct mes_thread *closer;
    struct mes_daemon_order closed;
    struct mes_mutex followers_mutex;
    bool has_followers; /* the API's streams may be told of news */
    size_t steps;       /* of the start that were begun */
};

/* start.c: each part's beginning and, backwards, its end. */
int mes_daemon_start(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_end(struct mes_daemon *daemon);

/* settings.c: the settings file, the roster, the watcher of the files. */
int mes_daemon_load_settings(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
struct mes_roster *mes_daemon_hold_roster(struct mes_daemon *daemon);
int mes_daemon_watcher_start(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_watcher_stop(struct mes_daemon *daemon);
/* Reads the settings again, soon. Any thread. */
void mes_daemon_reload(void *daemon);

/* stop.c: signals, and the way from serving to the end. Loop thread. */
int mes_daemon_signals_block(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_signals_unblock(struct mes_daemon *daemon);
int mes_daemon_stopping_start(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_stopping_end(struct mes_daemon *daemon);
void mes_daemon_stop(struct mes_daemon *daemon);
/* When the accounts are checked next, after the settings. */
void mes_daemon_plan_check(struct mes_daemon *daemon);

/* pulse.c */
int mes_daemon_pulse_start(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_pulse_stop(struct mes_daemon *daemon);
/* Why the service cannot do its work: NULL when it can. Any thread. */
const char *mes_daemon_not_ready(void *daemon);

/* news.c: what the parts tell one another. */
struct mes_carrier_listener mes_daemon_carrier_news(struct mes_daemon *daemon);
struct mes_courier_listener mes_daemon_courier_news(struct mes_daemon *daemon);
/* A trouble that ends has begun, or is over: people are told, once each. Any thread. */
void mes_daemon_alert(struct mes_daemon *daemon, enum mes_hook_alert_kind kind, bool is_raised,
                      const char *detail);
/* Whether the API's streams may be told of news. */
void mes_daemon_set_followers(struct mes_daemon *daemon, bool has_followers);

/* keeper.c */
int mes_daemon_keeper_start(struct mes_daemon *daemon, struct mes_error *error) MES_MUST_USE;
void mes_daemon_keeper_stop(struct mes_daemon *daemon);
/* The keeper's thread, waits: runs the command in the courier's next transaction. MES_E_CANCELLED: the
 * service ends. */
int mes_daemon_write(struct mes_daemon *daemon, struct mes_courier_command *command,
                     struct mes_error *error) MES_MUST_USE;
/* backup.c: the first time after `now` at which the clocks on the wall show this minute of the day. */
int64_t mes_daemon_next_backup(const struct mes_zone *zone, int minute, int64_t now);
/* backup.c: makes the nightly backup when its time has come, and names the next time. The keeper's thread. */
void mes_daemon_look_after_backup(struct mes_daemon *daemon, const struct mes_account_globals *globals);
/* sweep.c: removes what is old. The keeper's thread. */
void mes_daemon_sweep(struct mes_daemon *daemon, const struct mes_account_globals *globals);

/* Any thread: does the work on the loop thread, or frees the order when the service ends. */
void mes_daemon_post(struct mes_daemon *daemon, struct mes_daemon_order *order);
bool mes_daemon_is_stopping(const struct mes_daemon *daemon);
/* A line for the log: the sentence of `error` in English. */
void mes_daemon_log_error(struct mes_daemon *daemon, enum mes_log_level level, const char *event,
                          const struct mes_error *error);

#endif
