/* What crosses between the deliverer on the loop and the courier's thread. */
#ifndef MES_HOOK_DELIVERER_PARTS_H
#define MES_HOOK_DELIVERER_PARTS_H

#include "base/arena.h"
#include "hook/deliverer.h"
#include "hook/fate.h"

/* Goes to the courier as a command and comes back to the loop, where `back` is called and frees it. */
struct mes_hook_errand {
    struct mes_courier_command command; /* first */
    struct mes_hook_deliverer *deliverer;
    void (*back)(struct mes_hook_errand *errand);
    int code; /* of the commit */
};

/* How a webhook has done lately. */
struct mes_hook_lane {
    int64_t webhook;
    unsigned in_flight;
    int64_t failures;   /* in a row */
    int64_t rest_until; /* ms since 1970; 0: does not rest */
};

/* An event to be told now; leased, so that nobody takes it again soon. Texts belong to the round. */
struct mes_hook_parcel {
    int64_t event;
    int64_t webhook;
    int64_t attempts;
    const char *type;
    const char *url;
    struct mes_str body;
    struct mes_hook_parcel *next;
};

/* A look at what is due. */
struct mes_hook_round {
    struct mes_hook_errand errand; /* first */
    int64_t now;
    unsigned turn; /* which webhook comes first */
    unsigned room; /* how many events may be taken in all */
    size_t lane_count;
    struct mes_hook_lane *lanes; /* a copy: of those that are busy or failing */
    bool *is_known;              /* of each lane: its webhook is active */
    struct mes_arena arena;
    /* Set on the store thread: */
    struct mes_hook_parcel *first, **last;
    int64_t next_at; /* when something else is due, 0: nothing is */
};
/* For `run`. */
int mes_hook_round_run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error);

/* What became of one delivery. */
struct mes_hook_verdict {
    struct mes_hook_errand errand; /* first */
    struct mes_hook_events *events;
    int64_t event;
    int64_t webhook;
    struct mes_hook_try try; /* `told_at` and `failing_since` are read there */
    char result[64];         /* for people */
    unsigned chance;
    /* Set on the store thread: */
    enum mes_hook_fate fate;
    bool is_news; /* the webhook was paused or disabled by this */
    char company[65];
};
int mes_hook_verdict_run(struct mes_courier_command *command, struct mes_store *store,
                         struct mes_error *error);

#endif
