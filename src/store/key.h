/* API keys. The key itself is never stored, only its SHA-256. */
#ifndef MES_STORE_KEY_H
#define MES_STORE_KEY_H

#include "base/arena.h"
#include "base/digest.h"
#include "store/store.h"

struct mes_store_key {
    int64_t id;
    unsigned char hash[MES_DIGEST_SIZE];
    const char *name;
    const char *company; /* "": may name any */
    const char *scopes;  /* "send,read,admin" */
    int64_t created_at;
    int64_t expires_at; /* 0: never */
    int64_t revoked_at; /* 0: is good */
    int64_t rate;       /* calls a minute; 0: no limit of its own */
};

int mes_store_key_add(struct mes_store *store, const struct mes_store_key *key,
                      struct mes_error *error) MES_MUST_USE;
/* Also a revoked or expired one: the caller looks at its times. Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_key_find(struct mes_store_reader *reader, const unsigned char hash[MES_DIGEST_SIZE],
                       struct mes_arena *arena, struct mes_store_key *key_out,
                       struct mes_error *error) MES_MUST_USE;
/* MES_E_NOT_FOUND: none of that company, or revoked already. */
int mes_store_key_revoke(struct mes_store *store, struct mes_store_ref ref, int64_t now,
                         struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. Oldest first; `company` NULL: all. */
typedef bool mes_store_key_each(void *context, const struct mes_store_key *key);
int mes_store_key_list(struct mes_store_reader *reader, const char *company, mes_store_key_each *each,
                       void *context, struct mes_error *error) MES_MUST_USE;

#endif
