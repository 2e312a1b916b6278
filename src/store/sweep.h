/* Removes what is old, in small slices between the work. */
#ifndef MES_STORE_SWEEP_H
#define MES_STORE_SWEEP_H

#include "store/store.h"

/* The caller sets the first block; the rest is 0 at first and private. One sweep is over when is_end. */
struct mes_store_sweep {
    int64_t now;
    int64_t message_days;    /* content and variables of ended jobs */
    int64_t transcript_days; /* transcripts */
    int64_t proof_days;      /* everything else of ended jobs */
    int64_t upload_days;     /* uploads that were given and not removed */
    int64_t captured_most;   /* captured mails; 0: none are removed */

    bool is_end;
    int stage;
    int64_t after;  /* the last id that was looked at */
    int64_t job;    /* the one whose rows are being worked on */
    int64_t number; /* its next row */
};

/* At most `most` rows, in the caller's transaction. Again until is_end. Idempotency rows go after 48 h. */
int mes_store_sweep_slice(struct mes_store_sweep *sweep, struct mes_store *store, unsigned most,
                          struct mes_error *error) MES_MUST_USE;

/* At start, before anything else: jobs of bulk calls that never ended, with their idempotency rows, and
 * reserved keys whose call died. At most `most` rows; again until is_end. */
int mes_store_sweep_unfinished(struct mes_store *store, unsigned most, bool *is_end_out,
                               struct mes_error *error) MES_MUST_USE;

#endif
