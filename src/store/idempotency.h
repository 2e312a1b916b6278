/* Idempotency-Key: the same call twice gives the same answer. Unique per company, API key and name. */
#ifndef MES_STORE_IDEMPOTENCY_H
#define MES_STORE_IDEMPOTENCY_H

#include "base/arena.h"
#include "base/digest.h"
#include "store/store.h"

struct mes_store_idempotency {
    const char *company;
    int64_t asked_by;
    const char *name;
    unsigned char digest[MES_DIGEST_SIZE]; /* of the body; all zero while a bulk call runs */
    int64_t job;
    int status; /* of the answer */
    struct mes_str answer;
    int64_t at;
    bool is_open; /* the call that reserved it still runs */
};

/* `row` names it by its first three members; the rest is filled in, texts belong to `arena`.
 * MES_E_NOT_FOUND. */
int mes_store_idempotency_find(struct mes_store_reader *reader, struct mes_store_idempotency *row,
                               struct mes_arena *arena, struct mes_error *error) MES_MUST_USE;
/* It must not be there. */
int mes_store_idempotency_add(struct mes_store *store, const struct mes_store_idempotency *row,
                              struct mes_error *error) MES_MUST_USE;
/* Ends the call that reserved it: digest, status, answer and is_open are taken over. MES_E_NOT_FOUND. */
int mes_store_idempotency_set(struct mes_store *store, const struct mes_store_idempotency *row,
                              struct mes_error *error) MES_MUST_USE;
/* No failure when there is none. */
int mes_store_idempotency_remove(struct mes_store *store, const struct mes_store_idempotency *row,
                                 struct mes_error *error) MES_MUST_USE;

#endif
