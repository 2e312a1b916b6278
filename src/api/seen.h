/* Which addresses have come before, in some 12 bytes for each: a set of their hashes. */
#ifndef MES_API_SEEN_H
#define MES_API_SEEN_H

#include "base/error.h"
#include "base/str.h"

struct mes_api_seen {
    uint64_t *slots; /* 0 is free */
    size_t count, capacity;
    uint64_t seed;
};

/* The hash is keyed at random: nobody can choose addresses that are taken for one another. */
int mes_api_seen_init(struct mes_api_seen *seen, struct mes_error *error) MES_MUST_USE;
void mes_api_seen_fini(struct mes_api_seen *seen);

/* Adds an address (as struct mes_address has `spec`): letters of the domain match whatever their case.
 * `*is_new_out` false: it was there. Of a million different ones, two are taken for the same once in some
 * forty million lists. */
int mes_api_seen_add(struct mes_api_seen *seen, const char *spec, bool *is_new_out,
                     struct mes_error *error) MES_MUST_USE;

#endif
