/* What has to be remembered about a mail from one pass over the accounts to the next, as one line of text. */
#ifndef MES_QUEUE_PROGRESS_H
#define MES_QUEUE_PROGRESS_H

#include "base/arena.h"
#include "base/buf.h"

enum { MES_PROGRESS_KEEPER_SPACE = 320 };

struct mes_progress {
    unsigned passes;            /* passes over the accounts that have ended */
    unsigned doubts;            /* dots that were written and never answered */
    unsigned crashes;           /* how often a process ended while it was leased */
    unsigned transient_answers; /* of the account it keeps to */
    int64_t first_transient_at;
    int64_t counts_from; /* when it was first due: the usual deadline counts from here; 0: never leased */
    int64_t waited_ms;   /* time that does not count towards the usual deadline */
    char keeper[MES_PROGRESS_KEEPER_SPACE]; /* the account that it has to go through again; "": any */
};

/* NULL or anything that is no progress gives an empty one: the mail begins anew. */
void mes_progress_parse(const char *text, struct mes_progress *progress_out);
/* Appends it. */
void mes_progress_write(const struct mes_progress *progress, struct mes_buf *out);
/* The same as a text of the arena; "" when memory is used up: then the mail begins anew. */
const char *mes_progress_text(const struct mes_progress *progress, struct mes_arena *arena);

#endif
