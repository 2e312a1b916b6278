/* API keys: how they look, how they are made, what they may do. */
#ifndef MES_API_KEY_H
#define MES_API_KEY_H

#include "api/route.h"
#include "base/digest.h"
#include "base/error.h"
#include "store/key.h"

/* "me_" and 256 bits as 52 digits of base32. */
enum { MES_API_KEY_SIZE = 55, MES_API_KEY_SPACE = MES_API_KEY_SIZE + 1 };

/* What a new key shall be. */
struct mes_api_key_wish {
    const char *name;
    const char *company; /* "": may act for any */
    const char *scopes;  /* "send,read" in any order */
    int64_t expires_at;  /* 0: never */
    int64_t rate;        /* calls a minute; 0: no limit of its own */
};

/* A new key. This is the only time that it can be seen: who shows it wipes it. */
struct mes_api_key_made {
    int64_t id;
    char key[MES_API_KEY_SPACE];
};

/* Draws a key and stores its hash. On the store thread inside a transaction, or by a program that has the
 * database alone. MES_E_INPUT: the name, the company or the scopes cannot be used. */
int mes_api_key_create(struct mes_store *store, const struct mes_api_key_wish *wish, int64_t now,
                       struct mes_api_key_made *made_out, struct mes_error *error) MES_MUST_USE;

/* Could it be one of ours? Spares the look into the database. */
bool mes_api_key_is_sound(struct mes_str key);
/* What is stored of it. False: out of memory. */
bool mes_api_key_hash(struct mes_str key, unsigned char hash_out[MES_DIGEST_SIZE]) MES_MUST_USE;

/* "send,read" to bits of enum mes_api_scope, without what `admin` holds; false for anything else and for
 * nothing. */
bool mes_api_key_scopes(const char *text, unsigned *scopes_out) MES_MUST_USE;

/* "send", "read", "admin". */
const char *mes_api_scope_name(enum mes_api_scope scope);

/* The data folder's own key, for programs on this machine: its row is added when the database does not know
 * it. All scopes, any company. */
int mes_api_key_local(struct mes_store *store, struct mes_str key, int64_t now,
                      struct mes_error *error) MES_MUST_USE;

#endif
