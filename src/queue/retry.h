/* When a mail is tried again, and when it no longer is. Pure functions. */
#ifndef MES_QUEUE_RETRY_H
#define MES_QUEUE_RETRY_H

#include <stdbool.h>

#include "queue/progress.h"

enum { MES_RETRY_DOUBTS_MOST = 3 };

/* The wait in milliseconds before the same bytes go out again through the same account after doubt number
 * `doubts` (from 1): 5 s, 10 min; -1 after the third: then only a person decides. After a restart the
 * first doubt is due at once. */
int64_t mes_retry_doubt_ms(unsigned doubts, bool is_after_restart);

/* How long a mail has waited for its lease. */
struct mes_retry_waiting {
    int64_t since; /* when it became due */
    int64_t now;
    int64_t ill_ms; /* of that time every account was ill; else they waited for a quota, quiet hours, a pause
                       or room */
};
/* The mail is leased. The usual deadline runs while its accounts are ill, not while it waits for anything
 * else. */
void mes_retry_note_waiting(struct mes_progress *progress, const struct mes_retry_waiting *waiting);

/* The moment after which a mail is given up: `expires_at` when the caller named one, else 48 h after it was
 * first due, longer by the time that does not count. INT64_MAX when it was never leased. */
int64_t mes_retry_deadline(const struct mes_progress *progress, int64_t expires_at);

#endif
