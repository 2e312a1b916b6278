/* How much there is: for metrics. */
#ifndef MES_STORE_FIGURES_H
#define MES_STORE_FIGURES_H

#include "store/job.h"

/* Of the jobs that are not over: how many are in each state, and how many of their rows have each status. A
 * look at six rows, however many jobs there are. */
struct mes_store_depth {
    int64_t jobs[MES_STORE_STATE_COUNT];
    int64_t rows[MES_STORE_STATUS_COUNT];
};
int mes_store_figures_depth(struct mes_store_reader *reader, struct mes_store_depth *depth_out,
                            struct mes_error *error) MES_MUST_USE;

/* The id of the newest attempt, 0 when there is none. */
int mes_store_figures_last_attempt(struct mes_store_reader *reader, int64_t *id_out,
                                   struct mes_error *error) MES_MUST_USE;
/* Counts the attempts behind `after` by their class, at most some hundred thousand, without accounts that
 * were passed over: `after` moves to the last of them. `class_` is valid during the call. */
typedef void mes_store_figures_class(void *context, const char *class_, int64_t count);
int mes_store_figures_attempts(struct mes_store_reader *reader, int64_t *after, mes_store_figures_class *each,
                               void *context, struct mes_error *error) MES_MUST_USE;

#endif
