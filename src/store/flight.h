/* Mails that are leased or whose dot may be written: a small table, and all that recovery has to look at. */
#ifndef MES_STORE_FLIGHT_H
#define MES_STORE_FLIGHT_H

#include "store/store.h"

struct mes_store_flight {
    int64_t job;
    int64_t number; /* of the mail's lead */
    int64_t token;  /* of this lease; checked by all that follows */
    int64_t epoch;  /* filled in by mes_store_flight_add */
    bool is_dot;    /* dot_pending: from its commit on the dot may have been written */
    int64_t doubts; /* this dot's number among those that may stay unanswered */
    const char *account;
    int64_t since;
    int64_t crashes; /* how often a process ended while this mail was leased */
};

/* A lease. A mail that is in flight already is a mistake of the caller and fails. */
int mes_store_flight_add(struct mes_store *store, const struct mes_store_flight *flight,
                         struct mes_error *error) MES_MUST_USE;

/* The three below: `is_ours_out` is false, and nothing changes, when the mail is no longer in flight under
 * that token. */
/* The permit: the dot may be written once this is committed. Takes over `doubts`, `account` and `since`. */
int mes_store_flight_mark_dot(struct mes_store *store, const struct mes_store_flight *flight,
                              bool *is_ours_out, struct mes_error *error) MES_MUST_USE;
/* The permit was given back before any byte of the dot left: leased again. */
int mes_store_flight_withdraw_dot(struct mes_store *store, const struct mes_store_flight *flight,
                                  bool *is_ours_out, struct mes_error *error) MES_MUST_USE;
int mes_store_flight_remove(struct mes_store *store, const struct mes_store_flight *flight, bool *is_ours_out,
                            struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. */
typedef bool mes_store_flight_each(void *context, const struct mes_store_flight *flight);
/* Those of earlier epochs: what a process left when it ended. At most `limit`. */
int mes_store_flight_left(struct mes_store *store, unsigned limit, mes_store_flight_each *each, void *context,
                          struct mes_error *error) MES_MUST_USE;

struct mes_store_flight_counts {
    int64_t leased;
    int64_t dots;
};
/* `job` 0: of all jobs. */
int mes_store_flight_count(struct mes_store_reader *reader, int64_t job,
                           struct mes_store_flight_counts *counts_out, struct mes_error *error) MES_MUST_USE;

#endif
