/* What becomes of an event and its webhook after a try. Pure. */
#ifndef MES_HOOK_FATE_H
#define MES_HOOK_FATE_H

#include "http/client.h"

enum {
    MES_HOOK_TRY_FIRST_MS = 10 * 1000, /* before the second try; then it doubles */
    MES_HOOK_TRY_LONGEST_MS = 60 * 60 * 1000,
    MES_HOOK_TRY_MOST_MS = 24 * 60 * 60 * 1000, /* of failing */
    MES_HOOK_PATIENCE = 3                       /* failures in a row after which the whole webhook waits */
};

enum mes_hook_fate {
    MES_HOOK_TOLD,    /* taken: 2xx */
    MES_HOOK_LATER,   /* another try */
    MES_HOOK_DROPPED, /* this event alone is never taken: given up, the webhook goes on */
    MES_HOOK_PAUSED,  /* nothing was taken for a day: the webhook waits for a person, its events stay */
    MES_HOOK_DISABLED /* 410: nobody wants them any more, now or ever */
};

struct mes_hook_try {
    enum mes_http_end end;
    int status;
    int retry_after_s;
    int64_t tries;         /* this one with them */
    int64_t event_at;      /* when it came to be, ms since 1970, like the next three */
    int64_t told_at;       /* when the webhook took an event last; 0: never */
    int64_t failing_since; /* the webhook's first failure after that; 0: this is it */
    int64_t now;
};

/* Pure. Any thread, like the next. */
enum mes_hook_fate mes_hook_fate(const struct mes_hook_try *try);

/* How long to wait after so many failures (from 1 on): 10 s, doubling up to an hour, 20 % more or less as
 * `chance` (0 to 65535) says; never less than the peer's Retry-After, which counts up to an hour. */
int64_t mes_hook_wait(int64_t failures, int retry_after_s, unsigned chance);

#endif
