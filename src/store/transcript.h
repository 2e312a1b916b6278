/* What was said in attempts that failed, kept for some days. */
#ifndef MES_STORE_TRANSCRIPT_H
#define MES_STORE_TRANSCRIPT_H

#include "store/recipient.h"

struct mes_store_transcript {
    int64_t attempt; /* its id */
    int64_t job;
    int64_t number;
    int64_t at;
    const char *account;
    const char *text;
};

/* At most one for an attempt. */
int mes_store_transcript_add(struct mes_store *store, const struct mes_store_transcript *transcript,
                             struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. Those of one recipient, oldest first. */
typedef bool mes_store_transcript_each(void *context, const struct mes_store_transcript *transcript);
int mes_store_transcript_of(struct mes_store_reader *reader, struct mes_store_row row,
                            mes_store_transcript_each *each, void *context,
                            struct mes_error *error) MES_MUST_USE;

#endif
